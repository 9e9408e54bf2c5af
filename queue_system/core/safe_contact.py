"""How a person may be contacted without putting them at risk. It wins over every other rule about messages and calls."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

from .errors import Count, Invalid

LONGEST_NOTE: Final = 100


class ContactWay(StrEnum):
    """A way to contact a person; the words are those of the settings, but for FULL."""

    NONE = "none"  # not at all
    CALL_AT_TIME = "call_at_time"  # a call, only when the note says
    NEUTRAL = "sms_neutral"  # messages that name neither the organisation nor the service
    REFERRER = "via_referrer"  # only through whoever sent them; the note says who
    FULL = "full"  # as the level of the service allows


#: Ways that messages may take.
WRITTEN: Final = frozenset({ContactWay.NEUTRAL, ContactWay.FULL})
#: All ways, those first that tell the least.
SAFEST_FIRST: Final = (
    ContactWay.NONE,
    ContactWay.REFERRER,
    ContactWay.CALL_AT_TIME,
    ContactWay.NEUTRAL,
    ContactWay.FULL,
)
#: Ways of which staff see the number or address.
SHOWN: Final = frozenset({ContactWay.CALL_AT_TIME, ContactWay.NEUTRAL, ContactWay.FULL})


@dataclass(frozen=True, slots=True)
class Answer:
    """What was said about a person at an aware instant.

    `own`: in an appointment that was booked for that person; `protected`: of a service that is protected.
    """

    way: ContactWay
    note: str
    asked_at: datetime
    own: bool
    protected: bool = False


class Rules(Protocol):
    """What a branch has settled about contacts (`settings.branch.SafeContact`)."""

    @property
    def allowed(self) -> Sequence[str]: ...
    @property
    def default(self) -> str: ...
    @property
    def recheck_each_visit(self) -> bool: ...


def ways(rules: Rules | None, *, protected: bool) -> tuple[ContactWay, ...]:
    """The ways among which people choose, the one that holds without a choice first.

    A branch without rules of its own has those that every service has; a `protected` one must be asked for messages.
    """
    if rules is not None:
        default = ContactWay(rules.default)
        return (default, *(way for way in map(ContactWay, rules.allowed) if way is not default))
    return (
        (ContactWay.NONE, ContactWay.NEUTRAL) if protected else (ContactWay.FULL, ContactWay.NEUTRAL, ContactWay.NONE)
    )


def in_force(chosen: str | None, rules: Rules | None, *, protected: bool) -> ContactWay:
    """The way that holds for a person; a choice that the branch no longer allows counts as NONE."""
    offered = ways(rules, protected=protected)
    if chosen is None:
        return offered[0]
    return ContactWay(chosen) if chosen in offered else ContactWay.NONE


def read_way(chosen: str, note: str, rules: Rules | None, *, protected: bool) -> tuple[str | None, str]:
    """A choice and its note as they are stored; "" is no choice.

    Raises Invalid on the field `way` or `note`: "contact-way-unknown", "contact-note-missing" or "contact-note-long".
    """
    text = " ".join(note.split())
    if len(text) > LONGEST_NOTE:
        raise Invalid("contact-note-long", "note", limit=Count(LONGEST_NOTE))
    if not chosen:
        return None, ""
    if chosen not in ways(rules, protected=protected):
        raise Invalid("contact-way-unknown", "way")
    if chosen in (ContactWay.CALL_AT_TIME, ContactWay.REFERRER) and not text:
        raise Invalid("contact-note-missing", "note")
    return chosen, text


def in_force_still(answers: Iterable[Answer]) -> Answer | None:
    """Which of a person's earlier answers holds for the next appointment; None without any.

    It is the last one that was given in an appointment of their own. What was said since then in an appointment of somebody else
    counts only if it is safer, because another person may have said it.
    """
    known = list(answers)
    own = max((one for one in known if one.own), key=lambda one: one.asked_at, default=None)
    said = [own] if own is not None else []
    said += [one for one in known if not one.own and (own is None or one.asked_at >= own.asked_at)]
    return min(said, key=lambda one: SAFEST_FIRST.index(one.way), default=None)


def is_to_be_asked(rules: Rules | None, asked_at: datetime | None, since: datetime) -> bool:
    """Whether a person has to be asked again at a visit whose day begins at `since`."""
    return rules is not None and rules.recheck_each_visit and (asked_at is None or asked_at < since)
