"""Many appointments that are offered another time in one change: each its own place, and days read once. On both databases."""

from __future__ import annotations

from typing import Any

import pytest

from queue_system.actions import offers, settings
from queue_system.actions.offers import FreePlaces
from queue_system.core.promises import Choice, Choices
from queue_system.core.slots import tick_of
from queue_system.core.support import Why
from queue_system.settings.edits import Edit
from queue_system.store.database import Database, Tx
from queue_system.store.log import SYSTEM, locked
from queue_system.store.queries.bookings import BookingView
from queue_system.store.queries.members import member_time
from tests.kit import member_log
from tests.kit.deciding import as_stored
from tests.kit.hall import Hall, enter
from tests.kit.legal_aid import HOUR, START, booked, legal_aid

DAY = {"first": f"{START:%Y-%m-%d}", "last": f"{START:%Y-%m-%d}", "names": {"ar": "صيانة", "en": "Repair"}}


@pytest.fixture
def hall(db: Database) -> Hall:
    """The legal aid, where one interpreter is in all appointments of a service."""
    return legal_aid(db)


def three(hall: Hall) -> list[BookingView]:
    return [booked(hall, START + n * HOUR, "case-follow", contact=f"{n}@example.org") for n in range(3)]


def close(hall: Hall) -> None:
    """Close the day of the appointments, and offer each another time."""
    edits = [Edit("branch", hall.branch.slug, {}, {"closures": [DAY]})]
    told = hall.db.read_now(settings.preview, hall.branch.id, edits)
    how: dict[str, Any] = {"actor": SYSTEM, "person": None, "choices": Choices({Why.CLOSED: Choice.MOVE})}
    hall.db.write_now(settings.save, hall.branch.id, edits, told.sha256, **how)


def test_each_gets_a_place_and_members_of_its_own(hall: Hall) -> None:
    lost = three(hall)
    close(hall)
    found = [as_stored(hall, one).offered_starts_at for one in lost]
    assert None not in found
    assert len(set(found)) == len(lost)
    assert hall.db.read_now(member_log.faults, enter(hall.db, hall.branch.slug).branch) == []


def test_the_time_of_members_is_read_once_a_day_however_many_are_moved(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The branch is locked meanwhile, and its hall waits."""
    read: list[range] = []

    def counted(tx: Tx, *given: Any) -> Any:
        read.append(given[-1])
        return member_time(tx, *given)

    monkeypatch.setattr(offers, "member_time", counted)
    lost = three(hall)
    close(hall)
    days = {tick_of(at, hall.branch.tick_minutes) for one in lost if (at := as_stored(hall, one).offered_starts_at)}
    assert len(days) == len(lost)
    assert len(read) == len(set(read)) < len(lost)


def test_places_that_were_given_up_meanwhile_are_free_once_they_are_read_anew(hall: Hall) -> None:
    one, *_ = three(hall)

    def work(tx: Tx) -> list[Any]:
        with locked(tx, hall.branch.id) as lock:
            places = FreePlaces(lock, hall.branch)
            first, second = (places.near(each, Why.OTHER) for each in (one, one))
            # Nothing of this was stored, as if it had been withdrawn.
            places.forget()
            return [first, second, places.near(one, Why.OTHER)]

    first, second, again = hall.db.write_in_now(hall.branch.id, work)
    assert first is not None
    assert second is not None
    assert second.slot != first.slot
    assert again == first
