"""A ticket over HTTP: the latency of one client and the rate of sixteen, on both databases.

Aims: with sixteen clients at least half the rate at which the bare driver writes the same rows, one transaction for
each ticket, with the same durability (SQLite: synchronous=FULL; PostgreSQL: fsync and synchronous_commit on); and one
client's p50 below 4 ms, or below eight times the driver's, because a slow machine slows both. Server and clients are
processes of their own; driver and server take turns, in rounds.

The same rows are: the number of the series, the ticket, its entry in the log, the head of the branch.

A full hall is a few hundred people, so rounds are short and the line is emptied between them: the slip says how many
are ahead, and counting them costs more the more there are. PostgreSQL cleans up after such days by itself within a
minute or two; here both databases, ours and that of the limit, are told to do so at once.

The cost of HTTP alone is measured in the same rounds: the rate at which a bare Starlette application without a database
answers as many clients. It is in the JSON, with the rate that both limits together allow.
"""

from __future__ import annotations

import asyncio
import itertools
import re
import secrets
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any, Final
from uuid import UUID

import psycopg
from uuid_utils.compat import uuid7

from benchmarks import fixtures
from benchmarks.fixtures import Place
from benchmarks.report import Figure, conclude, percentile
from queue_system.actions import tickets
from queue_system.store.database import Tx
from queue_system.store.log import SYSTEM
from queue_system.store.queries import line
from tests.kit.wire import Wire, request

CLIENTS: Final = 16
ROUNDS: Final = 12
ALONE: Final = 40
TOGETHER_SECONDS: Final = 0.5
BARE_SECONDS: Final = 0.5
WARM_UP: Final = 100
AIM_RATE: Final = 0.5
AIM_MS: Final = 4.0
AIM_TIMES: Final = 8
PATH: Final = "/api/v1/branches/doha-main/tickets"

Row = dict[str, Any]
Write = Callable[[], None]


def main() -> None:
    figures: list[Figure] = []
    details: dict[str, Any] = {"clients": CLIENTS, "rounds": ROUNDS}
    with fixtures.folder() as folder:
        ours, bare = (fixtures.sqlite_place(folder, name) for name in ("ours", "bare"))
        connection = sqlite3.connect(bare.file, isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")
        rows = rows_of(bare)
        figures += measured(
            "SQLite", ours, lambda: in_sqlite(connection, next(rows)), "bare sqlite3", details, lambda: None
        )
        connection.close()
        with fixtures.durable_postgres(folder) as server:
            ours, bare = (fixtures.postgres_place(folder, server) for _ in range(2))
            rows = rows_of(bare)
            with psycopg.connect(bare.url) as session:
                figures += measured(
                    "PostgreSQL",
                    ours,
                    lambda: in_postgres(session, next(rows)),
                    "bare psycopg",
                    details,
                    lambda: vacuum(ours, bare),
                )
    conclude("ticket_over_http", figures, **details)


def measured(
    name: str, place: Place, write: Write, limit_is: str, details: dict[str, Any], tidy: Callable[[], None]
) -> list[Figure]:
    """Rounds in turns: the driver, one client, all clients, bare HTTP; `tidy` runs between them."""
    with place.hall() as hall:
        token = fixtures.kiosk_token(hall)
    names = (str(uuid.uuid4()) for _ in itertools.count())
    alone: list[float] = []
    rates: list[float] = []
    bare: list[float] = []
    bare_each: list[float] = []
    http: list[float] = []
    (place.folder / "nothing.txt").touch()
    given, processor = 0, 0.0
    with fixtures.our_server(place) as server, fixtures.bare_server(place.folder / "nothing.txt") as bare_server:
        port = server.port
        asyncio.run(one_client(port, token, names, WARM_UP))
        for _ in range(ROUNDS):
            bare_each += (spent := bare_times(write))
            bare.append(len(spent) / sum(spent))
            alone += asyncio.run(one_client(port, token, names, ALONE))
            before = server.processor_seconds()
            count, seconds = asyncio.run(many_clients(port, token, names))
            processor += server.processor_seconds() - before
            given += count
            rates.append(count / seconds)
            http.append(asyncio.run(many_questions(bare_server.port)))
            everybody_goes_home(place)
            tidy()
    rate, limit, http_alone = percentile(rates, 50), percentile(bare, 50), percentile(http, 50)
    details[f"{name}: rates, 1/s"] = [round(rate) for rate in rates]
    details[f"{name}: {limit_is}, 1/s"] = [round(rate) for rate in bare]
    details[f"{name}: bare HTTP without a database, 1/s"] = round(http_alone)
    details[f"{name}: both limits one after the other, 1/s"] = round(1 / (1 / limit + 1 / http_alone))
    p50, bare_p50 = percentile(alone, 50) * 1e3, percentile(bare_each, 50) * 1e3
    return [
        Figure(
            f"tickets of {CLIENTS} clients, {name}",
            rate,
            "1/s",
            limit,
            f"{limit_is}, one transaction each",
            f"ratio ≥ {AIM_RATE:g}",
            rate >= AIM_RATE * limit,
        ),
        Figure(f"processor time of a ticket among {CLIENTS} clients, {name}", processor / given * 1e3, "ms"),
        Figure(
            f"ticket of one client, {name}, p50",
            p50,
            "ms",
            bare_p50,
            limit_is,
            f"< {AIM_MS:g} ms or {AIM_TIMES} × the driver's",
            p50 < max(AIM_MS, AIM_TIMES * bare_p50),
        ),
        Figure(
            f"ticket of one client, {name}, p99",
            percentile(alone, 99) * 1e3,
            "ms",
            percentile(bare_each, 99) * 1e3,
            limit_is,
        ),
    ]


async def one_client(port: int, token: str, names: Iterator[str], count: int) -> list[float]:
    """Seconds of each of `count` tickets, one after the other."""
    wire = Wire(port)
    spent = []
    for _ in range(count):
        message = order(next(names), token)
        begun = time.perf_counter()
        answer = await wire.send(message)
        spent.append(time.perf_counter() - begun)
        assert answer.status == 201, answer.body
    wire.close()
    return spent


async def many_clients(port: int, token: str, names: Iterator[str]) -> tuple[int, float]:
    """Tickets and seconds, while every client sends its next request as soon as it has an answer."""
    given: list[str] = []
    end = time.perf_counter() + TOGETHER_SECONDS

    async def client() -> None:
        wire = Wire(port)
        while time.perf_counter() < end:
            answer = await wire.send(order(next(names), token))
            assert answer.status == 201, answer.body
            given.append(answer.json["code"])
        wire.close()

    begun = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    seconds = time.perf_counter() - begun
    # A rate with repeated numbers would be worthless.
    assert len(set(given)) == len(given)
    return len(given), seconds


async def many_questions(port: int) -> float:
    """Answers a second of a bare server to as many clients, for requests of the same length."""
    answered = 0
    end = time.perf_counter() + TOGETHER_SECONDS
    message = request("POST", "/", {"request_id": str(uuid.uuid4()), "service": fixtures.SERVICE}, "x" * 43)

    async def client() -> None:
        nonlocal answered
        wire = Wire(port)
        while time.perf_counter() < end:
            assert (await wire.send(message)).status == 200
            answered += 1
        wire.close()

    begun = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    return answered / (time.perf_counter() - begun)


def everybody_goes_home(place: Place) -> None:
    """Every waiting visitor leaves the line, through the application's own action."""

    def leave(tx: Tx, branch: UUID) -> None:
        for ticket in line.open_tickets(tx, branch):
            tickets.leave(tx, branch, ticket.id, SYSTEM)

    with place.hall() as hall:
        hall.db.write_in_now(hall.branch.id, leave, hall.branch.id)


def vacuum(*places: Place) -> None:
    """Run PostgreSQL's own housekeeping."""
    for place in places:
        with psycopg.connect(place.url, autocommit=True) as session:
            session.execute("VACUUM ticket, series, branch")


def order(name: str, token: str) -> bytes:
    return request("POST", PATH, {"request_id": name, "service": fixtures.SERVICE}, token)


# ---------------------------------------------------------------- the limit


def bare_times(write: Write) -> list[float]:
    """Seconds of each transaction, one after the other."""
    spent = []
    end = time.perf_counter() + BARE_SECONDS
    while (begun := time.perf_counter()) < end:
        write()
        spent.append(time.perf_counter() - begun)
    return spent


def rows_of(place: Place) -> Iterator[Row]:
    """Values for the rows of one ticket after the other, in a furnished branch whose series exists already."""
    with place.hall() as hall:
        first = hall.issue(fixtures.SERVICE).ticket
        service = hall.branch.service(fixtures.SERVICE)
        moment = hall.db.clock.now().replace(tzinfo=None) if hall.db.dialect.is_embedded else hall.db.clock.now()
        branch, key, is_sqlite = hall.branch.id, hall.branch.key, hall.db.dialect.is_embedded

    def written(value: UUID) -> Any:
        return value.hex if is_sqlite else value

    # The furnished branch has entries already; the first ticket's is the newest.
    seqs = itertools.count(last_seq(place, written(branch)) + 1)
    for number in itertools.count(2):
        ticket_id = uuid7()
        yield {
            "branch": written(branch),
            "id": written(ticket_id),
            "queue": written(service.queue_id),
            "service": written(service.id),
            "day": first.business_date.isoformat() if is_sqlite else first.business_date,
            "number": number,
            "code": f"F{number:03}",
            "at": moment.isoformat(" ") if is_sqlite else moment,
            # Random, as ours are, because ascending keys are cheaper to write.
            "request": str(uuid.uuid4()),
            "token": key + secrets.token_urlsafe(16),
            "seq": next(seqs),
            "subject": str(ticket_id),
            "data": '{"code":"F001","queue":"q-attest","service":"attest-single","business_date":"2026-11-22",'
            '"priority_class":"walkin","source":"api","anchor_at":"2026-11-22T07:00:00.000000+00:00"}',
            "chain": f"{number:064x}",
        }


def last_seq(place: Place, branch: Any) -> int:
    query = "SELECT last_seq FROM branch WHERE id = "
    if place.url.startswith("sqlite"):
        return int(sqlite3.connect(place.file).execute(f"{query}?", (branch,)).fetchone()[0])
    with psycopg.connect(place.url) as session:
        found = session.execute(f"{query}%s".encode(), (branch,)).fetchone()
    assert found is not None
    return int(found[0])


STATEMENTS: Final = (
    (
        "UPDATE series SET last_number = last_number + 1 "
        "WHERE branch_id = :branch AND queue_id = :queue AND business_date = :day"
    ),
    (
        "INSERT INTO ticket (branch_id, id, queue_id, series_id, service_id, business_date, number, code, state, "
        "priority, anchor_at, issued_at, source, language, calls, skips, aside, returns, request_id, token) "
        "VALUES (:branch, :id, :queue, :queue, :service, :day, :number, :code, 'waiting', 'walkin', :at, :at, 'api', "
        "'ar', 0, 0, 0, 0, :request, :token)"
    ),
    (
        "INSERT INTO entry (branch_id, seq, at, kind, actor_kind, actor_id, subject, data, chain) "
        "VALUES (:branch, :seq, :at, 'ticket.issued', 'device', '', :subject, :data, :chain)"
    ),
    "UPDATE branch SET last_seq = :seq, chain = :chain WHERE id = :branch",
)
FOR_POSTGRES: Final = tuple(re.sub(r":(\w+)", r"%(\1)s", statement).encode() for statement in STATEMENTS)


def in_sqlite(connection: sqlite3.Connection, row: Row) -> None:
    connection.execute("BEGIN IMMEDIATE")
    for statement in STATEMENTS:
        connection.execute(statement, row)
    connection.execute("COMMIT")


def in_postgres(session: psycopg.Connection[Any], row: Row) -> None:
    for statement in FOR_POSTGRES:
        session.execute(statement, row)
    session.commit()


if __name__ == "__main__":
    main()
