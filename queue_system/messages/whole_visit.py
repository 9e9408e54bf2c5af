"""What a letter says about a visit of several parts: each with its time and place, in their order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..actions.outbox import ClaimedMessage
from ..core.bookings import spaced_code
from ..core.messages import Level
from ..i18n import dates, isolates
from ..i18n.filters import localised
from ..i18n.words import Words
from ..store.queries.bookings import BookingView
from ..store.queries.channels import channel_of
from ..store.queries.settings import BranchSettings
from ..store.queries.visit_parts import PartTold
from .where import where


def visit_lines(message: ClaimedMessage, branch: BranchSettings, words: Words, address: str) -> Iterator[str]:
    """The paragraphs about the parts of `message`, as much of them as its level allows; `address` is the house's own."""
    named = message.level in (Level.FULL, Level.MINIMAL)
    stand = [one for one in message.parts if one.stands]
    places = [where(one.booking, branch, words, linked=True) if named else "" for one in stand]
    # One place for all is said once.
    at_one = len(set(places)) == 1 and "\n" not in places[0]
    for one, place in zip(stand, places, strict=True):
        said = _part(one, message, branch, words)
        if one.to.n == 0:
            said = words.text("messages.date-code", time=said, code=isolates.ltr(spaced_code(one.booking.code)))
        place, _, link = ("" if at_one else place).partition("\n")
        if place:
            said = words.text("messages.part-where", part=said, where=place)
        yield f"{said}\n{link}" if link else said
    if at_one and places[0]:
        yield places[0]
    cancelled = [one for one in message.parts if not one.stands]
    if cancelled:
        yield words.text("messages.no-longer")
        yield from (_part(one, message, branch, words) for one in cancelled)
    if named:
        yield from why_called_off([one.booking for one in cancelled], words)
    if any(one.to.n and channel_of(branch, one.booking).is_received for one in stand):
        yield words.text("messages.come")
    if message.level is not Level.NEUTRAL and any(one.to.n == 0 for one in stand):
        yield words.text("messages.manage") + f"\n{address}/my-booking"


def why_called_off(bookings: Iterable[BookingView], words: Words) -> Iterator[str]:
    """Each reason for which the branch called some of these appointments off, once.

    One that was lost and then cancelled by its visitor still has the reason of the loss, which is not that of its end.
    """
    reasons = {f"state.lost.{one.lost_why}": None for one in bookings if one.is_called_off and one.lost_why}
    yield from (words.text("messages.because", why=words.text(one)) for one in reasons)


def _part(one: PartTold, message: ClaimedMessage, branch: BranchSettings, words: Words) -> str:
    """The time, and what is done then where it may be named."""
    time = dates.day_time(one.booking.starts_at, branch.zone, words)
    if message.level is not Level.FULL:
        return time
    names = branch.services[one.booking.service_id].shown_names
    return words.text("messages.part", time=time, service=localised(names, words.language))
