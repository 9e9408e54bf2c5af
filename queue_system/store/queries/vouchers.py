"""Vouchers of visitors who lacked documents."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa

from ..database import Tx
from ..tables import ReturnVoucher, table

VOUCHER = table(ReturnVoucher)


@dataclass(frozen=True, slots=True)
class VoucherView:
    """A voucher as stored; the visitor may come until the end of `valid_until`. `used_by` is the number given for it."""

    ticket_id: UUID
    code: str
    token: str
    service_id: UUID
    valid_until: date
    used_by: UUID | None
    used_at: datetime | None


def voucher_of(tx: Tx, branch_id: UUID, ticket_id: UUID) -> VoucherView | None:
    """The voucher that a visit got, if it got one."""
    return _one(tx, branch_id, VOUCHER.c.ticket_id == ticket_id)


def voucher_by_code(tx: Tx, branch_id: UUID, code: str) -> VoucherView | None:
    """The voucher with this code."""
    return _one(tx, branch_id, VOUCHER.c.code == code)


def voucher_by_token(tx: Tx, branch_id: UUID, token: str) -> VoucherView | None:
    """The voucher of the visit whose ticket has this token."""
    return _one(tx, branch_id, VOUCHER.c.token == token)


def _one(tx: Tx, branch_id: UUID, which: sa.ColumnElement[bool]) -> VoucherView | None:
    columns = [VOUCHER.c[name] for name in VoucherView.__slots__]
    row = tx.row(sa.select(*columns).where(VOUCHER.c.branch_id == branch_id, which))
    return VoucherView(*row) if row else None
