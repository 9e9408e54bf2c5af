"""Brings commits to the hub: our own at once, those of other processes as the database reports them."""

from __future__ import annotations

import asyncio
import threading
from uuid import UUID

from ..core.errors import Unavailable
from ..store import log
from ..store.database import Database
from .hub import Hub


class Relay:
    """Start in the event loop of the hub; `stop()` before the database is closed."""

    def __init__(self, database: Database, hub: Hub) -> None:
        self._database = database
        self._hub = hub
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    async def start(self) -> None:
        loop = asyncio.get_running_loop()

        def wake(touched: dict[UUID, int]) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._hub.wake, touched)

        def pump() -> None:
            for heard in self._database.changes(self._stop):
                try:
                    wake(heard if heard is not None else self._database.read_now(log.positions))
                except Unavailable:
                    # The database is away, which it has logged: we listen on, or screens would sleep for ever.
                    continue

        self._database.on_commit = wake
        self._hub.wake(await self._database.read(log.positions))
        self._thread = threading.Thread(target=pump, name="relay", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._database.on_commit = lambda touched: None
        if self._thread:
            self._thread.join()
