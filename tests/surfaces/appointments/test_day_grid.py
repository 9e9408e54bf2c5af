"""The table of a day: who is there, what is taken with travel, and that its cells fill every row."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from uuid_utils.compat import uuid7

from queue_system.actions import bookings
from queue_system.actions.bookings import HoldOrder
from queue_system.clock import FrozenClock
from queue_system.core.bookings import Booker
from queue_system.store.database import Database, Tx
from queue_system.store.log import SYSTEM
from queue_system.store.queries.appointments import appointments_on
from queue_system.store.queries.bookings import BookingView, free_days
from queue_system.store.tables import Block, table
from queue_system.surfaces.appointments.grid import AWAY, OPEN, TAKEN, Cell, Grid, grid_of
from queue_system.surfaces.appointments.line import lines_of
from queue_system.surfaces.appointments.week import Week, week_of
from tests.kit.hall import Hall, furnish
from tests.kit.legal_aid import START, booked, legal_aid

# A Tuesday.
DAY = datetime(2026, 11, 24, tzinfo=UTC).date()
VISIT = "home-visit"


@pytest.fixture
def hall(sqlite_url: str, clock: FrozenClock) -> Iterator[Hall]:
    """The care of the elderly, whose vehicle goes to people."""
    database = Database(sqlite_url, clock)
    yield furnish(database, "social-work", "ehsan")
    database.close()


def test_a_visit_takes_the_vehicle_with_its_way_there_and_back(hall: Hall) -> None:
    booked = book(hall, VISIT)
    service = hall.branch.service(VISIT)
    (taken,) = [cell for cell in column(hall, grid(hall), "vehicle") if cell.kind == TAKEN]
    assert taken.line is not None
    assert taken.line.booking.id == booked.id
    minutes = service.duration_min + service.buffer_min + 2 * (service.travel_min or 0)
    assert taken.rows == minutes // hall.branch.tick_minutes


def test_who_is_away_is_seen_and_the_rest_is_open_or_closed(hall: Hall) -> None:
    assert {cell.kind for cell in column(hall, grid(hall), "vehicle")} == {OPEN}
    vehicle = next(one for one in hall.branch.counters.values() if one.kind == "vehicle")
    noon = datetime(2026, 11, 24, 9, tzinfo=UTC)
    row = {
        "branch_id": hall.branch.id,
        "id": uuid7(),
        "plan_id": uuid7(),
        "member_id": vehicle.id,
        "reason": "repair",
        "created_at": noon,
    }
    insert = sa.insert(table(Block)).values(**row, starts_at=noon, ends_at=noon + timedelta(hours=1))
    hall.db.write_now(lambda tx: tx.execute(insert).rowcount)
    cells = column(hall, grid(hall), "vehicle")
    assert [cell.rows * hall.branch.tick_minutes for cell in cells if cell.kind == AWAY] == [60]
    assert "repair" not in repr(cells)
    assert {cell.kind for cell in cells} == {OPEN, AWAY}


def test_appointments_at_one_time_stand_beside_each_other(hall: Hall) -> None:
    service = next(
        one
        for one in hall.branch.services.values()
        if one.mode != "walkin_only" and not one.room and not one.travel_min and not one.resources
    )
    first = book(hall, service.slug)
    lanes = hall.branch.lanes_on(service.queue_id, DAY)[0]
    for _ in range(lanes - 1):
        assert book(hall, service.slug, first.starts_at).starts_at == first.starts_at
    found = grid(hall)
    assert lanes in [one.lanes for one in found.columns]


def test_the_cells_of_each_column_fill_all_rows(hall: Hall) -> None:
    for _ in range(3):
        book(hall, VISIT)
    found = grid(hall)
    assert found.rows
    assert sum(cell.rows for row in found.rows for cell in row.cells) == len(found.rows) * sum(
        one.lanes for one in found.columns
    )


def test_appointments_of_another_department_are_only_taken_time(hall: Hall) -> None:
    book(hall, VISIT)
    lines = shown(hall, seen=False)
    assert [cell for row in lines.rows for cell in row.cells if cell.line] == []


def test_a_queue_without_appointments_says_so_or_where_they_are(sqlite_url: str, clock: FrozenClock) -> None:
    """In the week it says the same."""
    database = Database(sqlite_url, clock)
    hall = legal_aid(database)
    queue = hall.branch.queue_of(hall.branch.service("assoc-compliance"))

    def said() -> tuple[bool, int]:
        day = next(one for one in grid(hall).columns if one.names == queue.names)
        week = next(row for row in week_from(hall).rows if row.names == queue.names).days[0]
        assert (not week.lines, week.beside) == (day.free, day.beside)
        return day.free, day.beside

    assert said() == (True, 0)
    booked(hall, START)
    assert said() == (True, 1)
    booked(hall, START, "bureaucracy", name="سمر الحسن")
    assert said() == (False, 1)
    database.close()


def test_a_day_on_which_nothing_is_open_has_no_table(hall: Hall) -> None:
    assert grid(hall, days=3) == Grid((), ())


def book(hall: Hall, service: str, start: datetime | None = None) -> BookingView:
    if start is None:
        (free,) = hall.db.read_now(free_days, hall.branch, hall.branch.service(service), DAY, DAY, public=False)
        start = free.slots[len(free.slots) // 2 if service != VISIT else 0].start
    order = HoldOrder(hall.branch.id, hall.service(service), start, "", "", "ar", SYSTEM, booker=Booker.STAFF)
    return hall.db.write_in_now(hall.branch.id, bookings.hold_slot, order)


def grid(hall: Hall, days: int = 0) -> Grid:
    return shown(hall, days=days)


def shown(hall: Hall, days: int = 0, *, seen: bool = True) -> Grid:
    branch, day = hall.branch, DAY + timedelta(days=days)
    services = frozenset(branch.services) if seen else frozenset()

    def read(tx: Tx) -> Grid:
        found = appointments_on(tx, branch, day)
        return grid_of(tx, branch, day, found, lines_of(branch, found, services, services, services), services)

    return hall.db.read_now(read)


def week_from(hall: Hall) -> Week:
    services = frozenset(hall.branch.services)
    return hall.db.read_now(week_of, hall.branch, (DAY,), services, services, services)


def column(hall: Hall, found: Grid, kind: str) -> list[Cell]:
    """The cells of the one member of a kind, which has one lane."""
    names = next(one.names for one in hall.branch.counters.values() if one.kind == kind)
    at = [one.names for one in found.columns].index(names)
    assert at == 0, "members come first"
    assert found.columns[at].lanes == 1
    # The cells of the first column come first in their rows, and its next begins where one ends.
    cells: list[Cell] = []
    row = 0
    while row < len(found.rows):
        cells.append(found.rows[row].cells[0])
        row += cells[-1].rows
    return cells
