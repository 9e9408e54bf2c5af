"""A database that was furnished by copying equals one in which the organisation was installed."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from queue_system.clock import FrozenClock
from queue_system.core.errors import Refused
from queue_system.store import log
from queue_system.store.database import Database
from queue_system.store.queries.settings import BranchSettings, branch_settings
from queue_system.store.tables import ORGANISATION
from tests.kit.hall import Hall, furnish
from tests.kit.web_hall import application, furnished


def read_anew(hall: Hall, url: str) -> BranchSettings:
    """The settings as a new process reads them."""
    other = Database(url, hall.db.clock)
    try:
        return other.read_now(branch_settings, hall.branch.id)
    finally:
        other.close()


# The first run may be the one that installs; the second is a copy in any order of the tests.
@pytest.mark.parametrize("turn", [1, 2])
def test_what_is_furnished_is_whole_and_lives(db: Database, db_url: str, clock: FrozenClock, turn: int) -> None:
    hall = furnish(db)
    assert hall.branch == read_anew(hall, db_url)
    assert [entry.kind for entry in db.read_now(log.after, ORGANISATION, 0)] == ["organisation.installed"]
    hall.check_in("attest-single", clock)
    assert all(verdict.broken_at is None for verdict in db.read_now(log.verify))


def test_the_log_of_a_copy_begins_at_its_own_time(db: Database, clock: FrozenClock) -> None:
    clock.move(timedelta(days=1, seconds=7))
    furnish(db)
    assert [entry.at for entry in db.read_now(log.after, ORGANISATION, 0)] == [clock.now()]


def test_nobody_is_furnished_twice(db: Database) -> None:
    furnish(db)
    with pytest.raises(Refused, match="already-installed"):
        furnish(db)


def test_an_application_on_a_changed_copy_reads_what_was_changed(
    sqlite_template: Path, tmp_path: Path, clock: FrozenClock
) -> None:
    url = furnished(sqlite_template, tmp_path, clock.now())
    with application(url, tmp_path, clock) as (_, hall):
        assert hall.branch == read_anew(hall, url)
    # Without a new version, which the application would see anyway.
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as changed:
        changed.execute("UPDATE branch SET kind = 'outreach'")
        changed.commit()
    with application(url, tmp_path, clock) as (_, hall):
        assert hall.branch.kind == "outreach"
