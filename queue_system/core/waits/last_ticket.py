"""Whether a number that is taken now would be called after closing time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, Literal

#: Once it is said, it is said until the call is expected so long before closing, because a sentence that comes and goes
#: with every call is believed by nobody.
EASE: Final = timedelta(minutes=10)

#: What is done about it: people are told before they take the number, or no more numbers are given.
LastTicket = Literal["tell", "stop"]


def is_too_late(call_by: datetime, closes: datetime, *, before: bool) -> bool:
    """Whether the call of nine people of ten comes by `call_by` only, after closing; `before`: what was said last."""
    return call_by > (closes - EASE if before else closes)
