"""Appointments are moved as they were shown, or not at all. On both databases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from queue_system.actions import bookings
from queue_system.actions.blocks import BlockOrder, block_members, end_blocks
from queue_system.actions.moves import NewTime, move_seen, offer_seen
from queue_system.actions.outbox import claim_message
from queue_system.actions.safe_contact import set_contact_ways
from queue_system.clock import FrozenClock
from queue_system.core.blocks import Absence, BlockReason, Planned, fingerprint
from queue_system.core.bookings import Booker
from queue_system.core.errors import Refused, Stale
from queue_system.core.messages import Event, Level
from queue_system.core.promises import Decided
from queue_system.core.support import Why
from queue_system.settings.edits import Edit
from queue_system.store.database import Database
from queue_system.store.log import SYSTEM, Actor
from queue_system.store.queries.blocks import blocks_of, concerned
from queue_system.store.queries.bookings import BookingView
from queue_system.store.queries.effect import ending_of
from queue_system.store.queries.moves import moving
from queue_system.store.queries.phone_calls import phone_calls
from tests.kit.hall import Hall
from tests.kit.legal_aid import HOUR, START, as_stored, booked, legal_aid, member, save, who

LANDLINE = "+902122345678"
NEXT = START + timedelta(days=1)


@pytest.fixture
def istanbul(db: Database) -> Hall:
    hall = legal_aid(db)
    hall.db.sends = frozenset(Level)
    return hall


def test_an_appointment_is_moved_as_it_was_shown_and_once(istanbul: Hall) -> None:
    one = booked(istanbul, START, asked="amal")
    to = new(istanbul, one, NEXT)
    move(istanbul, one, to)
    move(istanbul, one, to)
    assert as_stored(istanbul, one).starts_at == NEXT


def test_an_appointment_that_has_another_time_or_way_to_be_told_is_not_moved(istanbul: Hall) -> None:
    there = istanbul.branch.id
    for change in ("time", "way"):
        one = booked(istanbul, START, contact=f"{change}@example.org", name=f"هالة {change}")
        to = new(istanbul, one, NEXT)
        if change == "time":
            istanbul.db.write_in_now(there, bookings.change_booking, there, one.id, START + HOUR, SYSTEM, Booker.STAFF)
        else:
            istanbul.db.write_in_now(there, set_contact_ways, there, one.id, SYSTEM, {0: ("none", "")})
        before = as_stored(istanbul, one).starts_at
        with pytest.raises(Stale, match="moves-changed"):
            move(istanbul, one, to)
        assert as_stored(istanbul, one).starts_at == before


def test_what_was_shown_holds_no_contact_that_could_be_guessed(istanbul: Hall) -> None:
    one = booked(istanbul, START)
    istanbul.db.sends = frozenset(Level)
    before = new(istanbul, one, NEXT).seen
    other = booked(istanbul, START + HOUR, contact="other@example.org", name="رنا")
    # What is hashed is the same for each of them, but for the appointment itself.
    found = istanbul.db.read_now(moving, istanbul.branch, other)
    like = replace(found, booking=replace(one, contact=other.contact, name=other.name))
    assert like.seen == before


def test_a_time_that_is_offered_is_held_beside_the_present_one_and_whom_no_message_reaches_is_called(
    istanbul: Hall,
) -> None:
    called, written = booked(istanbul, START, asked="amal", contact=LANDLINE), booked(istanbul, START + HOUR)
    times = {called.id: new(istanbul, called, NEXT), written.id: new(istanbul, written, NEXT + HOUR)}
    assert offer(istanbul, times) == 2
    assert offer(istanbul, times) == 2, "the button was pressed twice"
    for one in (called, written):
        stored = as_stored(istanbul, one)
        assert (stored.starts_at, stored.offered_starts_at) == (one.starts_at, times[one.id].at)
        assert (stored.decision, stored.lost_why) == (Decided.MOVE, Why.OTHER)
    assert who(istanbul, called) == ["amal", "amal"]
    there = istanbul.branch.id
    assert [(one.booking.id, one.event) for one in istanbul.db.read_now(phone_calls, istanbul.branch)] == [
        (called.id, Event.OFFERED)
    ]
    message = istanbul.db.write_in_now(there, claim_message, there)
    assert message is not None
    assert (message.booking.id, message.event) == (written.id, Event.OFFERED)
    assert istanbul.db.write_in_now(there, claim_message, there) is None
    istanbul.db.write_in_now(there, bookings.change_booking, there, called.id, NEXT, SYSTEM, Booker.STAFF)
    assert as_stored(istanbul, called).starts_at == NEXT
    assert istanbul.db.read_now(phone_calls, istanbul.branch) == []


def test_scenario_18_where_one_time_has_gone_nobody_is_offered_any_and_nobody_is_told(istanbul: Hall) -> None:
    ones = [booked(istanbul, START + HOUR * at, asked="amal", contact=LANDLINE) for at in range(3)]
    times = {one.id: new(istanbul, one, one.starts_at + timedelta(days=1)) for one in ones}
    booked(istanbul, NEXT + HOUR * 2, asked="amal", contact="", name="رنا")
    with pytest.raises(Stale, match="move-taken") as refused:
        offer(istanbul, times)
    assert refused.value.values["code"] == ones[2].code
    assert [as_stored(istanbul, one).offered_starts_at for one in ones] == [None] * 3
    assert istanbul.db.read_now(phone_calls, istanbul.branch) == []


def test_scenario_4_nothing_is_offered_once_one_of_them_has_become_another(istanbul: Hall) -> None:
    ones = [booked(istanbul, START + HOUR * at) for at in range(2)]
    times, there = {one.id: new(istanbul, one, NEXT) for one in ones}, istanbul.branch.id
    istanbul.db.write_in_now(there, bookings.change_booking, there, ones[0].id, START + HOUR * 3, SYSTEM, Booker.STAFF)
    with pytest.raises(Stale, match="moves-changed"):
        offer(istanbul, times)
    assert [as_stored(istanbul, one).offered_starts_at for one in ones] == [None] * 2


def test_what_has_begun_or_waits_for_an_answer_gets_no_other_offer(istanbul: Hall, clock: FrozenClock) -> None:
    one = booked(istanbul, START)
    assert offer(istanbul, {one.id: new(istanbul, one, NEXT)}) == 1
    other = {one.id: new(istanbul, one, NEXT + HOUR)}
    with pytest.raises(Refused, match="move-over"):
        offer(istanbul, other)
    late = booked(istanbul, START + HOUR)
    clock.set(START + HOUR)
    with pytest.raises(Refused, match="move-over"):
        offer(istanbul, {late.id: new(istanbul, late, NEXT + HOUR)})


def test_a_time_that_meets_the_present_one_cannot_be_held_beside_it(istanbul: Hall) -> None:
    one = booked(istanbul, START)
    with pytest.raises(Stale, match="move-taken"):
        offer(istanbul, {one.id: new(istanbul, one, START + timedelta(minutes=30))})


def test_an_offer_that_somebody_wanted_outlasts_a_save_and_the_end_of_an_absence(istanbul: Hall) -> None:
    """The settings support the present time, which takes back the offers that are made because they did not."""
    one, there = booked(istanbul, START), istanbul.branch.id
    offer(istanbul, {one.id: new(istanbul, one, NEXT)})
    away = Absence(member(istanbul, "cemil"), NEXT, NEXT + HOUR)
    found = istanbul.db.read_now(concerned, istanbul.branch, Planned((away,)))
    order = BlockOrder((away,), BlockReason.LEAVE, fingerprint(found))
    istanbul.db.write_in_now(there, block_members, there, order, SYSTEM)
    (made,) = istanbul.db.read_now(blocks_of, istanbul.branch)
    ending = istanbul.db.read_now(ending_of, istanbul.branch, [made.id])
    assert ending.stand == frozenset()
    istanbul.db.write_in_now(there, end_blocks, there, ending, SYSTEM)
    assert as_stored(istanbul, one).offered_starts_at == NEXT
    save(istanbul, Edit("resource", "cemil", {"kind": "interpreter"}, {"kind": "person"}))
    assert as_stored(istanbul, one).offered_starts_at == NEXT


def test_one_person_offers_other_times_to_so_many_in_a_day(istanbul: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("queue_system.actions.second_person.MANY_BOOKINGS", 1)
    ones = [booked(istanbul, START + HOUR * at) for at in range(2)]
    times = {one.id: new(istanbul, one, one.starts_at + timedelta(days=1)) for one in ones}
    rana = Actor("staff", str(istanbul.person("rana", ())))
    with pytest.raises(Refused, match="move-many"):
        offer(istanbul, times, rana)
    # That is said before anything is read of them, also where one has changed.
    with pytest.raises(Refused, match="move-many"):
        offer(istanbul, {one: replace(to, seen="") for one, to in times.items()}, rana)
    assert [as_stored(istanbul, one).offered_starts_at for one in ones] == [None] * 2
    first, second = ones
    assert offer(istanbul, {first.id: times[first.id]}, rana) == 1
    assert offer(istanbul, {first.id: times[first.id]}, rana) == 1, "the button was pressed twice"
    with pytest.raises(Refused, match="block-many-one"):
        offer(istanbul, {second.id: times[second.id]}, rana)


def offer(hall: Hall, times: Mapping[UUID, NewTime], actor: Actor = SYSTEM) -> int:
    return hall.db.write_in_now(hall.branch.id, offer_seen, hall.branch.id, times, actor)


def move(hall: Hall, booking: BookingView, to: NewTime) -> None:
    hall.db.write_in_now(hall.branch.id, move_seen, hall.branch.id, booking.id, to, SYSTEM)


def new(hall: Hall, booking: BookingView, at: datetime) -> NewTime:
    """Another time for an appointment as it is shown now."""
    return NewTime(at, hall.db.read_now(moving, hall.branch, as_stored(hall, booking)).seen)
