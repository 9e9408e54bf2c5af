"""A visit of several parts or persons: times for all of it, held and confirmed all or none. On both databases."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from uuid_utils.compat import uuid7

from queue_system.actions import bookings, together
from queue_system.actions.bookings import HoldOrder
from queue_system.actions.said import Said
from queue_system.clock import FrozenClock
from queue_system.core.bookings import Booker, BookingState
from queue_system.core.errors import Invalid, Refused
from queue_system.core.hours import instant_at
from queue_system.core.slots import Seat, tick_of
from queue_system.store import tables
from queue_system.store.database import Database
from queue_system.store.log import SYSTEM
from queue_system.store.queries.bookings import BookingView, booking_views, bookings_together, free_days, seats_of
from queue_system.store.queries.common_times import CommonTimes, Scarce, Step, WantedTimes, common_times, visit_at
from queue_system.store.tables import Block, Booking, PolicyRow, table
from queue_system.web.visit_form import ends_of
from tests.kit.hall import Hall, change_settings, enter, furnish
from tests.kit.services import set_service

# A Tuesday; the hall opens at 8:30.
DAY = date(2026, 11, 24)
CIVIL = "birth"
EDUCATION = "edu-guidance"
SAME_QUEUE = "marriage"


@pytest.fixture
def hall(db: Database) -> Hall:
    return furnish(db)


@pytest.mark.parametrize("persons", [1, 3, 5])
@pytest.mark.parametrize("services", [(CIVIL,), (CIVIL, EDUCATION)])
def test_scenario_07_a_family_comes_one_after_another_around_what_is_taken(
    hall: Hall, persons: int, services: tuple[str, ...]
) -> None:
    steps = [step(hall, service) for service in services for _ in range(persons)]
    whole = find(hall, steps)
    assert whole.first[0][0] == at(hall, 8, 30)
    # With the first hour taken they begin after it, and with an hour after that as well they lie between or behind.
    for hour in (8, 11):
        fill(hall, CIVIL, at(hall, hour), at(hall, hour + 1))
    wish = at(hall, 11)
    found = find(hall, steps, near=wish)
    assert found.first[0][0] >= at(hall, 9)
    assert wish not in [visit[0] for visit in found.near], "the hour that was asked for is taken"
    for visit in (*found.first, *found.near):
        ends = [begin + length(one) for begin, one in zip(visit, steps, strict=True)]
        assert all(end <= begin <= end + timedelta(minutes=30) for end, begin in zip(ends, visit[1:], strict=False))
        assert all(end <= at(hall, 11) or begin >= at(hall, 12) for begin, end in civil(visit, ends, steps))
    # At the end of the day the last part ends with the hours of its service; what would end later is on another day.
    last = last_end(hall, steps[-1])
    late = find(hall, steps, near=last - sum((length(one) for one in steps), timedelta()))
    ends_of_day = [visit[-1] + length(steps[-1]) for visit in late.near if visit[0].date() == DAY]
    assert max(ends_of_day) == last if services == (CIVIL,) else max(ends_of_day) <= last
    held = hold(hall, steps, found.near[0])
    done = hall.db.write_in_now(hall.branch.id, together.confirm_together, hall.branch.id, held, SYSTEM, {})
    assert [one.starts_at for one in done] == list(found.near[0])
    assert {one.state for one in done} == {BookingState.CONFIRMED}


def test_scenario_07_all_parts_are_held_or_none(hall: Hall) -> None:
    steps = [step(hall, CIVIL)] * 3
    visit = find(hall, steps).first[0]
    fill(hall, CIVIL, visit[2], visit[2] + timedelta(minutes=1))
    before = len(stored(hall))
    with pytest.raises(Refused, match="slot-taken"):
        hold(hall, steps, visit)
    assert len(stored(hall)) == before
    assert hall.db.read_now(visit_at, hall.branch, steps, wish(hall, gap=0), visit[0]) == ()


def test_scenario_07_all_parts_are_confirmed_or_none_and_each_has_what_was_said(hall: Hall) -> None:
    steps = [step(hall, CIVIL)] * 2
    held = hold(hall, steps, find(hall, steps).first[0])
    first, second = parts(hall, held)
    said = {first.id: Said("سلمى الأتاسي", "", "ar"), second.id: Said("7 <b>", "", "ar")}
    with pytest.raises(Invalid, match="reference-signs"):
        hall.db.write_in_now(hall.branch.id, together.confirm_together, hall.branch.id, held, SYSTEM, said)
    assert {one.state for one in parts(hall, held)} == {BookingState.HELD}
    said[second.id] = Said("محمود الأتاسي", "", "en")
    hall.db.write_in_now(hall.branch.id, together.confirm_together, hall.branch.id, held, SYSTEM, said)
    assert [(one.name, one.language, one.state) for one in parts(hall, held)] == [
        ("سلمى الأتاسي", "ar", BookingState.CONFIRMED),
        ("محمود الأتاسي", "en", BookingState.CONFIRMED),
    ]


def test_one_visit_is_one_appointment_for_the_limit_of_a_person(hall: Hall) -> None:
    policies = table(PolicyRow)
    one_each = sa.update(policies).values(max_active=1)
    change_settings(hall.db, one_each)
    hall = enter(hall.db)
    steps = [step(hall, CIVIL), step(hall, SAME_QUEUE)]
    assert len({one.service.queue_id for one in steps}) == 1
    held = hold(hall, steps, find(hall, steps).first[0])
    said = {one.id: Said("سلمى الأتاسي", "salma@example.org", "ar") for one in parts(hall, held)}
    done = hall.db.write_in_now(hall.branch.id, together.confirm_together, hall.branch.id, held, SYSTEM, said)
    assert {one.state for one in done} == {BookingState.CONFIRMED}
    # But whoever has it gets no second one.
    again = hold(hall, steps, find(hall, steps).first[0])
    said = {one.id: Said("سلمى الأتاسي", "salma@example.org", "ar") for one in parts(hall, again)}
    with pytest.raises(Refused, match="booking-limit"):
        hall.db.write_in_now(hall.branch.id, together.confirm_together, hall.branch.id, again, SYSTEM, said)


def test_what_was_held_too_long_is_confirmed_in_no_part(hall: Hall, clock: FrozenClock) -> None:
    steps = [step(hall, CIVIL), step(hall, EDUCATION)]
    held = hold(hall, steps, find(hall, steps).first[0])
    clock.move(timedelta(minutes=11))
    with pytest.raises(Refused, match="hold-expired"):
        hall.db.write_in_now(hall.branch.id, together.confirm_together, hall.branch.id, held, SYSTEM, {})
    hall.db.write_now(bookings.expire_holds, hall.branch.id)
    assert {one.state for one in parts(hall, held)} == {BookingState.EXPIRED}


def test_a_visit_is_held_once_and_given_back_whole(hall: Hall) -> None:
    steps = [step(hall, CIVIL), step(hall, EDUCATION)]
    visit = find(hall, steps).first[0]
    held = hold(hall, steps, visit, request="press")
    assert hold(hall, steps, visit, request="press") == held, "the button was pressed twice"
    hall.db.write_in_now(hall.branch.id, together.give_back_together, hall.branch.id, held, SYSTEM)
    assert {one.state for one in parts(hall, held)} == {BookingState.CANCELLED}
    assert find(hall, steps).first[0] == visit


def test_a_wait_between_two_parts_is_as_long_as_was_said(hall: Hall) -> None:
    steps = [step(hall, CIVIL), step(hall, EDUCATION)]
    # Education has nobody until ten, so a visit that begins with the doors would wait.
    fill(hall, EDUCATION, at(hall, 8), at(hall, 10))
    short, long_ = find(hall, steps, gap=0), find(hall, steps, gap=120)
    assert short.first[0][1] == short.first[0][0] + length(steps[0])
    assert long_.first[0][0] < short.first[0][0]


def test_the_half_of_the_day_is_that_of_the_wall_clock(hall: Hall) -> None:
    found = find(hall, [step(hall, CIVIL)], half="afternoon")
    assert [visit[0].astimezone(hall.branch.zone).hour for visit in found.first] == [12, 12, 12]


def test_the_parts_take_as_long_as_on_their_day(hall: Hall) -> None:
    """Terms such as those of Ramadan begin within the two months that are looked through."""
    usual = hall.branch.service(CIVIL).duration_min
    begins = DAY + timedelta(days=2)
    hall = set_service(
        hall, CIVIL, duration_min=usual, terms=[{"first": begins.isoformat(), "duration_min": 2 * usual}]
    )
    steps = [step(hall, CIVIL)] * 2
    for day, minutes in ((DAY, usual), (begins + timedelta(days=5), 2 * usual)):
        first = find(hall, steps, on=DAY, near=instant_at(day, 10 * 60, hall.branch.zone)).near[0]
        assert first[0].astimezone(hall.branch.zone).date() == day
        assert first[1] - first[0] == timedelta(minutes=minutes)
        held = parts(hall, hold(hall, steps, first))
        assert [one.ends_at - one.starts_at for one in held] == [timedelta(minutes=minutes)] * 2
        found = find(hall, steps, on=day)
        ends = ends_of(hall.branch, found, steps)
        assert ends[found.first[0][0]] == found.first[0][1] + timedelta(minutes=minutes)


def test_a_vehicle_that_makes_people_wait_is_named(db: Database) -> None:
    hall = furnish(db, "social-work", "ehsan")
    visit = [step(hall, "home-visit")]
    first = find(hall, visit).first[0][0]
    assert find(hall, visit).scarce is None
    vehicle = next(one for one in hall.branch.counters.values() if one.kind == "vehicle")
    row = {
        "branch_id": hall.branch.id,
        "id": uuid7(),
        "plan_id": uuid7(),
        "member_id": vehicle.id,
        "reason": "repair",
        "created_at": first,
    }
    away = sa.insert(table(Block)).values(**row, starts_at=at(hall, 0), ends_at=at(hall, 0) + timedelta(days=1))
    hall.db.write_now(lambda tx: tx.execute(away).rowcount)
    found = find(hall, visit)
    assert found.first[0][0].date() > first.date()
    assert found.scarce == Scarce(vehicle.names, at(hall, 7))


def test_a_pool_that_makes_people_wait_is_named(db: Database) -> None:
    hall = furnish(db, "forum", "istanbul")
    advice = [step(hall, "lawyer-advice")]
    first = find(hall, advice).first[0][0]
    pool = hall.branch.resources[advice[0].service.resources[0]]
    assert pool.kind == "pool"
    held = hall.db.write_in_now(hall.branch.id, bookings.hold_slot, order(hall, advice[0].service.id, first))
    taken = hall.db.read_now(seats_of, hall.branch.id, held.id)
    tick = hall.branch.tick_minutes
    whole = range(tick_of(at(hall, 0), tick), tick_of(at(hall, 0) + timedelta(days=1), tick))
    rows = [
        {"branch_id": hall.branch.id, "resource_id": pool.id, "tick": one, "lane": lane, "booking_id": held.id}
        for one in whole
        for lane in range(1, pool.pool + 1)
        if Seat(pool.id, one, lane) not in taken
    ]
    hall.db.write_now(lambda tx: tx.execute(sa.insert(table(tables.Seat)), rows).rowcount)
    found = find(hall, advice)
    assert found.first[0][0].date() > first.date()
    assert found.scarce is not None
    assert (found.scarce.names, found.scarce.first.date()) == (pool.names, DAY)


def find(
    hall: Hall, steps: Sequence[Step], near: datetime | None = None, gap: int = 30, half: str = "", on: date = DAY
) -> CommonTimes:
    return hall.db.read_now(common_times, hall.branch, steps, wish(hall, near, gap, half, on))


def wish(hall: Hall, near: datetime | None = None, gap: int = 30, half: str = "", on: date = DAY) -> WantedTimes:
    return WantedTimes(instant_at(on, 0, hall.branch.zone), near, half, gap)


def step(hall: Hall, service: str) -> Step:
    return Step(hall.branch.service(service))


def length(one: Step) -> timedelta:
    return timedelta(minutes=one.service.duration_min + one.service.buffer_min)


def at(hall: Hall, hour: int, minute: int = 0) -> datetime:
    return instant_at(DAY, 60 * hour + minute, hall.branch.zone)


def last_end(hall: Hall, one: Step) -> datetime:
    """When the last visit of the day to a service is over."""
    (day,) = hall.db.read_now(free_days, hall.branch, one.service, DAY, DAY, public=False)
    return day.slots[-1].start + length(one)


def civil(
    visit: Sequence[datetime], ends: Sequence[datetime], steps: Sequence[Step]
) -> list[tuple[datetime, datetime]]:
    return [(begin, end) for begin, end, one in zip(visit, ends, steps, strict=True) if one.service.slug == CIVIL]


def hold(hall: Hall, steps: Sequence[Step], visit: Sequence[datetime], request: str | None = None) -> UUID:
    orders = [
        order(hall, one.service.id, begin, f"{request}-{number}" if request else None)
        for number, (one, begin) in enumerate(zip(steps, visit, strict=True))
    ]
    return hall.db.write_in_now(hall.branch.id, together.hold_together, hall.branch.id, orders)


def order(hall: Hall, service: UUID, start: datetime, request: str | None = None) -> HoldOrder:
    return HoldOrder(hall.branch.id, service, start, "", "", "ar", SYSTEM, request_id=request, booker=Booker.STAFF)


def fill(hall: Hall, service: str, start: datetime, end: datetime) -> None:
    """Take every place of a service that begins or goes on in a stretch of time."""
    view = hall.branch.service(service)
    while True:
        (day,) = hall.db.read_now(free_days, hall.branch, view, DAY, DAY, public=False)
        open_ = [one for one in day.slots if one.start < end and start < one.end]
        if not open_:
            return
        hall.db.write_in_now(hall.branch.id, bookings.hold_slot, order(hall, view.id, open_[0].start))


def parts(hall: Hall, visit: UUID) -> list[BookingView]:
    return hall.db.read_now(bookings_together, hall.branch.id, visit)


def stored(hall: Hall) -> list[BookingView]:
    return hall.db.read_now(booking_views, table(Booking).c.branch_id == hall.branch.id)
