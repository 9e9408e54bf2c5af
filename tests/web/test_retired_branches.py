"""A branch whose last day has passed: it is in no list from which somebody chooses, and its past stays readable."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from queue_system.actions import settings
from queue_system.clock import FrozenClock
from queue_system.settings.edits import retirement
from queue_system.store.database import Database
from queue_system.store.log import SYSTEM
from queue_system.store.queries.rows import StoredRows
from queue_system.store.queries.settings import branch_ids, branch_settings
from queue_system.store.queries.stored import stored_branch
from tests.kit.hall import Hall, furnish
from tests.kit.web_hall import application, furnished, sign_in


@pytest.fixture
def place(sqlite_url: str, tmp_path: Path, clock: FrozenClock) -> Iterator[tuple[TestClient, Hall]]:
    database = Database(sqlite_url, clock)
    furnish(database, "social-work")
    database.close()
    with application(sqlite_url, tmp_path, clock) as found:
        yield found


def retire(db: Database, slug: str) -> None:
    """Today is its last day."""
    place = db.read_now(branch_ids)[slug]
    last = db.read_now(branch_settings, place).timetable.business_date(db.clock.now())
    edits = retirement(db.read_now(lambda tx: stored_branch(StoredRows(tx), place)), last)
    told = db.read_now(settings.preview, place, edits)
    db.write_now(settings.save, place, edits, told.sha256, actor=SYSTEM, person=None)


def listed(client: TestClient, slug: str) -> dict[str, bool]:
    """Whether each list of branches has this one."""
    return {
        "front": f'href="/book/{slug}"' in client.get("/").text,
        "contact": f'href="/book/{slug}"' in client.get("/contact").text,
        "office": f'href="/office?branch={slug}"' in client.get("/office").text,
        "reception": f'href="/reception/{slug}"' in client.get("/reception").text,
        "programs": slug in [one["branch"] for one in client.get("/api/v1/branches").json()["branches"]],
    }


def test_a_retired_branch_is_in_no_list_after_its_last_day(place: tuple[TestClient, Hall], clock: FrozenClock) -> None:
    client, hall = place
    slug = list(hall.db.read_now(branch_ids))[-1]
    hall.administrator("admin")
    retire(hall.db, slug)
    sign_in(client, "admin", "ar")
    assert set(listed(client, slug).values()) == {True}
    clock.move(timedelta(days=1))
    sign_in(client, "admin", "ar")
    assert set(listed(client, slug).values()) == {False}
    assert set(listed(client, hall.branch.slug).values()) == {True}
    # Its log and its own page can still be read.
    assert client.get(f"/office/audit?branch={slug}").status_code == 200
    assert client.get(f"/book/{slug}").status_code == 200


def test_the_last_branch_of_all_is_shown_although_it_is_retired(
    sqlite_template: Path, tmp_path: Path, clock: FrozenClock
) -> None:
    with application(furnished(sqlite_template, tmp_path, clock.now()), tmp_path, clock) as (client, hall):
        retire(hall.db, hall.branch.slug)
        clock.move(timedelta(days=1))
        assert client.get("/").status_code == 200
        assert client.get("/contact").status_code == 200
