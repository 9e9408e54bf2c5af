"""A queue is stopped with what was foreseen, so that nothing is worked out while the hall waits."""

from __future__ import annotations

import pytest

from queue_system.actions import settings, stopping
from queue_system.actions.settings import Overtaken
from queue_system.store.log import SYSTEM
from queue_system.store.queries import previews
from queue_system.store.queries.access import StaffView, staff_by_id
from queue_system.store.queries.settings import BranchSettings, branch_settings
from tests.kit.hall import Hall


@pytest.fixture
def admin(hall: Hall) -> StaffView:
    found = hall.db.read_now(staff_by_id, hall.administrator())
    assert found is not None
    return found


def test_what_was_foreseen_is_not_worked_out_again(
    hall: Hall, admin: StaffView, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = next(iter(hall.branch.queues))
    foreseen = hall.db.read_now(stopping.foreseen_stop, hall.branch.id, queue, stopped=True)
    with monkeypatch.context() as forbidding:
        # It takes as long as a preview, and under the lock.
        for module in (stopping, settings, previews):
            forbidding.delattr(module, "prospect")
        hall.db.write_now(stopping.stop_numbers, hall.branch.id, queue, SYSTEM, admin, foreseen)
    assert stopped(now(hall)) == {hall.branch.queues[queue].slug}


def test_what_was_foreseen_before_another_change_is_refused(hall: Hall, admin: StaffView) -> None:
    first, second, *_ = hall.branch.queues
    hall.db.write_now(stopping.stop_numbers, hall.branch.id, first, SYSTEM, admin)
    foreseen = hall.db.read_now(stopping.foreseen_stop, hall.branch.id, first, stopped=False)
    hall.db.write_now(stopping.stop_numbers, hall.branch.id, second, SYSTEM, admin)
    with pytest.raises(Overtaken):
        hall.db.write_now(stopping.resume_numbers, hall.branch.id, first, SYSTEM, admin, foreseen)
    assert stopped(now(hall)) == {hall.branch.queues[one].slug for one in (first, second)}
    hall.db.write_now(stopping.resume_numbers, hall.branch.id, first, SYSTEM, admin)
    assert stopped(now(hall)) == {hall.branch.queues[second].slug}


def now(hall: Hall) -> BranchSettings:
    return hall.db.read_now(branch_settings, hall.branch.id)


def stopped(branch: BranchSettings) -> set[str]:
    return set(branch.numbers_stopped)
