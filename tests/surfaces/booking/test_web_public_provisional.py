"""Days that are still to be confirmed say so, where a booker chooses them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from queue_system.clock import FrozenClock
from queue_system.store.database import Database
from queue_system.store.tables import SeasonRow, table
from tests.kit.hall import change_settings, furnish
from tests.kit.public_visitor import Visitor
from tests.kit.web_hall import application

MAY_CHANGE = "قد يتغيّر"


@pytest.fixture
def clock() -> FrozenClock:
    """The Thursday before Ramadan, which begins on Monday 8 February unless the moon says otherwise."""
    return FrozenClock(datetime(2027, 2, 4, 5, 0, tzinfo=UTC))


@pytest.fixture
def database(sqlite_url: str, clock: FrozenClock) -> Database:
    database = Database(sqlite_url, clock)
    furnish(database)
    return database


@pytest.fixture
def visitor(database: Database, sqlite_url: str, tmp_path: Path, clock: FrozenClock) -> Iterator[Visitor]:
    with application(sqlite_url, tmp_path, clock) as (client, _):
        yield Visitor(client)


def marked(visitor: Visitor) -> list[bool]:
    """Of Thursday 4, Sunday 7 and Monday 8 February, which say that they may change."""
    visitor.open("/book/doha-main/civil-extract")
    visitor.follow("/days$")
    found = []
    for day in ("04", "07", "08"):
        visitor.open("/book/doha-main/civil-extract/days")
        times = visitor.follow(f"/2027-02-{day}$")
        found.append(MAY_CHANGE in times.text)
    return found


def test_days_of_a_provisional_season_say_so_and_those_beside_it(visitor: Visitor) -> None:
    assert marked(visitor) == [False, True, True]
    assert visitor.open("/book/doha-main/civil-extract/days").text.count(MAY_CHANGE) >= 2


def test_confirmed_days_say_nothing(visitor: Visitor, database: Database) -> None:
    change_settings(database, sa.update(table(SeasonRow)).values(provisional=False))
    assert marked(visitor) == [False, False, False]
    assert MAY_CHANGE not in visitor.open("/book/doha-main/civil-extract/days").text
