"""Two people who must not meet: when their appointments are too near, and the keyed hashes by which they are known.

Pure: who has which appointment comes from `store.queries.apart`.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from .contacts import read_called, read_contact
from .errors import Invalid
from .names import same_letters

LONGEST_MINUTES: Final = 480
# Numbers in this country have that many digits at least; case numbers that are so long have letters or strokes.
_FEWEST_DIGITS: Final = 7
_TELEPHONE: Final = re.compile(r"\+?[\d\s()\-.]+")
# Letters and digits are parts of their own, because WQ7, WQ-7 and WQ 007 are one case.
_PARTS: Final = re.compile(r"\d+|[^\W\d_]+")


class Scope(StrEnum):
    """Where and when two people must not both be."""

    BUILDING_DAY = "building-day"  # at the branch on one day
    ZONE_DAY = "zone-day"  # in one zone on one day
    MINUTES = "minutes"  # at the branch within some minutes


class Reason(StrEnum):
    """Why two people are kept apart, as a class without a story; the log has it, too."""

    PROTECTION = "protection"
    COURT = "court"
    CONFLICT = "conflict"
    OTHER = "other"


class AcceptedFor(StrEnum):
    """Why staff let two appointments stand although the people must not meet."""

    OTHER_ENTRANCE = "other-entrance"
    ESCORTED = "escorted"
    AGREED = "agreed"
    COURT_ORDER = "court-order"


@dataclass(frozen=True, slots=True)
class Leave:
    """What whoever books may know and do: `sees` pairs at all, and `accepts` that two people meet, for a reason.

    `second`: where one person may not accept it, a second one can be asked; not for several appointments at once.
    """

    sees: bool = False
    accepts: AcceptedFor | None = None
    second: bool = True


NO_LEAVE: Final = Leave()
#: Refusals that only whoever sees pairs gets.
KEPT_APART: Final = frozenset({"kept-apart", "kept-apart-protected"})


@dataclass(frozen=True, slots=True)
class Rule:
    """What a pair asks for. `until` is the last day on which it holds; None: until somebody ends it."""

    scope: Scope
    minutes: int = 0
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Least:
    """What a branch asks for with every pair: so many minutes between the two, in one zone or in the whole branch."""

    minutes: int
    in_zone: bool


@dataclass(frozen=True, slots=True)
class Presence:
    """An appointment: aware instants, its business day, and the zones where its visitor waits and is received.

    Without zones the visitor may be anywhere in the branch.
    """

    starts_at: datetime
    ends_at: datetime
    day: date
    zones: frozenset[UUID] = frozenset()


def meet(one: Presence, other: Presence, rule: Rule, least: Iterable[Least] = ()) -> bool:
    """Whether two people of a pair come too near to one another with these appointments."""
    if rule.until is not None and min(one.day, other.day) > rule.until:
        return False
    same_zone = not one.zones or not other.zones or bool(one.zones & other.zones)
    too_near = {
        Scope.BUILDING_DAY: one.day == other.day,
        Scope.ZONE_DAY: one.day == other.day and same_zone,
        Scope.MINUTES: _within(one, other, rule.minutes),
    }
    return too_near[rule.scope] or any(
        (same_zone or not asked.in_zone) and _within(one, other, asked.minutes) for asked in least
    )


def _within(one: Presence, other: Presence, minutes: int) -> bool:
    between = timedelta(minutes=minutes)
    return one.starts_at < other.ends_at + between and other.starts_at < one.ends_at + between


def references(called: str = "", contact: str = "") -> frozenset[str]:
    """Everything by which a person can be recognised, in one form each: a case number, a telephone, an e-mail address.

    `called` is a name or a case number, as `core.contacts.read_called` gives it; `contact` as `read_contact` does. A name
    is nobody: too many people have it.
    """
    return frozenset(_references(called, contact))


def read_reference(typed: str, country_code: str | None, field: str) -> str:
    """The case number, telephone or e-mail address that was typed, as `references` gives it.

    Seven digits or more with nothing that telephone numbers do not have are one. Raises Invalid on the field.
    """
    is_number = sum(sign.isdigit() for sign in typed) >= _FEWEST_DIGITS and _TELEPHONE.fullmatch(typed.strip())
    try:
        if "@" in typed or is_number:
            found = references(contact=read_contact(typed, country_code, sure=True).value)
        else:
            found = references(read_called(typed))
    except Invalid as mistake:
        raise Invalid(mistake.code, field, **mistake.values) from None
    if not found:
        raise Invalid("apart-reference", field)
    return next(iter(found))


def keyed(secret: bytes, branch_id: UUID, reference: str) -> str:
    """The keyed hash of a reference at a branch, in hex; without the key of the installation it says nothing."""
    if not secret:
        raise RuntimeError("people are kept apart with the key of the installation, and this process has none")
    return hmac.new(secret, f"apart\0{branch_id.hex}\0{reference}".encode(), hashlib.sha256).hexdigest()


def key_mark(secret: bytes, branch_id: UUID) -> str:
    """Tells the key of the installation from others without telling it."""
    return keyed(secret, branch_id, "which key")[:16]


def _references(called: str, contact: str) -> Iterator[str]:
    if any(sign.isdigit() for sign in called):
        parts = (part.lstrip("0") or "0" if part.isdecimal() else part for part in _PARTS.findall(same_letters(called)))
        yield "case:" + "-".join(parts)
    if contact:
        yield f"contact:{contact.casefold()}"
