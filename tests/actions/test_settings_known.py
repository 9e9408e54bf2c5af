"""What a save makes is known to its node at the commit, as it would be read; the hall does not read it anew. On both databases."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from queue_system.actions.settings import save
from queue_system.clock import FrozenClock
from queue_system.core.errors import Unavailable
from queue_system.settings.edits import Edit, difference
from queue_system.settings.objects import objects_of
from queue_system.settings.organisation import Profile
from queue_system.store.database import Database, Tx
from queue_system.store.editing import editing
from queue_system.store.log import SYSTEM
from queue_system.store.queries import settings
from queue_system.store.queries.hours import DeclaredHours, declared_hours
from queue_system.store.queries.organisation import organisation
from queue_system.store.queries.previews import prospect
from queue_system.store.queries.rows import StoredRows
from queue_system.store.queries.settings import BranchSettings, branch_settings
from queue_system.store.queries.values import branch_at, value_at
from queue_system.store.tables import ORGANISATION, Branch, table
from queue_system.store.versioned import Versioned
from tests.kit.hall import Hall

BRANCH = table(Branch)
ANOTHER_DAY = {"first": "2027-03-01", "last": "2027-03-01", "names": {"ar": "صيانة", "en": "Repair"}}
CLOSED = [Edit("branch", "doha-main", {}, {"closures": [ANOTHER_DAY]})]


def saved(hall: Hall, place: UUID, edits: Iterable[Edit]) -> None:
    found = hall.db.read_now(prospect, place, list(edits))
    made = hall.db.write_now(save, place, list(edits), found.preview.sha256, actor=SYSTEM, person=None, foreseen=found)
    assert made


def in_branch(hall: Hall) -> list[Edit]:
    """Edits of several kinds of things; counters exchange their numbers, by which they are read in order."""
    before = hall.db.read_now(lambda tx: branch_at(StoredRows(tx), hall.branch.id))
    services = dict(reversed(before.services.items()))
    first = next(iter(services))
    services[first] = services[first].changed(names={"ar": "اسم آخر", "en": "Another name"})
    queue = next(iter(before.queues))
    queues = {**before.queues, queue: before.queues[queue].changed(lanes=9, public_lanes=2)}
    one, two = (before.counters[slug] for slug in ("c1", "c2"))
    counters = {**before.counters, "c1": one.changed(number=two.number), "c2": two.changed(number=one.number)}
    after = before.changed(services=services, queues=queues, counters=counters, hours=before.hours[:-1])
    return [*difference(before, after), *CLOSED]


def in_organisation(hall: Hall) -> list[Edit]:
    before = hall.db.read_now(lambda tx: value_at(StoredRows(tx), ORGANISATION))
    assert isinstance(before, Profile)
    policies = {slug: one.changed(horizon_days=77) for slug, one in before.catalogue.policies.items()}
    return list(difference(before, before.changed(catalogue=before.catalogue.changed(policies=policies))))


def known(hall: Hall) -> tuple[BranchSettings, DeclaredHours, Any]:
    return (
        hall.db.read_now(branch_settings, hall.branch.id),
        hall.db.read_now(declared_hours, hall.branch.id),
        hall.db.read_now(organisation),
    )


def in_order(found: DeclaredHours) -> list[Any]:
    """With the order of things, which is a setting too."""
    return [list(objects_of(found.branch).items()), list(objects_of(found.organisation).items())]


@pytest.mark.parametrize("place", ["branch", "organisation"])
def test_what_is_known_after_a_save_is_what_the_tables_have(hall: Hall, place: str) -> None:
    known(hall)
    if place == "branch":
        saved(hall, hall.branch.id, in_branch(hall))
    else:
        saved(hall, ORGANISATION, in_organisation(hall))
    here, declared, of = known(hall)
    hall.db.settings = Versioned()  # so that everything is read anew
    read, declared_there, of_there = known(hall)
    assert here is not read
    assert (here, declared, of) == (read, declared_there, of_there)
    assert list(here.services) == list(read.services)
    assert in_order(declared) == in_order(declared_there)
    assert here.config_version == read.config_version == hall.branch.config_version + 1


def test_nothing_is_read_anew_after_a_save(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    known(hall)
    saved(hall, hall.branch.id, in_branch(hall))
    monkeypatch.setattr(settings, "load", lambda *_: pytest.fail("read anew"))
    monkeypatch.setattr(StoredRows, "of", lambda *_: pytest.fail("read anew"))
    here, declared, _ = known(hall)
    assert here.config_version == hall.branch.config_version + 1
    assert [f"{one.first}" for one in declared.branch.closures] == [ANOTHER_DAY["first"]]


def as_if_saved(tx: Tx, hall: Hall, edits: list[Edit], sha256: str) -> None:
    save(tx, hall.branch.id, edits, sha256, actor=SYSTEM, person=None)
    assert hall.branch.id in tx.kept


def test_a_save_that_is_not_committed_leaves_nothing(
    hall: Hall, db_url: str, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another node's edit gets the version that the save would have had."""
    sha256 = hall.db.read_now(prospect, hall.branch.id, CLOSED).preview.sha256

    def lost(*_: Any) -> None:
        raise sa.exc.OperationalError("COMMIT", {}, Exception("the disk is full"))

    with monkeypatch.context() as broken:
        broken.setattr(hall.db.dialect, "notices", lost)
        with pytest.raises(Unavailable):
            hall.db.write_now(as_if_saved, hall, CLOSED, sha256)
    other = Database(db_url, clock)
    other.write_now(renamed, hall.branch.id)
    other.close()
    here, declared, _ = known(hall)
    assert here.config_version == hall.branch.config_version + 1
    assert here.names["ar"] == declared.branch.names["ar"] == "آخر"


def test_what_is_changed_after_a_save_in_its_transaction_is_read(hall: Hall) -> None:
    sha256 = hall.db.read_now(prospect, hall.branch.id, CLOSED).preview.sha256

    def save_and_rename(tx: Tx) -> None:
        as_if_saved(tx, hall, CLOSED, sha256)
        tx.execute(sa.update(BRANCH).where(BRANCH.c.id == hall.branch.id).values(names={"ar": "آخر"}))

    hall.db.write_now(save_and_rename)
    here, declared, _ = known(hall)
    assert here.names["ar"] == declared.branch.names["ar"] == "آخر"


def renamed(tx: Tx, branch_id: UUID) -> None:
    with editing(tx, [branch_id]):
        tx.execute(sa.update(BRANCH).where(BRANCH.c.id == branch_id).values(names={"ar": "آخر"}))
