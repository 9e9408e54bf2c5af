"""The board of a screen from the tables, with the position in the log it belongs to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from ...core.board import CALL_HOLDS, LAST_CALLS, Board, Called, Place, Scope, shows
from ...core.tickets import TicketState
from ..database import Tx
from ..tables import Branch, Call, Ticket, table
from .access import devices
from .families import codes_called_with
from .line import IS_WAITING
from .screens import DISPLAY, Live, holds_for_all, is_hidden, live_zones
from .settings import BranchSettings, ConfidentialityView, branch_settings

BRANCH = table(Branch)
CALL = table(Call)
TICKET = table(Ticket)

# The newest calls are read backwards along their key, a page at a time, so that the length of the history is no cost.
PAGE: Final = 64
_NEWEST_CALLS = (
    sa.select(
        CALL.c.seq,
        CALL.c.at,
        CALL.c.kind,
        CALL.c.counter_id,
        CALL.c.ticket_id,
        TICKET.c.code,
        TICKET.c.state,
        TICKET.c.series_id,
        TICKET.c.service_id,
    )
    .join(TICKET, sa.and_(TICKET.c.branch_id == CALL.c.branch_id, TICKET.c.id == CALL.c.ticket_id))
    .where(CALL.c.branch_id == sa.bindparam("branch"), CALL.c.seq < sa.bindparam("before"))
    .order_by(CALL.c.seq.desc())
    .limit(PAGE)
)
_WAITING = (
    sa.select(TICKET.c.queue_id, TICKET.c.series_id, TICKET.c.service_id, sa.func.count().label("people"))
    .where(TICKET.c.branch_id == sa.bindparam("branch"), TICKET.c.business_date >= sa.bindparam("live_day"), IS_WAITING)
    .group_by(TICKET.c.queue_id, TICKET.c.series_id, TICKET.c.service_id)
)
_LAST_SEQ = sa.select(BRANCH.c.last_seq).where(BRANCH.c.id == sa.bindparam("branch"))


@dataclass(frozen=True, slots=True)
class BoardView:
    """A board, as a snapshot: `seq` is the branch's position at that moment.

    `screens` are the paired displays of the branch as (id, paired at): a screen that is missing here has been revoked
    or replaced. `along` are the codes of those who are called with another one, by its code.
    """

    settings: BranchSettings
    zone_id: UUID | None
    seq: int
    board: Board
    screens: frozenset[tuple[UUID, datetime | None]]
    along: Mapping[str, Sequence[str]] = field(default_factory=dict)


def board(tx: Tx, branch_id: UUID, zone_id: UUID | None) -> BoardView:
    """The board of a branch as a screen in `zone_id` shows it; raises Missing("branch")."""
    settings = branch_settings(tx, branch_id)
    scope = scope_of(settings, zone_id, live_zones(tx, branch_id))
    since = settings.timetable.live_since(tx.now)
    screens = frozenset((device.id, device.paired_at) for device in devices(tx, branch_id, DISPLAY) if device.paired)
    return BoardView(
        settings=settings,
        zone_id=zone_id,
        seq=tx.scalar(_LAST_SEQ, {"branch": branch_id}),
        board=Board.of(_called(tx, settings, scope, since), _waiting(tx, settings), scope, since),
        screens=screens,
        along=codes_called_with(tx, settings),
    )


def waiting_in_hall(tx: Tx, settings: BranchSettings) -> tuple[tuple[str, int], ...]:
    """How many wait in each queue, by its slug, as a board of the whole branch shows it."""
    scope, since = scope_of(settings, None, live_zones(tx, settings.id)), settings.timetable.live_since(tx.now)
    return Board.of([], _waiting(tx, settings), scope, since).waiting


def scope_of(settings: BranchSettings, zone_id: UUID | None, live: Live) -> Scope:
    """The scope of a screen in a zone, by the rule in `screens`; the whole branch where the zone has no counter."""
    own = [counter for counter in settings.counters.values() if counter.zone_id == zone_id]
    own = own or list(settings.counters.values())
    strays = [counter for counter in settings.counters.values() if counter.zone_id not in live]
    counters = {counter.id: counter for counter in (*own, *strays)}.values()
    here = {queue for counter in own for queue in counter.queues}
    served = {queue for counter in counters for queue in counter.queues}
    hidden_series = {queue_id for queue_id in settings.queues if holds_for_all(settings, queue_id, is_hidden)}
    return Scope(
        counters=frozenset(str(counter.id) for counter in counters),
        services_here=frozenset(service.slug for service in settings.services.values() if service.queue_id in here),
        queues=tuple(
            queue.slug for queue in settings.queues.values() if queue.id in served and queue.id not in hidden_series
        ),
        hidden_services=frozenset(
            service.slug for service in settings.services.values() if is_hidden(service.confidentiality)
        ),
        hidden_series=frozenset(settings.queues[queue_id].slug for queue_id in hidden_series),
        discreet_services=frozenset(
            service.slug for service in settings.services.values() if _is_discreet(service.confidentiality)
        ),
        unspoken_services=frozenset(
            service.slug for service in settings.services.values() if not service.confidentiality.is_spoken
        ),
    )


def is_discreet_queue(settings: BranchSettings, queue_id: UUID) -> bool:
    """Whether the name of a queue would reveal what its visitors come for, because all its services are discreet."""
    return holds_for_all(settings, queue_id, _is_discreet)


def _called(tx: Tx, settings: BranchSettings, scope: Scope, since: datetime) -> Iterator[Called]:
    """The newest valid call of each ticket, newest first, as many as a screen shows."""
    seen: set[UUID] = set()
    left = LAST_CALLS
    before = tx.scalar(_LAST_SEQ, {"branch": settings.id}) + 1
    while left > 0:
        page = tx.rows(_NEWEST_CALLS, {"branch": settings.id, "before": before})
        for row in page:
            if row.at < since:
                return
            if row.ticket_id in seen:
                continue
            seen.add(row.ticket_id)
            if TicketState(row.state) not in CALL_HOLDS:
                continue
            call = Called(
                seq=row.seq,
                at=row.at,
                code=row.code,
                counter=str(row.counter_id),
                again=row.kind == "recall",
                series=settings.queues[row.series_id].slug,
                service=settings.services[row.service_id].slug,
            )
            if shows(call, scope, since):
                yield call
                left -= 1
        if len(page) < PAGE:
            return
        before = page[-1].seq


def _waiting(tx: Tx, settings: BranchSettings) -> dict[Place, int]:
    return {
        Place(
            settings.queues[row.queue_id].slug,
            settings.queues[row.series_id].slug,
            settings.services[row.service_id].slug,
        ): row.people
        for row in tx.rows(_WAITING, {"branch": settings.id, "live_day": settings.timetable.first_live_day(tx.now)})
    }


def _is_discreet(level: ConfidentialityView) -> bool:
    return level.discreet
