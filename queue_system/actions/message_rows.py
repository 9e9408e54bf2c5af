"""The rows of messages: put one in line, void what newer news replaces, end one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from ..core.delivery import OF_CHANNEL, next_attempt
from ..core.messages import OF_EARLIER, OF_ONE, OF_SERIES, OF_VISIT, Event, Settled, channel_of
from ..store.database import AnyRow, Tx
from ..store.log import Locked
from ..store.queries.bookings import BookingView
from ..store.queries.messages import Recipient
from ..store.tables import Message, table
from ..store.tables.messages import UNSENT_MESSAGES

MESSAGE = table(Message)

# Longer than a mail server may take for one message (`messages.smtp.ANSWER_SECONDS` for each of its answers).
LEASE: Final = timedelta(minutes=5)
#: What is out of order where everything can be sent.
NOTHING_OUT: Final[Mapping[str, str]] = {}


def queue(lock: Locked, booking: BookingView, to: Recipient, due: Mapping[Event, datetime]) -> None:
    """Put the messages of these events to one person of a booking in line, each from its instant on."""
    if due:
        sequence = last_sequence(lock.tx, lock.id, booking.id, to.n) + 1
        about = {"about": booking.id, "n": to.n, "sequence": sequence, "language": booking.language}
        insert(lock, [{**about, "event": what.value, "wanted_at": at} for what, at in due.items()], to.contact)


def insert(lock: Locked, rows: Iterable[Mapping[str, Any]], contact: str) -> None:
    """Put messages to a contact in line, each from its `wanted_at` on."""
    new = {
        "branch_id": lock.id,
        "n": 0,
        "sequence": 0,
        "channel": channel_of(contact),
        "state": "queued",
        "created_at": lock.tx.now,
        "attempts": 0,
        "doubtful": False,
    }
    values = [{**new, "id": uuid7(), "due_at": one["wanted_at"], **one} for one in rows]
    lock.tx.execute(sa.insert(MESSAGE), values)


def void(lock: Locked, booking_id: UUID, to: Collection[int] | None = None, events: Collection[Event] = OF_ONE) -> None:
    """Those of these events to a booking's persons `to`, None for all, are not sent any more.

    Those that are being sent now are left; they are voided if they fail. What waits to be said about a series or a visit
    says how it is when it is sent, so news of one appointment do not end it.
    """
    lock.tx.execute(
        sa.update(MESSAGE)
        .where(
            sa.true() if to is None else MESSAGE.c.n.in_(to),
            *waiting(lock, (booking_id,), events),
        )
        .values(state="void", ended_at=lock.tx.now)
    )


def is_waiting(lock: Locked, booking_id: UUID, n: int, event: Event) -> bool:
    """Whether this is still to be said to a person of a booking."""
    here = (*waiting(lock, (booking_id,), (event,)), MESSAGE.c.n == n)
    return lock.tx.row(sa.select(MESSAGE.c.id).where(*here).limit(1)) is not None


def waiting(lock: Locked, ids: Collection[UUID], events: Iterable[Event]) -> tuple[sa.ColumnElement[bool], ...]:
    """Messages of these events about some bookings that wait to be sent."""
    return (
        MESSAGE.c.branch_id == lock.id,
        MESSAGE.c.about.in_(ids),
        MESSAGE.c.ended_at.is_(None),
        MESSAGE.c.state != "claimed",
        MESSAGE.c.event.in_([one.value for one in events]),
    )


def take(lock: Locked, job: AnyRow) -> bool:
    """Claim a message by compare-and-set; False where another worker has it. A second claim is noted as doubtful."""
    taken = lock.tx.execute(
        row_of(lock, job)
        .where(MESSAGE.c.state == job.state, MESSAGE.c.attempts == job.attempts)
        .values(
            state="claimed",
            lease_until=lock.tx.now + LEASE,
            due_at=lock.tx.now + LEASE,
            attempts=job.attempts + 1,
            doubtful=job.doubtful or job.state == "claimed",
        )
    )
    return taken.rowcount == 1


def try_again(lock: Locked, job: AnyRow, at: datetime, error: str | None, *, maybe: bool, counted: bool = True) -> None:
    """Put a message back in line until an instant; `maybe`: it may have arrived.

    With `counted` False the attempt that it was claimed for is not counted, because the channel was to blame.
    """
    values = {"state": "unknown" if maybe else "queued", "doubtful": job.doubtful or maybe}
    if not counted:
        values["attempts"] = job.attempts - 1
    lock.tx.execute(row_of(lock, job).values(**values, lease_until=None, due_at=at, error=error))


def put_off(lock: Locked, job: AnyRow, fault: str, call_before: datetime | None = None) -> bool:
    """Put a message off that nobody tries, because its channel has a fault; False where it is to be given up.

    A fault of `core.delivery.ERRORS` that is not the channel's leaves it as it is.
    """
    if fault not in OF_CHANNEL:
        return True
    again = next_attempt(job.attempts, job.wanted_at, lock.tx.now, call_before, fault)
    if again is not None:
        # Whoever had claimed it died, and may have sent it.
        try_again(lock, job, again, fault, maybe=job.state == "claimed")
    return again is not None


def is_overtaken(tx: Tx, job: AnyRow) -> bool:
    """Whether a newer message says what this one says, so that it need not be tried again."""
    event = Event(job.event)
    if event in OF_SERIES:
        return False
    newer = OF_VISIT if event in OF_VISIT else OF_ONE | OF_SERIES
    if event not in OF_EARLIER:
        newer -= OF_EARLIER
    return bool(job.sequence < last_sequence(tx, job.branch_id, job.about, job.n, newer))


def last_sequence(
    tx: Tx, branch_id: UUID, booking_id: UUID, n: int, events: Collection[Event] = frozenset(Event)
) -> int:
    """The number of the newest message of these events to a person of a booking; -1 for none."""
    statement = sa.select(sa.func.max(MESSAGE.c.sequence)).where(
        MESSAGE.c.branch_id == branch_id,
        MESSAGE.c.about == booking_id,
        MESSAGE.c.n == n,
        MESSAGE.c.event.in_([one.value for one in events]),
    )
    last: int | None = tx.scalar(statement)
    return -1 if last is None else last


def finish(lock: Locked, job: AnyRow, state: str, error: str | None = None) -> None:
    """Nothing more is done about a message."""
    lock.tx.execute(row_of(lock, job).values(state=state, error=error, lease_until=None, ended_at=lock.tx.now))


def settle_called(lock: Locked, people: Collection[tuple[UUID, int]], event: str) -> None:
    """What was given up of an event needs nothing more, because these persons of bookings were told it on the telephone."""
    lock.tx.execute(
        sa.update(MESSAGE)
        .where(
            MESSAGE.c.branch_id == lock.id,
            sa.text(f"message.state IN {UNSENT_MESSAGES}"),
            MESSAGE.c.ended_at.is_not(None),
            MESSAGE.c.settled.is_(None),
            MESSAGE.c.event == event,
            sa.tuple_(MESSAGE.c.about, MESSAGE.c.n).in_(people),
        )
        .values(settled=Settled.PHONE.value)
    )


def row_of(lock: Locked, job: AnyRow) -> sa.Update:
    """A change of one message."""
    return sa.update(MESSAGE).where(MESSAGE.c.branch_id == lock.id, MESSAGE.c.id == job.id)
