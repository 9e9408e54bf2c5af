"""Messages about appointments: which event makes one, how much it may say, and when it is sent."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from .bookings import BookingState
from .promises import UNSETTLED, Decided
from .safe_contact import ContactWay

# A reminder comes this long before the appointment, and not where the last message is not older than the same time.
REMIND_BEFORE: Final = timedelta(days=1)
MAIL: Final = "mail"
SMS: Final = "sms"
CHANNELS: Final = (MAIL, SMS)


class Event(StrEnum):
    """What a message tells."""

    CONFIRMED = "confirmed"
    CHANGED = "changed"
    CANCELLED = "cancelled"
    CALLED_OFF = "called_off"  # the branch cancelled it
    OFFERED = "offered"  # another time is offered in place of a lost one
    EARLIER = "earlier"  # an earlier time is kept for whoever waits for one
    EARLIER_OVER = "earlier_over"  # nobody answered, so it is kept no more
    STANDS = "stands"  # an offer was made, and the old time is kept all the same
    HANDED_OVER = "handed_over"  # at the same time with another person, or in another room, than was promised
    REMINDER = "reminder"
    # About all appointments of a series to come, in one message that says how they are when it is sent.
    SERIES = "series"
    SERIES_CHANGED = "series_changed"
    SERIES_CANCELLED = "series_cancelled"
    SERIES_CALLED_OFF = "series_called_off"
    SERIES_HANDED_OVER = "series_handed_over"
    # About all parts of a visit that concern somebody, in one message that says how they are when it is sent.
    VISIT = "visit"
    VISIT_CHANGED = "visit_changed"
    VISIT_CANCELLED = "visit_cancelled"
    VISIT_CALLED_OFF = "visit_called_off"
    VISIT_GIVEN_UP = "visit_given_up"
    VISIT_OVER_LIMIT = "visit_over_limit"
    VISIT_OVER_PERSONS = "visit_over_persons"
    VISIT_REMINDER = "visit_reminder"
    GIVEN_UP = "given_up"  # nobody answered at the contact in time
    OVER_LIMIT = "over_limit"  # one more than a person may have, which was known once they had answered
    OVER_PERSONS = "over_persons"  # the contact is used for one person more than it may be, known in the same way
    INVITED = "invited"  # somebody may choose a time, with a personal link


class Level(StrEnum):
    """How much a message may say. NEUTRAL names neither the organisation, nor the service, nor the place."""

    NONE = "none"
    NEUTRAL = "neutral"
    MINIMAL = "minimal"  # the service is not named
    FULL = "full"


class Outcome(StrEnum):
    """What an attempt came to. MAYBE: the connection was lost when the message may have been accepted already."""

    SENT = "sent"
    LATER = "later"
    REFUSED = "refused"
    MAYBE = "maybe"


class Settled(StrEnum):
    """Why nothing more is done about a message that was given up."""

    PHONE = "phone"  # the person was told on the telephone
    IN_PERSON = "in_person"
    NOT_NEEDED = "not_needed"


_LEVELS: Final = {"full": Level.FULL, "minimal": Level.MINIMAL, "neutral": Level.NEUTRAL}
#: Events after which a reminder makes sense.
REMINDED: Final = frozenset({Event.CONFIRMED, Event.CHANGED, Event.STANDS, Event.HANDED_OVER})
#: Events about another time than that of the appointment, which stays as it was told: what waits to be said of it is true.
OF_EARLIER: Final = frozenset({Event.EARLIER, Event.EARLIER_OVER})
#: Events that the branch caused: whoever no message reaches must be called.
MUST_BE_TOLD: Final = frozenset(
    {
        *(Event.CALLED_OFF, Event.OFFERED, Event.STANDS, Event.HANDED_OVER),
        *(Event.SERIES_CALLED_OFF, Event.SERIES_HANDED_OVER),
    }
)
#: What is told of several appointments of a series at once where each of them has this event.
TOLD_OF_SERIES: Final = {
    Event.CONFIRMED: Event.SERIES,
    Event.CHANGED: Event.SERIES_CHANGED,
    Event.CANCELLED: Event.SERIES_CANCELLED,
    Event.CALLED_OFF: Event.SERIES_CALLED_OFF,
    Event.HANDED_OVER: Event.SERIES_HANDED_OVER,
}
OF_SERIES: Final = frozenset(TOLD_OF_SERIES.values())
#: What is told of a whole visit where one of its parts has this event.
TOLD_OF_VISIT: Final = {
    Event.CONFIRMED: Event.VISIT,
    Event.CHANGED: Event.VISIT_CHANGED,
    Event.CANCELLED: Event.VISIT_CANCELLED,
    Event.CALLED_OFF: Event.VISIT_CALLED_OFF,
    Event.GIVEN_UP: Event.VISIT_GIVEN_UP,
    Event.OVER_LIMIT: Event.VISIT_OVER_LIMIT,
    Event.OVER_PERSONS: Event.VISIT_OVER_PERSONS,
}
OF_VISIT: Final = frozenset({*TOLD_OF_VISIT.values(), Event.VISIT_REMINDER})
#: Events that are about one appointment.
OF_ONE: Final = frozenset(Event) - OF_SERIES - OF_VISIT - {Event.INVITED}
#: Events of a visit after which some of its parts are no more.
VISIT_ENDED: Final = frozenset(
    {
        Event.VISIT_CANCELLED,
        Event.VISIT_CALLED_OFF,
        Event.VISIT_GIVEN_UP,
        Event.VISIT_OVER_LIMIT,
        Event.VISIT_OVER_PERSONS,
    }
)
#: Events after which there is no appointment any more.
ENDED: Final = frozenset({Event.CANCELLED, Event.CALLED_OFF, Event.GIVEN_UP, Event.OVER_LIMIT, Event.OVER_PERSONS})
_STRICTEST_FIRST: Final = (Level.NONE, Level.NEUTRAL, Level.MINIMAL, Level.FULL)


def strictest(levels: Iterable[Level]) -> Level:
    """What a message about several appointments may say; NONE about none."""
    return min(levels, key=_STRICTEST_FIRST.index, default=Level.NONE)


def level_of(
    *, protected: bool, discreet: bool, hides_service: bool, sms: str, way: ContactWay = ContactWay.FULL
) -> Level:
    """The most that messages to a person about a service may say.

    `way` is how the person may be contacted, which wins: whoever asked for neutral messages gets these and no others, also
    where the level of confidentiality of the service sends nothing unasked. `sms` is what that level says about messages:
    full, minimal, neutral or opt_in_only, which is NONE. A protected service gets nothing whatever it says, and one that is
    discreet or must not be named NEUTRAL at the most.
    """
    if way is not ContactWay.FULL:
        return Level.NEUTRAL if way is ContactWay.NEUTRAL else Level.NONE
    level = _LEVELS.get(sms, Level.NONE)
    if protected:
        return Level.NONE
    if (discreet or hides_service) and level is not Level.NONE:
        return Level.NEUTRAL
    return level


def channel_of(contact: str) -> str | None:
    """The channel for a stored contact: mail, or text messages for a telephone number in E.164; None for an erased one."""
    if "@" in contact:
        return MAIL
    return SMS if contact.startswith("+") else None


def sent_as(channel: str, level: Level) -> str:
    """How what an installation sends names messages of a level on a channel: mail by the level alone."""
    return level.value if channel == MAIL else f"{channel}:{level.value}"


def is_told(level: Level, contact: str, sends: Collection[str]) -> bool:
    """Whether this installation, which sends what `sends` names (`sent_as`), tells somebody anything."""
    channel = channel_of(contact)
    if level is Level.NONE or channel is None or sent_as(channel, level) not in sends:
        return False
    return channel == MAIL or _takes_texts(contact)


def _takes_texts(number: str) -> bool:
    # Loaded where a gateway is set alone, because the numbering plans take long.
    from .telephones import takes_texts

    return takes_texts(number)


def reminder_at(event: Event, starts_at: datetime, now: datetime) -> datetime | None:
    """When a reminder is due after the message about `event`; None where that message is reminder enough."""
    due = starts_at - REMIND_BEFORE
    return due if event in REMINDED and due - now >= REMIND_BEFORE else None


def is_due_still(
    event: Event, state: BookingState, decision: Decided | None, starts_at: datetime, *, offered: bool, now: datetime
) -> bool:
    """Whether a message is still true of the appointment as it is now, and of use; otherwise it is not sent.

    `offered`: the time that the message tells of is still kept.
    """
    if starts_at <= now:
        return False
    if event in ENDED:
        return state is BookingState.CANCELLED
    if state is not BookingState.CONFIRMED:
        return False
    if event in (Event.OFFERED, Event.EARLIER):
        return offered
    return event is not Event.REMINDER or decision not in UNSETTLED
