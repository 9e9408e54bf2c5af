"""Screens in a real browser: a server that can be stopped, a clock that can be moved."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import UUID

from playwright.sync_api import Page
from pydantic import SecretStr

from queue_system.actions import calling
from queue_system.app import create_app
from queue_system.clock import FrozenClock
from queue_system.configuration import Configuration
from queue_system.store.queries.access import devices
from tests.kit.displays_hall import call, seat
from tests.kit.hall import Hall, enter
from tests.kit.ports import kept_port
from tests.kit.served import served
from tests.kit.waiting import until


class Server:
    """A server on one port that can be stopped and started again on the same database; `close` ends it for good."""

    def __init__(self, url: str, folder: Path, clock: FrozenClock) -> None:
        self._settings = Configuration(database_url=SecretStr(url), data_dir=folder)
        self._clock = clock
        self._running: Any = None
        self._keeper = ExitStack()
        self.port = self._keeper.enter_context(kept_port())
        self.address = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        self.app = create_app(self._settings, self._clock)
        self._running = served(self.app, port=self.port)
        self._running.__enter__()
        self.hall: Hall = enter(self.app.state.installation.database)

    def stop(self) -> None:
        if self._running is not None:
            self._running.__exit__(None, None, None)
            self._running = None

    def close(self) -> None:
        self.stop()
        self._keeper.close()


def connected(page: Page) -> None:
    """Wait for the first board over the socket."""
    wait_for(page, "seq >= 0")


def wait_for(page: Page, condition: str) -> None:
    """Wait until the condition is true; asked through the debugger, because the page's policy forbids eval."""
    until(lambda: bool(page.evaluate(condition)))


def pass_time(page: Page, milliseconds: int) -> None:
    """Move the page's clock on; everything that is due happens at once."""
    page.clock.run_for(milliseconds)


def pass_time_until(page: Page, done: Callable[[], bool]) -> None:
    """Move the page's clock on in small steps until `done`."""

    def step() -> bool:
        pass_time(page, 100)
        return done()

    until(step)


def first_screen(hall: Hall) -> UUID:
    """The planned display d1."""
    return next(item.id for item in hall.db.read_now(devices, hall.branch.id, "display") if item.slug == "d1")


def busy_hall(hall: Hall) -> None:
    """Call eight visitors, one after the other, to four counters."""
    for counter, login, service in (
        ("c4", "layla", "attest-single"),
        ("c1", "omar", "passport-apply"),
        ("c5", "layla", "attest-collect"),
        ("c3", "omar", "birth"),
    ):
        call(hall, service, login, counter)
        hall.db.write_in_now(hall.branch.id, calling.finish, seat(hall, login, counter))
        call(hall, service, login, counter)
        hall.db.write_in_now(hall.branch.id, calling.finish, seat(hall, login, counter))
