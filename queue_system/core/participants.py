"""The people of an appointment: who must be named, and how each of them is named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from .contacts import is_reference, read_called
from .errors import Count, Invalid

#: Besides whom it was booked for; as many as a service may ask for.
MOST_OTHERS: Final = 20


class Role(StrEnum):
    """Why a person comes."""

    CLIENT = "client"
    COMPANION = "companion"
    COUNSEL = "counsel"
    INTERPRETER = "interpreter"
    OTHER_SIDE = "other_side"


#: Roles of the parties that meet; the rest come along with one of these.
PARTIES: Final = frozenset({Role.CLIENT, Role.OTHER_SIDE})


@dataclass(frozen=True, slots=True)
class Person:
    """A person besides whom an appointment is booked for, as typed or as read.

    `n` is their number in the booking, 0 for a new one. `name` may be a case number; `way` is one of
    `core.safe_contact.ContactWay`, "" where nobody has asked, and None where it stays as it is.
    """

    role: Role
    name: str
    contact: str = ""
    reference: str = ""
    way: str | None = None
    note: str = ""
    n: int = 0

    @property
    def empty(self) -> bool:
        """Whether nothing was typed, so that there is no such person."""
        return not any(text.strip() for text in (self.name, self.contact, self.reference))


def read_named(name: str, reference: str, *, protected: bool, alias: bool) -> tuple[str, str]:
    """Name and case number as they are stored: a case number without a name stands in place of it.

    Raises Invalid on the field `name` or `reference`. In a `protected` service both together are
    Invalid("name-or-reference"), because a case number with the name beside it protects nobody; and without `alias`, a name
    of one's own choosing, a name is Invalid("alias-not-allowed"), because any name there could be the real one.
    """
    called = read_called(name)
    if protected and not alias and called and not is_reference(called):
        raise Invalid("alias-not-allowed", "name")
    try:
        number = read_called(reference)
    except Invalid as mistake:
        raise Invalid(mistake.code, "reference", **mistake.values) from None
    if not called or not number or called == number:
        return called or number, ""
    if protected:
        raise Invalid("name-or-reference", "reference")
    return called, number


def missing_parties(parties: int | None, name: str, others: Sequence[tuple[str, str]]) -> int:
    """How many of the `parties` that a service asks for have no name yet; `others` are role and name of each."""
    named = bool(name) + sum(1 for role, called in others if called and role in PARTIES)
    return max(0, (parties or 0) - named)


def against_unnamed(missing: int) -> Invalid | None:
    """Why an appointment cannot be confirmed before its parties are named; None when it can."""
    return Invalid("parties-missing", "others", count=Count(missing)) if missing else None
