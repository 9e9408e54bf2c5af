"""Record who came to appointments, many at once."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

import sqlalchemy as sa

from ..core import hours
from ..core.attendance import Attendance, LateReason, by_ticket, needs_reason
from ..core.errors import Invalid, Missing, Refused
from ..core.facts.participants import AttendanceRecorded
from ..core.participants import Role
from ..store.database import Tx
from ..store.log import Actor, Locked
from ..store.queries.attendance import RECORDED
from ..store.queries.bookings import BookingView, booking_by_id
from ..store.queries.participants import ParticipantView, participants_of
from ..store.queries.settings import branch_settings
from ..store.tables import Participant, table
from .day import in_session

PARTICIPANT = table(Participant)


def record_attendance(
    tx: Tx,
    branch_id: UUID,
    actor: Actor,
    said: Mapping[tuple[UUID, int], Attendance],
    reason: LateReason | None = None,
) -> int:
    """Record what became of people, by booking and number in it (`tables.people.Participant`): all or nobody.

    Returns how many records are new or changed. Raises Missing("booking") for somebody who is not there,
    Refused("attendance-by-ticket") where a number of the hall says it, Refused("attendance-early") for a day to come, and
    Invalid("attendance-reason") for an appointment of more than five days ago without a reason.
    """
    with in_session(tx, branch_id) as lock:
        settings = branch_settings(tx, branch_id, lock.config_version)
        today = settings.timetable.business_date(tx.now)
        known = participants_of(tx, branch_id, {booking_id for booking_id, _ in said})
        changed = 0
        for (booking_id, n), attendance in said.items():
            booking = booking_by_id(tx, branch_id, booking_id)
            row = next((one for one in known.get(booking_id, ()) if one.n == n), None)
            if booking.state not in RECORDED or (n and row is None):
                raise Missing("booking")
            if n == 0 and by_ticket(booking.state, has_ticket=booking.ticket_id is not None):
                raise Refused("attendance-by-ticket", code=booking.code)
            day = hours.business_date(booking.starts_at, settings.zone, settings.day_starts)
            if day > today:
                raise Refused("attendance-early", code=booking.code)
            if row is not None and row.attendance == attendance:
                continue
            late = needs_reason(day, today)
            if late and reason is None:
                raise Invalid("attendance-reason", "reason")
            _store(lock, booking, n, row, attendance, reason if late else None)
            changed += 1
            lock.append(
                AttendanceRecorded(
                    subject=str(booking.id),
                    code=booking.code,
                    person=n + 1,
                    attendance=attendance.value,
                    reason=reason.value if late and reason else None,
                ),
                actor,
            )
        return changed


def _store(
    lock: Locked,
    booking: BookingView,
    n: int,
    row: ParticipantView | None,
    attendance: Attendance,
    reason: LateReason | None,
) -> None:
    values = {
        "attendance": attendance.value,
        "attendance_reason": reason.value if reason else None,
        "recorded_at": lock.tx.now,
    }
    if row is None:
        key = {"branch_id": lock.id, "booking_id": booking.id, "n": n, "role": Role.CLIENT.value}
        lock.tx.execute(sa.insert(PARTICIPANT), key | values)
        return
    here = (PARTICIPANT.c.branch_id == lock.id, PARTICIPANT.c.booking_id == booking.id, PARTICIPANT.c.n == n)
    lock.tx.execute(sa.update(PARTICIPANT).where(*here).values(**values))
