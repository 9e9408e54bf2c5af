"""Seven days of appointments, and a day on paper without anything that may not lie about."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa
from uuid_utils.compat import uuid7

from queue_system.actions import bookings
from queue_system.actions.bookings import HoldOrder
from queue_system.actions.channels import How
from queue_system.actions.said import Said
from queue_system.clock import FrozenClock
from queue_system.core.bookings import Booker
from queue_system.core.participants import Person, Role
from queue_system.store.database import Database
from queue_system.store.log import SYSTEM
from queue_system.store.queries.bookings import BookingView, free_days
from queue_system.store.tables import Block, table
from queue_system.surfaces.appointments.week import DAYS, DayOf, Week, week_of
from tests.kit.hall import Hall, furnish
from tests.kit.people import add_role
from tests.kit.web_hall import Page, application, furnished, opened, sign_in

# A Sunday.
FIRST = date(2026, 11, 22)
TUESDAY = 2
VISIT = "home-visit"
HERE = "/appointments/doha-main"


@pytest.fixture
def hall(sqlite_url: str, clock: FrozenClock) -> Iterator[Hall]:
    """The care of the elderly, whose vehicle goes to people."""
    database = Database(sqlite_url, clock)
    yield furnish(database, "social-work", "ehsan")
    database.close()


def test_a_visit_stands_at_its_day_beside_the_vehicle(hall: Hall) -> None:
    booked = book(hall, VISIT, FIRST + timedelta(days=TUESDAY))
    found = week(hall)
    assert [[line.booking.id for line in on.lines] for on in vehicle(hall, found)] == [
        [booked.id] if n == TUESDAY else [] for n in range(DAYS)
    ]
    assert [len(lines) for lines in found.lists] == [int(n == TUESDAY) for n in range(DAYS)]
    # Friday and Saturday.
    assert [on.here for on in vehicle(hall, found)] == [True] * 5 + [False] * 2


def test_a_day_away_is_a_day_not_here_and_part_of_a_day_is_not(hall: Hall) -> None:
    block(hall, FIRST + timedelta(days=1), hours=24)
    block(hall, FIRST + timedelta(days=TUESDAY), hours=9)
    assert [on.here for on in vehicle(hall, week(hall))] == [True, False, True, True, True, False, False]


def test_appointments_of_another_department_are_counted_and_not_named(sqlite_url: str, clock: FrozenClock) -> None:
    database = Database(sqlite_url, clock)
    hall = furnish(database, "social-work", "shafallah")
    book(hall, "speech", FIRST)
    # It has the same rooms.
    other = frozenset({hall.service("physio")})
    found = [row.days[0] for row in week(hall, other).rows]
    assert [on.others for on in found if on.others] == [1]
    assert not any(on.lines for on in found)
    database.close()


def test_scenario_20_a_week_and_a_printed_day_have_no_telephone_no_address_and_no_discreet_service(
    sqlite_template: Path, tmp_path: Path, clock: FrozenClock
) -> None:
    with application(furnished(sqlite_template, tmp_path, clock.now()), tmp_path, clock) as (client, hall):
        sign_in(client, "rana", "en")
        open_ = book(hall, "travel-doc", FIRST, name="Salma Atassi")
        discreet = book(hall, "divorce", FIRST, name="Rim Halabi")
        seen = Page(client.get(f"{HERE}/week?day={FIRST}").text)
        assert f"{HERE}/{open_.id}" in seen.html
        assert "Salma Atassi" in seen.text
        assert "Rim Halabi" not in seen.html
        paper = Page(client.get(f"{HERE}/paper?day={FIRST}").text)
        assert "Salma Atassi" in paper.text
        assert discreet.code in paper.text
        for kept_off in ("Rim Halabi", "Divorce", "5551", "mailto"):
            assert kept_off not in paper.html
        queue = hall.branch.queues[hall.branch.service("travel-doc").queue_id].slug
        one = Page(client.get(f"{HERE}/paper?day={FIRST}&who={queue}").text)
        assert "Salma Atassi" in one.text
        assert discreet.code not in one.text
        assert "No appointments" in Page(client.get(f"{HERE}/paper?day=2026-12-25").text).text
        # A day that is none is today.
        assert client.get(f"{HERE}/week?day=soon").status_code == 200


def test_scenario_20_a_printed_day_of_home_visits_says_neither_where_they_are_nor_how_anybody_is_reached(
    sqlite_url: str, tmp_path: Path, clock: FrozenClock
) -> None:
    def people(hall: Hall) -> None:
        hall.person("rana", ((hall.branch.id, add_role(hall, "books", "book_for_visitor")),))

    with opened(sqlite_url, tmp_path, clock, "social-work", "ehsan", people) as (client, hall):
        sign_in(client, "rana", "en")
        held, here = book(hall, VISIT, FIRST), hall.branch.id
        son = Person(Role.COMPANION, "Basel Halabi", "basel@example.org")
        said = Said("Rim Halabi", "+97455512345", "en", others=(son,), how=How(address="Jasmine Street 7"))
        hall.db.write_in_now(here, bookings.confirm_booking, here, held.id, SYSTEM, said)
        paper = Page(client.get(f"/appointments/ehsan/paper?day={FIRST}").text)
        assert held.code in paper.text
        for kept_off in ("Jasmine", "5551", "basel@"):
            assert kept_off not in paper.html


def book(hall: Hall, service: str, day: date, name: str = "") -> BookingView:
    (free,) = hall.db.read_now(free_days, hall.branch, hall.branch.service(service), day, day, public=False)
    contact = "+97455512345" if name else ""
    order = HoldOrder(
        hall.branch.id,
        hall.service(service),
        free.slots[0].start,
        name,
        contact,
        "ar",
        SYSTEM,
        booker=Booker.STAFF,
        contact_sure=True,
    )
    return hall.db.write_in_now(hall.branch.id, bookings.hold_slot, order)


def week(hall: Hall, seen: frozenset[UUID] | None = None) -> Week:
    days = tuple(FIRST + timedelta(days=n) for n in range(DAYS))
    services = frozenset(hall.branch.services) if seen is None else seen
    return hall.db.read_now(week_of, hall.branch, days, services, services, services)


def vehicle(hall: Hall, found: Week) -> tuple[DayOf, ...]:
    slug = next(one.slug for one in hall.branch.counters.values() if one.kind == "vehicle")
    return next(row.days for row in found.rows if row.slug == slug)


def block(hall: Hall, day: date, hours: int) -> None:
    """The vehicle is away for so many hours from midnight on."""
    start = datetime(day.year, day.month, day.day, tzinfo=hall.branch.zone).astimezone(UTC)
    member = next(one.id for one in hall.branch.counters.values() if one.kind == "vehicle")
    row = {
        "branch_id": hall.branch.id,
        "id": uuid7(),
        "plan_id": uuid7(),
        "member_id": member,
        "reason": "repair",
        "created_at": start,
    }
    insert = sa.insert(table(Block)).values(**row, starts_at=start, ends_at=start + timedelta(hours=hours))
    hall.db.write_now(lambda tx: tx.execute(insert).rowcount)
