"""The log of a branch, or of the organisation, as sentences; and whether its chain holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from itertools import groupby
from typing import Final
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...core.errors import Denied, Missing
from ...core.facts import SUBJECTS
from ...core.facts.fields import Is, Meaning
from ...i18n import dates
from ...i18n.words import Words
from ...store import log
from ...store.queries import audit
from ...store.queries.access import StaffView
from ...store.queries.audit import Entry, Wanted
from ...store.queries.settings import BranchSettings
from ...store.tables import ORGANISATION
from ...web.access import AUDIT_RIGHTS
from ...web.installation import installation_of
from .frame import enter, office_page, words_for
from .sentences import Sentences

PAGE: Final = "/office/audit"
SHOWN: Final = 50
# How the address calls the log of the organisation itself; no branch is named like that.
WHOLE: Final = "-"
# What a whole number of the database surely holds.
LONGEST_SEQUENCE: Final = 9


@dataclass(frozen=True, slots=True)
class Book:
    """One log that somebody may read; `branch` is None for the organisation's."""

    id: UUID
    slug: str
    branch: BranchSettings | None
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Line:
    """An entry as it is read."""

    seq: int
    time: Markup
    sentence: Markup
    who: str
    actor: str
    why: Markup | None


async def show(request: Request) -> Response:
    """The log, newest first: `?branch=&kind=&code=&day=&who=&before=`."""
    person, books = await _enter(request)
    return await _page(request, person, books)


async def verify(request: Request) -> Response:
    """Recompute the chain of every log that the person may read."""
    person, books = await _enter(request)
    readable = {book.id for book in books}
    verdicts = [
        verdict for verdict in await installation_of(request).database.read(log.verify) if verdict.branch_id in readable
    ]
    return await _page(request, person, books, verdicts)


async def _enter(request: Request) -> tuple[StaffView, list[Book]]:
    person, branches = await enter(request, AUDIT_RIGHTS)
    books = [Book(branch.id, branch.slug, branch, branch.zone) for branch in branches]
    if person.may_any(AUDIT_RIGHTS, ORGANISATION):
        books.append(Book(ORGANISATION, WHOLE, None, books[0].zone if books else ZoneInfo("UTC")))
    if not books:
        raise Denied("not-allowed")
    return person, books


async def _page(
    request: Request, person: StaffView, books: list[Book], verdicts: list[log.Verdict] | None = None
) -> Response:
    asked = request.query_params
    book = next((book for book in books if book.slug == asked.get("branch", books[0].slug)), None)
    if book is None:
        raise Missing("branch")
    day = _day(asked.get("day", ""))
    wanted = Wanted(
        kind=asked.get("kind", ""),
        code=asked.get("code", "").strip().upper().replace(" ", ""),
        subject=asked.get("subject", ""),
        actor=asked.get("who", ""),
        since=_midnight(day, book.zone) if day else None,
        until=_midnight(day + timedelta(days=1), book.zone) if day else None,
        before=_sequence(asked.get("before", "")),
    )
    database = installation_of(request).database
    found = await database.read(audit.entries, book.id, wanted, SHOWN + 1)
    names = await database.read(audit.names_of_log, book.id)
    words = words_for(request, person, book.branch)
    sentences = Sentences(words, names, book.zone, partial(_code_address, book))
    filters = {
        "branch": book.slug,
        "kind": wanted.kind,
        "code": wanted.code,
        "day": day.isoformat() if day else "",
        "who": wanted.actor,
    }
    older = urlencode(filters | {"before": found[SHOWN - 1].seq}) if len(found) > SHOWN else ""
    return await office_page(
        request,
        person,
        "office/audit.html",
        {
            "books": books,
            "book": book,
            "groups": SUBJECTS,
            "filters": filters,
            "who": sentences.name(wanted.actor) or words.text("audit.actor.unknown"),
            "with_filters": lambda **changed: f"{PAGE}?{urlencode(filters | changed)}",
            "days": list(_days(found[:SHOWN], sentences, book.zone, words)),
            "older": f"{PAGE}?{older}" if older else "",
            "newest": wanted.before is None,
            "verdicts": verdicts,
            "books_by_id": {book.id: book for book in books},
        },
        branch=book.branch,
    )


def _days(
    entries: Iterable[Entry], sentences: Sentences, zone: ZoneInfo, words: Words
) -> Iterator[tuple[str, list[Line]]]:
    """The entries under the days on which they were written."""
    for on, of_day in groupby(entries, key=lambda entry: entry.at.astimezone(zone).date()):
        lines = [
            Line(
                entry.seq,
                Markup('<time datetime="{}"><bdi dir="ltr">{}</bdi></time>').format(
                    entry.at.astimezone(UTC).isoformat(timespec="seconds"), dates.time(entry.at, zone, words)[1:-1]
                ),
                sentences.sentence(entry),
                sentences.who(entry),
                entry.actor_id,
                sentences.why(entry),
            )
            for entry in of_day
        ]
        yield dates.day(on, words), lines


def _code_address(book: Book, entry: Entry, code: Meaning) -> str:
    """Everything about the entry's code. The codes of tickets come again every day."""
    query = {"branch": book.slug, "code": entry.data["code"]}
    if code is Is.TICKET_CODE:
        query["day"] = entry.at.astimezone(book.zone).date().isoformat()
    return f"{PAGE}?{urlencode(query)}"


def _sequence(typed: str) -> int | None:
    return int(typed) if typed.isdecimal() and len(typed) <= LONGEST_SEQUENCE else None


def _day(typed: str) -> date | None:
    try:
        day = date.fromisoformat(typed)
    except ValueError:
        return None
    # Midnights at the ends of the calendar lie outside of it in other zones.
    return day if 1900 < day.year < 3000 else None


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


routes: list[BaseRoute] = [
    Route(PAGE, show),
    Route(f"{PAGE}/verification", verify, methods=["POST"]),
]
