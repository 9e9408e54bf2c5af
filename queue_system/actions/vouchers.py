"""A visitor who lacked documents comes back once within some days, with the class that the branch sets for it.

A voucher is hard to cheat with: its code and token are random, it is for one service of one branch, and it is used up
under the lock of the branch, in the transaction that gives the number.
"""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from ..core import bookings
from ..core.errors import Missing, Refused
from ..core.facts.tickets import VoucherIssued, VoucherUsed
from ..core.tickets import APPOINTMENT, TicketState
from ..store.database import Tx
from ..store.log import Actor, Locked
from ..store.queries import line
from ..store.queries.classes import class_in_use
from ..store.queries.line import TicketView
from ..store.queries.settings import BranchSettings, branch_settings
from ..store.queries.vouchers import VoucherView, voucher_by_code, voucher_of
from ..store.tables import ReturnVoucher, table
from .codes import has_code
from .day import in_session
from .tickets import Issued, TicketOrder, give_place

VOUCHER = table(ReturnVoucher)
LACKED_DOCUMENTS: Final = "documents_missing"


def promise_return(lock: Locked, settings: BranchSettings, ticket: TicketView, outcome: str, actor: Actor) -> None:
    """Give the visitor of a visit that ends for missing documents a voucher, if the branch gives any."""
    days = settings.queue_rules.return_days
    if outcome != LACKED_DOCUMENTS or days is None:
        return
    until = settings.timetable.business_date(lock.now) + timedelta(days=days)
    code = _new_code(lock)
    values = {"branch_id": lock.id, "ticket_id": ticket.id, "code": code, "token": ticket.token}
    lock.tx.execute(sa.insert(VOUCHER), values | {"service_id": ticket.service_id, "valid_until": until})
    lock.append(VoucherIssued(subject=str(ticket.id), code=ticket.code, until=until.isoformat()), actor)


def withdraw(lock: Locked, before: TicketView, again: TicketView) -> None:
    """Withdraw the voucher of a visit whose end was a mistake. Refused("take-back-moved") if it has been used."""
    if before.state is not TicketState.SERVED or again.state is TicketState.SERVED:
        return
    here = VOUCHER.c.branch_id == lock.id, VOUCHER.c.ticket_id == before.id
    if lock.tx.row(sa.select(VOUCHER.c.code).where(*here, VOUCHER.c.used_by.is_not(None))) is not None:
        raise Refused("take-back-moved", code=before.code)
    lock.tx.execute(sa.delete(VOUCHER).where(*here))


def come_again(
    tx: Tx,
    branch_id: UUID,
    ticket_id: UUID,
    actor: Actor,
    *,
    language: str,
    source: str = "kiosk",
    printer_id: UUID | None = None,
) -> Issued:
    """Use up the voucher of a visit and give its visitor a number; again, while that number is open, the same number.

    Raises Missing("voucher"), Missing("service"), Refused with "voucher-expired", "voucher-used", "closed".
    """
    with in_session(tx, branch_id) as lock:
        settings = branch_settings(tx, branch_id, lock.config_version)
        voucher = voucher_of(tx, branch_id, ticket_id)
        if voucher is None:
            raise Missing("voucher")
        if voucher.used_by is not None:
            return Issued(_number_of(lock, settings, voucher), created=False)
        today = settings.timetable.business_date(lock.now)
        if today > voucher.valid_until:
            raise Refused("voucher-expired", day=voucher.valid_until)
        if settings.is_over(voucher.service_id, today):
            raise Missing("service")
        # It is a promise to the visitor, so it also holds where only the number of those without one is limited.
        if not settings.timetable.takes_tickets(lock.now, voucher.service_id):
            raise Refused("closed")
        service = settings.services[voucher.service_id]
        priority = class_in_use(settings, settings.queue_rules.return_class or APPOINTMENT)
        order = TicketOrder(branch_id, service.id, language, source, actor, priority=priority, printer_id=printer_id)
        issued = give_place(lock, settings, service, order)
        used = (
            sa.update(VOUCHER)
            .where(VOUCHER.c.branch_id == lock.id, VOUCHER.c.ticket_id == ticket_id, VOUCHER.c.used_by.is_(None))
            .values(used_by=issued.ticket.id, used_at=lock.now)
        )
        if tx.execute(used).rowcount != 1:
            raise Refused("voucher-used")
        fact = VoucherUsed(subject=str(issued.ticket.id), code=issued.ticket.code, earlier=str(ticket_id))
        lock.append(fact, actor)
        return issued


# ---------------------------------------------------------------- inside


def _number_of(lock: Locked, settings: BranchSettings, voucher: VoucherView) -> TicketView:
    """The number that was given for a voucher, while its visitor waits; Refused("voucher-used") afterwards."""
    try:
        given = line.ticket(lock.tx, lock.id, voucher.used_by) if voucher.used_by else None
    except Missing:
        given = None
    if given is None or line.as_it_stands(given, settings, lock.now).state not in (
        TicketState.WAITING,
        TicketState.PARKED,
    ):
        raise Refused("voucher-used")
    return given


def _new_code(lock: Locked) -> str:
    """A code that no voucher of the branch has and no appointment may be meant by."""
    source = random.SystemRandom()
    while True:
        code = bookings.new_code(source)
        if voucher_by_code(lock.tx, lock.id, code) is None and not has_code(lock.tx, lock.id, code):
            return code
