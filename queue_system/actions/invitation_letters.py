"""The letter of an invitation: it brings the personal link to whoever is invited, unless nothing may be written to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from ..core.booking_invitations import USABLE
from ..core.delivery import OF_CHANNEL, next_attempt
from ..core.facts.guests import InvitationSent, InvitationUnsent
from ..core.messages import MAIL, Event, Level, Outcome, channel_of, is_told, sent_as
from ..store.database import AnyRow, Tx
from ..store.log import SYSTEM, Locked, locked
from ..store.queries.booking_invitations import InvitationView, invitation_by_id
from ..store.queries.invitation_letters import level_of_invitation
from ..store.queries.messages import Recipient, due_messages
from ..store.queries.settings import BranchSettings, branch_settings
from .message_rows import MESSAGE, NOTHING_OUT, finish, insert, put_off, take, try_again


@dataclass(frozen=True, slots=True)
class ClaimedInvitation:
    """The letter of an invitation, which this worker alone may send now; as `outbox.ClaimedMessage`."""

    id: UUID
    event: Event
    level: Level
    language: str
    attempt: int
    invitation: InvitationView
    recipient: Recipient


def send(lock: Locked, settings: BranchSettings, invitation: InvitationView) -> None:
    """Queue the letter of a new invitation, where its contact can be written to and its service allows it."""
    level = level_of_invitation(lock.tx, settings, invitation)
    if is_told(level, invitation.contact, lock.tx.sends):
        row = {
            "invitation_id": invitation.id,
            "event": Event.INVITED.value,
            "language": invitation.language,
            "wanted_at": lock.tx.now,
        }
        insert(lock, [row], invitation.contact)


def withdraw(lock: Locked, invitation_id: UUID) -> None:
    """A letter that waits to be sent is not sent any more."""
    waiting = (MESSAGE.c.branch_id == lock.id, MESSAGE.c.invitation_id == invitation_id, MESSAGE.c.ended_at.is_(None))
    lock.tx.execute(
        sa.update(MESSAGE).where(*waiting, MESSAGE.c.state != "claimed").values(state="void", ended_at=lock.tx.now)
    )


def claim_invitation(
    tx: Tx, branch_id: UUID, channel: str = MAIL, out: Mapping[str, str] = NOTHING_OUT
) -> ClaimedInvitation | None:
    """Claim the letter that has been due the longest, as `outbox.claim_message`.

    Those of invitations that cannot be used any more are voided.
    """
    with locked(tx, branch_id) as lock:
        settings = branch_settings(tx, branch_id, lock.config_version)
        for job in due_messages(tx, branch_id, channel, of_invitations=True):
            invitation = invitation_by_id(tx, branch_id, job.invitation_id)
            if job.state == "claimed" and job.doubtful:
                _give_up(lock, job, "interrupted", maybe=True)
                continue
            level = level_of_invitation(tx, settings, invitation)
            wanted = is_told(level, invitation.contact, tx.sends) and channel_of(invitation.contact) == job.channel
            if not wanted or invitation.state not in USABLE:
                finish(lock, job, "void")
            elif (fault := out.get(sent_as(channel, level))) is not None:
                if not put_off(lock, job, fault):
                    _give_up(lock, job, fault, maybe=job.state == "claimed")
            elif take(lock, job):
                to = Recipient(0, invitation.contact, level)
                event = Event(job.event)
                return ClaimedInvitation(job.id, event, level, job.language, job.attempts + 1, invitation, to)
        return None


def report(lock: Locked, job: AnyRow, outcome: Outcome, error: str | None) -> None:
    """Store what an attempt came to, as `outbox.report_message`, which has looked whether it is the latest."""
    maybe = outcome is Outcome.MAYBE
    if outcome is Outcome.SENT:
        finish(lock, job, "sent")
        fact = InvitationSent(subject=str(job.invitation_id), service=_service(lock, job), attempt=job.attempts)
        lock.append(fact, SYSTEM)
        return
    again = next_attempt(job.attempts, job.wanted_at, lock.tx.now, error=error)
    if outcome is Outcome.REFUSED or again is None or (maybe and job.doubtful):
        _give_up(lock, job, error or "internal", maybe=maybe or job.doubtful)
    elif invitation_by_id(lock.tx, lock.id, job.invitation_id).state in USABLE:
        try_again(lock, job, again, error, maybe=maybe, counted=error not in OF_CHANNEL)
    else:
        finish(lock, job, "void", error)


def _give_up(lock: Locked, job: AnyRow, error: str, *, maybe: bool) -> None:
    finish(lock, job, "unknown" if maybe else "failed", error)
    fact = InvitationUnsent(
        subject=str(job.invitation_id),
        service=_service(lock, job),
        attempt=job.attempts,
        error=error,
        maybe=maybe,
    )
    lock.append(fact, SYSTEM)


def _service(lock: Locked, job: AnyRow) -> str:
    settings = branch_settings(lock.tx, lock.id, lock.config_version)
    return settings.services[invitation_by_id(lock.tx, lock.id, job.invitation_id).service_id].slug
