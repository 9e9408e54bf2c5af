"""The figures of a stretch of days: the digests of past days, added up; those of the running day from its tickets."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from ...core.digests import Tally
from ...core.figures import Grouped
from ..database import Tx
from ..tables import HourDigest, PartDigest, ServiceDigest, table
from .day_sums import OF_HOURS, OF_SERVICES, Added, Figures, hour_row, service_row
from .past_days import digest_of
from .settings import branch_settings

SERVICES, HOURS, PARTS = table(ServiceDigest), table(HourDigest), table(PartDigest)

#: Of longer stretches the months are rows, and no longer the days.
MOST_DAYS: Final = 62
_OF_BOOKINGS: Final = frozenset({"due", "arrived", "absent", "cancelled", "agreed", "not_recorded", "excused"})
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Asked:
    """The days of a branch, `last` included, and the slugs of what the reader may see; None: everything.

    `by_month`: whether months are rows, and no days; None: if it is long.
    """

    branch_id: UUID
    first: date
    last: date
    services: frozenset[str] | None = None
    queues: frozenset[str] | None = None
    by_month: bool | None = None


def of_days(tx: Tx, asked: Asked) -> Grouped:
    """The figures of past days; days without a digest count nobody."""
    by_month = (asked.last - asked.first).days >= MOST_DAYS if asked.by_month is None else asked.by_month
    months = _months(tx, asked) if by_month else ()
    added = _Figures(asked, by_month)
    spans = _spans(asked, months)
    for row in _rows(tx, SERVICES, asked, SERVICES.c.service, OF_SERVICES, spans):
        added.service(row.service, service_row(row))
    for row in _rows(tx, HOURS, asked, HOURS.c.queue, OF_HOURS, spans):
        figures = hour_row(row)
        added.hour(row.local_hour, row.queue, figures)
        added.day(row.business_date, row.business_date.weekday(), row.queue, figures)
    for row in _part_rows(tx, asked, spans, months):
        added.part(row.business_date, row.part, row.slug, (row.data["counts"], row.data["spreads"]))
    return added.grouped(tx)


def of_branches(tx: Tx, branch_ids: Sequence[UUID], first: date, last: date) -> list[Grouped]:
    """The figures of a stretch of whole months of several branches, in their order."""
    return [of_days(tx, Asked(one, first, last, by_month=True)) for one in branch_ids]


def of_today(tx: Tx, asked: Asked) -> Grouped:
    """The figures of one day as its tickets are now, also while it runs; takes long in a large branch."""
    day = digest_of(tx, branch_settings(tx, asked.branch_id), asked.first)
    added = _Figures(asked, by_month=False)
    for (service, _), tally in day.services.items():
        added.service(service, (tally.counts, tally.spreads))
    for (hour, queue), tally in day.hours.items():
        added.hour(hour, queue, (tally.counts, tally.spreads))
        added.day(asked.first, asked.first.weekday(), queue, (tally.counts, tally.spreads))
    for (part, slug), tally in day.parts.items():
        added.part(asked.first, part, slug, (tally.counts, tally.spreads))
    return added.grouped(tx)


# ---------------------------------------------------------------- inside


class _Figures:
    """Rows of days and months, added up by what the tables have as rows, without what the reader may not see."""

    def __init__(self, asked: Asked, by_month: bool) -> None:
        self._asked, self._by_month = asked, by_month
        self._services, self._hours, self._days, self._parts = Added(), Added(), Added(), Added()

    def service(self, slug: str, figures: Figures) -> None:
        if self._asked.services is None or slug in self._asked.services:
            self._services.add(slug, figures)

    def hour(self, hour: int, queue: str, figures: Figures) -> None:
        if self._sees(queue):
            self._hours.add((hour, queue), figures)

    def day(self, day: date, weekday: int, queue: str, figures: Figures) -> None:
        if self._sees(queue):
            self._days.add((day.isoformat()[: 7 if self._by_month else 10], weekday), figures)

    def part(self, day: date, part: str, slug: str, figures: Figures) -> None:
        number, _, queue = slug.partition("/")
        if part == "service":
            self.service(slug, figures)
        elif part == "hour":
            self.hour(int(number), queue, figures)
        elif part == "weekday":
            self.day(day, int(number), queue, figures)
        elif part == "places":
            if self._sees(slug):
                self._parts.add((part, slug), figures)
        elif self._asked.services is None:
            # The other parts are of the whole hall, so they are not for a reader of one department.
            self._parts.add((part, slug), figures)

    def grouped(self, tx: Tx) -> Grouped:
        settings = branch_settings(tx, self._asked.branch_id)
        whole = self._hours.by(lambda _: "").get("", Tally())
        booked = self._services.by(lambda _: "").get("", Tally())
        dates = self._days.by(lambda key: str(key[0]))
        parts: dict[str, Mapping[str, Tally]] = {
            "queue": self._hours.by(lambda key: str(key[1])),
            "service": self._services.by(str),
            "hour": self._hours.by(lambda key: str(key[0])),
            "weekday": self._days.by(lambda key: str(key[1])),
            "month" if self._by_month else "day": dates,
        }
        more: dict[str, dict[str, Tally]] = {}
        for (part, slug), sums in self._parts.items():
            more.setdefault(part, {})[slug] = sums.tally()
        return Grouped(
            whole=Tally(
                {**whole.counts, **{name: n for name, n in booked.counts.items() if name in _OF_BOOKINGS}},
                {},
                {**whole.spreads, **{name: one for name, one in booked.spreads.items() if name == "lead_days"}},
            ),
            parts=parts,
            more=more,
            queue_of={one.slug: settings.queues[one.queue_id].slug for one in settings.services.values()},
            weekday_of={} if self._by_month else {day: str(date.fromisoformat(day).weekday()) for day in dates},
        )

    def _sees(self, queue: str) -> bool:
        return self._asked.queues is None or queue in self._asked.queues


def _months(tx: Tx, asked: Asked) -> Sequence[date]:
    """The firsts of the whole months of a stretch that have their own digests."""
    statement = sa.select(PARTS.c.business_date).distinct()
    rows = tx.rows(
        statement.where(
            PARTS.c.branch_id == asked.branch_id,
            PARTS.c.span == "month",
            PARTS.c.business_date >= asked.first,
            PARTS.c.business_date <= asked.last,
        ).order_by(PARTS.c.business_date)
    )
    return [row.business_date for row in rows if _end(row.business_date) <= asked.last]


def _spans(asked: Asked, months: Sequence[date]) -> list[tuple[date, date]]:
    """The stretches of days between these months, each with its last day."""
    spans, first = [], asked.first
    for month in months:
        if first < month:
            spans.append((first, month - _DAY))
        first = _end(month) + _DAY
    return [*spans, (first, asked.last)] if first <= asked.last else spans


def _rows(
    tx: Tx, rows: sa.Table, asked: Asked, column: Any, names: Collection[str], spans: Sequence[tuple[date, date]]
) -> Iterator[Any]:
    wanted = [rows.c.business_date, column, *(rows.c[name] for name in names), rows.c.data]
    wanted += [rows.c.local_hour] if "local_hour" in rows.c else []
    for first, last in spans:
        yield from tx.rows(
            sa.select(*wanted).where(
                rows.c.branch_id == asked.branch_id, rows.c.business_date >= first, rows.c.business_date <= last
            )
        )


def _part_rows(tx: Tx, asked: Asked, spans: Sequence[tuple[date, date]], months: Sequence[date]) -> Iterator[Any]:
    whole = [(month, month) for month in months]
    for span, stretches in (("day", spans), ("month", [(whole[0][0], whole[-1][0])] if whole else [])):
        for first, last in stretches:
            yield from tx.rows(
                sa.select(PARTS.c.business_date, PARTS.c.part, PARTS.c.slug, PARTS.c.data).where(
                    PARTS.c.branch_id == asked.branch_id,
                    PARTS.c.span == span,
                    PARTS.c.business_date >= first,
                    PARTS.c.business_date <= last,
                )
            )


def _end(first: date) -> date:
    """The last day of a month."""
    return (first + timedelta(days=31)).replace(day=1) - _DAY
