"""Clock changes, days that begin at three, and wrong clocks, as tables of cases. On both databases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from uuid_utils.compat import uuid7

from queue_system.actions import calling, tickets
from queue_system.actions.bookings import HoldOrder, change_booking, confirm_booking, hold_slot
from queue_system.clock import FrozenClock
from queue_system.core.errors import DomainError, Invalid, Refused
from queue_system.core.hours import instant_at
from queue_system.core.tickets import TicketState
from queue_system.store import log
from queue_system.store.database import Database, Tx
from queue_system.store.log import VISITOR
from queue_system.store.queries import bookings as stored
from queue_system.store.queries import line
from queue_system.store.queries.bookings import BookingView
from queue_system.store.queries.line import TicketView
from queue_system.store.queries.settings import ServiceView
from queue_system.store.tables import ClosureRow, OpeningHours, table
from tests.kit.hall import Hall, edit, enter, furnish

# Clocks in Germany: 2027-03-28 02:00 → 03:00, 2027-10-31 03:00 → 02:00.
SPRING, AUTUMN = date(2027, 3, 28), date(2027, 10, 31)


def open_on(db: Database, hall: Hall, day: date, opens: time, closes: time) -> Hall:
    """The same hall with other hours on one day, whatever its profile says."""

    def work(tx: Tx) -> None:
        closures = table(ClosureRow)
        tx.execute(sa.delete(closures).where(closures.c.branch_id == hall.branch.id))
        rule = {
            "branch_id": hall.branch.id,
            "id": uuid7(),
            "position": 900,
            "layer": "exception",
            "days": [day.weekday()],
            "opens": opens,
            "closes": closes,
            "first": day,
            "last": day,
        }
        tx.execute(sa.insert(table(OpeningHours)), rule)

    edit(hall, work)
    return enter(db, hall.branch.slug)


# ---------------------------------------------------------------- bookings across the change of the clocks


@pytest.fixture
def berlin(db: Database) -> Hall:
    """A branch in Berlin that is open in the nights of the clock changes."""
    hall = furnish(db, "policy-unit")
    assert hall.branch.zone.key == "Europe/Berlin"
    for day in (SPRING, AUTUMN):
        hall = open_on(db, hall, day, time(0), time(9))
    return hall


def bookable(hall: Hall) -> ServiceView:
    return next(service for service in hall.branch.services.values() if service.bookable)


def book(hall: Hall, starts_at: datetime, number: int = 0) -> BookingView:
    service = bookable(hall)
    order = HoldOrder(
        hall.branch.id, service.id, starts_at, "Salma", f"+4930123456{number:02}", hall.branch.languages[0], VISITOR
    )
    held = hall.db.write_in_now(hall.branch.id, hold_slot, order)
    return hall.db.write_in_now(hall.branch.id, confirm_booking, hall.branch.id, held.id, VISITOR)


def offered(hall: Hall, day: date) -> list[datetime]:
    found = hall.db.read_now(stored.free_days, hall.branch, bookable(hall), day, day)[0]
    return [slot.start for slot in found.slots]


def walls(hall: Hall, day: date) -> list[str]:
    """The times as people read them, with the offset, which distinguishes equal ones."""
    return [start.astimezone(hall.branch.zone).strftime("%H:%M%z") for start in offered(hall, day)]


def test_in_spring_nothing_is_offered_in_the_hour_that_does_not_exist(berlin: Hall, clock: FrozenClock) -> None:
    clock.set(datetime(2027, 3, 20, 9, tzinfo=UTC))
    shown = walls(berlin, SPRING)
    assert shown
    assert not [wall for wall in shown if wall.startswith("02:")]
    assert {wall[5:] for wall in shown if wall < "02:00"} == {"+0100"}
    assert {wall[5:] for wall in shown if wall >= "03:00"} == {"+0200"}


def test_in_autumn_the_hour_that_comes_twice_is_two_hours(berlin: Hall, clock: FrozenClock) -> None:
    clock.set(datetime(2027, 10, 20, 9, tzinfo=UTC))
    twice = [start for start in offered(berlin, AUTUMN) if start.astimezone(berlin.branch.zone).hour == 2]
    by_offset = {start.astimezone(berlin.branch.zone).strftime("%z") for start in twice}
    assert by_offset == {"+0200", "+0100"}
    first = next(start for start in twice if start.astimezone(berlin.branch.zone).fold == 0)
    second = first + timedelta(hours=1)
    assert second in twice
    bookings = [book(berlin, first, 1), book(berlin, second, 2)]
    assert [booking.starts_at for booking in bookings] == [first, second]


@pytest.mark.parametrize(
    ("day", "minutes", "expected"),
    [
        (date(2027, 3, 27), 10 * 60, "2027-03-27T09:00:00+00:00"),
        (date(2027, 3, 29), 10 * 60, "2027-03-29T08:00:00+00:00"),
        (date(2027, 10, 30), 10 * 60, "2027-10-30T08:00:00+00:00"),
        (date(2027, 11, 1), 10 * 60, "2027-11-01T09:00:00+00:00"),
        (SPRING, 2 * 60 + 30, "2027-03-28T01:00:00+00:00"),
        (AUTUMN, 2 * 60 + 30, "2027-10-31T00:30:00+00:00"),
    ],
)
def test_ten_in_the_morning_is_ten_by_the_clock_on_the_wall(
    berlin: Hall, day: date, minutes: int, expected: str
) -> None:
    assert instant_at(day, minutes, berlin.branch.zone).isoformat() == expected


@pytest.mark.parametrize(
    ("now", "starts_at", "outcome"),
    [
        # Half an hour before 03:30 summer time is 03:00; one minute earlier it was still winter time.
        ("2027-03-28T00:59:00+00:00", "2027-03-28T01:30:00+00:00", "too-early"),
        ("2027-03-28T01:00:00+00:00", "2027-03-28T01:30:00+00:00", "on-time"),
        # At the first 02:30 in autumn the second one is an hour away, although both look the same.
        ("2027-10-31T00:30:00+00:00", "2027-10-31T01:30:00+00:00", "too-early"),
        ("2027-10-31T01:05:00+00:00", "2027-10-31T01:30:00+00:00", "on-time"),
    ],
)
def test_checking_in_counts_real_minutes(
    berlin: Hall, clock: FrozenClock, now: str, starts_at: str, outcome: str
) -> None:
    start = datetime.fromisoformat(starts_at)
    clock.set(start - timedelta(days=7))
    nearest = min(offered(berlin, start.date()), key=lambda slot: abs(slot - start))
    booking = book(berlin, nearest)
    shift = nearest - start
    early = stored.check_in_rules(berlin.branch).early_min
    clock.set(datetime.fromisoformat(now) + shift + timedelta(minutes=30 - early))
    arrive: Callable[[], Any] = lambda: berlin.db.write_in_now(  # noqa: E731 - tried in two ways below
        berlin.branch.id, tickets.check_in, berlin.branch.id, booking.id, VISITOR
    )
    if outcome == "too-early":
        with pytest.raises(Refused, match="too-early"):
            arrive()
    else:
        assert arrive().ticket.anchor_at == nearest


def test_a_booking_moves_over_the_change_and_keeps_its_length(berlin: Hall, clock: FrozenClock) -> None:
    clock.set(datetime(2027, 3, 20, 9, tzinfo=UTC))
    before, after = offered(berlin, SPRING)[0], offered(berlin, SPRING)[-1]
    booking = book(berlin, before)
    moved = berlin.db.write_in_now(berlin.branch.id, change_booking, berlin.branch.id, booking.id, after, VISITOR)
    assert moved.ends_at - moved.starts_at == booking.ends_at - booking.starts_at
    assert (before.astimezone(berlin.branch.zone).hour, after.astimezone(berlin.branch.zone).hour) == (0, 8)


@pytest.mark.parametrize("wall", ["2027-03-28T02:30:00+01:00", "2027-03-28T01:31:00+01:00"])
def test_a_time_that_is_never_offered_is_refused(berlin: Hall, clock: FrozenClock, wall: str) -> None:
    """02:30 with the winter offset is really 03:30, so it is refused unless 03:30 is offered."""
    clock.set(datetime(2027, 3, 20, 9, tzinfo=UTC))
    start = datetime.fromisoformat(wall)
    if start in offered(berlin, SPRING):
        assert book(berlin, start).starts_at.astimezone(berlin.branch.zone).strftime("%H:%M") == "03:30"
    else:
        with pytest.raises(Invalid, match="slot-unknown"):
            book(berlin, start)


# ---------------------------------------------------------------- the business day turns at 03:00


@pytest.fixture
def night(db: Database, clock: FrozenClock) -> Hall:
    """The embassy in a night of Ramadan, open from 20:00 to 05:00; it is 02:50."""
    hall = open_on(db, furnish(db), date(2026, 11, 22), time(20), time(5))
    at(hall, clock, 23, 2, 50)
    return hall


def at(hall: Hall, clock: FrozenClock, day: int, hour: int, minute: int) -> None:
    clock.set(datetime(2026, 11, day, hour, minute, tzinfo=hall.branch.zone))


@pytest.mark.parametrize(
    ("hour", "minute", "business_date", "number"),
    [(2, 59, date(2026, 11, 22), 3), (3, 0, date(2026, 11, 23), 2), (4, 30, date(2026, 11, 23), 2)],
)
def test_numbers_start_anew_at_three_and_not_at_midnight(
    night: Hall, clock: FrozenClock, hour: int, minute: int, business_date: date, number: int
) -> None:
    at(night, clock, 22, 23, 59)
    assert night.issue().ticket.code == "F001"
    at(night, clock, 23, 0, 1)
    second = night.issue().ticket
    assert second.code == "F002"
    # A visitor who goes home leaves the number; F001 is still in the hall and cannot be given again.
    night.db.write_in_now(night.branch.id, tickets.leave, night.branch.id, second.id, VISITOR)
    at(night, clock, 23, hour, minute)
    ticket = night.issue().ticket
    assert (ticket.business_date, ticket.number) == (business_date, number)


def test_who_came_before_three_is_called_after_three_first_and_keeps_the_code(night: Hall, clock: FrozenClock) -> None:
    yesterday = [night.issue().ticket for _ in range(2)]
    at(night, clock, 23, 3, 5)
    today = night.issue().ticket
    # Two waiting people never have the same code.
    assert today.code == "F003"
    here = night.sit(night.person("layla"))
    called: list[TicketView] = []
    for _ in range(3):
        ticket = night.call_next(replace(here, expected=called[-1].id if called else None))
        assert ticket is not None
        called.append(ticket)
    assert [ticket.id for ticket in called] == [*(ticket.id for ticket in yesterday), today.id]
    assert [ticket.code for ticket in called] == ["F001", "F002", "F003"]


def test_a_clock_that_goes_back_over_three_gives_no_number_twice(night: Hall, clock: FrozenClock) -> None:
    """03:05, back to 02:05, on to 03:05: each business date continues its numbers, without those in the hall."""
    numbers = []
    for hour, minute in ((2, 55), (3, 5), (2, 5), (2, 59), (3, 6)):
        at(night, clock, 23, hour, minute)
        ticket = night.issue().ticket
        numbers.append((ticket.business_date.day, ticket.number))
    assert numbers == [(22, 1), (23, 2), (22, 3), (22, 4), (23, 5)]


# ---------------------------------------------------------------- a clock that jumps back an hour


def call_all(hall: Hall, clerk: UUID) -> list[UUID]:
    """Call until nobody waits; the called tickets in order."""
    here = hall.at(clerk)
    called: list[UUID] = []
    while (ticket := hall.call_next(replace(here, expected=called[-1] if called else None))) is not None:
        called.append(ticket.id)
    return called


BACK = timedelta(hours=-1)
ON = timedelta(minutes=1)


@pytest.mark.parametrize(
    "moves",
    [
        (ON, ON, ON, ON),
        (ON, BACK, ON, ON),
        (BACK, BACK, ON, ON),
        (ON, timedelta(hours=1), BACK, BACK),
        (timedelta(minutes=30), -timedelta(minutes=30), timedelta(minutes=30), BACK),
        (timedelta(0), timedelta(microseconds=-1), timedelta(0), timedelta(microseconds=-1)),
    ],
)
def test_who_came_first_is_called_first_whatever_the_clock_does(
    hall: Hall, clock: FrozenClock, moves: tuple[timedelta, ...]
) -> None:
    clock.move(timedelta(hours=1))
    clerk = hall.person("layla")
    hall.sit(clerk)
    came = [hall.issue().ticket.id]
    for move in moves:
        clock.move(move)
        came.append(hall.issue().ticket.id)
    assert call_all(hall, clerk) == came


def test_waits_are_never_negative_and_weights_still_count(hall: Hall, clock: FrozenClock) -> None:
    """An elderly visitor who arrives after the clock was set back still precedes an ordinary one of the same minute."""
    clerk = hall.person("layla")
    hall.sit(clerk)
    ordinary = hall.issue().ticket
    clock.move(BACK)
    elderly = hall.issue(priority="elderly").ticket
    clock.move(timedelta(hours=1, minutes=20))
    assert call_all(hall, clerk) == [elderly.id, ordinary.id]
    reasons = [row.data for row in hall.db.read_now(log.after, hall.branch.id, 0) if row.kind == "ticket.called"]
    assert all(reason["values"].get("n", 0) >= 0 for reason in reasons)


def test_a_whole_visit_goes_on_while_the_clock_is_put_back_at_every_step(hall: Hall, clock: FrozenClock) -> None:
    here = hall.sit(hall.person("layla"))
    first, second = hall.issue().ticket, hall.issue().ticket
    steps: list[tuple[Callable[..., Any], TicketState]] = [
        (calling.recall, TicketState.CALLED),
        (calling.park, TicketState.PARKED),
    ]
    clock.move(BACK)
    called = hall.call_next(here)
    assert called is not None
    assert called.id == first.id
    at_desk = replace(here, expected=first.id)
    for action, state in steps:
        clock.move(timedelta(minutes=-7))
        assert hall.db.write_in_now(hall.branch.id, action, at_desk).state is state
    clock.move(timedelta(minutes=-7))
    hall.db.write_in_now(hall.branch.id, calling.resume, hall.branch.id, first.id, here.actor)
    clock.move(timedelta(minutes=-7))
    again = hall.call_next(here)
    assert again is not None
    assert again.id == first.id, "who was held keeps the place in front of those who came later"
    waiting = [one for one in hall.db.read_now(line.in_hall, hall.branch) if one.state is TicketState.WAITING]
    assert [one.queue_id for one in waiting] == [second.queue_id]
    entries = hall.db.read_now(log.after, hall.branch.id, 0)
    assert [entry.at for entry in entries] == sorted(entry.at for entry in entries)
    assert all(verdict.broken_at is None for verdict in hall.db.read_now(log.verify))


def test_a_hold_lasts_ten_minutes_by_the_clock_and_is_not_lost_when_it_goes_back(
    hall: Hall, clock: FrozenClock
) -> None:
    tomorrow = (clock.now() + timedelta(days=1)).astimezone(hall.branch.zone).date()
    service = hall.branch.service("attest-single")
    slot = hall.db.read_now(stored.free_days, hall.branch, service, tomorrow, tomorrow)[0].slots[0]
    order = HoldOrder(hall.branch.id, service.id, slot.start, "سلمى", "+97455123456", "ar", VISITOR)
    held = hall.db.write_in_now(hall.branch.id, hold_slot, order)
    clock.move(BACK)
    confirmed = hall.db.write_in_now(hall.branch.id, confirm_booking, hall.branch.id, held.id, VISITOR)
    assert confirmed.starts_at == slot.start
    with pytest.raises(DomainError, match="slot-taken"):
        hall.db.write_in_now(hall.branch.id, hold_slot, replace(order, contact="+97455999999"))
