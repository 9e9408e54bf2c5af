"""The figures of a branch over a million tickets: read, added up, small numbers withheld, made into tables.

Aim: below 500 ms of processor time, with that of a database server. The limit beside it is the part that no implementation on these digests can avoid: the bare driver reads the
rows of the months. The stretch of four years begins and ends within a month, so it also reads sixty days that are in no month.

The digests are those of 1,000 days with 1,000 made visits each, over all services of the embassy, as the night writes them.
"""

from __future__ import annotations

import gc
import random
import time
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final

from benchmarks import fixtures
from benchmarks.fixtures import Place
from benchmarks.report import Figure, conclude, percentile
from queue_system.actions.digests import digest_next, write_digests
from queue_system.core.digests import DayDigest, Tally
from queue_system.core.figures import FEWEST_WITHIN, Part, shown, visits_table
from queue_system.store.queries.figures import Asked, of_days
from queue_system.store.queries.past_days import Gathered
from tests.kit.hall import Hall

DAYS: Final = 1_000
A_DAY: Final = 1_000
AT_ONCE: Final = 50
ROUNDS: Final = 15
AIM_MS: Final = 500.0
PARTS: Final[tuple[Part, ...]] = ("queue", "service", "hour", "weekday", "day", "month")
OPEN: Final = range(8, 14)


def main() -> None:
    figures: list[Figure] = []
    details: dict[str, Any] = {"tickets": DAYS * A_DAY, "rounds": ROUNDS}
    with fixtures.folder() as folder:
        figures += in_place("SQLite", fixtures.sqlite_place(folder), details)
        with fixtures.durable_postgres(folder) as server:
            figures += in_place("PostgreSQL", fixtures.postgres_place(folder, server), details)
    conclude("figures", figures, **details)


def in_place(name: str, place: Place, details: dict[str, Any]) -> list[Figure]:
    with place.hall() as hall, place.bare() as fetch:
        days = furnish(name, hall, details)
        # What the process that answers pages does at its start.
        gc.collect()
        gc.freeze()
        return measured(name, place, hall, fetch, days, details)


def furnish(name: str, hall: Hall, details: dict[str, Any]) -> list[date]:
    """Write the digests as the night does; returns the days."""
    today = hall.db.read_now(lambda tx: tx.now).date()
    days = past_days(today)
    begun = time.perf_counter()
    for at in range(0, DAYS, AT_ONCE):
        some = tuple(a_day(hall, day, random.Random(day.toordinal())) for day in days[at : at + AT_ONCE])
        hall.db.write_in_now(hall.branch.id, write_digests, hall.branch.id, Gathered(at + 1, some))
    while digest_next(hall.db, hall.branch.id):
        pass
    details[f"{name} written, s"] = round(time.perf_counter() - begun, 1)
    return days


def measured(
    name: str, place: Place, hall: Hall, fetch: fixtures.Fetch, days: list[date], details: dict[str, Any]
) -> list[Figure]:
    """In turns: four years, a year, a month, and the bare rows of the months."""

    def spent() -> float:
        return (time.process_time() + place.processor_seconds()) * 1e3

    stretches = {
        "four years": (days[0], days[-1]),
        "a year": (days[-1] - timedelta(days=364), days[-1]),
        "a month": (days[-1] - timedelta(days=30), days[-1]),
    }
    took: dict[str, list[float]] = {what: [] for what in (*stretches, "bare")}
    clock: dict[str, list[float]] = {what: [] for what in stretches}
    for _ in range(ROUNDS):
        for what, (first, last) in stretches.items():
            begun, at = spent(), time.perf_counter()
            visits = tables_of(hall, first, last)
            clock[what].append((time.perf_counter() - at) * 1e3)
            took[what].append(spent() - begun)
            details[f"{name}, {what}, tickets"] = visits
        begun = spent()
        fetch("SELECT data FROM part_digest WHERE span = 'month'")
        took["bare"].append(spent() - begun)
    limit = percentile(took["bare"], 50)
    details[f"{name}, by the clock, p50, ms"] = {what: round(percentile(clock[what], 50)) for what in stretches}
    return [
        Figure(
            f"figures of {what}, {name}, p50",
            percentile(took[what], 50),
            "ms",
            limit if what == "four years" else None,
            "the rows of the months by the bare driver",
            f"< {AIM_MS:g} ms",
            percentile(took[what], 50) < AIM_MS,
        )
        for what in stretches
    ]


def tables_of(hall: Hall, first: date, last: date) -> int:
    """All tables of visits of a stretch; returns how many visits they are about."""
    grouped = hall.db.read_now(of_days, Asked(hall.branch.id, first, last))
    found = shown(grouped, FEWEST_WITHIN)
    for part in PARTS:
        if rows := grouped.parts.get(part):
            visits_table(found, part, "wait", {row: row for row in rows}, {})
    return grouped.whole.counts["issued"]


def past_days(today: date) -> list[date]:
    """A thousand working days that end in the middle of the last month, the earliest first."""
    last = (today.replace(day=1) - timedelta(days=1)).replace(day=16)
    every = (last - timedelta(days=n) for n in range(2 * DAYS))
    return sorted([day for day in every if day.weekday() < 5][:DAYS])


def a_day(hall: Hall, day: date, chance: random.Random) -> DayDigest:
    """The digest of made visits, most of them for a few services."""
    services = list(hall.branch.services.values())
    weights = [1 / (1 + n) for n in range(len(services))]
    by_service: dict[tuple[str, str], Tally] = {}
    by_hour: dict[tuple[int, str], Tally] = {}
    for service in chance.choices(services, weights, k=A_DAY):
        hour, channel = chance.choice(OPEN), chance.choice(("walk_in.kiosk", "appointment.kiosk"))
        spans = tuple(visit(chance))
        queue = hall.branch.queues[service.queue_id].slug
        for tally in (_tally(by_service, (service.slug, channel)), _tally(by_hour, (hour, queue))):
            add(tally, spans)
    return DayDigest(day, by_service, by_hour)


def visit(chance: random.Random) -> Iterator[tuple[str, int]]:
    wait, serve = int(chance.lognormvariate(2.8, 0.8)), int(chance.lognormvariate(2.2, 0.6))
    yield from (("wait", wait), ("walk", chance.randint(0, 2)), ("serve", serve), ("house", wait + serve + 1))


def add(tally: Tally, spans: tuple[tuple[str, int], ...]) -> None:
    counts, spreads = tally.counts, tally.spreads
    for name in ("issued", "called", "served"):
        counts[name] = counts.get(name, 0) + 1  # type: ignore[index]
    for name, at in spans:
        spread = spreads.setdefault(name, {})  # type: ignore[attr-defined]
        spread[at] = spread.get(at, 0) + 1


def _tally(tallies: dict[Any, Tally], key: Any) -> Tally:
    if key not in tallies:
        tallies[key] = Tally({}, {}, {})
    return tallies[key]


if __name__ == "__main__":
    main()
