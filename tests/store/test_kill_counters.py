"""Counters press "next" until nobody waits, while the server is killed again and again (kill -9), on both databases: nobody is
called twice, nobody is forgotten, and `queue-system replay calls` reproduces every call.

The short form runs with the other tests; the full one, twenty counters on a thousand tickets, with `-m soak`
(`benchmarks/twenty_counters.py`, QUEUE_SOAK_REPORT).
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import random
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa

from queue_system.actions import sessions
from queue_system.store import log
from queue_system.store.database import Tx
from queue_system.store.tables import Call, Ticket, table
from tests.kit.crowd import clerks_at_counters
from tests.kit.hall import Hall
from tests.kit.rush import Rush
from tests.kit.server import Server
from tests.kit.wire import Wire

pytestmark = [pytest.mark.anyio, pytest.mark.process, pytest.mark.slow]

BRANCH = "doha-main"
SERVICES = ("attest-single", "verify-doc", "edu-attest")
PRIORITIES = ("walkin", "walkin", "elderly", "walkin", "pregnant_infant")
CALL, TICKET = table(Call), table(Ticket)


@dataclass(frozen=True)
class Size:
    counters: int
    tickets: int
    kills: int


class Counters(Rush):
    """Clerks who press until nobody waits; `presses` are the answers that they got, by ticket."""

    def __init__(self, server: Server) -> None:
        super().__init__(server)
        self.acknowledged: Counter[str] = Counter()
        self.lost_answers = 0

    async def clerk(self, counter: str, token: str) -> None:
        here = f"/api/v1/branches/{BRANCH}/counters/{counter}"
        expected: str | None = None
        with Wire(self.server.port) as wire:
            while True:
                answer = await self.answered(
                    wire, "POST", f"{here}/calls", {"expected": expected, "current": "done"}, token
                )
                if answer.status == 409:
                    # The call was carried out, but its answer was lost.
                    assert answer.json["code"] == "desk-stale", answer
                    self.lost_answers += 1
                    current = (await self.answered(wire, "GET", here, None, token)).json["current"]
                    expected = current["id"] if current else None
                    if expected is None:
                        return
                else:
                    assert answer.status == 200, answer
                    expected = answer.json["expected"]
                    if expected is None:
                        return
                self.acknowledged[expected] += 1
                await self.acknowledge()


async def test_counters_call_everybody_once_through_kills(hall: Hall, db_url: str, tmp_path: Path) -> None:
    size = Size(counters=6, tickets=60, kills=2)
    await survive(hall, db_url, tmp_path, size, random.Random(5))
    the_checks_notice(hall)


@pytest.mark.soak
@pytest.mark.timeout(3_600)
async def test_twenty_counters_on_a_thousand_tickets(hall: Hall, db_url: str, tmp_path: Path) -> None:
    began = time.monotonic()
    size = Size(counters=20, tickets=1_000, kills=25)
    rush, replayed = await survive(hall, db_url, tmp_path, size, random.Random())
    said = {"calls": replayed, "seconds": round(time.monotonic() - began), "cut_off": rush.cut_off}
    said |= {"lost_answers": rush.lost_answers, **rush.breaks}
    report(said)


def report(said: dict[str, int]) -> None:
    """Write the figures to the file that whoever started this asked for."""
    if file := os.environ.get("QUEUE_SOAK_REPORT"):
        Path(file).write_text(json.dumps(said), encoding="utf-8")


async def survive(hall: Hall, db_url: str, folder: Path, size: Size, chance: random.Random) -> tuple[Counters, int]:
    """Call everybody, kill meanwhile, and look; what the clerks saw, and how many calls were reproduced."""
    desks = clerks_at_counters(hall, size.counters)
    tokens = [hall.db.write_now(sessions.start_session, here.staff_id, "api") for here in desks]
    kinds = zip(itertools.cycle(SERVICES), itertools.cycle(PRIORITIES), strict=False)
    for service, priority in itertools.islice(kinds, size.tickets):
        hall.issue(service, priority=priority)
    each = size.tickets // (size.kills + 1)
    with Server(db_url, folder) as server:
        rush = Counters(server)
        rush.up.set()
        async with asyncio.TaskGroup() as clerks:
            for number, token in enumerate(tokens):
                clerks.create_task(rush.clerk(f"x{number}", token))
            for number in range(1, size.kills + 1):
                enough = each * number + chance.randint(-each // 3, each // 3)
                await rush.until(enough_called(rush, enough), 600)
                await rush.kill()
        assert rush.cut_off > 0, "nobody was in the middle of anything: the kills proved nothing"
        assert server.stop() == 0
        assert "Traceback" not in server.words()
    everybody_was_called_once(hall)
    # Whatever a clerk was told was so.
    assert all(times == 1 for times in rush.acknowledged.values())
    assert len(rush.acknowledged) == size.tickets
    assert all(verdict.broken_at is None for verdict in hall.db.read_now(log.verify))
    return rush, all_are_reproduced(hall, db_url, folder, size.tickets)


def enough_called(rush: Counters, enough: int) -> Callable[[], bool]:
    # In the middle of presses, because a clerk waits for an answer.
    return lambda: len(rush.acknowledged) >= enough and rush.waiting > 0


def everybody_was_called_once(hall: Hall) -> None:
    calls = Counter(row.ticket_id for row in hall.db.read_now(Tx.rows, sa.select(CALL.c.ticket_id)))
    everybody: set[UUID] = {row.id for row in hall.db.read_now(Tx.rows, sa.select(TICKET.c.id))}
    twice = {ticket for ticket, times in calls.items() if times > 1}
    assert not twice, f"called twice: {len(twice)}"
    assert set(calls) == everybody, f"never called: {len(everybody - set(calls))}"


def all_are_reproduced(hall: Hall, db_url: str, folder: Path, calls: int) -> int:
    """Ask the command, in a process of its own."""
    day = hall.branch.timetable.business_date(hall.db.clock.now()).isoformat()
    command = ["replay", "calls", "--branch", BRANCH, "--from", day, "--to", day]
    environ = os.environ | {"QUEUE_DATABASE_URL": db_url, "QUEUE_DATA_DIR": str(folder)}
    done = subprocess.run(
        [sys.executable, "-P", "-m", "queue_system", *command],
        env=environ,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = re.search(r"([\d,]+) calls, ([\d,]+) reproduced .* ([\d,]+) differ, ([\d,]+) with not enough", done.stdout)
    assert found is not None, done.stdout
    total, reproduced, differ, unknown = (int(one.replace(",", "")) for one in found.groups())
    assert (total, reproduced, differ, unknown) == (calls, calls, 0, 0), done.stdout
    return reproduced


def the_checks_notice(hall: Hall) -> None:
    """The negative control: a call that is gone, and one that is there twice."""
    with hall.db.migrating() as connection:
        row = connection.execute(sa.select(CALL)).mappings().first()
        assert row is not None
        connection.execute(sa.delete(CALL).where(CALL.c.ticket_id == row["ticket_id"]))
    with pytest.raises(AssertionError, match="never called: 1"):
        everybody_was_called_once(hall)
    other = hall.db.read_now(Tx.rows, sa.select(CALL))[0]
    with hall.db.migrating() as connection:
        connection.execute(sa.insert(CALL), dict(row))
        connection.execute(
            sa.update(CALL).where(CALL.c.ticket_id == row["ticket_id"]).values(ticket_id=other.ticket_id)
        )
    with pytest.raises(AssertionError, match="called twice: 1"):
        everybody_was_called_once(hall)
