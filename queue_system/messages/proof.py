"""What a letter says to whoever has not answered at this address yet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..actions.outbox import ClaimedMessage
from ..core.bookings import BookingState
from ..core.contact_proof import CODE_DIGITS, is_asked, proof_code, proof_link
from ..core.messages import Level
from ..i18n import dates, isolates
from ..i18n.words import Words
from ..store.queries.bookings import BookingView
from ..store.queries.settings import BranchSettings


def asks_for_proof(
    bookings: Sequence[BookingView],
    message: ClaimedMessage,
    branch: BranchSettings,
    words: Words,
    address: str,
    secret: bytes,
) -> Iterator[str]:
    """Until when to answer and how: by a link, or by a code where the address of the house must not be named.

    One answer is enough for all `bookings`, which have one contact. Nothing where nobody has to answer.
    """
    found = [
        one
        for one in bookings
        if one.state is BookingState.CONFIRMED and is_asked(one.prove_until, one.starts_at, message.claimed_at)
    ]
    if not found:
        return
    first = found[0]
    until = dates.day_time(min(one.prove_until for one in found if one.prove_until), branch.zone, words)
    if message.level is Level.NEUTRAL:
        digits, half = proof_code(secret, first.id, first.contact), CODE_DIGITS // 2
        yield words.text("messages.prove-code", time=until, code=isolates.ltr(f"{digits[:half]} {digits[half:]}"))
    else:
        link = proof_link(address, branch.key, secret, first.id, first.contact)
        yield words.text("messages.prove", time=until) + f"\n{link}"
