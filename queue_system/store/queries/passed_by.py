"""Who came after a visitor and was called before them, and how far that is within what was promised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from ...core.dispatch import Reason, longest_bypass
from ...core.facts.families import TicketJoined
from ...core.facts.tickets import TicketRaised
from ...core.passing import Kind, why_passed
from ...core.reasons import BY_HAND
from ..database import Tx
from ..prepared import Prepared
from ..tables import Call, Entry, Ticket, table
from . import line
from .line import TicketView
from .screens import is_kept_off
from .settings import BranchSettings
from .told import told_of, told_since

CALL, ENTRY, TICKET = table(Call), table(Entry), table(Ticket)

# A call that was taken back has given the ticket its wait again, which ends with a later call.
_LATER: Final = Prepared(
    sa.select(
        *(CALL.c.ticket_id, CALL.c.counter_id, ENTRY.c.data, TICKET.c.code, TICKET.c.anchor_at, TICKET.c.booking_id),
        *(TICKET.c.service_id, TICKET.c.series_id, TICKET.c.returns),
    )
    .join(TICKET, sa.and_(TICKET.c.branch_id == CALL.c.branch_id, TICKET.c.id == CALL.c.ticket_id))
    .join(ENTRY, sa.and_(ENTRY.c.branch_id == CALL.c.branch_id, ENTRY.c.seq == CALL.c.seq))
    .where(
        CALL.c.branch_id == sa.bindparam("branch"),
        CALL.c.at >= sa.bindparam("since"),
        CALL.c.at < sa.bindparam("until"),
        CALL.c.kind == "call",
        CALL.c.at >= TICKET.c.wait_ended_at,
        sa.or_(
            TICKET.c.issued_at > sa.bindparam("since"),
            sa.and_(TICKET.c.issued_at == sa.bindparam("since"), TICKET.c.id > sa.bindparam("ticket")),
        ),
    )
    .order_by(CALL.c.seq)
)


@dataclass(frozen=True, slots=True)
class PassedView:
    """A number that was called first; `due` is the time of its appointment, where that is why."""

    code: str
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class PassedByView:
    """Numbers given after a visitor's and called before theirs, by kind, each in the order of its calls.

    They are those that screens show. `promise` is how much later somebody can come and still be called first, None where
    nothing is promised; `furthest` how much later somebody came. `kept` is None where this cannot be said.
    """

    kinds: Mapping[Kind, Sequence[PassedView]]
    promise: timedelta | None
    furthest: timedelta
    kept: bool | None

    @property
    def promise_min(self) -> int:
        """Rounded up, because a shorter promise might be broken."""
        return -(-(self.promise or timedelta(0)) // timedelta(minutes=1))

    @property
    def furthest_min(self) -> int:
        return self.furthest // timedelta(minutes=1)

    @property
    def count(self) -> int:
        return sum(len(found) for found in self.kinds.values())


def passed_by(tx: Tx, settings: BranchSettings, ticket: TicketView) -> PassedByView:
    """Who was called before a visitor, until their own first call or now."""
    until = ticket.wait_ended_at or ticket.ended_at or tx.now + timedelta.resolution
    asked = {"branch": settings.id, "since": ticket.issued_at, "until": until, "ticket": ticket.id}
    found: dict[Kind, list[PassedView]] = {kind: [] for kind in Kind}
    seen: set[UUID] = set()
    furthest = shown = timedelta(0)
    for row in tx.rows(_LATER, asked):
        if row.ticket_id in seen:
            continue
        seen.add(row.ticket_id)
        counter = settings.counters.get(row.counter_id)
        same_line = counter is not None and ticket.queue_id in counter.queues
        reason = Reason(row.data["reason"], row.data["values"])
        kept_off = is_kept_off(settings, row.service_id, row.series_id)
        if same_line and not row.returns and reason.code not in (*BY_HAND, "emergency"):
            later = row.anchor_at - ticket.anchor_at
            furthest = max(furthest, later)
            shown = shown if kept_off else max(shown, later)
        if kept_off:
            continue
        discreet = settings.services[row.service_id].confidentiality.discreet
        kind = why_passed(reason, same_line=same_line, discreet=discreet)
        due = row.anchor_at if kind is Kind.APPOINTMENT and row.booking_id else None
        found[kind].append(PassedView(row.code, due))
    promised = [_promise(settings, one) for one in _classes(tx, ticket)]
    return PassedByView(
        kinds={kind: tuple(ones) for kind, ones in found.items() if ones},
        promise=None if line.is_emergency(settings, ticket.priority) else promised[0],
        furthest=shown,
        kept=_kept(furthest, promised) if _may_be_judged(tx, settings, ticket) else None,
    )


def _classes(tx: Tx, ticket: TicketView) -> list[str]:
    """The class of a ticket, and those that it had before it was raised."""
    raised = (one.from_class for one in told_of(tx, ticket, TicketRaised.kind) if isinstance(one, TicketRaised))
    return [ticket.priority, *raised]


def _promise(settings: BranchSettings, priority: str) -> timedelta | None:
    return longest_bypass(line.weight_of(settings, priority), line.calling_rules(settings))


def _kept(furthest: timedelta, promised: Sequence[timedelta | None]) -> bool | None:
    """Whether each promise held; None between the shortest and the longest, because each call had only one of them."""
    held = [promise is not None and furthest <= promise for promise in promised]
    if all(held):
        return True
    return None if any(held) or None in promised else False


def _may_be_judged(tx: Tx, settings: BranchSettings, ticket: TicketView) -> bool:
    """Whether the promise applied all the time.

    Not for whoever missed a call, may have been called by others only, or stood where the last of a family stands.
    """
    if line.skills_needed(settings).get(ticket.service_id) or settings.queue_rules.language_match == "only":
        return False
    if ticket.skips or ticket.returns or ticket.sent_counter_id is not None or ticket.reserved_until_at:
        return False
    joined = told_since(tx, ticket.branch_id, ticket.issued_at, TicketJoined.kind)
    return not any(str(ticket.id) in (one.subject, one.leader) for one in joined if isinstance(one, TicketJoined))
