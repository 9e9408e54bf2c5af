"""A desk in a real browser, on a server of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from queue_system.clock import FrozenClock
from tests.kit.desk_in_browser import HallServer, at_the_desk
from tests.kit.web_hall import furnished


@pytest.fixture
def server(sqlite_template: Path, tmp_path: Path, clock: FrozenClock) -> Iterator[HallServer]:
    found = HallServer(furnished(sqlite_template, tmp_path, clock.now()), tmp_path, clock)
    yield found
    found.stop()


@pytest.fixture
def tab(browser: Browser, server: HallServer) -> Iterator[Page]:
    """Layla's desk at counter 4."""
    with at_the_desk(browser, server) as page:
        yield page
