"""A save takes what was worked out without the lock, and only if it is what would be worked out under the lock."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest

from queue_system.actions.settings import Overtaken, save
from queue_system.clock import FrozenClock
from queue_system.core.promises import Decided
from queue_system.core.support import Why
from queue_system.settings.edits import Edit, difference
from queue_system.store.database import Tx
from queue_system.store.log import SYSTEM
from queue_system.store.queries.previews import Prospect, prospect
from queue_system.store.queries.rows import StoredRows
from queue_system.store.queries.settings import branch_settings, load
from queue_system.store.queries.values import branch_at
from tests.kit.deciding import as_stored, booked, held
from tests.kit.hall import Hall


@pytest.fixture
def start(clock: FrozenClock) -> datetime:
    """08:30 in Doha, in two days."""
    return clock.now().replace(hour=5, minute=30) + timedelta(days=2)


def closed(start: datetime) -> list[Edit]:
    """The edit that closes that day."""
    day = {
        "first": start.date().isoformat(),
        "last": start.date().isoformat(),
        "names": {"ar": "صيانة", "en": "Repair"},
    }
    return [Edit("branch", "doha-main", {}, {"closures": [day]})]


def without_a_queue(hall: Hall) -> list[Edit]:
    """The edit after which no counter serves the first queue that has one."""
    before = hall.db.read_now(lambda tx: branch_at(StoredRows(tx), hall.branch.id))
    queue = next(counter.queues[0] for counter in before.counters.values() if len(counter.queues) > 1)
    services = {slug: one for slug, one in before.services.items() if one.queue == queue}
    ended = {slug: one.changed(until=hall.db.clock.now().date() - timedelta(days=1)) for slug, one in services.items()}
    return list(difference(before, before.changed(services={**before.services, **ended})))


def foreseen(hall: Hall, edits: Iterable[Edit]) -> Prospect:
    return hall.db.read_now(prospect, hall.branch.id, list(edits))


def saved(hall: Hall, edits: Iterable[Edit], found: Prospect) -> int:
    made = hall.db.write_now(
        save, hall.branch.id, list(edits), found.preview.sha256, actor=SYSTEM, person=None, foreseen=found
    )
    return len(made)


def test_what_was_foreseen_is_stored_and_decided_on(hall: Hall, start: datetime) -> None:
    one = booked(hall, start)
    found = foreseen(hall, closed(start))
    assert saved(hall, closed(start), found) == 1
    assert as_stored(hall, one).decision is Decided.LATER
    assert hall.db.read_now(branch_settings, hall.branch.id) == hall.db.read_now(load, hall.branch.id)
    assert hall.db.read_now(lambda tx: branch_at(StoredRows(tx), hall.branch.id)) == found.after
    assert hall.db.read_now(branch_settings, hall.branch.id).config_version == hall.branch.config_version + 1


def test_people_who_come_meanwhile_change_nothing(hall: Hall, start: datetime) -> None:
    found = foreseen(hall, closed(start))
    hall.issue()
    assert saved(hall, closed(start), found) == 1


def another_edit(hall: Hall, start: datetime) -> None:
    saved(hall, closed(start + timedelta(days=7)), foreseen(hall, closed(start + timedelta(days=7))))


MEANWHILE: dict[str, Callable[[Hall, datetime], object]] = {
    "an appointment": booked,
    "another edit": another_edit,
}


@pytest.mark.parametrize("happens", MEANWHILE.values(), ids=MEANWHILE)
def test_what_happens_meanwhile_is_seen_and_nothing_is_saved(
    hall: Hall, start: datetime, happens: Callable[[Hall, datetime], object]
) -> None:
    found = foreseen(hall, closed(start))
    happens(hall, start)
    version = hall.db.read_now(branch_settings, hall.branch.id).config_version
    with pytest.raises(Overtaken):
        saved(hall, closed(start), found)
    assert hall.db.read_now(branch_settings, hall.branch.id).config_version == version


def test_a_person_who_comes_meanwhile_and_would_be_lost_is_seen(hall: Hall) -> None:
    edits = without_a_queue(hall)
    found = foreseen(hall, edits)
    (effect,) = found.preview.effects.values()
    hall.issue(edits[0].slug)
    with pytest.raises(Overtaken):
        saved(hall, edits, found)
    again = foreseen(hall, edits)
    (seen,) = again.preview.effects.values()
    assert len(seen.tickets) == len(effect.tickets) + 1
    assert saved(hall, edits, again) == len(edits)


def test_a_place_that_is_held_meanwhile_keeps_the_step(hall: Hall, start: datetime) -> None:
    """A hold promises nothing yet, but its place is numbered in steps."""
    longer = [Edit("branch", "doha-main", {"tick_minutes": 5}, {"tick_minutes": 10})]
    found = foreseen(hall, longer)
    held(hall, start)
    with pytest.raises(Overtaken):
        saved(hall, longer, found)
    assert [one.fault.code for one in foreseen(hall, longer).preview.faults] == ["setting-step-in-use"]


def test_a_person_who_comes_on_the_day_that_is_closed_meanwhile_is_seen(hall: Hall) -> None:
    today = closed(hall.db.clock.now())
    found = foreseen(hall, today)
    hall.issue()
    with pytest.raises(Overtaken):
        saved(hall, today, found)
    (seen,) = foreseen(hall, today).preview.effects.values()
    assert [one.why for one in seen.tickets] == [Why.CLOSED]


def test_what_was_seen_before_a_rollback_is_still_so_after_it(hall: Hall, start: datetime) -> None:
    found = foreseen(hall, closed(start))

    def in_vain(tx: Tx) -> None:
        save(tx, hall.branch.id, closed(start), found.preview.sha256, actor=SYSTEM, person=None, foreseen=found)
        raise LookupError

    with pytest.raises(LookupError):
        hall.db.write_now(in_vain)
    assert saved(hall, closed(start), found) == 1


def test_many_appointments_take_as_few_statements_as_one(
    hall: Hall, start: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hall waits while a day is closed or opened again, so its appointments are not asked for one by one."""
    booked(hall, start)
    for n in range(4):
        booked(hall, start + timedelta(days=1, minutes=30 * n), contact=f"{n}@example.org")
    ran, run = [0], Tx.execute

    def counted(tx: Tx, *given: Any) -> Any:
        ran[0] += 1
        return run(tx, *given)

    monkeypatch.setattr(Tx, "execute", counted)

    def statements(edits: list[Edit], decided: int) -> int:
        found = foreseen(hall, edits)
        assert len(found.preview.effects[hall.branch.id].bookings) + found.preview.regained == decided
        ran[0] = 0
        saved(hall, edits, found)
        return ran[0]

    few, many = closed(start), closed(start + timedelta(days=1))
    assert statements(few, 1) == statements(many, 4)
    # The last one first, so that no other closure gets a new position.
    assert statements([reverse(one) for one in many], 4) == statements([reverse(one) for one in few], 1)


def reverse(edit: Edit) -> Edit:
    """The edit that takes it back."""
    return Edit(edit.kind, edit.slug, edit.now, {name: [] for name in edit.now or {}})
