"""The figures of a stretch of days: the digests of past days, added up; those of the running day from its tickets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from ...core.digests import Tally
from ...core.figures import TIMES, Grouped, Part
from ..database import Tx
from ..tables import HourDigest, ServiceDigest, table
from .past_days import digest_of
from .settings import branch_settings

SERVICES = table(ServiceDigest)
HOURS = table(HourDigest)

#: Of longer stretches the months are rows, and no longer the days.
MOST_DAYS: Final = 62
_SPREADS: Final = frozenset({*TIMES, "lead_days"})

#: The counts of a row, and its spreads with minutes as texts, as JSON keeps them.
_Row = tuple[Mapping[str, int], Mapping[str, Mapping[Any, int]]]


@dataclass(frozen=True, slots=True)
class Asked:
    """The days of a branch, `last` included, and the slugs of what the reader may see; None: everything."""

    branch_id: UUID
    first: date
    last: date
    services: frozenset[str] | None = None
    queues: frozenset[str] | None = None


@dataclass(slots=True)
class _Sums:
    """Rows added up in place, because a copy for each of thousands of rows takes most of the time."""

    counts: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    spreads: defaultdict[str, defaultdict[Any, int]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(int))
    )

    def add(self, row: _Row) -> None:
        for name, count in row[0].items():
            self.counts[name] += count
        for name, spread in row[1].items():
            mine = self.spreads[name]
            for at, count in spread.items():
                mine[at] += count

    def take(self, other: _Sums) -> None:
        self.add((other.counts, other.spreads))

    def tally(self) -> Tally:
        spreads = {name: {int(at): count for at, count in spread.items()} for name, spread in self.spreads.items()}
        return Tally(dict(self.counts), {}, spreads)


def of_days(tx: Tx, asked: Asked) -> Grouped:
    """The figures of past days; days without a digest count nobody."""
    by_service, by_hour = _Added(), _Added()
    for service, row in _service_rows(tx, asked):
        by_service.add(service, row)
    by_month = (asked.last - asked.first).days >= MOST_DAYS
    for day, hour, queue, row in _hour_rows(tx, asked):
        by_hour.add((hour, queue), row)
        by_hour.add((str(day)[:7] if by_month else day.isoformat(), day.weekday()), row)
    return _grouped(tx, asked, by_service, by_hour, by_month)


def of_today(tx: Tx, asked: Asked) -> Grouped:
    """The figures of one day as its tickets are now, also while it runs; takes long in a large branch."""
    day = digest_of(tx, branch_settings(tx, asked.branch_id), asked.first)
    by_service, by_hour = _Added(), _Added()
    for (service, _), tally in day.services.items():
        if asked.services is None or service in asked.services:
            by_service.add(service, (tally.counts, tally.spreads))
    for (hour, queue), tally in day.hours.items():
        if asked.queues is None or queue in asked.queues:
            by_hour.add((hour, queue), (tally.counts, tally.spreads))
            by_hour.add((asked.first.isoformat(), asked.first.weekday()), (tally.counts, tally.spreads))
    return _grouped(tx, asked, by_service, by_hour, by_month=False)


# ---------------------------------------------------------------- inside


class _Added(defaultdict[Any, _Sums]):
    """Sums by key."""

    def __init__(self) -> None:
        super().__init__(_Sums)

    def add(self, key: Any, row: _Row) -> None:
        self[key].add(row)

    def only(self, wanted: Callable[[Any], bool]) -> _Added:
        """Those of some keys."""
        found = _Added()
        found.update({key: sums for key, sums in self.items() if wanted(key)})
        return found

    def by(self, key: Callable[[Any], str]) -> dict[str, Tally]:
        """Added up further, by what `key` makes of a key."""
        found = _Added()
        for one, sums in self.items():
            found[key(one)].take(sums)
        return {name: sums.tally() for name, sums in found.items()}


def _grouped(tx: Tx, asked: Asked, by_service: _Added, by_hour: _Added, by_month: bool) -> Grouped:
    """`by_hour` has keys (hour, queue) and (day or month, weekday)."""
    settings = branch_settings(tx, asked.branch_id)
    hours = by_hour.only(lambda key: isinstance(key[0], int))
    days = by_hour.only(lambda key: isinstance(key[0], str))
    whole, of_services = hours.by(lambda _: "").get("", Tally()), by_service.by(lambda _: "").get("", Tally())
    parts: dict[Part, Mapping[str, Tally]] = {
        "queue": hours.by(lambda key: str(key[1])),
        "service": by_service.by(str),
        "hour": hours.by(lambda key: str(key[0])),
        "weekday": days.by(lambda key: str(key[1])),
        "month" if by_month else "day": days.by(lambda key: str(key[0])),
    }
    booked = {name: n for name, n in of_services.counts.items() if name in _OF_BOOKINGS}
    lead = {"lead_days": of_services.spreads["lead_days"]} if "lead_days" in of_services.spreads else {}
    return Grouped(
        whole=Tally({**whole.counts, **booked}, {}, {**whole.spreads, **lead}),
        parts=parts,
        queue_of={one.slug: settings.queues[one.queue_id].slug for one in settings.services.values()},
        weekday_of={} if by_month else {day: str(date.fromisoformat(day).weekday()) for day in parts["day"]},
    )


_OF_BOOKINGS: Final = frozenset({"due", "arrived", "absent", "cancelled", "agreed", "not_recorded", "excused"})


def _service_rows(tx: Tx, asked: Asked) -> Iterator[tuple[str, _Row]]:
    counts = ("issued", "served", "missed", "left", "voided", "due", "arrived", "absent", "cancelled")
    statement = sa.select(SERVICES.c.service, SERVICES.c.data, *(SERVICES.c[name] for name in counts))
    for service, data, *numbers in tx.rows(_within(statement, SERVICES, asked, SERVICES.c.service, asked.services)):
        yield service, _row(data, counts, numbers)


def _hour_rows(tx: Tx, asked: Asked) -> Iterator[tuple[date, int, str, _Row]]:
    counts = ("issued", "called", "served")
    statement = sa.select(
        HOURS.c.business_date, HOURS.c.local_hour, HOURS.c.queue, HOURS.c.data, *(HOURS.c[name] for name in counts)
    )
    for day, hour, queue, data, *numbers in tx.rows(_within(statement, HOURS, asked, HOURS.c.queue, asked.queues)):
        yield day, hour, queue, _row(data, counts, numbers)


def _within(
    statement: sa.Select[Any], rows: sa.Table, asked: Asked, column: Any, seen: Collection[str] | None
) -> sa.Select[Any]:
    found = statement.where(
        rows.c.branch_id == asked.branch_id,
        rows.c.business_date >= asked.first,
        rows.c.business_date <= asked.last,
    )
    return found if seen is None else found.where(column.in_(sorted(seen)))


def _row(data: Mapping[str, Any], names: Iterable[str], numbers: Iterable[int]) -> _Row:
    counts = {**data["counts"], **dict(zip(names, numbers, strict=True))}
    return counts, {name: spread for name, spread in data["spreads"].items() if name in _SPREADS}
