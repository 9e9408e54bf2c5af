"""Facts about the people who work here, in the log of the organisation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from .base import Fact
from .fields import Channel, PersonId, PlaceId, RoleSlugs


@dataclass(frozen=True, slots=True)
class StaffFact(Fact):
    """What happened to a person's account."""

    subject: PersonId


@dataclass(frozen=True, slots=True)
class StaffCreated(StaffFact):
    kind: ClassVar[str] = "staff.created"
    roles: RoleSlugs


@dataclass(frozen=True, slots=True)
class StaffSignedIn(StaffFact):
    kind: ClassVar[str] = "staff.signed_in"
    channel: Channel


@dataclass(frozen=True, slots=True)
class StaffSignedOut(StaffFact):
    kind: ClassVar[str] = "staff.signed_out"
    channel: Channel


@dataclass(frozen=True, slots=True)
class StaffLocked(StaffFact):
    kind: ClassVar[str] = "staff.locked"


@dataclass(frozen=True, slots=True)
class StaffUnlocked(StaffFact):
    kind: ClassVar[str] = "staff.unlocked"


@dataclass(frozen=True, slots=True)
class StaffPasswordSet(StaffFact):
    kind: ClassVar[str] = "staff.password_set"


@dataclass(frozen=True, slots=True)
class StaffRoleGiven(StaffFact):
    """`place` is the id of the branch, or of the organisation, where the roles are held."""

    kind: ClassVar[str] = "staff.role_given"
    roles: RoleSlugs
    place: PlaceId


@dataclass(frozen=True, slots=True)
class StaffRoleTaken(StaffFact):
    """As `StaffRoleGiven`."""

    kind: ClassVar[str] = "staff.role_taken"
    roles: RoleSlugs
    place: PlaceId


@dataclass(frozen=True, slots=True)
class SignInFailed(StaffFact):
    """`subject` is empty where the name is unknown; the typed name is never stored.

    Only the first of many failures in a row become facts, so that endless attempts cannot fill the log.
    """

    kind: ClassVar[str] = "staff.sign_in_failed"
    channel: Channel

    def variant(self) -> Literal["", "unknown"]:
        return "" if self.subject else "unknown"
