"""Facts about people whom staff invite to book. They hold no names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from .base import Fact
from .fields import BookingInvitationId, Day, Flag, MessageError, Number, ServiceSlug


@dataclass(frozen=True, slots=True)
class GuestInvited(Fact):
    """Somebody may book a service until the end of a day, for up to so many people."""

    kind: ClassVar[str] = "booking.invited"
    subject: BookingInvitationId
    service: ServiceSlug
    answer_by: Day
    persons: Number


@dataclass(frozen=True, slots=True)
class InvitationWithdrawn(Fact):
    """The link of an invitation opens nothing any more."""

    kind: ClassVar[str] = "booking.invitation_withdrawn"
    subject: BookingInvitationId
    service: ServiceSlug


@dataclass(frozen=True, slots=True)
class InvitationSent(Fact):
    """The mail server has accepted the letter with its link, at the attempt of this number."""

    kind: ClassVar[str] = "booking.invitation_sent"
    subject: BookingInvitationId
    service: ServiceSlug
    attempt: Number


@dataclass(frozen=True, slots=True)
class InvitationUnsent(Fact):
    """Its letter is not tried again; `maybe`: it may have arrived all the same."""

    kind: ClassVar[str] = "booking.invitation_unsent"
    subject: BookingInvitationId
    service: ServiceSlug
    attempt: Number
    error: MessageError
    maybe: Flag

    def variant(self) -> Literal["", "maybe"]:
        return "maybe" if self.maybe else ""
