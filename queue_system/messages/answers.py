"""What the answer of a mail server means for a letter.

The code of three digits is RFC 5321, 4.2; the finer one after it, which many servers give, is RFC 3463. Where there is none,
the step at which the server said no tells what it is about.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import Final

from ..core.messages import Outcome

# "550-5.1.1 …": a class, a subject and a detail.
_FINER: Final = re.compile(r"\s*([245])\.(\d{1,3}\.\d{1,3})(?!\d)")
_NO_ADDRESS: Final = frozenset({"1.0", "1.1", "1.2", "1.3", "1.4", "1.6", "1.10", "2.1"})
_BAD_SENDER: Final = frozenset({"1.7", "1.8"})
_FULL: Final = "2.2"
_TOO_LARGE: Final = frozenset({"3.4", "2.3"})
# RFC 4954: a sign-in is needed; the words for a wrong one are those of the sign-in itself.
_SIGN_IN: Final = 530


class Step(Enum):
    """What the server answered to."""

    SENDER = auto()
    RECIPIENT = auto()
    CONTENT = auto()


def outcome_of(step: Step, code: int, said: str) -> tuple[Outcome, str]:
    """What a refusal comes to, and its error of `core.delivery.ERRORS`; `said` is the text after the code."""
    error = _error(step, code, said)
    # A mailbox is emptied sooner or later, whatever the server calls it. A fault of the channel is mended.
    waits = error in ("busy", "mailbox_full", "sign_in", "sender", "unreachable")
    return (Outcome.LATER if waits else Outcome.REFUSED), error


def _error(step: Step, code: int, said: str) -> str:
    finer = _FINER.match(said)
    detail = finer[2] if finer else ""
    # 452 and 552 speak of space: of the mailbox, or, about a letter that was handed over, of the letter.
    of_space = not detail and code in (452, 552)
    if code == 421:
        return "unreachable"
    if detail == _FULL or (of_space and step is Step.RECIPIENT):
        return "mailbox_full"
    if not 500 <= code < 600:
        return "busy"
    if code == _SIGN_IN:
        return "sign_in"
    if detail in _TOO_LARGE or (of_space and code == 552):
        return "too_large"
    if detail in _BAD_SENDER or step is Step.SENDER:
        return "sender"
    if detail in _NO_ADDRESS or (step is Step.RECIPIENT and not detail):
        return "address"
    return "refused"
