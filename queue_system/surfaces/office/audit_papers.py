"""The log to take away: a file for a spreadsheet, and a page for paper."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from functools import partial
from typing import Final

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from ...i18n import dates
from ...i18n.words import Words
from ...store.queries import audit
from ...store.queries.audit import EntryView
from ...web.installation import in_thread
from ...web.spreadsheets import BYTE_ORDER_MARK, csv_lines
from .audit import lines_by_day
from .audit_books import PAGE, Asked, AtBooks, Book, asked, at_books, sequence
from .audit_values import Values
from .sentences import Sentences

#: The longest print, about 80 sheets; the page says where it ends and leads to the rest.
PRINTED: Final = 2_000
#: Entries that are read and written at once, so that a long log neither fills the memory nor holds a reader.
CHUNK: Final = 1_000
COLUMNS: Final = (
    "office.log-column-entry",
    "office.log-column-day",
    "office.log-column-time",
    "office.log-column-event",
    "office.log-column-reason",
    "office.log-column-values",
    "office.log-column-by",
    "office.log-column-kind",
)


async def table(request: Request) -> Response:
    """Every entry that passes the filters, newest first, as CSV in UTF-8 with a byte order mark."""
    here = await at_books(request)
    book, filters = _what(here)
    name = f"log-{book.slug.strip('-') or 'organisation'}{_span(filters)}.csv"
    return StreamingResponse(
        _csv(here, book, filters),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )


async def paper(request: Request) -> Response:
    """The entries that pass the filters in the order in which they were written, for A4."""
    here = await at_books(request)
    book, filters = _what(here)
    reader = here.reader(book)
    words = reader.words
    wanted = replace(filters.wanted(book.zone), before=sequence(request.query_params.get("before", "")))
    found = await here.read(audit.entries, book.id, wanted, PRINTED + 1)
    names = await here.read(audit.names_of_log, book.id)
    sentences = Sentences(words, names, book.zone)
    shown = found[:PRINTED][::-1]
    values = Values(here, book, words)
    await values.add(shown)
    return await reader.page(
        "office/audit-paper.html",
        {
            "book": book,
            "filters": filters,
            "filter_words": _filter_words(filters, sentences, words),
            "days": await in_thread(lambda: list(lines_by_day(shown, sentences, values, book.zone, words))),
            "entries": len(shown),
            "rest": filters.address("/paper", before=shown[0].seq) if len(found) > PRINTED else "",
            "printed_at": dates.day_time(reader.now, book.zone, words),
            "printed_by": here.person.name,
        },
    )


# ---------------------------------------------------------------- inside


def _what(here: AtBooks) -> tuple[Book, Asked]:
    query = here.request.query_params
    book = here.book(query.get("branch"))
    return book, asked(query, book)


async def _csv(here: AtBooks, book: Book, filters: Asked) -> AsyncIterator[str]:
    words = here.reader(book).words
    sentences = Sentences(words, await here.read(audit.names_of_log, book.id), book.zone)
    values = Values(here, book, words)
    yield BYTE_ORDER_MARK + csv_lines([[words.text(key) for key in COLUMNS]])
    wanted = filters.wanted(book.zone)
    while True:
        found = await here.read(audit.entries, book.id, wanted, CHUNK)
        if not found:
            return
        await values.add(found)
        yield await in_thread(partial(_rows, found, book, sentences, values))
        wanted = replace(wanted, before=found[-1].seq)


def _rows(entries: Iterable[EntryView], book: Book, sentences: Sentences, values: Values) -> str:
    return csv_lines(_row(entry, book, sentences, values) for entry in entries)


def _row(entry: EntryView, book: Book, sentences: Sentences, values: Values) -> list[str]:
    at = entry.at.astimezone(book.zone)
    why = sentences.why(entry)
    return [
        str(entry.seq),
        at.date().isoformat(),
        at.strftime("%H:%M:%S"),
        sentences.sentence(entry).striptags(),
        why.striptags() if why else "",
        values.told(entry),
        sentences.who(entry),
        entry.kind,
    ]


def _span(filters: Asked) -> str:
    days = [day.isoformat() for day in (filters.since, filters.until) if day]
    return "".join(f"-{day}" for day in dict.fromkeys(days))


def _filter_words(filters: Asked, sentences: Sentences, words: Words) -> list[tuple[str, str]]:
    """What the paper leaves out, as pairs of label and words; empty for the whole log."""
    chosen = [
        ("office.from-day", dates.day(filters.since, words) if filters.since else ""),
        ("office.to-day", dates.day(filters.until, words) if filters.until else ""),
        ("office.about", _group(filters.kind, words)),
        ("office.code-filter", filters.code),
        ("office.by-whom", filters.who and (sentences.name(filters.who) or words.text("audit.actor.unknown"))),
        ("office.turn", filters.turn and words.text("office.out-of-turn")),
    ]
    return [(label, told) for label, told in chosen if told]


def _group(kind: str, words: Words) -> str:
    key = f"audit.group.{kind}"
    return words.text(key) if kind and words.has(key) else kind


routes: list[BaseRoute] = [Route(f"{PAGE}/table", table), Route(f"{PAGE}/paper", paper)]
