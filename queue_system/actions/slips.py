"""Slips on their way to paper. Promise: a visitor has exactly one valid number, and at most one unmarked slip of it.

Exactly one slip cannot be promised, because anything may break between the last byte and the paper. So a slip
that may have come out is never printed again automatically; a new one is marked as a copy.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from ..core.errors import Missing, Refused
from ..core.facts.printers import PrinterChanged
from ..core.facts.slips import SlipFailed, SlipPrinted, SlipQueued, SlipVoided
from ..core.tickets import OPEN
from ..store.database import AnyRow, Tx
from ..store.log import SYSTEM, Actor, Locked, locked
from ..store.prepared import Prepared
from ..store.queries import line
from ..store.queries.line import TicketView
from ..store.tables import Device, PrintJob, Ticket, table
from ..store.tables.day import PENDING_SLIPS
from .day import in_session

JOB = table(PrintJob)
DEVICE = table(Device)
TICKET = table(Ticket)

# How long a visitor waits at the kiosk for paper. Older slips are not printed, because their visitors have gone.
SLIP_LIFETIME: Final = timedelta(seconds=60)
LEASE: Final = timedelta(seconds=30)
RETRY_AFTER: Final = timedelta(seconds=2)
LARGEST_COPY: Final = 5

_QUEUE_SLIP = Prepared(sa.insert(JOB))


@dataclass(frozen=True, slots=True)
class ClaimedSlip:
    """A slip that this worker alone may print now; `copy_number` 0 is the original."""

    job_id: UUID
    ticket: TicketView
    copy_number: int


@dataclass(frozen=True, slots=True)
class SlipOutcome:
    """The result of printing: `error` is None for success with its `proof`; `maybe`: paper may have come out."""

    error: str | None = None
    proof: str = "none"
    permanent: bool = False
    maybe: bool = False


def queue_slip(lock: Locked, ticket: TicketView, printer_id: UUID, actor: Actor, copy_number: int = 0) -> UUID:
    """Put a slip into the spool, in the transaction of the action that needs it; a copy is marked as one."""
    now = lock.tx.now
    job_id = uuid7()
    lock.tx.later(
        _QUEUE_SLIP,
        {
            "branch_id": lock.id,
            "id": job_id,
            "ticket_id": ticket.id,
            "printer_id": printer_id,
            "copy_number": copy_number,
            "state": "queued",
            "attempts": 0,
            "created_at": now,
            "due_at": now,
            "expires_at": now + SLIP_LIFETIME,
        },
    )
    lock.append(
        SlipQueued(
            subject=str(job_id), ticket=str(ticket.id), code=ticket.code, printer=str(printer_id), copy=copy_number
        ),
        actor,
    )
    return job_id


def claim_slip(tx: Tx, branch_id: UUID, printer_id: UUID, lease: timedelta = LEASE) -> ClaimedSlip | None:
    """Claim the oldest slip that is due on a printer; slips that are too old are voided first.

    `lease` is how long printing may take, longer on a slow line. A claim whose lease has run out ends as unknown and
    is not repeated, because its worker died and the slip may have been printed.
    """
    with locked(tx, branch_id) as lock:
        for job in _pending(tx, branch_id, printer_id):
            if job.state == "claimed":
                if job.lease_until <= tx.now:
                    _fail(lock, job, SlipOutcome(error="interrupted", maybe=True))
            elif job.expires_at <= tx.now:
                _void(lock, job, "expired")
            elif job.due_at <= tx.now:
                tx.execute(
                    sa.update(JOB)
                    .where(JOB.c.branch_id == branch_id, JOB.c.id == job.id, JOB.c.state == "queued")
                    .values(state="claimed", lease_until=tx.now + lease, attempts=job.attempts + 1)
                )
                return ClaimedSlip(job.id, line.ticket(tx, branch_id, job.ticket_id), job.copy_number)
        return None


def report_slip(tx: Tx, branch_id: UUID, job_id: UUID, outcome: SlipOutcome) -> None:
    """Store the result of printing. A report on a job that is no longer claimed changes nothing."""
    with locked(tx, branch_id) as lock:
        job = tx.row(sa.select(JOB).where(JOB.c.branch_id == branch_id, JOB.c.id == job_id))
        if job is None:
            raise Missing("slip")
        if job.state != "claimed":
            return
        if outcome.error is None:
            _end(lock, job, "printed", None)
            fact = SlipPrinted(
                subject=str(job.id),
                ticket=str(job.ticket_id),
                code=_code(tx, job),
                printer=str(job.printer_id),
                proof=outcome.proof,
            )
            lock.append(fact, SYSTEM)
        else:
            _fail(lock, job, outcome)


def expire_slips(tx: Tx, branch_id: UUID) -> int:
    """Void slips that are too old, also on printers that are offline for weeks; returns how many."""
    with locked(tx, branch_id) as lock:
        late = tx.rows(
            sa.select(JOB).where(
                JOB.c.branch_id == branch_id,
                sa.text(f"print_job.state IN {PENDING_SLIPS}"),
                JOB.c.state == "queued",
                JOB.c.expires_at <= tx.now,
            )
        )
        for job in late:
            _void(lock, job, "expired")
        return len(late)


def reprint(tx: Tx, branch_id: UUID, ticket_id: UUID, printer_id: UUID, actor: Actor) -> UUID:
    """Print a marked copy of the slip of a visitor who is in the hall.

    Raises Refused("slip-of-a-visit-over", "copies-used-up", "slip-pending").
    """
    with in_session(tx, branch_id) as lock:
        ticket = line.ticket(tx, branch_id, ticket_id)
        if ticket.state not in OPEN:
            raise Refused("slip-of-a-visit-over", code=ticket.code)
        jobs = tx.rows(
            sa.select(JOB.c.copy_number, JOB.c.state).where(JOB.c.branch_id == branch_id, JOB.c.ticket_id == ticket_id)
        )
        if any(job.state in ("queued", "claimed") for job in jobs):
            raise Refused("slip-pending", code=ticket.code)
        copy_number = max((job.copy_number for job in jobs), default=-1) + 1
        if copy_number > LARGEST_COPY:
            raise Refused("copies-used-up", code=ticket.code)
        return queue_slip(lock, ticket, printer_id, actor, copy_number)


def record_printer_status(tx: Tx, branch_id: UUID, printer_id: UUID, status: str) -> bool:
    """Store the latest status of a printer; returns whether it has changed."""
    here = (DEVICE.c.branch_id == branch_id) & (DEVICE.c.id == printer_id)
    known = tx.scalar(sa.select(DEVICE.c.status).where(here))
    if known == status:
        return False
    with locked(tx, branch_id) as lock:
        tx.execute(sa.update(DEVICE).where(here).values(status=status, status_at=tx.now, seen_at=tx.now))
        lock.append(PrinterChanged(subject=str(printer_id), status=status), SYSTEM)
        return True


def _pending(tx: Tx, branch_id: UUID, printer_id: UUID) -> list[AnyRow]:
    statement = (
        sa.select(JOB)
        .where(
            JOB.c.branch_id == branch_id, JOB.c.printer_id == printer_id, sa.text(f"print_job.state IN {PENDING_SLIPS}")
        )
        .order_by(JOB.c.created_at, JOB.c.id)
    )
    return tx.rows(statement)


def _fail(lock: Locked, job: AnyRow, outcome: SlipOutcome) -> None:
    """Try again while paper cannot have come out and the visitor may still wait; otherwise the job ends."""
    tx = lock.tx
    again = not (outcome.maybe or outcome.permanent) and tx.now + RETRY_AFTER < job.expires_at
    if again:
        tx.execute(
            sa.update(JOB)
            .where(JOB.c.branch_id == lock.id, JOB.c.id == job.id)
            .values(state="queued", lease_until=None, due_at=tx.now + RETRY_AFTER, error=outcome.error)
        )
    else:
        _end(lock, job, "unknown" if outcome.maybe else "failed", outcome.error)
    fact = SlipFailed(
        subject=str(job.id),
        ticket=str(job.ticket_id),
        code=_code(tx, job),
        printer=str(job.printer_id),
        error=outcome.error or "",
        attempt=job.attempts,
        final=not again,
        maybe=outcome.maybe,
    )
    lock.append(fact, SYSTEM)


def _void(lock: Locked, job: AnyRow, reason: str) -> None:
    _end(lock, job, "void", reason)
    fact = SlipVoided(
        subject=str(job.id),
        ticket=str(job.ticket_id),
        code=_code(lock.tx, job),
        printer=str(job.printer_id),
        reason=reason,
    )
    lock.append(fact, SYSTEM)


def _end(lock: Locked, job: AnyRow, state: str, error: str | None) -> None:
    lock.tx.execute(
        sa.update(JOB)
        .where(JOB.c.branch_id == lock.id, JOB.c.id == job.id)
        .values(state=state, error=error, lease_until=None, ended_at=lock.tx.now)
    )


def _code(tx: Tx, job: AnyRow) -> str:
    statement = sa.select(TICKET.c.code).where(TICKET.c.branch_id == job.branch_id, TICKET.c.id == job.ticket_id)
    return str(tx.scalar(statement))
