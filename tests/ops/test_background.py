"""Periodic work goes on, whatever happens in one round of it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from queue_system.app import create_app, running
from queue_system.clock import FrozenClock
from queue_system.configuration import read_configuration
from queue_system.core.errors import Unavailable
from queue_system.core.tickets import TicketState
from queue_system.ops.background import forever
from queue_system.store.database import Database, Tx
from queue_system.store.queries import line
from queue_system.store.tables import DigestedDay, table
from tests.kit.hall import furnish
from tests.kit.put_off import at_once
from tests.kit.waiting import until


@pytest.mark.anyio
@pytest.mark.parametrize("trouble", [Unavailable("database-unavailable"), KeyError("nobody has thought of this")])
async def test_a_round_that_fails_is_not_the_last(trouble: Exception) -> None:
    rounds = 0
    again = asyncio.Event()

    async def work() -> None:
        nonlocal rounds
        rounds += 1
        if rounds == 1:
            raise trouble
        again.set()

    task = asyncio.create_task(forever("test", work, 0))
    try:
        async with asyncio.timeout(10):
            await again.wait()
    finally:
        task.cancel()


@pytest.mark.anyio
async def test_a_server_that_was_off_over_night_closes_yesterday_before_it_answers(
    db_url: str, clock: FrozenClock, tmp_path: Path
) -> None:
    database = Database(db_url, clock)
    hall = furnish(database)
    left = hall.issue().ticket
    database.close()
    clock.move(timedelta(hours=22, minutes=50))
    app = create_app(read_configuration({}, database_url=db_url, data_dir=tmp_path), clock)
    async with running(app.state.installation):
        # Nothing has been awaited since, so the periodic work has not begun.
        written = app.state.installation.database.read_now(line.ticket, hall.branch.id, left.id)
    assert written.state is TicketState.VOID


@pytest.mark.anyio
async def test_what_is_repeated_begins_when_the_server_starts(db_url: str, clock: FrozenClock, tmp_path: Path) -> None:
    database = Database(db_url, clock)
    hall = furnish(database)
    hall.issue()
    database.close()
    clock.move(timedelta(days=1))
    rows = sa.select(table(DigestedDay).c.business_date)
    with at_once():
        installation = create_app(
            read_configuration({}, database_url=db_url, data_dir=tmp_path), clock
        ).state.installation
        assert installation.database.read_now(Tx.rows, rows) == []
        async with running(installation):
            await asyncio.to_thread(until, lambda: bool(installation.database.read_now(Tx.rows, rows)))
