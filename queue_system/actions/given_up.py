"""What staff do about messages that were given up: somebody sees to each, sends it again, or says what came of it."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa

from ..core.errors import Refused, Stale
from ..core.facts.messages import MessageRetried, MessageSettled, MessageTaken
from ..core.messages import Settled, channel_of, is_told
from ..store.database import AnyRow, Tx
from ..store.log import Actor, Locked, locked
from ..store.queries.bookings import BookingView, booking_by_id
from ..store.queries.messages import recipients
from ..store.queries.settings import branch_settings
from ..store.queries.unsent import MESSAGE, given_up_message, said_since
from . import phone_calls
from .message_rows import row_of
from .outbox import is_wanted, parts_of, to_be_called


def take_over(
    tx: Tx, branch_id: UUID, message_id: UUID, owner: UUID, actor: Actor, *, instead_of: UUID | None = None
) -> None:
    """Somebody sees to a message from now on: who took it, or a colleague to whom it is given.

    `instead_of` is who saw to it as the page showed it. Raises Stale with "message-settled" where nothing is to be done
    about it any more, and with "message-taken" where somebody else sees to it now.
    """
    with locked(tx, branch_id) as lock:
        job, booking = _given_up(lock, message_id)
        if job.owner_id == owner:
            return
        if job.owner_id != instead_of:
            raise Stale("message-taken")
        tx.execute(row_of(lock, job).values(owner_id=owner))
        lock.append(MessageTaken(subject=str(job.id), code=booking.code, event=job.event, owner=str(owner)), actor)


def send_again(tx: Tx, branch_id: UUID, message_id: UUID, owner: UUID, actor: Actor) -> None:
    """Send a message anew, once, to the contact as it is now; `owner` sees to it where nobody did.

    It keeps its id, so that a mail program shows one where both arrive. Raises Stale("message-settled") as `take_over`,
    also for a second press, and Refused: "message-told" where a newer message was sent, "message-newer" where there is
    another newer one, "message-no-way" where nothing may or can be sent to the person, "message-untrue" where it is not
    true, or of no use, any more.
    """
    with locked(tx, branch_id) as lock:
        job, booking = _given_up(lock, message_id)
        since = said_since(tx, job)
        if since is not None:
            raise Refused("message-told" if since == "sent" else "message-newer")
        settings = branch_settings(tx, branch_id, lock.config_version)
        to = next((one for one in recipients(tx, settings, booking) if one.n == job.n), None)
        if to is None or not is_told(to.level, to.contact, tx.sends):
            raise Refused("message-no-way")
        # The times between attempts begin anew. Whoever sees to it hears of it again if these are in vain, too.
        again = {"state": "queued", "wanted_at": tx.now, "due_at": tx.now, "ended_at": None, "error": None}
        mine = {"channel": channel_of(to.contact), "owner_id": job.owner_id or owner}
        tx.execute(row_of(lock, job).values(**again, **mine))
        queued = tx.row(sa.select(MESSAGE).where(MESSAGE.c.branch_id == branch_id, MESSAGE.c.id == message_id))
        if queued is None or not is_wanted(tx, queued, booking, to, parts_of(tx, settings, queued, booking, to)):
            raise Refused("message-untrue")
        lock.append(MessageRetried(subject=str(job.id), code=booking.code, event=job.event), actor)


def settle(tx: Tx, branch_id: UUID, message_id: UUID, how: Settled, actor: Actor) -> None:
    """Nothing more is done about a message, and nobody is called about it. Raises Stale("message-settled") as `take_over`."""
    with locked(tx, branch_id) as lock:
        job, booking = _given_up(lock, message_id)
        for one, n, event in to_be_called(lock, job, booking):
            phone_calls.need_not_call(lock, one.id, n, event, told=how is not Settled.NOT_NEEDED)
        tx.execute(row_of(lock, job).values(settled=how.value))
        lock.append(MessageSettled(subject=str(job.id), code=booking.code, event=job.event, how=how.value), actor)


def _given_up(lock: Locked, message_id: UUID) -> tuple[AnyRow, BookingView]:
    job = given_up_message(lock.tx, lock.id, message_id)
    if job is None:
        raise Stale("message-settled")
    return job, booking_by_id(lock.tx, lock.id, job.about)
