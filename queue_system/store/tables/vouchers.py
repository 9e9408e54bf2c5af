"""Vouchers of visitors who lacked documents."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlmodel import SQLModel

from .columns import key, of_branch, within_branch


class ReturnVoucher(SQLModel, table=True):
    """The promise that a visitor comes back once, for one service, until the end of a day.

    It refers to no ticket, because it may be valid for longer than tickets are kept. `token` is that of the visit's
    ticket, so that its slip and its page on the telephone are the voucher, too; `code` is for typing.
    """

    __tablename__ = "return_voucher"
    __table_args__ = (
        within_branch("service_id", "service"),
        UniqueConstraint("branch_id", "code"),
        UniqueConstraint("branch_id", "token"),
    )

    branch_id: UUID = of_branch()
    ticket_id: UUID = key()
    code: str
    token: str
    service_id: UUID
    valid_until: date
    # The number that was given for it.
    used_by: UUID | None = None
    used_at: datetime | None = None
