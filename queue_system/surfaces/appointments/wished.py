"""What somebody who wants to book has pointed at in the table of a day: a time, and the member or queue of a column."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from urllib.parse import urlencode

from ...core.bookings import Booker, Mode, against_mode
from ...core.errors import Invalid
from ...core.rights import BOOK_RIGHTS
from ...store.queries.members import members_of, needs_of
from ...store.queries.settings import BranchSettings, ServiceView
from ...web.here import StaffAtBranch
from .moments import read_day, read_start


@dataclass(frozen=True, slots=True)
class Wished:
    """The parts of an address, "" where nothing is wished: an instant `at`, a day `from_`, the slug of a member `with_` or `queue`."""

    at: str = ""
    from_: str = ""
    with_: str = ""
    queue: str = ""

    @property
    def parts(self) -> dict[str, str]:
        """The fields of a form that keeps the wish."""
        return {name.rstrip("_"): value for name, value in asdict(self).items() if value}

    @property
    def query(self) -> str:
        """What an address says of it, beginning with "&"; "" without a wish."""
        return f"&{urlencode(self.parts)}" if self.parts else ""

    @property
    def is_column(self) -> bool:
        """Whether a column of the table is wished."""
        return bool(self.with_ or self.queue)

    @property
    def instant(self) -> datetime | None:
        """The time that is wished."""
        return read_start(self.at) if self.at else None


def read_wished(branch: BranchSettings, sent: Mapping[str, str]) -> Wished:
    """What an address or form says; what is unknown or cannot be read is left out."""
    return Wished(
        sent.get("at", "") if _is_start(sent.get("at", "")) else "",
        sent.get("from", "") if read_day(sent.get("from", "")) else "",
        _one_of(sent.get("with", ""), (one.slug for one in members_of(branch).values())),
        _one_of(sent.get("queue", ""), (one.slug for one in branch.queues.values())),
    )


def bookable(here: StaffAtBranch) -> list[ServiceView]:
    """The services that this person may book for visitors, in their order."""
    allowed, day = here.services(BOOK_RIGHTS), here.branch.timetable.business_date(here.now)
    return [
        one
        for one in here.branch.services_on(day).values()
        if one.id in allowed and against_mode(Mode(one.booked_as), Booker.STAFF) is None
    ]


def offered_by(branch: BranchSettings, services: Iterable[ServiceView], wished: Wished) -> list[ServiceView]:
    """Those services that can have the wished member, or that only this queue gives; all where neither is wished."""
    found = list(services)
    if wished.with_:
        member = next(key for key, one in members_of(branch).items() if one.slug == wished.with_)
        found = [one for one in found if any(member in need.options for need in needs_of(branch, one.id))]
    if wished.queue:
        queue = next(key for key, one in branch.queues.items() if one.slug == wished.queue)
        found = [one for one in found if one.queue_id == queue and not needs_of(branch, one.id)]
    return found


def way_to_book(branch: BranchSettings, services: Iterable[ServiceView], service: str, wished: Wished) -> str:
    """What addresses say to book what is wished, beginning with "&"; "" where none of these services can have it.

    `service` is the slug of the only service that is looked at, or "".
    """
    found = [one for one in offered_by(branch, services, wished) if service in ("", one.slug)]
    if not found:
        return ""
    return wished.query + (f"&{urlencode({'service': service})}" if service else "")


def _is_start(text: str) -> bool:
    try:
        read_start(text)
    except Invalid:
        return False
    return True


def _one_of(slug: str, known: Iterable[str]) -> str:
    return slug if slug in known else ""
