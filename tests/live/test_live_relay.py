"""The hub learns of changes made by other processes, also after the database was unavailable."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from uuid import UUID

import pytest
import sqlalchemy as sa

from queue_system.actions import sessions
from queue_system.clock import FrozenClock
from queue_system.live.hub import Hub
from queue_system.live.relay import Relay
from queue_system.store import log
from queue_system.store.database import Database
from queue_system.store.tables import ORGANISATION
from tests.kit.hall import furnish

PATIENCE_SECONDS = 20.0


@pytest.fixture
def other(db: Database, db_url: str, clock: FrozenClock) -> Iterator[Database]:
    """The database of another process of the same installation."""
    furnish(db)
    database = Database(db_url, clock)
    yield database
    database.close()


def something_happens(database: Database) -> int:
    """Append an entry to the organisation's log; its number."""
    database.write_now(sessions.record_failed_sign_in, None, "test")
    positions: dict[UUID, int] = database.read_now(log.positions)
    return positions[ORGANISATION]


@pytest.mark.anyio
async def test_what_another_process_writes_wakes_our_hub(db: Database, other: Database) -> None:
    hub = Hub()
    relay = Relay(db, hub)
    await relay.start()
    try:
        before = hub.position(ORGANISATION)
        seq = await asyncio.to_thread(something_happens, other)
        assert await hub.wait({ORGANISATION: before}, PATIENCE_SECONDS)
        assert hub.position(ORGANISATION) == seq
    finally:
        await asyncio.to_thread(relay.stop)


@pytest.mark.anyio
@pytest.mark.parametrize("db_url", ["sqlite"], indirect=True)
async def test_a_database_that_was_away_is_heard_again(db: Database, other: Database) -> None:
    """The positions cannot be read for a moment, and the relay must survive that."""
    hub = Hub()
    relay = Relay(db, hub)
    looked = asyncio.Event()
    loop = asyncio.get_running_loop()
    unavailable = db.dialect.unavailable

    def noticed(error: Exception) -> Exception:
        loop.call_soon_threadsafe(looked.set)
        return unavailable(error)

    db.dialect.unavailable = noticed  # type: ignore[method-assign, assignment]
    await relay.start()
    try:
        before = hub.position(ORGANISATION)
        await asyncio.to_thread(rename, other, "branch", "gone")
        async with asyncio.timeout(PATIENCE_SECONDS):
            await looked.wait()
        await asyncio.to_thread(rename, other, "gone", "branch")
        seq = await asyncio.to_thread(something_happens, other)
        assert await hub.wait({ORGANISATION: max(before, seq - 1)}, PATIENCE_SECONDS)
    finally:
        await asyncio.to_thread(relay.stop)


@pytest.mark.anyio
async def test_whatever_ends_the_listening_it_begins_again(
    db: Database, other: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = db.changes
    failed = threading.Event()

    def once_in_vain(stop: threading.Event) -> Iterator[dict[UUID, int] | None]:
        if not failed.is_set():
            failed.set()
            raise ValueError("a notice that is not ours")
        return changes(stop)

    monkeypatch.setattr(db, "changes", once_in_vain)
    hub = Hub()
    relay = Relay(db, hub)
    await relay.start()
    try:
        before = hub.position(ORGANISATION)
        await asyncio.to_thread(failed.wait, PATIENCE_SECONDS)
        seq = await asyncio.to_thread(something_happens, other)
        assert await hub.wait({ORGANISATION: max(before, seq - 1)}, PATIENCE_SECONDS)
    finally:
        await asyncio.to_thread(relay.stop)


@pytest.mark.anyio
async def test_what_is_written_while_the_relay_starts_is_heard(
    db: Database, other: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A change between the first read of the positions and the start of listening."""
    changes = db.changes

    def written_just_before(stop: threading.Event) -> Iterator[dict[UUID, int] | None]:
        something_happens(other)
        return changes(stop)

    monkeypatch.setattr(db, "changes", written_just_before)
    hub = Hub()
    relay = Relay(db, hub)
    before = db.read_now(log.positions)[ORGANISATION]
    await relay.start()
    try:
        assert await hub.wait({ORGANISATION: before}, PATIENCE_SECONDS)
    finally:
        await asyncio.to_thread(relay.stop)


def rename(database: Database, old: str, new: str) -> None:
    with database.migrating() as connection:
        connection.execute(sa.text(f"ALTER TABLE {old} RENAME TO {new}"))
