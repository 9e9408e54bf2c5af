"""A branch as a value and a branch in the tables are read by the same code, with the same result."""

from __future__ import annotations

import pytest

from queue_system.actions.installation import install
from queue_system.profiles import profile_names
from queue_system.settings.branch import Branch
from queue_system.settings.catalogue import Catalogue
from queue_system.store import tables
from queue_system.store.branch_rows import branch_rows
from queue_system.store.database import Database, Tx
from queue_system.store.queries.known_ids import ids_of
from queue_system.store.queries.organisation import organisation
from queue_system.store.queries.rows import GivenRows, StoredRows
from queue_system.store.queries.settings import BranchSettings, assemble, branch_settings
from queue_system.store.queries.stored import places, stored_branch
from tests.kit.furnished import profile_of


@pytest.mark.parametrize("name", profile_names())
def test_a_value_gives_the_view_that_the_tables_give(db: Database, name: str) -> None:
    profile = profile_of(name)
    db.write_now(install, profile)
    for branch in profile.branches.values():
        stored, of_value = db.read_now(both_views, branch, profile.catalogue)
        for field in BranchSettings.model_fields:
            assert getattr(of_value, field) == getattr(stored, field), field
        assert of_value.calendar == stored.calendar
        for of in ("services", "queues", "counters", "zones", "texts"):
            assert list(getattr(of_value, of)) == list(getattr(stored, of))


@pytest.mark.parametrize("name", profile_names())
def test_rows_that_are_not_stored_are_read_as_the_value_that_they_were_made_of(db: Database, name: str) -> None:
    profile = profile_of(name)
    db.write_now(install, profile)
    assert db.read_now(of_rows, profile.branches, profile.catalogue) == profile.branches


def both_views(tx: Tx, branch: Branch, catalogue: Catalogue) -> tuple[BranchSettings, BranchSettings]:
    stored = StoredRows(tx)
    row = next(row for row in places(stored) if row.slug == branch.slug)
    given = GivenRows(
        branch_rows(row.position, row.key, branch, catalogue.calendars, ids_of(stored, row.id)), others=stored
    )
    return branch_settings(tx, row.id), assemble(given, row.id, organisation(tx))


def of_rows(tx: Tx, branches: dict[str, Branch], catalogue: Catalogue) -> dict[str, Branch]:
    found = {}
    for slug, branch in branches.items():
        rows = list(branch_rows(1, "bcdf", branch, catalogue.calendars))
        branch_id = next(row["id"] for model, made in rows if model is tables.Branch for row in made)
        found[slug] = stored_branch(GivenRows(rows, others=StoredRows(tx)), branch_id)
    return found


def test_a_text_of_the_branch_stands_in_place_of_the_organisations(db: Database) -> None:
    """Wherever each of them stands in its list."""
    profile = profile_of("embassy")
    last = list(profile.catalogue.texts)[-1]
    own = {last: {"ar": "نص الفرع", "en": "the branch's own"}}
    branch = next(iter(profile.branches.values())).changed(texts=own)
    db.write_now(install, profile.changed(branches={branch.slug: branch}))
    found = db.read_now(lambda tx: branch_settings(tx, places(StoredRows(tx))[0].id))
    assert found.texts[last] == own[last]
