"""Invitations to book: staff invite somebody to a service that nobody else can book, by a personal link."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from .bookings import BookingState
from .errors import Refused
from .tokens import sealed

#: How many people one invitation may let come.
MOST_GUESTS: Final = 100
#: What an invitation and its link are for, in the code of the link (`core.tokens.sealed`).
PURPOSE: Final = "invitation"
#: Where a booking by invitation comes from.
SOURCE: Final = "invitation"
#: Bookings in these states take no place, so the invitation can be used again.
_WITHOUT_A_PLACE: Final = frozenset({BookingState.CANCELLED, BookingState.EXPIRED})


class InvitationState(StrEnum):
    """OPEN: it can be used. BEGUN: a time is held with it, which another may replace."""

    OPEN = "open"
    BEGUN = "begun"
    USED = "used"
    WITHDRAWN = "withdrawn"
    OVER = "over"


#: It can still give an appointment.
USABLE: Final = frozenset({InvitationState.OPEN, InvitationState.BEGUN})


def state_of(
    answer_until: datetime, withdrawn_at: datetime | None, booked: BookingState | None, now: datetime
) -> InvitationState:
    """The state of an invitation at `now`; `booked` is the state of the booking that was last made with it."""
    if booked is not None and booked not in _WITHOUT_A_PLACE | {BookingState.HELD}:
        return InvitationState.USED
    if withdrawn_at is not None:
        return InvitationState.WITHDRAWN
    if now >= answer_until:
        return InvitationState.OVER
    return InvitationState.BEGUN if booked is BookingState.HELD else InvitationState.OPEN


def personal_link(address: str, branch_key: str, secret: bytes, invitation_id: UUID) -> str:
    """The link that opens an invitation; `address` is the installation's own, without a trailing slash."""
    return f"{address}/invitation?i={branch_key}{sealed(secret, PURPOSE, invitation_id)}"


def against_use(state: InvitationState) -> Refused | None:
    """Why no time can be booked with an invitation in this state; None when one can."""
    return None if state in USABLE else Refused(f"invitation-{state.value}")
