"""Values that depend only on settings are computed once for each version of the settings."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from queue_system.store.database import Database, Tx
from queue_system.store.editing import editing
from queue_system.store.queries import settings
from queue_system.store.queries.settings import BranchSettings, branch_settings, derived
from queue_system.store.tables import Branch, table
from tests.kit.hall import furnish

worked_out: list[tuple[str, int]] = []


@derived
def named(branch: BranchSettings, times: int = 1) -> str:
    worked_out.append((branch.names["ar"], times))
    return branch.names["ar"] * times


@pytest.fixture(autouse=True)
def forgetful() -> None:
    worked_out.clear()


def test_it_is_worked_out_once_for_each_version_and_value(db: Database) -> None:
    hall = furnish(db)
    was = hall.branch.names["ar"]
    assert [named(hall.branch), named(hall.branch), named(hall.branch, 2), named(hall.branch, times=2)] == [
        was,
        was,
        was * 2,
        was * 2,
    ]

    def rename(tx: Tx) -> None:
        with editing(tx, [hall.branch.id]):
            tx.execute(sa.update(table(Branch)).where(table(Branch).c.id == hall.branch.id).values(names={"ar": "آخر"}))

    db.write_now(rename)
    assert [named(db.read_now(branch_settings, hall.branch.id)) for _ in range(2)] == ["آخر"] * 2
    assert worked_out == [(was, 1), (was, 2), (was, 2), ("آخر", 1)]


def test_it_does_not_grow_without_end(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "MOST_DERIVED", 3)
    branch = furnish(db).branch
    branch.derived.clear()
    assert [named(branch, times) for times in range(8)] == [branch.names["ar"] * times for times in range(8)]
    assert len(branch.derived) <= 3
