"""Why an attempt to send a message failed, and when it is tried again or given up."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

#: Faults of the channel, which no message is to blame for: no connection; none that is encrypted; the server refuses the
#: sign-in, or the address that we send from; the gateway of text messages refuses the sign-in, or its credit is used up.
OF_CHANNEL: Final = ("unreachable", "encryption", "sign_in", "sender", "gateway_sign_in", "gateway_credit")
#: Why an attempt failed: a fault of the channel; the server is busy; there is no such address; its mailbox is full; the
#: letter is too large; the server refuses it; the connection was lost after the message; the program was stopped; a fault
#: of ours; the gateway of text messages did not take it, and nobody knows why.
ERRORS: Final = (
    *OF_CHANNEL,
    *("busy", "address", "mailbox_full", "too_large", "refused", "cut", "interrupted", "internal", "gateway"),
)
#: The pauses after the first attempts, then the last one again and again.
PAUSES: Final = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1))
GIVE_UP_AFTER: Final = timedelta(hours=24)
# Somebody has to empty a mailbox, which takes longer than a busy server.
_FULL_PAUSES: Final = (timedelta(hours=1), timedelta(hours=4), timedelta(hours=12))
_FULL_LONGEST: Final = timedelta(days=3)
# A server comes back by itself. A password is mended by a person, and many wrong ones lock us out.
_AWAY_PAUSE: Final = timedelta(minutes=1)
_CHANNEL_PAUSE: Final = timedelta(minutes=15)
# Longer than a weekend and a feast.
_CHANNEL_LONGEST: Final = timedelta(days=7)


def rest_after(fault: str) -> timedelta:
    """How long a channel with this fault of `OF_CHANNEL` is left alone."""
    return _AWAY_PAUSE if fault == "unreachable" else _CHANNEL_PAUSE


def next_attempt(
    attempts: int, first_due: datetime, now: datetime, call_before: datetime | None = None, error: str | None = None
) -> datetime | None:
    """When to try again after `attempts` failed ones; None to give up. `first_due` is when it was first to be sent.

    Whoever is not reached must be called before `call_before`, so half of the time is left for that, and no more than a
    day is waited. Otherwise a message has each of its pauses even where the channel was out of order for longer than a
    message is tried, because those attempts are not counted.
    """
    if error in OF_CHANNEL:
        again, longest = now + rest_after(error), _CHANNEL_LONGEST
    else:
        pauses, longest = (_FULL_PAUSES, _FULL_LONGEST) if error == "mailbox_full" else (PAUSES, GIVE_UP_AFTER)
        again = now + pauses[min(max(attempts, 1), len(pauses)) - 1]
        if call_before is None and attempts <= len(pauses):
            return again
    if call_before is not None:
        longest = min(GIVE_UP_AFTER, (call_before - first_due) / 2)
    return again if again - first_due <= longest else None
