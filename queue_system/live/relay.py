"""Brings commits to the hub: our own at once, those of other processes as the database reports them."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from functools import partial
from typing import Final, TypeVar

import structlog

from ..core.errors import Unavailable
from ..store.database import Database
from ..store.log import positions
from .hub import Hub

T = TypeVar("T")

AGAIN_SECONDS: Final = 1.0

log = structlog.get_logger(__name__)


class Relay:
    """Must be started in the event loop of the hub, and stopped before the database is closed."""

    def __init__(self, database: Database, hub: Hub) -> None:
        self._database = database
        self._hub = hub
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    async def start(self) -> None:
        loop = asyncio.get_running_loop()

        def tell(hub: Callable[[T], None], news: T) -> None:
            # RuntimeError: the loop has ended, so there is no waiter left.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(hub, news)

        def pump() -> None:
            # Listen on after any error, because screens would sleep for ever otherwise.
            while not self._stop.is_set():
                try:
                    listen()
                except Exception:
                    log.exception("relay.failed")
                    self._stop.wait(AGAIN_SECONDS)

        def listen() -> None:
            for heard in self._database.changes(self._stop):
                # The database has logged already that it is unavailable.
                with contextlib.suppress(Unavailable):
                    tell(self._hub.wake, heard if heard is not None else self._database.read_now(positions))

        self._database.on_commit = partial(tell, self._hub.committed)
        self._hub.wake(await self._database.read(positions))
        self._thread = threading.Thread(target=pump, name="relay", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._database.on_commit = lambda appended: None
        if self._thread:
            self._thread.join()
