"""What was saved together is taken back together, and only somebody with the right sees what an edit would do."""

from __future__ import annotations

from uuid import UUID

import pytest

from queue_system.actions import settings
from queue_system.core.errors import Denied, Stale
from queue_system.settings.edits import Edit
from queue_system.store.log import SYSTEM
from queue_system.store.queries import changes
from queue_system.store.queries.access import staff_by_id
from queue_system.store.queries.settings import branch_settings
from tests.kit.hall import Hall
from tests.kit.people import add_role

LONGER = Edit("service", "attest-single", {"duration_min": 6}, {"duration_min": 8})
REACHED = Edit("counter", "c1", {}, {"accessible": True})


def save(hall: Hall, *edits: Edit, undoes: UUID | None = None) -> tuple[UUID, ...]:
    told = hall.db.read_now(settings.preview, hall.branch.id, edits)
    return hall.db.write_now(
        settings.save, hall.branch.id, edits, told.sha256, actor=SYSTEM, person=None, undoes=undoes
    )


def undone_by(hall: Hall, change_id: UUID) -> UUID | None:
    return hall.db.read_now(changes.change, hall.branch.id, change_id).undone_by


def test_a_save_of_several_things_is_taken_back_as_a_whole(hall: Hall) -> None:
    one, other = save(hall, LONGER, REACHED)
    first, _ = save(hall, REACHED.undone, LONGER.undone, undoes=one)
    assert {undone_by(hall, one), undone_by(hall, other)} == {first}
    assert not hall.db.read_now(branch_settings, hall.branch.id).counter("c1").accessible
    with pytest.raises(Stale, match="already-undone"):
        save(hall, REACHED.undone, undoes=one)


def test_what_is_not_taken_back_is_not_marked(hall: Hall) -> None:
    one, other = save(hall, LONGER, REACHED)
    by_kind = {hall.db.read_now(changes.change, hall.branch.id, key).kind: key for key in (one, other)}
    (undone,) = save(hall, LONGER.undone, undoes=by_kind["service"])
    assert undone_by(hall, by_kind["service"]) == undone
    assert undone_by(hall, by_kind["counter"]) is None


def test_a_preview_is_for_those_who_may_save_it(hall: Hall) -> None:
    of_counters = hall.person("qays", ((hall.branch.id, add_role(hall, "only-counters", "edit_counters")),))
    person = hall.db.read_now(staff_by_id, of_counters)
    assert person is not None
    assert hall.db.read_now(settings.preview_for, hall.branch.id, [REACHED], person).edits == (REACHED,)
    with pytest.raises(Denied):
        hall.db.read_now(settings.preview_for, hall.branch.id, [LONGER], person)
