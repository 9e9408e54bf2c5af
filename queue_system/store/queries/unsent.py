"""Messages that nobody received: which are still to be seen to, and what was said since."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from ...core.bookings import BookingState
from ...core.messages import OF_SERIES, OF_VISIT, Event
from ..database import AnyRow, Tx
from ..tables import Booking, Message, table
from ..tables.messages import UNSENT_MESSAGES

BOOKING, MESSAGE = table(Booking), table(Message)
_REMINDERS = (Event.REMINDER.value, Event.VISIT_REMINDER.value)


@dataclass(frozen=True, slots=True)
class UnsentMessage:
    """A message that was given up, about an appointment to come; `maybe`: it may have arrived all the same.

    `n` is the person of the booking whom it is for, `owner` the member of staff who sees to it.
    """

    id: UUID
    booking_id: UUID
    n: int
    code: str
    service_id: UUID
    starts_at: datetime
    stands: bool
    event: Event
    error: str
    maybe: bool
    ended_at: datetime
    owner: UUID | None


def unsent_messages(tx: Tx, branch_id: UUID) -> list[UnsentMessage]:
    """The last messages about appointments to come that were given up, the next appointment first; not the settled ones."""
    newer = MESSAGE.alias()
    statement = (
        sa.select(MESSAGE, BOOKING.c.code, BOOKING.c.service_id, BOOKING.c.starts_at, BOOKING.c.state.label("stands"))
        .join(BOOKING, (BOOKING.c.branch_id == MESSAGE.c.branch_id) & (BOOKING.c.id == MESSAGE.c.about))
        .where(
            MESSAGE.c.branch_id == branch_id,
            sa.text(f"message.state IN {UNSENT_MESSAGES}"),
            MESSAGE.c.ended_at.is_not(None),
            MESSAGE.c.settled.is_(None),
            BOOKING.c.starts_at > tx.now,
            BOOKING.c.state.in_((BookingState.CONFIRMED.value, BookingState.CANCELLED.value)),
            ~sa.exists().where(*_since(newer, MESSAGE)),
        )
        .order_by(BOOKING.c.starts_at, MESSAGE.c.id)
    )
    return [
        UnsentMessage(
            row.id,
            row.about,
            row.n,
            row.code,
            row.service_id,
            row.starts_at,
            row.stands == BookingState.CONFIRMED.value,
            Event(row.event),
            row.error or "internal",
            row.state == "unknown",
            row.ended_at,
            row.owner_id,
        )
        for row in tx.rows(statement)
    ]


def given_up_message(tx: Tx, branch_id: UUID, message_id: UUID) -> AnyRow | None:
    """A message about a booking that was given up and is not settled, as stored; None where it is none."""
    return tx.row(
        sa.select(MESSAGE).where(
            MESSAGE.c.branch_id == branch_id,
            MESSAGE.c.id == message_id,
            MESSAGE.c.about.is_not(None),
            sa.text(f"message.state IN {UNSENT_MESSAGES}"),
            MESSAGE.c.ended_at.is_not(None),
            MESSAGE.c.settled.is_(None),
        )
    )


def said_since(tx: Tx, job: AnyRow) -> str | None:
    """ "sent" where a newer message, or a reminder, told a person what this one tells; another state of one; None for none."""
    newer, given_up = MESSAGE.alias(), MESSAGE.alias()
    reminded = newer.c.event.in_(_REMINDERS) & (newer.c.state == "sent") & given_up.c.event.not_in(_REMINDERS)
    same = newer.c.branch_id == given_up.c.branch_id, newer.c.about == given_up.c.about, newer.c.n == given_up.c.n
    statement = sa.select(newer.c.state).where(
        given_up.c.branch_id == job.branch_id,
        given_up.c.id == job.id,
        sa.and_(*_since(newer, given_up))
        | sa.and_(*same, newer.c.sequence == given_up.c.sequence, newer.c.id != given_up.c.id, reminded),
    )
    states = {row.state for row in tx.rows(statement)}
    return "sent" if "sent" in states else min(states, default=None)


def _since(newer: Any, older: Any) -> tuple[sa.ColumnElement[bool], ...]:
    """The messages of one alias that say to the same person what those of the other say."""
    of_series, of_visit = _values(OF_SERIES), _values(OF_VISIT)
    return (
        newer.c.branch_id == older.c.branch_id,
        newer.c.about == older.c.about,
        newer.c.n == older.c.n,
        newer.c.sequence > older.c.sequence,
        # News of one appointment do not say what a message about the whole series or visit says.
        older.c.event.not_in(of_series) | newer.c.event.in_(of_series),
        older.c.event.in_(of_visit) == newer.c.event.in_(of_visit),
    )


def _values(events: Iterable[Event]) -> list[str]:
    return [one.value for one in events]
