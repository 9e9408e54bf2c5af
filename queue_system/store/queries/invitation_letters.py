"""Letters of invitations: how much they may say, and what became of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa

from ...core.messages import Level
from ..database import Tx
from ..tables import Message, table
from .booking_invitations import InvitationView
from .contact_ways import said_before
from .messages import level_of_service
from .settings import BranchSettings

MESSAGE = table(Message)


class Delivery(StrEnum):
    """What became of a letter. MAYBE: it is not known whether it arrived, and it is not tried again."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"
    MAYBE = "maybe"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class InvitationLetter:
    """The letter of an invitation; `error` is why the last attempt failed (`core.delivery.ERRORS`)."""

    delivery: Delivery
    error: str | None


def level_of_invitation(tx: Tx, settings: BranchSettings, invitation: InvitationView) -> Level:
    """How much its letter may say: what the service allows, and the person who chose how to be contacted before."""
    before = said_before(tx, settings, invitation.service_id, invitation.contact, [invitation.name])
    return level_of_service(settings, invitation.service_id, before.way if before else None)


def letters_of(tx: Tx, branch_id: UUID, invitation_ids: Collection[UUID]) -> dict[UUID, InvitationLetter]:
    """The letters of some invitations; those that no letter was written for are not in it."""
    statement = sa.select(MESSAGE.c.invitation_id, MESSAGE.c.state, MESSAGE.c.ended_at, MESSAGE.c.error).where(
        MESSAGE.c.branch_id == branch_id, MESSAGE.c.invitation_id.in_(invitation_ids)
    )
    return {
        row.invitation_id: InvitationLetter(_delivery(row.state, ended=row.ended_at is not None), row.error)
        for row in tx.rows(statement)
    }


def _delivery(state: str, *, ended: bool) -> Delivery:
    if not ended:
        return Delivery.WAITING
    return Delivery.MAYBE if state == "unknown" else Delivery(state)
