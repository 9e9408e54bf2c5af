"""An appointment as a calendar file (RFC 5545): what a telephone's calendar takes in.

The file is shown on other people's devices and kept by other companies, so it holds no name, no contact and no
secret link, and for a discreet service neither the service nor the place.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from icalendar import Alarm, Calendar, Event, vCalAddress

from ...core.bookings import BookingState, spaced_code
from ...i18n import filters, isolates
from ...i18n.words import Words
from ...store.queries.bookings import BookingView
from ...store.queries.outings import place_on
from ...store.queries.settings import BranchSettings

PRODUCT: Final = "-//queue-system//appointments//EN"
# Early enough to look for the papers that are to be brought.
REMIND_BEFORE: Final = timedelta(days=1)
MEDIA_TYPE: Final = "text/calendar; charset=utf-8; method={}"


def calendar_file(booking: BookingView, branch: BranchSettings, words: Words, now: datetime, address: str) -> bytes:
    """The file for one booking, UTF-8.

    Its UID stays the same for ever and its SEQUENCE grows with every change, so that a calendar replaces what it has; a
    cancelled booking is sent with METHOD:CANCEL (RFC 5546, 3.2.5), on which calendars take it out. Instants are in UTC,
    because a visitor may be in another zone. `now` is an aware instant, `address` the installation's own, without a
    trailing slash.
    """
    service = branch.services[booking.service_id]
    cancelled = booking.state is BookingState.CANCELLED
    event = Event()
    event.add("uid", str(booking.id))
    event.add("dtstamp", now)
    event.add("sequence", booking.changes + (1 if cancelled else 0))
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    event.add("dtstart", booking.starts_at)
    event.add("dtend", booking.ends_at)
    event.add("class", "PRIVATE")
    event.add("organizer", _organizer(booking, branch, words, address))
    if service.confidentiality.discreet:
        event.add("summary", words.text("booking.calendar-neutral"))
    else:
        name = filters.localised(service.shown_names, words.language)
        event.add("summary", name)
        if not service.elsewhere:
            event.add("location", _location(booking, branch, words))
        event.add("description", _description(booking, words, address))
        if not cancelled:
            event.add_component(_reminder(name))
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", method(booking))
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def _location(booking: BookingView, branch: BranchSettings, words: Words) -> str:
    """Where to go: the branch, or the place where it is on that day."""
    name = filters.localised(branch.names, words.language)
    away = place_on(branch, branch.services[booking.service_id], booking.starts_at)
    return name if away is None else f"{filters.localised(away, words.language)} – {name}"


def method(booking: BookingView) -> str:
    """What the file asks a calendar to do: PUBLISH or CANCEL."""
    return "CANCEL" if booking.state is BookingState.CANCELLED else "PUBLISH"


def _organizer(booking: BookingView, branch: BranchSettings, words: Words, address: str) -> vCalAddress:
    """Exactly one is asked for (RFC 5546, 3.2.1); any URI will do, and nobody answers mail here.

    A discreet appointment names nobody: its own id stands there.
    """
    if branch.services[booking.service_id].confidentiality.discreet:
        return vCalAddress(f"urn:uuid:{booking.id}")
    organizer = vCalAddress(address)
    organizer.params["CN"] = filters.localised(branch.names, words.language)
    return organizer


def _reminder(name: str) -> Alarm:
    """Appears on a locked telephone too, so a discreet appointment has none."""
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", name)
    alarm.add("trigger", -REMIND_BEFORE)
    return alarm


def _description(booking: BookingView, words: Words, address: str) -> str:
    """The code, and the page where it opens the appointment together with the contact.

    The address has a line to itself: calendars would take a direction mark behind it for a part of it.
    """
    lines = [
        words.text("booking.calendar-code", code=isolates.ltr(spaced_code(booking.code))),
        words.text("booking.calendar-manage"),
        f"{address}/my-booking",
    ]
    return "\n".join(lines)
