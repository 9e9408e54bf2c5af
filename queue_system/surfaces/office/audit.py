"""The log of a branch, or of the organisation, as sentences; and the check of its hash chain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from functools import partial
from itertools import groupby
from typing import Final
from zoneinfo import ZoneInfo

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...core.errors import Denied
from ...core.facts import SUBJECTS
from ...core.facts.fields import Is, Meaning
from ...core.rights import CHAIN_RIGHTS
from ...i18n import dates
from ...i18n.words import Words
from ...settings.objects import OF_BRANCH, OF_ORGANISATION
from ...settings.organisation import ORGANISATION_SLUG
from ...store import log
from ...store.queries import audit
from ...store.queries.audit import EntryView
from .audit_books import PAGE, Asked, AtBooks, Book, asked, at_books, sequence
from .audit_values import ChangedValues, Values
from .frame import office_page
from .sentences import Sentences
from .setting_kinds import kind_named

SHOWN: Final = 50


@dataclass(frozen=True, slots=True)
class AuditLine:
    """An entry of the log as the page shows it."""

    seq: int
    time: Markup
    sentence: Markup
    who: str
    actor: str
    why: Markup | None
    changed: ChangedValues | None


async def show(request: Request) -> Response:
    """The log, newest first: the filters of `Asked`, and `before` or `after` an entry."""
    return await _page(await at_books(request))


async def verify(request: Request) -> Response:
    """Recompute the chain of every log that the person may read and verify."""
    here = await at_books(request)
    checked = {book.id for book in here.books if _may_verify(here, book)}
    if not checked:
        raise Denied("not-allowed")
    verdicts = [verdict for verdict in await here.read(log.verify) if verdict.branch_id in checked]
    return await _page(here, verdicts)


def lines_by_day(
    entries: Iterable[EntryView], sentences: Sentences, values: Values, zone: ZoneInfo, words: Words
) -> Iterator[tuple[str, list[AuditLine]]]:
    """The entries grouped by the day on which they were written."""
    for on, of_day in groupby(entries, key=lambda entry: entry.at.astimezone(zone).date()):
        lines = [
            AuditLine(
                entry.seq,
                Markup('<time datetime="{}"><bdi dir="ltr">{}</bdi></time>').format(
                    entry.at.astimezone(UTC).isoformat(timespec="seconds"), dates.time(entry.at, zone, words)[1:-1]
                ),
                sentences.sentence(entry),
                sentences.who(entry),
                entry.actor_id,
                sentences.why(entry),
                values.of(entry),
            )
            for entry in of_day
        ]
        yield dates.day(on, words), lines


# ---------------------------------------------------------------- inside


@dataclass(frozen=True, slots=True)
class _Leaf:
    """The entries of one page, newest first, and the addresses of the pages beside it."""

    entries: list[EntryView]
    newer: str
    older: str


async def _page(here: AtBooks, verdicts: list[log.Verdict] | None = None) -> Response:
    query = here.request.query_params
    book = here.book(query.get("branch"))
    filters = asked(query, book)
    leaf = await _leaf(here, book, filters)
    names = await here.read(audit.names_of_log, book.id)
    reader = here.reader(book)
    words = reader.words
    sentences = Sentences(words, names, book.zone, partial(_code_address, book), partial(_history_address, here, book))
    values = Values(here, book, words)
    await values.add(leaf.entries)
    today = here.now.astimezone(book.zone).date()
    return await office_page(
        reader,
        "office/audit.html",
        {
            "recent": [
                (words.text("office.log-today"), today),
                (words.text("office.log-yesterday"), today - timedelta(days=1)),
            ],
            "books": here.books,
            "book": book,
            "groups": SUBJECTS,
            "filters": filters,
            "people": await _people(here, book, filters, sentences, words),
            "days": list(lines_by_day(leaf.entries, sentences, values, book.zone, words)),
            "newer": leaf.newer,
            "older": leaf.older,
            "verdicts": verdicts,
            "books_by_id": {book.id: book for book in here.books},
            "may_verify": any(_may_verify(here, one) for one in here.books),
        },
    )


async def _leaf(here: AtBooks, book: Book, filters: Asked) -> _Leaf:
    """The page that the address asks for; the newest one where the newer entries do not fill a page."""
    query = here.request.query_params
    wanted = filters.wanted(book.zone)
    after, before = sequence(query.get("after", "")), sequence(query.get("before", ""))
    if after is not None:
        found = await here.read(audit.entries_after, book.id, wanted, after, SHOWN + 1)
        if len(found) > SHOWN:
            found = found[:SHOWN]
            newer, older = (filters.address(after=found[-1].seq), filters.address(before=found[0].seq))
            return _Leaf(found[::-1], newer, older)
        before = None
    found = await here.read(audit.entries, book.id, replace(wanted, before=before), SHOWN + 1)
    return _older(filters, before, found)


def _older(filters: Asked, before: int | None, found: list[EntryView]) -> _Leaf:
    shown = found[:SHOWN]
    newer = filters.address(after=(shown[0].seq if shown else before - 1)) if before else ""
    return _Leaf(shown, newer, filters.address(before=shown[-1].seq) if len(found) > SHOWN else "")


async def _people(
    here: AtBooks, book: Book, filters: Asked, sentences: Sentences, words: Words
) -> list[tuple[str, str]]:
    """The choices of the filter by person: those with a role here, and the one that is chosen."""
    people = {str(staff_id): name for staff_id, name in await here.read(audit.people_of_log, book.id)}
    if filters.who and filters.who not in people:
        people[filters.who] = sentences.name(filters.who) or words.text("audit.actor.unknown")
    return [("", words.text("office.everybody")), *people.items()]


def _may_verify(here: AtBooks, book: Book) -> bool:
    return here.person.may_any(CHAIN_RIGHTS, book.id)


def _code_address(book: Book, entry: EntryView, code: Meaning) -> str:
    """The address of all entries about the same code; with the day for tickets, whose codes repeat every day."""
    on = entry.at.astimezone(book.zone).date() if code is Is.TICKET_CODE else None
    return Asked(book.slug, code=entry.data["code"], since=on, until=on).address()


def _history_address(here: AtBooks, book: Book, kind: str, slug: str) -> str:
    """The address of the history of an object of the settings; "" where it has none that the person may see."""
    known = kind_named(kind, OF_BRANCH if book.branch else OF_ORGANISATION)
    if known is None or not here.person.may_any(known.rights, book.id):
        return ""
    return f"/office/history/{book.branch.slug if book.branch else ORGANISATION_SLUG}/{kind}/{slug}"


routes: list[BaseRoute] = [
    Route(PAGE, show),
    Route(f"{PAGE}/verification", verify, methods=["POST"]),
]
