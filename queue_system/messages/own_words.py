"""The house's own words in one message, as much of them as its level allows.

The most particular text wins, language by language: of the service, the branch, the organisation; and in each of them
that for this channel before that for any. A text without this language gives way to the next one, at last to ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ..actions.outbox import ClaimedMessage
from ..core.bookings import spaced_code
from ..core.messages import ENDED, Level
from ..core.wording import Worded, worded
from ..i18n import dates, isolates
from ..i18n.filters import localised
from ..i18n.words import Words
from ..settings.declared import Names
from ..settings.neutral import named_in
from ..settings.wording import MessageTextOwn
from ..store.queries.channels import channel_of, place_of
from ..store.queries.settings import BranchSettings, ServiceView


@dataclass(frozen=True, slots=True)
class OwnWords:
    """A subject and the first paragraphs, None and none where the program's own are to be used.

    `marks` are the facts that the paragraphs say, so that they need not follow.
    """

    subject: str | None = None
    paragraphs: tuple[str, ...] = ()
    marks: frozenset[str] = frozenset()


def own_words(message: ClaimedMessage, branch: BranchSettings, words: Words, address: str, channel: str) -> OwnWords:
    """Those of a message; none at the level NEUTRAL, because they may name the house. `address` is the house's own."""
    if message.level not in (Level.FULL, Level.MINIMAL):
        return OwnWords()
    values = _values(message, branch, words, address)
    texts = list(_texts(message, branch, channel))
    subjects = (one.subject[words.language] for one in texts if one.subject and words.language in one.subject)
    subject = next((found.text for text in subjects if (found := _allowed(text, values, message, branch))), None)
    for one in texts:
        mine = [paragraph[words.language] for paragraph in one.body if words.language in paragraph]
        said = [found for text in mine if (found := _allowed(text, values, message, branch)) is not None]
        if said:
            marks = frozenset().union(*(found.marks for found in said))
            return OwnWords(subject, tuple(_trimmed(found.text) for found in said), marks)
    return OwnWords(subject)


def neutral_sentence(branch: BranchSettings, words: Words) -> str | None:
    """The branch's own sentence in neutral messages, unless it names somebody; its settings refuse that, but names change."""
    text = localised(branch.text("neutral"), words.language)
    every = (name for service in branch.services.values() for name in _names(service))
    return None if not text or named_in(text, [branch.organisation.names, branch.names, *every]) else text


def _trimmed(text: str) -> str:
    return "\n".join(line.strip() for line in text.split("\n") if line.strip())


def _texts(message: ClaimedMessage, branch: BranchSettings, channel: str) -> Iterator[MessageTextOwn]:
    """Those about the event, the most particular first. Parts of a visit are of several services."""
    service = None if message.parts else branch.services[message.booking.service_id].slug
    own = [one for one in branch.messages.values() if one.event is message.event]
    common = [one for one in branch.organisation.messages.values() if one.event is message.event]
    for of in (service, None) if service else (None,):
        for by in (channel, None):
            yield from (one for one in own if (one.service, one.channel) == (of, by))
    for by in (channel, None):
        yield from (one for one in common if one.channel == by)


def _allowed(text: str, values: Mapping[str, str], message: ClaimedMessage, branch: BranchSettings) -> Worded | None:
    """The text, unless it has nothing to say, or names a service where none may be named."""
    found = worded(text, values)
    if found is None or message.level is Level.FULL:
        return found
    named = [name for one in _services(message, branch) for name in _names(one)]
    return None if named_in(found.text, named) else found


def _names(service: ServiceView) -> tuple[Names, ...]:
    return service.names, service.shown_names


def _services(message: ClaimedMessage, branch: BranchSettings) -> list[ServiceView]:
    about = {message.booking.service_id, *(part.booking.service_id for part in message.parts)}
    return [branch.services[one] for one in about if one in branch.services]


def _values(message: ClaimedMessage, branch: BranchSettings, words: Words, address: str) -> dict[str, str]:
    """What the marks stand for; "" for what must not be said, or is not there."""
    booking = message.booking
    service = branch.services[booking.service_id]
    mine, ended = message.recipient.n == 0, message.event in ENDED
    full = message.level is Level.FULL
    local = booking.starts_at.astimezone(branch.zone)
    why = booking.lost_why if booking.is_called_off else None
    papers = words.text("desk.list-comma") + " "
    place = place_of(branch, booking) or branch.names if channel_of(branch, booking).is_received else None
    return {
        "day": isolates.auto(dates.day(local.date(), words)),
        "time": isolates.ltr(dates.time(booking.starts_at, branch.zone, words)),
        "code": isolates.ltr(spaced_code(booking.code)) if mine else "",
        "service": isolates.auto(localised(service.shown_names, words.language)) if full else "",
        "documents": papers.join(localised(one.names, words.language) for one in service.to_bring) if full else "",
        "place": isolates.auto(localised(place, words.language)) if place else "",
        # On a line of its own, because mail programs take the sign behind an address for a part of it.
        "link": f"\n{address}/my-booking\n" if mine and not ended else "",
        "reason": isolates.auto(words.text(f"state.lost.{why}")) if why else "",
        "branch": isolates.auto(localised(branch.names, words.language)),
        "organisation": isolates.auto(localised(branch.organisation.names, words.language)),
        "phone": isolates.ltr(branch.phone) if branch.phone else "",
    }
