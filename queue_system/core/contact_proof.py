"""Whether somebody reads what is sent to a contact: until when that is asked for, and the link and code that prove it."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from .tokens import claimed, sealed, unsealed

#: What the link of a letter is for, in the code of the link (`tokens.sealed`).
PURPOSE: Final = "contact"
#: So long anybody has to answer, and so long before the appointment it stays whatever happens.
LEAST: Final = timedelta(hours=2)
LAST: Final = timedelta(hours=24)
# The work that gives places up comes by every minute, but a machine may have to be started again.
_FOR_THE_WORK: Final = timedelta(hours=1)
CODE_DIGITS: Final = 8
#: Where bookings come from that visitors make by themselves.
FROM_VISITORS: Final = frozenset({"web", "api"})


def prove_until(hours: int | None, starts_at: datetime, now: datetime) -> datetime | None:
    """Until when the contact of an appointment that is made `now` must be proven; None where that is not asked.

    `hours` is what the policy says. It is not asked where less than LEAST would be left, so that nobody loses an
    appointment in its last day.
    """
    if hours is None:
        return None
    until = still_until(max(now + timedelta(hours=hours), now + LEAST), starts_at, now)
    return until if is_asked(until, starts_at, now) else None


def still_until(until: datetime | None, starts_at: datetime, now: datetime) -> datetime | None:
    """Until when the contact must be proven once the appointment is at another time; None where that was never asked.

    Where that time is so near that nobody is asked (`is_asked`), the end stays stored all the same: the appointment may
    move to a later time again, and then whoever booked it is asked again, with LEAST left to answer.
    """
    if until is None:
        return None
    until, latest = until if until > now else now + LEAST, _latest(starts_at)
    return latest if now + LEAST <= latest < until else until


def is_asked(until: datetime | None, starts_at: datetime, now: datetime) -> bool:
    """Whether a proof can still be given in time, and the appointment would be given up without it."""
    return until is not None and now < until and counts(until, starts_at)


def counts(until: datetime, starts_at: datetime) -> bool:
    """Whether an appointment at this time is given up at that end; a nearer one stays whatever happens."""
    return until <= _latest(starts_at)


def _latest(starts_at: datetime) -> datetime:
    return starts_at - LAST - _FOR_THE_WORK


def proof_key(secret: bytes, branch_id: UUID, contact: str) -> str:
    """The keyed hash of a contact at a branch, in hex; without the key of the installation it says nothing."""
    if not secret:
        raise RuntimeError("contacts are proven with the key of the installation, and this process has none")
    return hmac.new(secret, f"{PURPOSE}\0{branch_id.hex}\0{contact}".encode(), hashlib.sha256).hexdigest()


def proof_link(address: str, branch_key: str, secret: bytes, booking_id: UUID, contact: str) -> str:
    """The link of a letter; `address` is the installation's own, without a trailing slash.

    It proves this contact alone: once that is corrected, whoever has the old letter can answer for nobody else.
    """
    return f"{address}/my-contact?c={branch_key}{sealed(secret, _purpose(contact), booking_id)}"


def of_link(text: str) -> UUID | None:
    """The booking that such a link names, not yet checked by `is_proof_link`."""
    return claimed(text)


def is_proof_link(secret: bytes, booking_id: UUID, contact: str, text: str) -> bool:
    """Whether it was made for the contact that this booking has now."""
    return unsealed(secret, _purpose(contact), text) == booking_id


def proof_code(secret: bytes, booking_id: UUID, contact: str) -> str:
    """The digits that stand in a letter instead of the link, where an address would name the organisation."""
    seal = hmac.new(secret, f"{_purpose(contact)} code {booking_id}".encode(), hashlib.sha256).digest()
    return f"{int.from_bytes(seal) % 10**CODE_DIGITS:0{CODE_DIGITS}d}"


def is_proof_code(secret: bytes, booking_id: UUID, contact: str, typed: str) -> bool:
    """Whether these are the digits, with spaces or in Arabic figures."""
    digits = "".join(str(int(sign)) for sign in typed[:40] if sign.isdecimal())
    return hmac.compare_digest(digits, proof_code(secret, booking_id, contact))


def _purpose(contact: str) -> str:
    return f"{PURPOSE}\0{contact}"
