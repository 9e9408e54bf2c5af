"""The embassy's application, and its clients."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from queue_system.clock import FrozenClock
from tests.kit.hall import Hall
from tests.kit.public_visitor import Visitor
from tests.kit.web_hall import application, furnished, sign_in


@pytest.fixture
def here(sqlite_template: Path, tmp_path: Path, clock: FrozenClock) -> Iterator[tuple[TestClient, Hall]]:
    """A browser in which nobody has signed in, and the hall, on SQLite."""
    with application(furnished(sqlite_template, tmp_path, clock.now()), tmp_path, clock) as found:
        yield found


@pytest.fixture
def hall(here: tuple[TestClient, Hall]) -> Hall:
    return here[1]


@pytest.fixture
def visitor(here: tuple[TestClient, Hall]) -> Visitor:
    return Visitor(here[0])


@pytest.fixture
def place(here: tuple[TestClient, Hall]) -> tuple[TestClient, Hall]:
    """The sample's receptionist, who books, issues numbers and checks in, at work in English; and the hall."""
    sign_in(here[0], "rana", "en")
    return here


@pytest.fixture
def client(place: tuple[TestClient, Hall]) -> TestClient:
    """The browser of whoever `place` has signed in."""
    return place[0]
