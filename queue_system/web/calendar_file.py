"""An appointment as a calendar file (RFC 5545), which a telephone's calendar imports.

Other people's devices show the file and other companies keep it, so it holds no name, no contact, no address of a
visitor and no secret link to our pages. The link of a video call is in it, because that is where people look for it.
For a discreet service it holds neither the service nor the place nor the call.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from icalendar import Alarm, Calendar, Event, vCalAddress

from ..core.bookings import BookingState, spaced_code
from ..core.channels import Channel
from ..core.messages import Level
from ..i18n import filters, isolates
from ..i18n.words import Words
from ..store.queries.bookings import BookingView
from ..store.queries.channels import channel_of, place_of, video_link
from ..store.queries.settings import BranchSettings
from .how import CHANNELS

PUBLISH: Final = "PUBLISH"
PRODUCT: Final = "-//queue-system//appointments//EN"
# Early enough to find the documents that the visitor must bring.
REMIND_BEFORE: Final = timedelta(days=1)
MEDIA_TYPE: Final = "text/calendar; charset=utf-8; method={}"


def calendar_file(
    booking: BookingView,
    branch: BranchSettings,
    words: Words,
    now: datetime,
    address: str,
    most: Level = Level.FULL,
    *,
    for_booker: bool = True,
) -> bytes:
    """The file for one booking, UTF-8; it says no more than `most`, and of a discreet service no more than NEUTRAL.

    Only the file `for_booker` has the code, with which the appointment can be changed.

    The UID never changes and SEQUENCE is never less than in an earlier file, so that a calendar replaces its copy. A cancelled
    booking is sent with METHOD:CANCEL (RFC 5546, 3.2.5), on which calendars remove it. Instants are in UTC, because a
    visitor may be in another zone. `now` is an aware instant, `address` the installation's own, without a trailing
    slash.
    """
    return _file(method(booking), [_event(booking, branch, words, now, address, most, for_booker=for_booker)])


def series_file(
    bookings: Iterable[BookingView],
    branch: BranchSettings,
    words: Words,
    now: datetime,
    address: str,
    most: Level = Level.FULL,
    *,
    for_booker: bool = True,
) -> bytes:
    """The file for several bookings, as `calendar_file`: an entry with a UID of its own for each, and no rule.

    A rule could not say that one of them moves. Cancelled ones have STATUS:CANCELLED in a file that is published,
    because METHOD:CANCEL allows only one UID (RFC 5546, 3.2.1 and 3.2.5).
    """
    return _file(PUBLISH, [_event(one, branch, words, now, address, most, for_booker=for_booker) for one in bookings])


def _file(how: str, events: Iterable[Event]) -> bytes:
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", how)
    for event in events:
        calendar.add_component(event)
    return bytes(calendar.to_ical())


def _event(
    booking: BookingView,
    branch: BranchSettings,
    words: Words,
    now: datetime,
    address: str,
    most: Level,
    *,
    for_booker: bool,
) -> Event:
    service = branch.services[booking.service_id]
    cancelled = booking.state is BookingState.CANCELLED
    event = Event()
    event.add("uid", str(booking.id))
    event.add("dtstamp", now)
    event.add("sequence", _sequence(booking, now))
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    event.add("dtstart", booking.starts_at)
    event.add("dtend", booking.ends_at)
    event.add("class", "PRIVATE")
    level = service.confidentiality
    neutral = level.discreet or level.hides_service or most is Level.NEUTRAL
    event.add("organizer", _organizer(booking, branch, words, address, neutral=neutral))
    if neutral:
        event.add("summary", words.text("booking.calendar-neutral"))
    else:
        full = most is Level.FULL
        name = (
            filters.localised(service.shown_names, words.language) if full else words.text("booking.calendar-neutral")
        )
        event.add("summary", name)
        _add_place(event, booking, branch, words, open_=not cancelled)
        if for_booker:
            event.add("description", _description(booking, words, address))
        if not cancelled:
            event.add_component(_reminder(name))
    return event


def _sequence(booking: BookingView, now: datetime) -> int:
    """A number that is higher after every change, because programs leave an entry as it is where it is not.

    The seconds since the booking was made are in it: an offer that is accepted, an earlier time, and what the branch took away
    count as no change of the visitor's, and another place or link of a call is no change of the booking at all.
    """
    cancelled = booking.state is BookingState.CANCELLED
    return max(0, int((now - booking.created_at).total_seconds())) + booking.changes + cancelled


def _add_place(event: Event, booking: BookingView, branch: BranchSettings, words: Words, *, open_: bool) -> None:
    """Where it takes place; of a video call that is still `open_` also its link, as RFC 7986, 5.11 has it and as URL."""
    channel = channel_of(branch, booking)
    if channel.is_received:
        event.add("location", _location(booking, branch, words))
    elif channel is not Channel.TELEPHONE:
        event.add("location", words.text(CHANNELS[channel]))
    link = video_link(branch, booking)
    if link is not None and open_:
        event.add("url", link)
        event.add("conference", link, parameters={"value": "URI", "feature": "VIDEO"})


def _location(booking: BookingView, branch: BranchSettings, words: Words) -> str:
    """The place of the visit: the branch, or the place where it is on that day."""
    name = filters.localised(branch.names, words.language)
    away = place_of(branch, booking)
    return name if away is None else f"{filters.localised(away, words.language)} – {name}"


def method(booking: BookingView) -> str:
    """What the file asks a calendar to do: PUBLISH or CANCEL."""
    return "CANCEL" if booking.state is BookingState.CANCELLED else PUBLISH


def _organizer(
    booking: BookingView, branch: BranchSettings, words: Words, address: str, *, neutral: bool
) -> vCalAddress:
    """The organiser, of which RFC 5546, 3.2.1 requires exactly one. Any URI is valid; there is no mailbox to name.

    A `neutral` file does not name the branch: the appointment's own id stands there.
    """
    if neutral:
        return vCalAddress(f"urn:uuid:{booking.id}")
    organizer = vCalAddress(address)
    organizer.params["CN"] = filters.localised(branch.names, words.language)
    return organizer


def _reminder(name: str) -> Alarm:
    """The reminder, for a telephone that may be locked: discreet and neutral entries have none, because it would show there."""
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", name)
    alarm.add("trigger", -REMIND_BEFORE)
    return alarm


def _description(booking: BookingView, words: Words, address: str) -> str:
    """The code, and the page where it opens the appointment together with the contact.

    The address has a line of its own, because calendars would read a direction mark behind it as part of it.
    """
    lines = [
        words.text("booking.calendar-code", code=isolates.ltr(spaced_code(booking.code))),
        words.text("booking.calendar-manage"),
        f"{address}/my-booking",
    ]
    return "\n".join(lines)
