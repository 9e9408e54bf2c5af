"""The letter of a message, made when it is sent, from the appointment as it is then.

Nothing in it may say more than the message's level: neither subject, sender, Message-ID nor calendar entry.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

from markupsafe import Markup, escape

from ..actions.invitation_letters import ClaimedInvitation
from ..actions.outbox import ClaimedMessage
from ..configuration import Configuration
from ..core import hours
from ..core.booking_invitations import personal_link
from ..core.bookings import BookingState, spaced_code
from ..core.mail_domains import domain_of, with_ascii_domain
from ..core.messages import ENDED, MAIL, OF_SERIES, OF_VISIT, Event, Level
from ..i18n import dates, isolates
from ..i18n.filters import localised
from ..i18n.words import Words, available_languages
from ..store.queries.channels import channel_of, video_link
from ..store.queries.settings import BranchSettings
from ..web.kit import words_of
from .headers import set_sender, set_subject
from .own_words import OwnWords, neutral_sentence, own_words
from .proof import asks_for_proof
from .where import where
from .whole_visit import visit_lines, why_called_off

# Those whose time a calendar should take over, or remove.
_FOR_CALENDARS: Final = (
    ENDED | {Event.CONFIRMED, Event.CHANGED, Event.STANDS} | OF_SERIES | (OF_VISIT - {Event.VISIT_REMINDER})
)
# Up to a space, a mark of direction or the end of a sentence.
_ADDRESS: Final = re.compile(r"https?://[^\s\u2066-\u2069]*[^\s\u2066-\u2069.,;:!?)»،؛؟]")


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter, its envelope, and the address of its sender."""

    sender: str
    recipient: str
    content: EmailMessage


@dataclass(frozen=True, slots=True)
class House:
    """What an installation puts on its letters: its public address without a trailing slash, its senders, the secret of links.

    `domains` are those from whose addresses the mail server takes letters.
    """

    address: str
    sender: str
    neutral_sender: str
    secret: bytes
    domains: frozenset[str] = frozenset()

    def sender_for(self, branch: BranchSettings, level: Level) -> str:
        """The address that a letter comes from: at the level NEUTRAL never the branch's own.

        One of another domain is not used, because the relay would refuse it, or recipients take it for forged (RFC 7489).
        """
        if level is Level.NEUTRAL:
            return self.neutral_sender
        own = branch.mail_from
        return with_ascii_domain(own) if own and domain_of(own) in self.domains else self.sender


def house_of(configuration: Configuration, secret: bytes) -> House:
    """What a configuration says about letters."""
    senders = configuration.mail_from, configuration.mail_from_neutral
    return House(configuration.address, *senders, secret, configuration.sender_domains)


@dataclass(frozen=True, slots=True)
class Said:
    """What a recipient reads: the name of the sender, the subject, and the paragraphs, in the language of `words`."""

    name: str
    subject: str
    paragraphs: tuple[str, ...]
    words: Words


def said_in(message: ClaimedMessage | ClaimedInvitation, branch: BranchSettings, house: House) -> Said:
    """What the letter of a message says, in Arabic or another language of ours."""
    language = message.language if message.language in available_languages() else branch.default_language
    words = words_of(language, branch)
    name = "" if message.level is Level.NEUTRAL else localised(branch.names, language)
    if isinstance(message, ClaimedInvitation):
        own, lines = OwnWords(), tuple(_invitation_lines(message, branch, words, house))
    else:
        own = own_words(message, branch, words, house.address, MAIL)
        lines = tuple(_lines(message, branch, words, house, own))
    return Said(name, _subject(message, branch, words, own), lines, words)


def letter_of(
    message: ClaimedMessage | ClaimedInvitation, branch: BranchSettings, house: House, now: datetime
) -> Letter:
    """The letter: in 7-bit lines, as text and as HTML, with a calendar entry."""
    # Loaded here, because its library takes long and many installations send nothing.
    from ..web.calendar_file import PUBLISH, calendar_file, method, series_file

    said, neutral = said_in(message, branch, house), message.level is Level.NEUTRAL
    sender = house.sender_for(branch, message.level)
    content = EmailMessage(policy=SMTP)
    set_sender(content, said.name, sender)
    recipient = with_ascii_domain(message.recipient.contact)
    content["To"] = recipient
    if branch.reply_to and not neutral:
        content["Reply-To"] = Address("", addr_spec=with_ascii_domain(branch.reply_to))
    set_subject(content, said.subject)
    content["Date"] = format_datetime(now)
    # From the id of the message and no setting of the branch, so that every attempt has the same one.
    content["Message-ID"] = f"<{message.id}@{(house.neutral_sender if neutral else house.sender).rpartition('@')[2]}>"
    # RFC 3834: so that no program answers.
    content["Auto-Submitted"] = "auto-generated"
    # Base64, because old mail servers spoil lines of 8-bit text.
    content.set_content("\n\n".join(said.paragraphs) + "\n", charset="utf-8", cte="base64")
    content.add_alternative(_html(said), subtype="html", charset="utf-8", cte="base64")
    if isinstance(message, ClaimedMessage) and message.event in _FOR_CALENDARS:
        about = branch, said.words, now, house.address, message.level
        mine = message.recipient.n == 0
        if message.event in OF_SERIES:
            entry, how = series_file(message.series, *about, for_booker=mine), PUBLISH
        elif message.event in OF_VISIT:
            mine = all(one.to.n == 0 for one in message.parts)
            entry, how = series_file([one.booking for one in message.parts], *about, for_booker=mine), PUBLISH
        else:
            entry, how = calendar_file(message.booking, *about, for_booker=mine), method(message.booking)
        content.add_attachment(
            entry,
            maintype="text",
            subtype="calendar",
            filename="appointment.ics",
            params={"charset": "utf-8", "method": how},
        )
    # Last, because each new part takes the headers of the content before it along.
    content["Content-Language"] = said.words.language
    return Letter(sender, recipient, content)


def _subject(message: ClaimedMessage | ClaimedInvitation, branch: BranchSettings, words: Words, own: OwnWords) -> str:
    if message.level is Level.NEUTRAL:
        return words.text("messages.subject-neutral")
    if own.subject is not None:
        return own.subject
    place = localised(branch.names, words.language)
    return words.text(f"messages.subject-{message.event}", branch=place)


def _lines(message: ClaimedMessage, branch: BranchSettings, words: Words, house: House, own: OwnWords) -> Iterator[str]:
    """The paragraphs of the letter, as plain text: the house's own words or ours, then the facts that these leave out."""
    yield from own.paragraphs or (words.text(f"messages.tell-{message.event}"),)
    if message.event in OF_VISIT:
        yield from visit_lines(message, branch, words, house.address)
        asked = [one.booking for one in message.parts if not one.to.n]
        yield from asks_for_proof(asked, message, branch, words, house.address, house.secret)
    else:
        yield from _times(message, branch, words, own)
        yield from _facts(message, branch, words, own)
        yield from _for_booker(message, branch, words, house, own)
    if message.level is Level.NEUTRAL and (sentence := neutral_sentence(branch, words)):
        yield sentence
    yield _about_answers(branch, message.level, words)


def _times(message: ClaimedMessage, branch: BranchSettings, words: Words, own: OwnWords) -> Iterator[str]:
    booking = message.booking

    def moment(at: datetime) -> str:
        return dates.day_time(at, branch.zone, words)

    if message.event is Event.OFFERED and booking.offered_starts_at is not None and booking.offer_until is not None:
        yield words.text("messages.was-at", time=moment(booking.starts_at))
        yield words.text("messages.offered-time", time=moment(booking.offered_starts_at))
        if message.with_another:
            yield words.text("messages.offered-with-another")
        yield words.text("messages.answer-by", time=moment(booking.offer_until))
    elif message.event in OF_SERIES:
        yield from _dates(message, branch, words, moment)
    elif message.earlier is not None:
        yield words.text("messages.booked-at", time=moment(booking.starts_at))
        yield words.text("messages.earlier-time", time=moment(message.earlier.starts_at))
        yield words.text("messages.earlier-until", time=moment(message.earlier.until))
    elif not own.marks >= {"day", "time"}:
        yield words.text("messages.at", time=moment(booking.starts_at))


def _facts(message: ClaimedMessage, branch: BranchSettings, words: Words, own: OwnWords) -> Iterator[str]:
    """What it is about and where it takes place, as much of it as may be named."""
    booking, level = message.booking, message.level
    if level is not Level.NEUTRAL:
        if message.event is Event.CALLED_OFF and booking.lost_why and "reason" not in own.marks:
            yield words.text("messages.because", why=words.text(f"state.lost.{booking.lost_why}"))
        if level is Level.FULL and "service" not in own.marks:
            names = branch.services[booking.service_id].shown_names
            yield words.text("messages.service", service=localised(names, words.language))
        if "place" not in own.marks:
            yield where(booking, branch, words, linked=message.event not in ENDED | OF_SERIES)
    if message.recipient.n and channel_of(branch, booking).is_received and message.event not in ENDED:
        yield words.text("messages.come")


def _for_booker(
    message: ClaimedMessage, branch: BranchSettings, words: Words, house: House, own: OwnWords
) -> Iterator[str]:
    """With the code alone an appointment can be changed and checked in, which is for whom it was booked."""
    if message.recipient.n:
        return
    if message.event not in OF_SERIES and "code" not in own.marks:
        yield words.text("messages.code", code=isolates.ltr(spaced_code(message.booking.code)))
    yield from asks_for_proof([message.booking], message, branch, words, house.address, house.secret)
    # The page carries the address of the house, so a neutral letter has none.
    if message.level is not Level.NEUTRAL and message.event not in ENDED and "link" not in own.marks:
        yield words.text("messages.manage") + f"\n{house.address}/my-booking"


def _about_answers(branch: BranchSettings, level: Level, words: Words) -> str:
    """Where answers go, as the header says it, or that nobody reads them."""
    if branch.reply_to and level is not Level.NEUTRAL:
        return words.text("messages.replies-to", address=isolates.ltr(branch.reply_to))
    return words.text("messages.no-reply")


def _invitation_lines(message: ClaimedInvitation, branch: BranchSettings, words: Words, house: House) -> Iterator[str]:
    """The paragraphs of an invitation. A neutral one has no link, because the address of the house is a name."""
    found, neutral = message.invitation, message.level is Level.NEUTRAL
    yield words.text("messages.invited-neutral" if neutral else "messages.tell-invited")
    if message.level is Level.FULL:
        names = branch.services[found.service_id].shown_names
        yield words.text("messages.service", service=localised(names, words.language))
    last = hours.business_date(found.answer_until - timedelta.resolution, branch.zone, branch.day_starts)
    yield words.text("messages.invited-until", day=dates.day(last, words))
    if not neutral:
        link = personal_link(house.address, branch.key, house.secret, found.id)
        yield words.text("messages.invited-choose") + f"\n{link}"
    yield _about_answers(branch, message.level, words)


def _dates(
    message: ClaimedMessage, branch: BranchSettings, words: Words, moment: Callable[[datetime], str]
) -> Iterator[str]:
    """The appointments of a series that are to come, each with its code, and those that were called off.

    Each video call has a room of its own.
    """
    for one in message.series:
        if one.state is BookingState.CONFIRMED:
            code = isolates.ltr(spaced_code(one.code))
            at = moment(one.starts_at)
            said = at if message.recipient.n else words.text("messages.date-code", time=at, code=code)
            link = video_link(branch, one) if message.level in (Level.FULL, Level.MINIMAL) else None
            yield said if link is None else f"{said}\n{link}"
    cancelled = [one for one in message.series if one.state is not BookingState.CONFIRMED]
    if cancelled:
        yield words.text("messages.no-longer")
        yield from (moment(one.starts_at) for one in cancelled)
    if message.level is not Level.NEUTRAL:
        yield from why_called_off(cancelled, words)


def _html(said: Said) -> str:
    """The same paragraphs, in their direction; no pictures, nothing that is fetched."""
    words, paragraphs = said.words, (_paragraph(line) for line in said.paragraphs)
    return (
        f'<!DOCTYPE html><html lang="{words.language}" dir="{words.direction}"><head><meta charset="utf-8"></head>'
        f'<body style="font-family: sans-serif; line-height: 1.6">{Markup().join(paragraphs)}</body></html>\n'
    )


def _paragraph(line: str) -> Markup:
    """One paragraph; addresses of pages in it can be followed."""
    html, at = Markup(), 0
    for found in _ADDRESS.finditer(line):
        html += escape(line[at : found.start()]) + Markup('<a href="{0}" dir="ltr">{0}</a>').format(found[0])
        at = found.end()
    html += escape(line[at:])
    return Markup("<p>{}</p>\n").format(Markup("<br>").join(html.split("\n")))
