"""Two thousand people book in the first ten seconds of an opening: real HTTP, each from an address of their own.

They come by chance, 200 a second on average, whether or not the ones before have been answered. Each asks for the free
times once, holds one of them, and confirms it; where a time has just gone, the next one is tried. A booking is the time
from sending the hold to having the confirmation. Aims on PostgreSQL: no answer of the server is an error (5xx), everybody
gets a booking, and p99 of a booking is below 500 ms.

The limit beside it is the bare driver, one client: the same rows of a hold and of its confirmation, in two transactions.
Of both, the processor time of one booking is told, that of the program and that of the database server: on two cores, which
the people of this benchmark share, it says more than the clock.

The same is done without a crowd: CLIENTS people at once, each of whom is followed by the next. That gives the most bookings
a second, beside the rate at which the bare driver writes them.

The house is the embassy with LANES lanes, as in `benchmarks.slots`.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import re
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import psycopg
import sqlalchemy as sa
from uuid_utils.compat import uuid7

from benchmarks import fixtures
from benchmarks.fixtures import Place
from benchmarks.report import Figure, conclude, percentile
from queue_system.core.slots import seats_span, tick_of
from queue_system.store.queries import bookings as stored
from queue_system.store.tables import Queue, table
from tests.kit.hall import Hall, edit
from tests.kit.wire import Wire, WireError

PEOPLE: Final = 2_000
SECONDS: Final = 10.0
CLIENTS: Final = 16
TOGETHER_SECONDS: Final = 3.0
BARE_SECONDS: Final = 1.0
LANES: Final = 50
MOST_TRIES: Final = 50
AIM_MS: Final = 500.0
# Whoever has no answer by then counts as lost, so that the run ends.
PATIENCE_SECONDS: Final = 60.0
BRANCH: Final = "/api/v1/branches/doha-main"


@dataclass
class Outcome:
    """What the people met: milliseconds of each booking and of its steps, and how often each status came."""

    bookings: list[float] = field(default_factory=list)
    steps: dict[str, list[float]] = field(default_factory=dict)
    statuses: Counter[int] = field(default_factory=Counter)
    lost: int = 0


def main() -> None:
    figures: list[Figure] = []
    details: dict[str, Any] = {"people": PEOPLE, "seconds": SECONDS, "clients": CLIENTS}
    with fixtures.folder() as folder:
        ours, bare = (fixtures.sqlite_place(folder, name) for name in ("ours", "bare"))
        figures += measured("SQLite", ours, bare_run(bare), "bare sqlite3", None, details)
        with fixtures.durable_postgres(folder) as server:
            ours, bare = (fixtures.postgres_place(folder, server) for _ in range(2))
            figures += measured("PostgreSQL", ours, bare_run(bare), "bare psycopg", AIM_MS, details)
    conclude("surge", figures, **details)


def measured(
    name: str, place: Place, alone: Bare, limit: str, aim: float | None, details: dict[str, Any]
) -> list[Figure]:
    """The opening, and then as many as can be served."""
    with place.hall() as hall:
        wider(hall)
        times = free_times(place)
    numbers, bare = itertools.count(), alone.times
    with fixtures.our_server(place) as server:
        asyncio.run(together(server.port, numbers, times, 1.0))
        before = server.processor_seconds(), place.processor_seconds()
        met = asyncio.run(opening(server.port, numbers, times))
        processor, database = server.processor_seconds() - before[0], place.processor_seconds() - before[1]
        many = asyncio.run(together(server.port, numbers, times, TOGETHER_SECONDS))
    errors = sum(n for status, n in met.statuses.items() if status >= 500)
    details[f"{name}: answers of the opening"] = {str(status): n for status, n in sorted(met.statuses.items())}
    for step, took in met.steps.items():
        details[f"{name}: {step}, p50 and p99, ms"] = [round(percentile(took, percent), 1) for percent in (50, 99)]
    got, p99 = len(met.bookings), percentile(met.bookings, 99)
    whole = f"{limit}, the rows of a booking in two transactions"
    good = None if aim is None else errors == 0 and got == PEOPLE and p99 < aim
    aimed = "" if aim is None else f"< {aim:g} ms, no 5xx, all {PEOPLE:,}"
    return [
        Figure(f"a booking in the opening, {name}, p99", p99, "ms", percentile(bare, 99), whole, aimed, good),
        Figure(
            f"a booking in the opening, {name}, p50", percentile(met.bookings, 50), "ms", percentile(bare, 50), whole
        ),
        Figure(f"people of the opening who have a booking, {name}", got, "people"),
        Figure(f"answers 5xx in the opening, {name}", errors, "answers"),
        Figure(
            f"processor time of one of these people, {name}", processor / PEOPLE * 1e3, "ms", alone.processor, whole
        ),
        *([] if not alone.database else [at_server(name, database / PEOPLE * 1e3, alone.database, whole)]),
        Figure(
            f"bookings of {CLIENTS} clients, {name}",
            len(many.bookings) / TOGETHER_SECONDS,
            "1/s",
            1e3 * len(bare) / sum(bare),
            whole,
        ),
    ]


def at_server(name: str, ours: float, bare: float, limit: str) -> Figure:
    return Figure(f"processor time of the database for one of them, {name}", ours, "ms", bare, limit)


async def opening(port: int, numbers: Iterator[int], times: Sequence[str]) -> Outcome:
    """Everybody, each at a moment by chance within SECONDS."""
    chance, met = random.Random(1), Outcome()

    async def person(number: int, after: float) -> None:
        await asyncio.sleep(after)
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await one(port, number, times, met)
        except (TimeoutError, WireError):
            met.lost += 1

    async with asyncio.TaskGroup() as people:
        for number in itertools.islice(numbers, PEOPLE):
            people.create_task(person(number, chance.uniform(0, SECONDS)))
    return met


async def together(port: int, numbers: Iterator[int], times: Sequence[str], seconds: float) -> Outcome:
    """CLIENTS people at once for so long."""
    met, end = Outcome(), time.perf_counter() + seconds

    async def client() -> None:
        while time.perf_counter() < end:
            await one(port, next(numbers), times, met)

    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    return met


async def one(port: int, number: int, times: Sequence[str], met: Outcome) -> None:
    """Look, hold, confirm; another time is tried while the wanted one has gone."""
    chance = random.Random(number)
    # Every person has an address of their own.
    with Wire(port, f"127.{1 + number // 62_500}.{number // 250 % 250}.{1 + number % 250}") as wire:
        day = chance.choice(times)[:10]
        slots = f"{BRANCH}/services/{fixtures.SERVICE}/slots?from={day}&to={day}"
        await _ask(wire, met, "look", "GET", slots)
        begun = time.perf_counter()
        status, attempt = 409, 0
        held: Any = None
        while status == 409 and attempt < MOST_TRIES:
            wanted = {
                "request_id": f"request-{number:06}-{attempt:03}",
                "service": fixtures.SERVICE,
                "starts_at": chance.choice(times),
                "name": "سلمى الحسن",
                "contact": f"+9745{number:07d}",
            }
            status, held = await _ask(wire, met, "hold", "POST", f"{BRANCH}/bookings", wanted)
            attempt += 1
        if status != 201:
            return
        path = f"/api/v1/bookings/{held['token']}/confirmation"
        status, _ = await _ask(wire, met, "confirm", "POST", path, {})
        if status == 200:
            met.bookings.append((time.perf_counter() - begun) * 1e3)


async def _ask(wire: Wire, met: Outcome, step: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    begun = time.perf_counter()
    answer = await wire.ask(method, path, body)
    met.steps.setdefault(step, []).append((time.perf_counter() - begun) * 1e3)
    met.statuses[answer.status] += 1
    return answer.status, answer.json


def wider(hall: Hall) -> None:
    """Lanes for everybody, because the embassy's own places would be gone within the first second."""
    queue, service = table(Queue), hall.branch.service(fixtures.SERVICE)
    here = (queue.c.branch_id == hall.branch.id) & (queue.c.id == service.queue_id)
    wide = sa.update(queue).where(here).values(lanes=LANES, public_lanes=LANES)
    edit(hall, lambda tx: tx.execute(wide))


def free_times(place: Place) -> list[str]:
    """Every time that is on offer."""
    with place.hall() as hall:
        first = hall.db.clock.now().astimezone(hall.branch.zone).date()
        service = hall.branch.service(fixtures.SERVICE)
        policy = stored.policy_of(hall.branch, service)
        last = first.fromordinal(first.toordinal() + (policy.horizon_days or 0))
        days = hall.db.read_now(stored.free_days, hall.branch, service, first.fromordinal(first.toordinal() + 1), last)
    return [slot.start.isoformat() for day in days for slot in day.slots]


# ---------------------------------------------------------------- the limit


@dataclass(frozen=True)
class Bare:
    """Milliseconds of each booking by the bare driver, and the processor time of one: of this process, of the database."""

    times: list[float]
    processor: float
    database: float


def bare_run(place: Place) -> Bare:
    """Bookings by the bare driver for a while."""
    before = time.process_time(), place.processor_seconds()
    times = bare_times(place)
    spent = time.process_time() - before[0], place.processor_seconds() - before[1]
    return Bare(times, *(one / len(times) * 1e3 for one in spent))


def bare_times(place: Place) -> list[float]:
    """Milliseconds of each booking by the bare driver."""
    rows = rows_of(place)
    if place.url.startswith("sqlite"):
        connection = sqlite3.connect(place.file, isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")
        found = _timed(lambda: in_sqlite(connection, next(rows)))
        connection.close()
        return found
    with psycopg.connect(place.url) as session:
        return _timed(lambda: in_postgres(session, next(rows)))


def _timed(write: Callable[[], None]) -> list[float]:
    spent = []
    end = time.perf_counter() + BARE_SECONDS
    while (begun := time.perf_counter()) < end:
        write()
        spent.append((time.perf_counter() - begun) * 1e3)
    return spent


@dataclass
class Rows:
    """The values of one booking, and its seats."""

    values: dict[str, Any]
    seats: list[dict[str, Any]]


def rows_of(place: Place) -> Iterator[Rows]:
    """Values for one booking after the other, at times that follow one another in as many lanes as are needed."""
    with place.hall() as hall:
        branch, service, now = hall.branch, hall.branch.service(fixtures.SERVICE), hall.db.clock.now()
        plan = stored.plan_on(branch, service, now.date())
        slots = [
            slot.start
            for day in hall.db.read_now(
                stored.free_days, branch, service, now.date(), now.date().fromordinal(now.date().toordinal() + 20)
            )
            for slot in day.slots
        ]
        is_sqlite = hall.db.dialect.is_embedded
        seq = itertools.count(int(hall.db.read_now(lambda tx: tx.scalar(sa.text("SELECT max(seq) FROM entry")))) + 1)

    def written(value: Any) -> Any:
        if not is_sqlite:
            return value
        return value.hex if isinstance(value, UUID) else value.replace(tzinfo=None).isoformat(" ")

    for number in itertools.count():
        at, lane, booking = slots[number % len(slots)], 1 + number // len(slots), uuid7()
        ticks = seats_span(at, plan, branch.tick_minutes)
        assert ticks.start == tick_of(at, branch.tick_minutes)
        values = {
            "branch": written(branch.id),
            "id": written(booking),
            "code": f"Z{number:07}",
            "service": written(service.id),
            "starts": written(at),
            "ends": written(at + (at - at)),
            "name": "سلمى الحسن",
            "contact": f"+9745{number:07d}",
            "at": written(now),
            "request": f"{uuid7()}",
            "token": f"{branch.key}{number:022}",
            "first": next(seq),
            "second": next(seq),
            "subject": str(booking),
            "data": '{"code":"Z0000001","service":"attest-single","starts_at":"2026-11-23T06:00:00+00:00","source":"web"}',
            "chain": f"{number:064x}",
        }
        seats = [
            {
                "branch": written(branch.id),
                "resource": written(need.resource_key),
                "tick": tick,
                "lane": lane,
                "booking": written(booking),
            }
            for need in plan.resources
            for tick in ticks
        ]
        yield Rows(values, seats)


BOOKING: Final = (
    "INSERT INTO booking (branch_id, id, code, state, service_id, starts_at, ends_at, name, contact, persons, language, "
    "source, held_until, created_at, changes, request_id, token) VALUES (:branch, :id, :code, 'held', :service, :starts, "
    ":ends, :name, :contact, 1, 'ar', 'api', :at, :at, 0, :request, :token)"
)
SEAT: Final = "INSERT INTO seat (branch_id, resource_id, tick, lane, booking_id) VALUES (:branch, :resource, :tick, :lane, :booking)"
CONFIRM: Final = "UPDATE booking SET state = 'confirmed', confirmed_at = :at, held_until = NULL WHERE branch_id = :branch AND id = :id"


def _entry(kind: str, seq: str) -> tuple[str, str]:
    insert = "INSERT INTO entry (branch_id, seq, at, kind, actor_kind, actor_id, subject, data, chain) "
    return (
        f"{insert}VALUES (:branch, :{seq}, :at, 'booking.{kind}', 'visitor', '', :subject, :data, :chain)",
        f"UPDATE branch SET last_seq = :{seq}, chain = :chain WHERE id = :branch",
    )


HOLD: Final = (BOOKING, *_entry("held", "first"))
BIND: Final = (CONFIRM, *_entry("confirmed", "second"))


def for_postgres(statement: str) -> bytes:
    return re.sub(r":(\w+)", r"%(\1)s", statement).encode()


HOLD_IN_POSTGRES: Final = tuple(map(for_postgres, HOLD))
BIND_IN_POSTGRES: Final = tuple(map(for_postgres, BIND))
SEAT_IN_POSTGRES: Final = for_postgres(SEAT)


def in_sqlite(connection: sqlite3.Connection, rows: Rows) -> None:
    connection.execute("BEGIN IMMEDIATE")
    for statement in HOLD:
        connection.execute(statement, rows.values)
    connection.executemany(SEAT, rows.seats)
    connection.execute("COMMIT")
    connection.execute("BEGIN IMMEDIATE")
    for statement in BIND:
        connection.execute(statement, rows.values)
    connection.execute("COMMIT")


def in_postgres(session: psycopg.Connection[Any], rows: Rows) -> None:
    for statement in HOLD_IN_POSTGRES:
        session.execute(statement, rows.values)
    with session.cursor() as cursor:
        cursor.executemany(SEAT_IN_POSTGRES, rows.seats)
    session.commit()
    for statement in BIND_IN_POSTGRES:
        session.execute(statement, rows.values)
    session.commit()


if __name__ == "__main__":
    main()
