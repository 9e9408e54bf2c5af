"""Facts about the people who work here, in the log of the organisation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from .base import Fact
from .fields import Abilities, Channel, DepartmentSlug, Number, PersonId, PlaceId, ProfileSlug, RoleSlugs, SignInMethod


@dataclass(frozen=True, slots=True)
class StaffFact(Fact):
    """What happened to a person's account."""

    subject: PersonId


@dataclass(frozen=True, slots=True)
class StaffCreated(StaffFact):
    """`roles` is empty where they are given in an act of its own."""

    kind: ClassVar[str] = "staff.created"
    roles: RoleSlugs

    def variant(self) -> Literal["", "alone"]:
        return "" if self.roles else "alone"


@dataclass(frozen=True, slots=True)
class StaffSignedIn(StaffFact):
    """With a password alone."""

    kind: ClassVar[str] = "staff.signed_in"
    channel: Channel


@dataclass(frozen=True, slots=True)
class StaffSignedInWith(StaffFact):
    """With a second factor after the password, or with a passkey or a provider instead of it."""

    kind: ClassVar[str] = "staff.signed_in_with"
    channel: Channel
    method: SignInMethod


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
class StaffInvited(StaffFact):
    """A link was made with which the person chooses a password."""

    kind: ClassVar[str] = "staff.invited"


@dataclass(frozen=True, slots=True)
class StaffJoined(StaffFact):
    """The person has used the link."""

    kind: ClassVar[str] = "staff.joined"


@dataclass(frozen=True, slots=True)
class StaffRemoved(StaffFact):
    """Somebody who never signed in was removed, with the invitation."""

    kind: ClassVar[str] = "staff.removed"


@dataclass(frozen=True, slots=True)
class StaffEdited(StaffFact):
    kind: ClassVar[str] = "staff.edited"


@dataclass(frozen=True, slots=True)
class StaffCallingChanged(StaffFact):
    """The skills and languages that decide whom a person calls, and the calling profile that goes before the counter's."""

    kind: ClassVar[str] = "staff.calling_changed"
    skills: Abilities
    languages: Abilities
    calling_profile: ProfileSlug | None


@dataclass(frozen=True, slots=True)
class SignInReset(StaffFact):
    """Sessions and ways to sign in have ended, and a new link was made."""

    kind: ClassVar[str] = "staff.sign_in_reset"


@dataclass(frozen=True, slots=True)
class StaffRescued(StaffFact):
    """As `SignInReset`, at the server's console, because nobody could sign in to do it."""

    kind: ClassVar[str] = "staff.rescued"


@dataclass(frozen=True, slots=True)
class SessionsEnded(StaffFact):
    """Somebody ended `n` sessions of the person."""

    kind: ClassVar[str] = "staff.sessions_ended"
    n: Number


@dataclass(frozen=True, slots=True)
class RoleFact(StaffFact):
    """`place` is the id of the branch, or of the organisation, where the roles are held; `department` may limit them."""

    roles: RoleSlugs
    place: PlaceId
    department: DepartmentSlug = ""

    def data(self) -> dict[str, Any]:
        found = Fact.data(self)
        if not self.department:
            del found["department"]
        return found

    def variant(self) -> Literal["", "department"]:
        return "department" if self.department else ""


@dataclass(frozen=True, slots=True)
class StaffRoleGiven(RoleFact):
    kind: ClassVar[str] = "staff.role_given"


@dataclass(frozen=True, slots=True)
class StaffRoleTaken(RoleFact):
    kind: ClassVar[str] = "staff.role_taken"


@dataclass(frozen=True, slots=True)
class StaffMethodAdded(StaffFact):
    """A way to sign in besides the password."""

    kind: ClassVar[str] = "staff.method_added"
    method: SignInMethod


@dataclass(frozen=True, slots=True)
class StaffMethodRemoved(StaffFact):
    """By the person, as `StaffMethodAdded`."""

    kind: ClassVar[str] = "staff.method_removed"
    method: SignInMethod


@dataclass(frozen=True, slots=True)
class StaffMethodsForgotten(StaffFact):
    """All ways to sign in but the password were removed, because the sign-in was reset."""

    kind: ClassVar[str] = "staff.methods_forgotten"


@dataclass(frozen=True, slots=True)
class StaffRecoveryCodesMade(StaffFact):
    """New recovery codes; those before are void."""

    kind: ClassVar[str] = "staff.recovery_codes_made"


@dataclass(frozen=True, slots=True)
class CodeFailed(StaffFact):
    """The password was right, the code after it was not."""

    kind: ClassVar[str] = "staff.code_failed"
    channel: Channel


@dataclass(frozen=True, slots=True)
class SignInFailed(StaffFact):
    """`subject` is empty where the name is unknown; the typed name is never stored.

    Only the first of many failures in a row become facts, so that endless attempts cannot fill the log.
    """

    kind: ClassVar[str] = "staff.sign_in_failed"
    channel: Channel

    def variant(self) -> Literal["", "unknown"]:
        return "" if self.subject else "unknown"
