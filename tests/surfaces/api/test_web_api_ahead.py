"""How many are ahead, in answers of the API: without reading the database if this node knows it already."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from queue_system.clock import FrozenClock
from queue_system.store.database import Database, Tx
from queue_system.store.editing import editing
from queue_system.store.tables import Branch, table
from queue_system.web.whole_line import KEPT_SECONDS
from tests.kit.api_program import Program, kiosk_token
from tests.kit.hall import Hall, furnish
from tests.kit.web_hall import application


@pytest.fixture
def other(db: Database) -> Hall:
    """The same branch at another node."""
    return furnish(db)


@pytest.fixture
def kiosk(other: Hall, db_url: str, tmp_path: Path, clock: FrozenClock) -> Iterator[Program]:
    assert other.branch.slug == "doha-main"
    with application(db_url, tmp_path, clock) as (client, hall):
        client.headers.pop("sec-fetch-site")
        yield Program(client, kiosk_token(hall))


@pytest.fixture
def reads(kiosk: Program, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The reads of the node that the program uses, from its second number on."""
    assert kiosk.take().body["ahead"] == 0
    database = kiosk.client.app.state.installation.database  # type: ignore[attr-defined]
    read, found = database.read, []

    def noted(work: Any, *args: Any, **kwargs: Any) -> Any:
        found.append(work.__name__)
        return read(work, *args, **kwargs)

    monkeypatch.setattr(database, "read", noted)
    return found


def test_numbers_that_follow_one_another_here_need_no_look(kiosk: Program, reads: list[str]) -> None:
    assert [kiosk.take().body["ahead"] for _ in range(2)] == [1, 2]
    assert reads == []


def test_after_a_while_there_is_a_look(kiosk: Program, reads: list[str], clock: FrozenClock) -> None:
    """Screens and clerks can disappear without an entry in the log."""
    clock.move(timedelta(seconds=KEPT_SECONDS))
    assert kiosk.take().body["ahead"] == 1
    assert reads == ["_read"]


def test_numbers_of_another_node_are_ahead_too(kiosk: Program, reads: list[str], other: Hall) -> None:
    other.issue()
    assert kiosk.take().body["ahead"] == 2
    assert reads == ["_read"]


def test_whoever_was_called_is_ahead_no_more(kiosk: Program, reads: list[str], other: Hall) -> None:
    here = Hall(kiosk.client.app.state.installation.database, other.branch)  # type: ignore[attr-defined]
    assert here.call_next(here.sit(here.person("layla"))) is not None
    assert kiosk.take().body["ahead"] == 0
    assert reads == ["_read"]


def test_settings_that_were_changed_count_at_once(kiosk: Program, reads: list[str], other: Hall) -> None:
    """Also if the edit appended no fact."""

    def change(tx: Tx) -> None:
        with editing(tx, [other.branch.id]):
            tx.execute(sa.update(table(Branch)).where(table(Branch).c.id == other.branch.id).values(names={"ar": "x"}))

    other.db.write_now(change)
    assert kiosk.take().body["ahead"] == 1
    assert "_read" in reads
