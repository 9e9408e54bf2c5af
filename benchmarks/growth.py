"""A ticket and a call in a branch with 1,000 tickets of history, and in one with 1,000,000.

Aim: at most 1.2 times as slow. The limit is the young branch, measured in turns with the old one in the same run.

The history is that of a thousand tickets a day: each ticket with its number, link and request, its call, and an entry
in the log. The database itself writes it, without foreign keys and without waiting for the disk; the measured actions
use both, as always. The history's links in the log's chain are made up, because appending reads only the last one.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Final

from benchmarks import fixtures
from benchmarks.fixtures import Place
from benchmarks.report import Figure, conclude, percentile
from queue_system.actions import calling
from queue_system.actions.counters import Desk
from tests.kit.hall import Hall

YOUNG: Final = 1_000
OLD: Final = 1_000_000
A_DAY: Final = 1_000
# People in line during the measurement.
WAITING: Final = 20
WARM_UP: Final = 30
ROUNDS: Final = 200
AIM: Final = 1.2


def main() -> None:
    with fixtures.folder() as folder:
        compared("growth", "SQLite", [fixtures.sqlite_place(folder, name) for name in ("young", "old")], load_sqlite)


def compared(benchmark: str, name: str, places: list[Place], load: Callable[[Place, int], None]) -> None:
    """Give the first place a short history and the second a long one, and measure both."""
    details: dict[str, Any] = {"rounds": ROUNDS}
    for place, tickets in zip(places, (YOUNG, OLD), strict=True):
        begun = time.perf_counter()
        load(place, tickets)
        details[f"{tickets} tickets loaded, s"] = round(time.perf_counter() - begun, 1)
    figures = measured(name, places, details)
    conclude(benchmark, figures, **details)


def measured(name: str, places: list[Place], details: dict[str, Any]) -> list[Figure]:
    """Take a ticket and call one, in turns in the young and the old branch."""
    times: list[dict[str, list[float]]] = [{"ticket": [], "call": []} for _ in places]
    with ExitStack() as stack:
        halls = [stack.enter_context(place.hall()) for place in places]
        seats = [hall.sit(fixtures.clerk(hall), fixtures.COUNTER) for hall in halls]
        for hall in halls:
            for _ in range(WAITING):
                hall.issue(fixtures.SERVICE)
        for number in range(WARM_UP + ROUNDS):
            # The first one suffers from the other's disk traffic, so they take turns in being first.
            for index in (0, 1) if number % 2 else (1, 0):
                seats[index], took = once(halls[index], seats[index], f"growth-{number:06}")
                if number >= WARM_UP:
                    for what, seconds in took.items():
                        times[index][what].append(seconds * 1e3)
    found = []
    for what in ("ticket", "call"):
        young, old = (percentile(each[what], 50) for each in times)
        details[f"{name}: {what}, p99 young and old, ms"] = [round(percentile(each[what], 99), 2) for each in times]
        found.append(
            Figure(
                f"{what} at {OLD:,} tickets, {name}, p50",
                old,
                "ms",
                young,
                f"at {YOUNG:,} tickets",
                f"ratio ≤ {AIM:g}",
                old <= AIM * young,
            )
        )
    return found


def once(hall: Hall, here: Desk, request_id: str) -> tuple[Desk, dict[str, float]]:
    """One ticket and one call (which ends the visit before it); seconds from the order to the commit."""
    begun = time.perf_counter()
    hall.issue(fixtures.SERVICE, request_id=request_id)
    middle = time.perf_counter()
    called = hall.db.write_in_now(hall.branch.id, calling.call_next, here, "done")
    end = time.perf_counter()
    assert called is not None
    return replace(here, expected=called.id), {"ticket": middle - begun, "call": end - middle}


# ---------------------------------------------------------------- history


def load_sqlite(place: Place, tickets: int) -> None:
    """Write the history of so many tickets into a furnished database."""
    with place.hall() as hall:
        words = identities(hall) | {
            "id": "printf('018f%028x', n)",
            "id_text": "printf('018f%04x-0000-7000-8000-%012x', n >> 16, n)",
            "secret": "lower(hex(randomblob(16)))",
            "code": "printf('F%03d', i + 1)",
        }
    connection = sqlite3.connect(place.file, isolation_level=None)
    # The branch is new in every run, so a history that was interrupted is simply made again.
    for pragma in ("journal_mode=OFF", "synchronous=OFF", "foreign_keys=OFF", "cache_size=-512000"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("CREATE TEMP TABLE line (i INTEGER PRIMARY KEY)")
    connection.executemany("INSERT INTO line VALUES (?)", ((number,) for number in range(A_DAY)))
    connection.execute("BEGIN IMMEDIATE")
    for statement in history(words, tickets):
        connection.execute(statement)
    connection.execute("COMMIT")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.close()


def identities(hall: Hall) -> dict[str, str]:
    """Ids that the history refers to, as the database's own SQL writes them."""
    branch, service, is_sqlite = hall.branch, hall.branch.service(fixtures.SERVICE), hall.db.dialect.is_embedded
    found = {
        "branch": branch.id,
        "queue": service.queue_id,
        "service": service.id,
        "counter": hall.counter(fixtures.COUNTER),
    }
    return {name: f"'{value.hex}'" if is_sqlite else f"'{value}'::uuid" for name, value in found.items()} | {
        "key": f"'{branch.key}'",
        "today": hall.db.clock.now().date().isoformat(),
        "json": "" if is_sqlite else "::json",
    }


def history(words: dict[str, str], tickets: int) -> Iterator[str]:
    """The statements, day by day until yesterday; `words` are the parts in which the two databases differ."""
    day = date.fromisoformat(words["today"]) - timedelta(days=tickets // A_DAY)
    for first in range(0, tickets, A_DAY):
        yield from a_day(words | {"date": f"'{day}'", "at": f"'{day} 09:00:00.000000'"}, first)
        day += timedelta(days=1)
    yield f"UPDATE branch SET last_seq = last_seq + {tickets} WHERE id = {words['branch']}"


def a_day(w: dict[str, str], first: int) -> Iterator[str]:
    """A_DAY tickets from number `first` on; `i` counts within the day, `n` over all days."""
    line = f"(SELECT i, i + {first} AS n FROM line) AS line ORDER BY n"
    seq = f"(SELECT last_seq FROM branch WHERE id = {w['branch']}) + n + 1"
    data = (
        f"""'{{"code": "' || {w["code"]} || '", "counter": "' || {w["counter"]} || """
        """'", "counter_number": 4, "call": 1, "reason": "longest-wait", "values": {}}'"""
    )
    yield (
        "INSERT INTO series (branch_id, queue_id, business_date, last_number) "
        f"VALUES ({w['branch']}, {w['queue']}, {w['date']}, {A_DAY})"
    )
    yield (
        "INSERT INTO ticket (branch_id, id, queue_id, series_id, service_id, business_date, number, code, state, "
        "priority, anchor_at, issued_at, source, language, counter_id, calls, skips, aside, returns, called_at, "
        "started_at, ended_at, outcome, request_id, token) "
        f"SELECT {w['branch']}, {w['id']}, {w['queue']}, {w['queue']}, {w['service']}, {w['date']}, i + 1, "
        f"{w['code']}, 'done', 'walkin', {w['at']}, {w['at']}, 'kiosk', 'ar', {w['counter']}, 1, 0, 0, 0, {w['at']}, "
        f"{w['at']}, {w['at']}, 'done', {w['secret']}, {w['key']} || {w['secret']} FROM {line}"
    )
    yield (
        "INSERT INTO call (branch_id, seq, ticket_id, counter_id, at, kind) "
        f"SELECT {w['branch']}, {seq}, {w['id']}, {w['counter']}, {w['at']}, 'call' FROM {line}"
    )
    yield (
        "INSERT INTO entry (branch_id, seq, at, kind, actor_kind, actor_id, subject, data, chain) "
        f"SELECT {w['branch']}, {seq}, {w['at']}, 'ticket.called', 'system', '', {w['id_text']}, "
        f"({data}){w['json']}, {w['secret']} || {w['secret']} FROM {line}"
    )


if __name__ == "__main__":
    main()
