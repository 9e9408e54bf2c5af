"""Facts about the people who work here, in the log of the organisation. What facts may hold: `core.events`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .facts import Fact


@dataclass(frozen=True, slots=True)
class StaffCreated(Fact):
    kind: ClassVar[str] = "staff.created"
    roles: list[str]


@dataclass(frozen=True, slots=True)
class StaffSignedIn(Fact):
    kind: ClassVar[str] = "staff.signed_in"
    channel: str


@dataclass(frozen=True, slots=True)
class StaffSignedOut(Fact):
    kind: ClassVar[str] = "staff.signed_out"
    channel: str


@dataclass(frozen=True, slots=True)
class StaffLocked(Fact):
    kind: ClassVar[str] = "staff.locked"


@dataclass(frozen=True, slots=True)
class StaffUnlocked(Fact):
    kind: ClassVar[str] = "staff.unlocked"


@dataclass(frozen=True, slots=True)
class StaffPasswordSet(Fact):
    kind: ClassVar[str] = "staff.password_set"


@dataclass(frozen=True, slots=True)
class StaffRoleGiven(Fact):
    """`place` is the id of the branch, or of the organisation, where the roles are held."""

    kind: ClassVar[str] = "staff.role_given"
    roles: list[str]
    place: str


@dataclass(frozen=True, slots=True)
class StaffRoleTaken(Fact):
    """As `StaffRoleGiven`."""

    kind: ClassVar[str] = "staff.role_taken"
    roles: list[str]
    place: str


@dataclass(frozen=True, slots=True)
class SignInFailed(Fact):
    """`subject` is the staff id where the name exists, else empty; the typed name is never kept.

    Of many failures in a row the first ones are facts: whoever tries without end must not fill the log.
    """

    kind: ClassVar[str] = "staff.sign_in_failed"
    channel: str
