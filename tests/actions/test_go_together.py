"""Home visits to which several people go: taken, refused, moved and handed over together, on both databases."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from queue_system.actions import bookings
from queue_system.actions.blocks import BlockOrder, HandOver, block_members, hand_over
from queue_system.actions.bookings import HoldOrder
from queue_system.clock import FrozenClock
from queue_system.core.blocks import Absence, BlockReason, Concerned, Planned, Remedy, Settling, fingerprint
from queue_system.core.bookings import Booker
from queue_system.core.errors import Refused, Stale
from queue_system.settings.edits import Edit
from queue_system.store.database import Database
from queue_system.store.log import SYSTEM
from queue_system.store.queries.blocks import appointments_of, concerned
from queue_system.store.queries.bookings import BookingView, free_days
from queue_system.store.queries.settings import BranchSettings, branch_settings
from queue_system.store.tables import Seat, table
from tests.kit.hall import Hall
from tests.kit.legal_aid import HOUR, START, booked, held, legal_aid, member, save, who

SEAT = table(Seat)
SERVICE = "assoc-compliance"
WAY = timedelta(minutes=30)
# Somebody else, at the same time.
OTHER: dict[str, str] = {"contact": "omar@example.org", "name": "عمر"}
# Late enough that the way there is within working hours.
AT = START + HOUR


@pytest.fixture
def istanbul(db: Database) -> Hall:
    return visits_of(legal_aid(db), ("amal", "basel", "dina"))


def test_a_visit_takes_two_people_for_all_of_its_time_and_the_way(istanbul: Hall) -> None:
    one = booked(istanbul, AT)
    went = who(istanbul, one)
    assert len(went) == 2
    tick = istanbul.branch.tick_minutes
    length = istanbul.branch.service(SERVICE).duration_min + 2 * 30
    for slug in went:
        taken = seats(istanbul, slug)
        assert (len(taken), taken[0]) == (length // tick, tick_of(istanbul, AT - WAY))


def test_a_time_is_free_for_as_many_visits_as_there_are_pairs(istanbul: Hall) -> None:
    assert places(istanbul) == 1
    four = visits_of(istanbul, ("amal", "basel", "dina", "emad"))
    assert places(four) == 2
    booked(four, AT)
    assert places(four) == 1
    booked(four, AT, **OTHER)
    assert places(four) == 0


def test_where_fewer_are_free_staff_hear_how_many_and_the_public_does_not(istanbul: Hall) -> None:
    booked(istanbul, AT)
    with pytest.raises(Refused, match="people-scarce") as refused:
        held(istanbul, AT, **OTHER)
    assert refused.value.values == {"n": 2, "free": 1}
    # The way there is in the way, too.
    with pytest.raises(Refused, match="people-scarce"):
        held(istanbul, AT + HOUR, **OTHER)
    policy = {"policy": istanbul.branch.service(SERVICE).policy}
    house = save(istanbul, Edit("service", SERVICE, policy, {"policy": "open_fcfs"}))
    order = HoldOrder(house.branch.id, house.service(SERVICE), AT, "عمر", "omar@example.org", "ar", SYSTEM)
    with pytest.raises(Refused, match="slot-taken"):
        house.db.write_in_now(house.branch.id, bookings.hold_slot, order)


def test_whoever_is_asked_for_goes_with_somebody_else(istanbul: Hall) -> None:
    one = booked(istanbul, AT, asked="dina")
    assert "dina" in who(istanbul, one)
    assert len(who(istanbul, one)) == 2


def test_others_make_room_with_one_of_their_two(istanbul: Hall) -> None:
    four = visits_of(istanbul, ("amal", "basel", "dina", "emad"))
    first = booked(four, AT)
    asked = who(four, first)[0]
    second = booked(four, AT, asked=asked, **OTHER)
    assert asked in who(four, second)
    assert sorted(who(four, first) + who(four, second)) == ["amal", "basel", "dina", "emad"]


def test_both_go_along_when_it_moves(istanbul: Hall) -> None:
    four = visits_of(istanbul, ("amal", "basel", "dina", "emad"))
    one = booked(four, AT, asked="dina")
    there, before = four.branch.id, who(four, one)
    moved = four.db.write_in_now(
        there, bookings.change_booking, there, one.id, AT + timedelta(days=1), SYSTEM, Booker.STAFF
    )
    assert who(four, moved) == before


def test_whoever_is_promised_as_the_second_can_be_asked_for(istanbul: Hall) -> None:
    one = booked(istanbul, AT, asked="amal")
    group = member(istanbul, "lawyers")
    second = next(slug for slug in who(istanbul, one) if slug != "amal")
    there = istanbul.branch.id
    for slug in (second, "amal"):
        asked = {group: member(istanbul, slug)}
        later = AT + timedelta(days=1 if slug == second else 2)
        istanbul.db.write_in_now(
            there, bookings.change_booking, there, one.id, later, SYSTEM, Booker.STAFF, members=asked
        )
        assert slug in who(istanbul, one)
        assert len(who(istanbul, one)) == 2


def test_one_of_two_hands_over_to_a_third_and_they_are_two_still(istanbul: Hall) -> None:
    one = booked(istanbul, AT)
    gives, stays = who(istanbul, one)
    (line,) = visit_of(istanbul, gives)
    (third,) = {"amal", "basel", "dina"} - {gives, stays}
    assert line.stand_ins == ((member(istanbul, third),),)
    give(istanbul, one, gives, third)
    assert who(istanbul, one) == sorted((stays, third))
    assert seats(istanbul, gives) == []
    assert seats(istanbul, third) == seats(istanbul, stays)


def test_whoever_could_not_be_there_in_time_takes_nothing_over(istanbul: Hall, clock: FrozenClock) -> None:
    one = booked(istanbul, AT)
    gives, _ = who(istanbul, one)
    third = next(slug for slug in ("amal", "basel", "dina") if slug not in who(istanbul, one))
    clock.set(AT - WAY)
    (line,) = visit_of(istanbul, gives)
    assert (len(line.stand_ins), line.parts[0].too_late) == (1, False)
    clock.set(AT - WAY + timedelta(minutes=1))
    (line,) = visit_of(istanbul, gives)
    assert (line.stand_ins, line.parts[0].too_late) == ((), True)
    with pytest.raises(Stale, match="block-changed"):
        give(istanbul, one, gives, third)


def test_somebody_new_is_taken_for_the_way_as_it_is_now(istanbul: Hall) -> None:
    one = booked(istanbul, AT + HOUR)
    gives, stays = who(istanbul, one)
    (third,) = {"amal", "basel", "dina"} - {gives, stays}
    before = seats(istanbul, stays)
    house = save(istanbul, Edit("service", SERVICE, {"travel_min": 30}, {"travel_min": 60}))
    give(house, one, gives, third)
    taken = seats(house, third)
    ticks = 30 // house.branch.tick_minutes
    assert (taken[0], taken[-1]) == (before[0] - ticks, before[-1] + ticks)
    # And once more, to the first one; what the third had is given up.
    give(house, one, third, gives)
    assert seats(house, gives) == taken
    assert seats(house, third) == []


def test_nobody_takes_a_visit_over_who_is_busy_on_the_way_there(istanbul: Hall) -> None:
    house = visits_of(istanbul, ("amal", "basel", "dina"), case_follow=True)
    one = booked(house, AT + 2 * HOUR)
    gives, stays = who(house, one)
    (third,) = {"amal", "basel", "dina"} - {gives, stays}
    # In the office until half an hour before the visit; now the way takes longer.
    (day,) = house.db.read_now(
        free_days, house.branch, house.branch.service("case-follow"), AT.date(), AT.date(), public=False
    )
    leaves = AT + 2 * HOUR - WAY
    last = max(slot.start for slot in day.slots if slot.end <= leaves)
    booked(house, last, "case-follow", asked=third, **OTHER)
    assert visit_of(house, gives)[0].stand_ins != ()
    house = save(house, Edit("service", SERVICE, {"travel_min": 30}, {"travel_min": 60}))
    (line,) = visit_of(house, gives)
    assert (line.stand_ins, line.parts[0].too_late) == ((), False)


def test_a_meeting_of_both_gets_two_stand_ins(istanbul: Hall) -> None:
    four = visits_of(istanbul, ("amal", "basel", "dina", "emad"))
    one = booked(four, AT)
    had = who(four, one)
    meeting = tuple(Absence(member(four, slug), AT, AT + HOUR) for slug in had)
    (line,) = four.db.read_now(concerned, now(four), Planned(meeting))
    assert len(line.parts) == 2
    (pair,) = line.stand_ins
    order = BlockOrder(meeting, BlockReason.MEETING, fingerprint((line,)), {one.id: Settling(Remedy.STAND_IN, to=pair)})
    four.db.write_in_now(four.branch.id, block_members, four.branch.id, order, SYSTEM)
    assert sorted((*had, *who(four, one))) == ["amal", "basel", "dina", "emad"]


def visits_of(hall: Hall, people: Sequence[str], *, case_follow: bool = False) -> Hall:
    """Lawyers with these names, two of whom go on each visit of assoc-compliance; one of them has case-follow."""
    known = {one.slug for one in hall.branch.resources.values()}
    edits = [
        Edit("resource", slug, None, {"names": {"ar": slug, "en": slug}, "kind": "person"})
        for slug in people
        if slug not in known
    ]
    group = next(one for one in hall.branch.resources.values() if one.slug == "lawyers")
    edits.append(Edit("resource", "lawyers", {"any_of": list(group.any_of)}, {"any_of": list(people)}))
    service = hall.branch.service(SERVICE)
    before: dict[str, Any] = {name: getattr(service, name) for name in ("channel", "travel_min", "staff_min")}
    edits.append(Edit("service", SERVICE, before, {"channel": "field", "travel_min": 30, "staff_min": 2}))
    if case_follow:
        edits.append(Edit("service", "case-follow", {"needs": ["lawyers", "cemil"]}, {"needs": ["lawyers"]}))
    return save(hall, *(one for one in edits if one.was != one.now))


def now(hall: Hall) -> BranchSettings:
    return hall.db.read_now(branch_settings, hall.branch.id)


def stretch(hall: Hall, slug: str) -> Absence:
    return Absence(member(hall, slug), START, START + timedelta(hours=9))


def visit_of(hall: Hall, slug: str) -> tuple[Concerned, ...]:
    return hall.db.read_now(appointments_of, now(hall), stretch(hall, slug))


def give(hall: Hall, one: BookingView, giving: str, taking: str) -> None:
    seen = fingerprint(visit_of(hall, giving))
    order = HandOver(stretch(hall, giving), member(hall, taking), {one.id}, seen)
    assert hall.db.write_in_now(hall.branch.id, hand_over, hall.branch.id, order, SYSTEM) == 1


def places(hall: Hall) -> int:
    """How many visits can still be booked at the time."""
    day = AT.date()
    (found,) = hall.db.read_now(free_days, now(hall), now(hall).service(SERVICE), day, day, public=False)
    return next((slot.places for slot in found.slots if slot.start == AT), 0)


def seats(hall: Hall, slug: str) -> list[int]:
    wanted = sa.select(SEAT.c.tick).where(SEAT.c.resource_id == member(hall, slug)).order_by(SEAT.c.tick)
    return [row.tick for row in hall.db.read_now(lambda tx: tx.rows(wanted))]


def tick_of(hall: Hall, at: datetime) -> int:
    return int(at.timestamp()) // 60 // hall.branch.tick_minutes
