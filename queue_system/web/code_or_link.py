"""A booking as somebody types or scans it: by its code, or by the whole link that a telephone shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from ..core.bookings import read_code
from ..core.errors import Invalid
from ..store.database import Tx
from ..store.queries.bookings import BookingView, booking_by_code, booking_by_token
from ..store.queries.vouchers import VoucherView, voucher_by_code, voucher_by_token

LONGEST_READING: Final = 200
_LINK: Final = "/b/"
#: The link of a ticket, on its slip and on the telephone, which is its voucher, too.
_TICKET: Final = "/t/"


@dataclass(frozen=True, slots=True)
class CodeOrLink:
    """The token of a link, or else the code in its one spelling; a link that was cut off leaves both empty."""

    code: str
    token: str


def is_link(typed: str) -> bool:
    """Whether it is the link of a booking or ticket rather than a code."""
    return _LINK in typed or _TICKET in typed


def read_code_or_link(typed: str) -> CodeOrLink:
    """What was typed or scanned; raises Invalid("code-missing", "code-wrong") for what can be neither."""
    _, link, token = typed.strip().partition(_LINK)
    return CodeOrLink(code="" if link else read_code(typed), token=token.split("?")[0])


def booking_behind(tx: Tx, branch_id: UUID, reading: CodeOrLink) -> BookingView:
    """The booking of a branch with this code or token; raises Missing("booking")."""
    if reading.token:
        return booking_by_token(tx, branch_id, reading.token)
    return booking_by_code(tx, branch_id, reading.code)


def voucher_behind(tx: Tx, branch_id: UUID, typed: str) -> VoucherView | None:
    """The voucher of a branch that was typed by its code, or scanned as the link of its ticket."""
    _, link, token = typed.strip().partition(_TICKET)
    if link:
        return voucher_by_token(tx, branch_id, token.split("?")[0])
    try:
        return voucher_by_code(tx, branch_id, read_code(typed))
    except Invalid:
        return None
