"""Which log is asked for, and which of its entries: the filters of the page, of its paper and of its file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from starlette.requests import Request

from ...core.errors import Denied, Missing
from ...core.rights import AUDIT_RIGHTS
from ...store.queries.audit import Wanted
from ...store.queries.settings import BranchSettings
from ...store.tables import ORGANISATION
from ...web.here import StaffHere
from .frame import InOffice, enter

PAGE: Final = "/office/audit"
# The organisation's own log in an address; no branch has this name.
WHOLE: Final = "-"
# The limit of digits keeps a number within every integer column.
LONGEST_SEQUENCE: Final = 9
OUT_OF_TURN: Final = "out"


@dataclass(frozen=True, slots=True)
class Book:
    """The log of a branch, or of the organisation if `branch` is None, which the person may read."""

    id: UUID
    slug: str
    branch: BranchSettings | None
    zone: ZoneInfo


@dataclass(frozen=True, kw_only=True)
class AtBooks(InOffice):
    """In the office, with the logs that the person may read; there is at least one."""

    books: tuple[Book, ...]

    def book(self, slug: str | None) -> Book:
        """The log of that name, or the first without a name; raises Missing("branch")."""
        for book in self.books:
            if slug is None or book.slug == slug:
                return book
        raise Missing("branch")

    def reader(self, book: Book) -> StaffHere:
        """The person in the language and digits of the branch."""
        return self.at(book.branch) if book.branch else self


@dataclass(frozen=True, slots=True)
class Asked:
    """The filters as an address has them; the days are those of the branch, the last one included."""

    branch: str
    kind: str = ""
    code: str = ""
    subject: str = ""
    who: str = ""
    since: date | None = None
    until: date | None = None
    turn: str = ""

    @property
    def days_backwards(self) -> bool:
        return bool(self.since and self.until and self.since > self.until)

    def wanted(self, zone: ZoneInfo) -> Wanted:
        """The filter of the query."""
        return Wanted(
            kind=self.kind,
            code=self.code,
            subject=self.subject,
            actor=self.who,
            since=_midnight(self.since, zone) if self.since else None,
            until=_midnight(self.until + timedelta(days=1), zone) if self.until else None,
            out_of_turn=self.turn == OUT_OF_TURN,
        )

    def address(self, page: str = "", **changed: object) -> str:
        """The address of the log, or of a page below it, with these filters; `changed` replaces or adds some."""
        mine = {name: getattr(self, name) for name in Asked.__slots__} | changed
        return f"{PAGE}{page}?{urlencode({name: value for name, value in mine.items() if value})}"


async def at_books(request: Request) -> AtBooks:
    """The person and the logs that they may read; raises SignedOut, Denied."""
    here = await enter(request, AUDIT_RIGHTS)
    books = [Book(branch.id, branch.slug, branch, branch.zone) for branch in here.branches]
    if here.person.may_any(AUDIT_RIGHTS, ORGANISATION):
        books.append(Book(ORGANISATION, WHOLE, None, _zone_of_most(books)))
    if not books:
        raise Denied("not-allowed")
    return AtBooks(**vars(here), books=tuple(books))


def asked(query: Mapping[str, str], book: Book) -> Asked:
    """The filters in an address; what cannot be one is left out."""
    return Asked(
        branch=book.slug,
        kind=query.get("kind", ""),
        code=query.get("code", "").strip().upper().replace(" ", ""),
        subject=query.get("subject", ""),
        who=query.get("who", ""),
        since=_day(query.get("since", "")),
        until=_day(query.get("until", "")),
        turn=OUT_OF_TURN if query.get("turn") == OUT_OF_TURN else "",
    )


def sequence(typed: str) -> int | None:
    """The number of an entry in an address; None for anything else."""
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) <= LONGEST_SEQUENCE else None


def _zone_of_most(books: Sequence[Book]) -> ZoneInfo:
    return books[0].zone if books else ZoneInfo("UTC")


def _day(typed: str) -> date | None:
    try:
        day = date.fromisoformat(typed)
    except ValueError:
        return None
    # Near the ends of the calendar, midnight in another zone could be out of range.
    return day if 1900 < day.year < 3000 else None


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
