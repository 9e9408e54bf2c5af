"""Facts about people whom staff invite to book. They hold no names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .base import Fact
from .fields import BookingInvitationId, Day, Number, ServiceSlug


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
