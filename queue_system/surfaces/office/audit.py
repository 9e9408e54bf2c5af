"""The log of a branch, or of the organisation, as sentences; and the check of its hash chain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from itertools import groupby
from typing import Final
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from markupsafe import Markup
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...core.errors import Denied, Missing
from ...core.facts import SUBJECTS
from ...core.facts.fields import Is, Meaning
from ...core.rights import AUDIT_RIGHTS
from ...i18n import dates
from ...i18n.words import Words
from ...store import log
from ...store.queries import audit
from ...store.queries.audit import EntryView, Wanted
from ...store.queries.settings import BranchSettings
from ...store.tables import ORGANISATION
from ...web.here import StaffHere
from .frame import InOffice, enter, office_page
from .sentences import Sentences

PAGE: Final = "/office/audit"
SHOWN: Final = 50
# The organisation's own log in an address; no branch has this name.
WHOLE: Final = "-"
# The limit of digits keeps a number within every integer column.
LONGEST_SEQUENCE: Final = 9


@dataclass(frozen=True, slots=True)
class Book:
    """The log of a branch, or of the organisation if `branch` is None, which the person may read."""

    id: UUID
    slug: str
    branch: BranchSettings | None
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class AuditLine:
    """An entry of the log as the page shows it."""

    seq: int
    time: Markup
    sentence: Markup
    who: str
    actor: str
    why: Markup | None


@dataclass(frozen=True, kw_only=True)
class AtBooks(InOffice):
    """In the office, with the logs that the person may read; there is at least one."""

    books: tuple[Book, ...]


async def show(request: Request) -> Response:
    """The log, newest first: `?branch=&kind=&code=&day=&who=&before=`."""
    return await _page(await _enter(request))


async def verify(request: Request) -> Response:
    """Recompute the chain of every log that the person may read."""
    here = await _enter(request)
    readable = {book.id for book in here.books}
    verdicts = [verdict for verdict in await here.read(log.verify) if verdict.branch_id in readable]
    return await _page(here, verdicts)


async def _enter(request: Request) -> AtBooks:
    here = await enter(request, AUDIT_RIGHTS)
    books = [Book(branch.id, branch.slug, branch, branch.zone) for branch in here.branches]
    if here.person.may_any(AUDIT_RIGHTS, ORGANISATION):
        books.append(Book(ORGANISATION, WHOLE, None, books[0].zone if books else ZoneInfo("UTC")))
    if not books:
        raise Denied("not-allowed")
    return AtBooks(**vars(here), books=tuple(books))


async def _page(here: AtBooks, verdicts: list[log.Verdict] | None = None) -> Response:
    query = here.request.query_params
    book = _asked_for(here.books, query)
    day = _day(query.get("day", ""))
    wanted = _wanted(query, day, book.zone)
    found = await here.read(audit.entries, book.id, wanted, SHOWN + 1)
    names = await here.read(audit.names_of_log, book.id)
    # A branch's log is shown in the branch's language and digits.
    reader: StaffHere = here.at(book.branch) if book.branch else here
    words = reader.words
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
        reader,
        "office/audit.html",
        {
            "books": here.books,
            "book": book,
            "groups": SUBJECTS,
            "filters": filters,
            "who": sentences.name(wanted.actor) or words.text("audit.actor.unknown"),
            "with_filters": lambda **changed: f"{PAGE}?{urlencode(filters | changed)}",
            "days": list(_days(found[:SHOWN], sentences, book.zone, words)),
            "older": f"{PAGE}?{older}" if older else "",
            "newest": wanted.before is None,
            "verdicts": verdicts,
            "books_by_id": {book.id: book for book in here.books},
        },
    )


def _asked_for(books: Sequence[Book], query: QueryParams) -> Book:
    """The log that the address names, or the first without a name; raises Missing("branch")."""
    slug = query.get("branch", books[0].slug)
    for book in books:
        if book.slug == slug:
            return book
    raise Missing("branch")


def _wanted(query: QueryParams, day: date | None, zone: ZoneInfo) -> Wanted:
    """The filter that the address sets."""
    return Wanted(
        kind=query.get("kind", ""),
        code=query.get("code", "").strip().upper().replace(" ", ""),
        subject=query.get("subject", ""),
        actor=query.get("who", ""),
        since=_midnight(day, zone) if day else None,
        until=_midnight(day + timedelta(days=1), zone) if day else None,
        before=_sequence(query.get("before", "")),
    )


def _days(
    entries: Iterable[EntryView], sentences: Sentences, zone: ZoneInfo, words: Words
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
            )
            for entry in of_day
        ]
        yield dates.day(on, words), lines


def _code_address(book: Book, entry: EntryView, code: Meaning) -> str:
    """The address of all entries about the same code; with the day for tickets, whose codes repeat every day."""
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
    # Near the ends of the calendar, midnight in another zone could be out of range.
    return day if 1900 < day.year < 3000 else None


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


routes: list[BaseRoute] = [
    Route(PAGE, show),
    Route(f"{PAGE}/verification", verify, methods=["POST"]),
]
