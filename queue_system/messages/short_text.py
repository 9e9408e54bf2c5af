"""The text message about an appointment: as short as it can be, and never more than its level allows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from ..actions.invitation_letters import ClaimedInvitation
from ..actions.outbox import ClaimedMessage
from ..core.bookings import BookingState, spaced_code
from ..core.messages import ENDED, OF_SERIES, OF_VISIT, SMS, VISIT_ENDED, Event, Level
from ..core.text_messages import segments
from ..i18n import dates, isolates
from ..i18n.filters import localised
from ..i18n.words import Words, available_languages
from ..store.queries.bookings import BookingView
from ..store.queries.settings import BranchSettings
from ..web.kit import words_of
from .letter import House, said_in
from .own_words import OwnWords, neutral_sentence, own_words
from .proof import asks_for_proof

_OF_ENDS: Final = VISIT_ENDED | {Event.SERIES_CANCELLED, Event.SERIES_CALLED_OFF}
_CALLED_OFF: Final = (BookingState.CANCELLED, BookingState.EXPIRED)
#: What is not needed goes until the text is no longer than this.
MOST_SEGMENTS: Final = 3
# A single one of these on the left makes a text of Latin letters take three times as many segments.
_PLAINER: Final = str.maketrans({"–": "-", "—": "-", "‘": "'", "’": "'", "“": '"', "”": '"', "…": "..."})


def short_text(message: ClaimedMessage | ClaimedInvitation, branch: BranchSettings, house: House) -> str:
    """The text, without marks of direction, which would cost places."""
    if isinstance(message, ClaimedInvitation):
        said = said_in(message, branch, house)
        # The last paragraph is about answers, which a text message cannot have.
        return _joined([f"{said.name}:" if said.name else "", *said.paragraphs[:-1]])
    return _about(message, branch, house)


def _about(message: ClaimedMessage, branch: BranchSettings, house: House) -> str:
    language = message.language if message.language in available_languages() else branch.default_language
    words = words_of(language, branch)
    own = own_words(message, branch, words, house.address, SMS)
    told = " ".join(own.paragraphs) or words.text(f"messages.tell-{message.event}")
    name = f"{localised(branch.names, language)}:" if message.level is not Level.NEUTRAL else ""
    times, rest = list(_times(message, branch, words, own)), list(_rest(message, branch, words, own, house))
    text = _joined([name, told, *times, *rest])
    # The name goes first, then the later ones of several times: the page behind the link has all of them.
    if segments(text) > MOST_SEGMENTS:
        text = _joined([told, *times, *rest])
    # Where the words of the house alone are too long, shorter times would not help.
    while segments(text) > MOST_SEGMENTS and len(times) > 1 and segments(_joined([told, *rest])) <= MOST_SEGMENTS:
        times.pop()
        text = _joined([told, *times, "…", *rest])
    return text


def _times(message: ClaimedMessage, branch: BranchSettings, words: Words, own: OwnWords) -> Iterator[str]:
    booking = message.booking

    def moment(at: datetime) -> str:
        return dates.day_time(at, branch.zone, words)

    if message.event in OF_SERIES | OF_VISIT:
        every = message.series or [part.booking for part in message.parts]
        stands = [moment(one.starts_at) for one in every if one.state not in _CALLED_OFF]
        over = [moment(one.starts_at) for one in every if one.state in _CALLED_OFF]
        if over:
            over[0] = f"{words.text('messages.no-longer')} {over[0]}"
        if over and stands and message.event in _OF_ENDS:
            stands[0] = f"{words.text('messages.still-stands')} {stands[0]}"
        # The last ones go where the text is too long, so the news come first.
        yield from (*over, *stands) if message.event in _OF_ENDS else (*stands, *over)
    elif message.event is Event.OFFERED and booking.offered_starts_at is not None and booking.offer_until is not None:
        offered = words.text("messages.offered-time", time=moment(booking.offered_starts_at))
        yield f"{offered}. {words.text('messages.offered-with-another')}" if message.with_another else offered
        yield words.text("messages.answer-by", time=moment(booking.offer_until))
    elif message.earlier is not None:
        yield words.text("messages.earlier-time", time=moment(message.earlier.starts_at))
        yield words.text("messages.earlier-until", time=moment(message.earlier.until))
    elif not own.marks >= {"day", "time"}:
        yield moment(booking.starts_at)


def _rest(message: ClaimedMessage, branch: BranchSettings, words: Words, own: OwnWords, house: House) -> Iterator[str]:
    """The code, how to answer, and the link, which are for whom it was booked; a neutral text has no link."""
    mine = message.recipient.n == 0
    shown = _opened(message)
    if shown is not None and "code" not in own.marks:
        yield words.text("messages.code", code=spaced_code(shown.code))
    asked = [part.booking for part in message.parts if not part.to.n] or ([message.booking] if mine else [])
    yield from asks_for_proof(asked, message, branch, words, house.address, house.secret)
    if message.level is Level.NEUTRAL:
        if sentence := neutral_sentence(branch, words):
            yield sentence
    elif shown is not None and message.event not in ENDED and "link" not in own.marks:
        yield f"{house.address}/my-booking"


def _opened(message: ClaimedMessage) -> BookingView | None:
    """The appointment whose code this person gets: of several the first that stands."""
    if message.event in OF_VISIT:
        mine = [part.booking for part in message.parts if not part.to.n]
    elif message.recipient.n:
        mine = []
    elif message.event in OF_SERIES:
        mine = list(message.series)
    else:
        return message.booking
    return next((one for one in mine if one.state not in _CALLED_OFF), None)


def _joined(parts: Iterable[str]) -> str:
    return isolates.strip(" ".join(" ".join(parts).split())).translate(_PLAINER)
