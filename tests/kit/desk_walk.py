"""A day at the desks in which everything is pressed that staff and visitors can press, in any order, with families and vouchers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa

from queue_system.actions import breaks, calling, families, raising, tickets, transferring, voiding
from queue_system.actions.transferring import Goal
from queue_system.actions.vouchers import come_again
from queue_system.core.tickets import OPEN, TicketState
from queue_system.store.database import AnyRow, Tx
from queue_system.store.log import SYSTEM, VISITOR, Actor
from queue_system.store.tables import Ticket, table
from tests.kit.morning import CLASSES, LANGUAGES, RARER, SERVICES, STEPS, Morning, change_rules

TICKET = table(Ticket)
#: What `Morning` does not press; some of it more often, because chance would seldom get that far.
MORE: Final = (
    *("join",) * 6,
    *("split",) * 3,
    *("sent_away", "come_again", "back_by_clerk", "raise_by_clerk", "take_back") * 2,
    *("void", "next_service", "begin_break", "end_break", "leave_or_go", "send_back", "call_the_seen", "vouchers_with"),
)
ALL: Final = STEPS + RARER + MORE


class Walk(Morning):
    """`Morning` with numbers that belong together, vouchers, further services, breaks, and clerks who act on any number."""

    def actor(self, counter: int) -> Actor:
        return Actor("staff", str(self.clerks[counter]))

    def one_of(self, which: int, *conditions: sa.ColumnElement[bool]) -> Any:
        """The id of a ticket of these; that of the branch, which is none, where there is no such ticket."""
        here = sa.select(TICKET.c.id).where(TICKET.c.branch_id == self.hall.branch.id, *conditions)
        found = self.hall.db.read_now(Tx.rows, here.order_by(TICKET.c.id))
        return found[which % len(found)].id if found else self.hall.branch.id

    def join(self, counter: int, which: int) -> None:
        first = self.one_of(which, TICKET.c.state == TicketState.WAITING)
        queue = sa.select(TICKET.c.queue_id).where(TICKET.c.id == first).scalar_subquery()
        other = self.one_of(
            which // 7, TICKET.c.state == TicketState.WAITING, TICKET.c.queue_id == queue, TICKET.c.id != first
        )
        self.tried(families.join, self.hall.branch.id, first, other, self.actor(counter))

    def split(self, counter: int, which: int) -> None:
        one = self.one_of(which, TICKET.c.joined_to.is_not(None))
        self.tried(families.split, self.hall.branch.id, one, self.actor(counter))

    def sent_away(self, counter: int, _: int) -> None:
        self.tried(calling.finish, self.here(counter), "documents_missing")

    def come_again(self, _: int, which: int) -> None:
        visit = self.one_of(which, TICKET.c.outcome == "documents_missing")

        def again(tx: Tx) -> Any:
            return come_again(tx, self.hall.branch.id, visit, SYSTEM, language=LANGUAGES[which % 2])

        self.tried(again)

    def back_by_clerk(self, counter: int, which: int) -> None:
        away = TICKET.c.state.in_([TicketState.PARKED.value, TicketState.NO_SHOW.value])
        self.tried(calling.resume, self.hall.branch.id, self.one_of(which, away), self.actor(counter))

    def raise_by_clerk(self, counter: int, which: int) -> None:
        one, priority = self.some(which, TicketState.WAITING, TicketState.PARKED), CLASSES[1 + which % 3]
        self.tried(raising.raise_ticket, self.hall.branch.id, one, priority, "seen", self.actor(counter))

    def void(self, counter: int, which: int) -> None:
        one = self.some(which, TicketState.WAITING, TicketState.PARKED)
        self.tried(voiding.void_ticket, self.hall.branch.id, one, "trial", self.actor(counter))

    def next_service(self, counter: int, which: int) -> None:
        service = self.hall.service(SERVICES[which % len(SERVICES)])

        def another(tx: Tx) -> Any:
            return calling.next_service(tx, here, service, corrects=which % 3 == 0)

        here = self.here(counter)
        if which % 2:
            self.tried(calling.start_serving, here)
        self.tried(another)

    def begin_break(self, counter: int, _: int) -> None:
        self.tried(breaks.begin_break, self.here(counter), "break", 10)

    def end_break(self, counter: int, _: int) -> None:
        self.tried(breaks.end_break, self.here(counter))

    def leave_or_go(self, _: int, which: int) -> None:
        one = self.some(which, TicketState.WAITING, TicketState.PARKED)
        self.tried(tickets.leave, self.hall.branch.id, one, VISITOR)

    def send_back(self, counter: int, _: int) -> None:
        self.tried(transferring.transfer, self.here(counter), Goal(back=True))

    def call_the_seen(self, counter: int, which: int) -> None:
        self.tried(calling.call_next, self.here(counter), "done", self.some(which, TicketState.WAITING))

    def vouchers_with(self, _: int, which: int) -> None:
        change_rules(self.hall, return_days=7, return_class=(None, "elderly", "bereavement")[which % 3])

    def forgotten(self) -> list[str]:
        """The codes of numbers that nobody could call or set free any more, or that keep a family's place without one."""
        return self.hall.db.read_now(_forgotten, self.hall.branch.id)


def _forgotten(tx: Tx, branch_id: Any) -> list[str]:
    rows: list[AnyRow] = tx.rows(sa.select(TICKET).where(TICKET.c.branch_id == branch_id))
    known, led = {row.id: row for row in rows}, {row.joined_to for row in rows}
    gone = (TicketState.VOID, TicketState.LEFT)
    return [
        row.code
        for row in rows
        if (row.joined_to and (row.state != TicketState.VOID or known[row.joined_to].state in gone))
        or (row.own_anchor_at is not None and row.state in OPEN and row.id not in led)
    ]


#: So long after a step the next one follows.
PAUSES: Final = tuple(timedelta(minutes=minutes) for minutes in (0, 0, 0, 1, 2, 5, 15))
