"""What becomes of appointments whose time a change of settings takes away. On both databases."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from queue_system.actions import bookings as actions
from queue_system.actions import calling
from queue_system.actions.day import close_day
from queue_system.actions.decisions import decide_listed
from queue_system.actions.tickets import check_in
from queue_system.clock import FrozenClock
from queue_system.core.bookings import BookingState
from queue_system.core.decision_reasons import Because, Reasons
from queue_system.core.errors import Invalid
from queue_system.core.promises import Choice, Decided
from queue_system.core.support import Why
from queue_system.store.database import Tx
from queue_system.store.log import SYSTEM, VISITOR
from queue_system.store.queries import audit, bookings
from queue_system.store.queries.bookings import BookingView
from queue_system.store.queries.effect import Undecided, live_bookings
from queue_system.store.queries.effect import undecided as undecided_of
from queue_system.store.queries.freed import kept_places
from queue_system.store.queries.settings import branch_settings
from queue_system.store.queries.standing import standing_of
from queue_system.store.tables import Queue, Seat, Service, table
from tests.kit.deciding import BECAUSE, as_stored, booked, closing, for_all, save
from tests.kit.hall import Hall, edit

# Tuesday 24 November, 08:30 in Doha, two days after the tests' clock.
START = datetime(2026, 11, 24, 5, 30, tzinfo=UTC)
DAY = date(2026, 11, 24)
SERVICE = "civil-extract"


def test_a_closed_day_offers_its_appointments_the_nearest_time_and_holds_it(hall: Hall) -> None:
    one = booked(hall, START)
    before = free(hall, START + timedelta(days=1))
    found, decided = save(hall, closing(hall, DAY), for_all(Choice.MOVE))
    assert [(lost.code, lost.why) for lost in found.bookings] == [(one.code, Why.CLOSED)]
    assert decided == {one.id: Decided.MOVE}
    offered = as_stored(hall, one)
    assert (offered.state, offered.starts_at) == (BookingState.CONFIRMED, START)
    assert offered.offered_starts_at == START + timedelta(days=1)
    assert offered.offer_until == START - timedelta(hours=3)
    assert free(hall, START + timedelta(days=1)) == before - 1
    assert undecided(hall) == []
    (fact,) = facts(hall, "booking.offered")
    assert (fact.data["code"], fact.data["why"]) == (one.code, "closed")


def test_accepting_an_offer_moves_the_appointment_without_using_up_anything(hall: Hall) -> None:
    one = booked(hall, START)
    seats = taken_by(hall, one)
    save(hall, closing(hall, DAY), for_all(Choice.MOVE))
    assert taken_by(hall, one) == 2 * seats
    moved = move(hall, one, START + timedelta(days=1))
    assert (moved.starts_at, moved.changes, moved.decision) == (START + timedelta(days=1), 0, None)
    assert (moved.offered_starts_at, moved.offer_until, moved.lost_why) == (None, None, None)
    assert taken_by(hall, one) == seats
    assert kept_places_of(hall) == []
    assert len(facts(hall, "booking.changed")) == 1


def test_another_time_may_be_chosen_instead_and_no_limit_counts(hall: Hall, clock: FrozenClock) -> None:
    one = booked(hall, START)
    seats = taken_by(hall, one)
    save(hall, closing(hall, DAY), for_all(Choice.MOVE))
    # The policy lets nobody change so late, but the branch took the time away.
    clock.set(START - timedelta(minutes=10))
    moved = move(hall, one, START + timedelta(days=2))
    assert (moved.starts_at, moved.changes, moved.decision) == (START + timedelta(days=2), 0, None)
    assert taken_by(hall, one) == seats
    assert standing(hall).given_back == 0


def test_a_visitor_may_cancel_instead_and_it_counts_for_nothing(hall: Hall) -> None:
    one = booked(hall, START)
    save(hall, closing(hall, DAY), for_all(Choice.MOVE))
    cancelled = hall.db.write_in_now(hall.branch.id, actions.cancel_booking, hall.branch.id, one.id, VISITOR)
    assert cancelled.state is BookingState.CANCELLED
    assert taken_by(hall, one) == 0
    assert (standing(hall).active, standing(hall).given_back) == (0, 0)


def test_an_offer_that_nobody_answers_ends_and_staff_decide_again(hall: Hall, clock: FrozenClock) -> None:
    one = booked(hall, START)
    seats = taken_by(hall, one)
    save(hall, closing(hall, DAY), for_all(Choice.MOVE))
    clock.set(START - timedelta(hours=3))
    tidy(hall)
    assert [(entry.booking.id, entry.why, entry.unanswered) for entry in undecided(hall)] == [
        (one.id, Why.CLOSED, True)
    ]
    assert taken_by(hall, one) == seats
    assert len(facts(hall, "booking.unanswered")) == 1
    assert decide_on(hall, one, Choice.MOVE) == {one.id: Decided.MOVE}
    assert undecided(hall) == []


def test_a_kept_appointment_is_received_although_the_branch_is_closed(hall: Hall, clock: FrozenClock) -> None:
    one = booked(hall, START)
    _, decided = save(hall, closing(hall, DAY), for_all(Choice.KEEP))
    assert decided == {one.id: Decided.KEEP}
    assert as_stored(hall, one).lost_why is Why.CLOSED
    assert undecided(hall) == []
    clock.set(START)
    issued = hall.db.write_in_now(hall.branch.id, check_in, hall.branch.id, one.id, SYSTEM)
    desk = hall.sit(hall.person("clerk"), counter_of(hall))
    called = hall.db.write_in_now(hall.branch.id, calling.call_next, desk, None)
    assert called is not None
    assert called.id == issued.ticket.id


def test_an_appointment_that_is_called_off_says_why_and_counts_for_nothing(hall: Hall) -> None:
    one = booked(hall, START)
    _, decided = save(hall, closing(hall, DAY), for_all(Choice.CANCEL))
    off = as_stored(hall, one)
    assert decided == {one.id: Decided.CANCEL}
    assert (off.state, off.decision, off.lost_why) == (BookingState.CANCELLED, Decided.CANCEL, Why.CLOSED)
    assert taken_by(hall, one) == 0
    assert kept_places_of(hall) == []
    assert (standing(hall).active, standing(hall).given_back) == (0, 0)
    # So the person books again at once, although the policy allows one appointment.
    assert booked(hall, START + timedelta(days=1)).state is BookingState.CONFIRMED


def test_without_a_choice_an_appointment_stays_on_the_list_until_it_is_decided(hall: Hall, clock: FrozenClock) -> None:
    one = booked(hall, START)
    _, decided = save(hall, closing(hall, DAY))
    assert decided == {one.id: Decided.LATER}
    assert [entry.booking.id for entry in undecided(hall)] == [one.id]
    assert decide_on(hall, one, Choice.LATER) == {one.id: Decided.LATER}
    assert len(facts(hall, "booking.put_off")) == 1
    # Its day goes by, and nobody says that the visitor did not come.
    clock.set(START + timedelta(days=2))
    hall.db.write_in_now(hall.branch.id, close_day, hall.branch.id)
    assert as_stored(hall, one).state is BookingState.CONFIRMED
    assert [entry.booking.id for entry in undecided(hall)] == [one.id]
    decide_on(hall, one, Choice.CANCEL)
    assert undecided(hall) == []
    assert decide_on(hall, one, Choice.KEEP) == {}


def test_an_offer_that_is_lost_before_its_answer_is_not_kept_but_decided_again(hall: Hall) -> None:
    """To keep the old time would send the visitor to a closed branch, and nobody has agreed to the offered one."""
    one = booked(hall, START)
    save(hall, closing(hall, DAY), for_all(Choice.MOVE))
    told, decided = save(hall, closing(hall, DAY + timedelta(days=1)), for_all(Choice.KEEP))
    assert [lost.starts_at for lost in told.bookings if lost.code == one.code] == [START + timedelta(days=1)]
    assert decided[one.id] is Decided.LATER
    assert as_stored(hall, one).offered_starts_at is None
    assert [listed.booking.code for listed in undecided(hall)] == [one.code]


def test_many_are_moved_without_two_of_them_getting_one_place(hall: Hall) -> None:
    day = [slot.start for slot in slots(hall, DAY) for _ in range(slot.places)][:12]
    many = [booked(hall, start, contact=f"v{number}@example.org") for number, start in enumerate(day)]
    _, decided = save(hall, closing(hall, DAY), for_all(Choice.MOVE))
    assert set(decided.values()) == {Decided.MOVE}
    stored = [as_stored(hall, one) for one in many]
    assert all(one.offered_starts_at and one.offered_starts_at.date() != DAY for one in stored)
    for one in stored:
        assert move(hall, one, one.offered_starts_at).decision is None


def test_where_no_other_time_is_free_staff_decide(hall: Hall) -> None:
    one = booked(hall, START)

    def end_service(tx: Tx) -> None:
        service = table(Service)
        here = (service.c.branch_id == hall.branch.id) & (service.c.id == one.service_id)
        tx.execute(sa.update(service).where(here).values(mode="walkin_only"))

    found, decided = save(hall, end_service, for_all(Choice.MOVE))
    assert [lost.why for lost in found.bookings] == [Why.WALK_IN]
    assert decided == {one.id: Decided.LATER}


def test_an_appointment_that_lost_its_support_unasked_is_on_the_list(hall: Hall) -> None:
    """As after an import, or a change by another program."""
    one = booked(hall, START)
    assert undecided(hall) == []
    edit(hall, closing(hall, DAY))
    assert [(entry.booking.id, entry.why) for entry in undecided(hall)] == [(one.id, Why.CLOSED)]
    assert decide_on(hall, one, Choice.KEEP) == {one.id: Decided.KEEP}
    assert undecided(hall) == []


def test_a_visitor_who_comes_at_the_old_time_is_received_and_the_offer_ends(hall: Hall, clock: FrozenClock) -> None:
    one = booked(hall, START)
    seats = taken_by(hall, one)
    clock.set(START - timedelta(minutes=20))
    save(hall, closing(hall, DAY), for_all(Choice.MOVE))
    assert taken_by(hall, one) == 2 * seats
    hall.db.write_in_now(hall.branch.id, check_in, hall.branch.id, one.id, SYSTEM)
    come = as_stored(hall, one)
    assert (come.state, come.decision, come.offered_starts_at) == (BookingState.CHECKED_IN, None, None)
    assert taken_by(hall, one) == seats


# ---------------------------------------------------------------- seats


def test_fewer_lanes_leave_no_seat_above_the_limit_that_fits_below_it(hall: Hall) -> None:
    """Else the seat would not be counted, and one more visitor than there are places could book its time."""
    lanes(hall, 3)
    first, second, third = (booked(hall, START, contact=f"v{at}@example.org") for at in range(3))
    cancel = hall.db.write_in_now(hall.branch.id, actions.cancel_booking, hall.branch.id, first.id, VISITOR)
    assert cancel.state is BookingState.CANCELLED
    release_kept(hall)
    assert lanes_of(hall, third) == {3}
    found, decided = save(hall, lambda tx: set_lanes(tx, hall, 2), for_all(Choice.KEEP))
    assert (found.bookings, decided) == ((), {})
    assert lanes_of(hall, second) | lanes_of(hall, third) == {1, 2}
    assert free(hall, START) == 0


def test_the_newest_is_one_too_many_and_keeps_its_lane_if_it_is_kept(hall: Hall) -> None:
    lanes(hall, 2)
    first, second = (booked(hall, START, contact=f"v{at}@example.org") for at in range(2))
    found, decided = save(hall, lambda tx: set_lanes(tx, hall, 1), for_all(Choice.KEEP))
    assert [(lost.code, lost.why) for lost in found.bookings] == [(second.code, Why.LANES)]
    assert decided == {second.id: Decided.KEEP}
    assert (lanes_of(hall, first), lanes_of(hall, second)) == ({1}, {2})
    assert undecided(hall) == []


def test_the_seats_of_a_service_move_to_its_new_queue_with_it(hall: Hall) -> None:
    one = booked(hall, START)
    other = next(key for key in hall.branch.queues if key != hall.branch.services[one.service_id].queue_id)

    before = taken_by(hall, one)
    save(hall, lambda tx: set_queue(tx, hall, one.service_id, other), for_all(Choice.KEEP))
    assert queues_of(hall, one) == {other}
    assert taken_by(hall, one) == before


def test_a_seat_above_the_limit_of_the_queue_that_its_service_leaves_moves_once(hall: Hall) -> None:
    lanes(hall, 3)
    first, second, third = (booked(hall, START, contact=f"v{at}@example.org") for at in range(3))
    hall.db.write_in_now(hall.branch.id, actions.cancel_booking, hall.branch.id, first.id, VISITOR)
    release_kept(hall)
    assert lanes_of(hall, third) == {3}
    other = next(key for key in hall.branch.queues if key != hall.branch.services[third.service_id].queue_id)

    def fewer_and_elsewhere(tx: Tx) -> None:
        set_lanes(tx, hall, 2)
        set_queue(tx, hall, third.service_id, other)

    save(hall, fewer_and_elsewhere, for_all(Choice.KEEP))
    assert queues_of(hall, second) == queues_of(hall, third) == {other}
    assert lanes_of(hall, second).isdisjoint(lanes_of(hall, third))


def test_what_is_live_is_at_the_time_where_the_visitor_is_expected(hall: Hall, clock: FrozenClock) -> None:
    one, other = booked(hall, START), booked(hall, START + timedelta(hours=1), contact="b@example.org")
    plain = {live.id: live for live in hall.db.read_now(live_bookings, hall.branch)}
    assert len(plain[one.id].ticks) == taken_by(hall, one)
    save(hall, closing(hall, DAY), for_all(Choice.MOVE))
    settings = hall.db.read_now(branch_settings, hall.branch.id)
    found = {live.id: live for live in hall.db.read_now(live_bookings, settings)}
    assert found[one.id].starts_at == START + timedelta(days=1)
    assert len(found[one.id].ticks) == len(plain[one.id].ticks)
    # An offer is lost like an appointment when its day is closed too.
    again, decided = save(hall, closing(hall, DAY + timedelta(days=1)), for_all(Choice.MOVE))
    assert {lost.code for lost in again.bookings} == {one.code, other.code}
    assert set(decided.values()) == {Decided.MOVE}
    assert (as_stored(hall, one).offered_starts_at or START).date() not in (DAY, DAY + timedelta(days=1))
    assert taken_by(hall, one) == 2 * len(plain[one.id].ticks)


def test_a_decision_without_a_reason_that_fits_is_refused_and_nothing_is_done(hall: Hall) -> None:
    one = booked(hall, START)
    save(hall, closing(hall, DAY))
    there, cancel = hall.branch.id, {one.id: Choice.CANCEL}
    for reasons, field in (
        (Reasons(), "cancel"),
        (Reasons({Choice.KEEP: Because.COVERED}), "cancel"),
        (Reasons({Choice.CANCEL: Because.COVERED}), "cancel"),
        (Reasons({Choice.CANCEL: Because.OTHER}), "text"),
    ):
        with pytest.raises(Invalid) as refused:
            hall.db.write_in_now(there, decide_listed, there, cancel, reasons, SYSTEM)
        assert refused.value.field == field
    assert as_stored(hall, one).decision is Decided.LATER
    decide_on(hall, one, Choice.MOVE)
    (entry,) = hall.db.read_now(audit.entries, there, audit.Wanted(kind="booking.offered"), 10)
    assert entry.data["because"] == "can-wait"


# ---------------------------------------------------------------- shorthands


def undecided(hall: Hall) -> list[Undecided]:
    settings = hall.db.read_now(branch_settings, hall.branch.id)
    return hall.db.read_now(undecided_of, settings)


def decide_on(hall: Hall, one: BookingView, choice: Choice) -> dict[UUID, Decided]:
    return hall.db.write_in_now(hall.branch.id, decide_listed, hall.branch.id, {one.id: choice}, BECAUSE, SYSTEM)


def move(hall: Hall, one: BookingView, start: Any) -> BookingView:
    return hall.db.write_in_now(hall.branch.id, actions.change_booking, hall.branch.id, one.id, start, VISITOR)


def tidy(hall: Hall) -> None:
    hall.db.write_in_now(hall.branch.id, actions.expire_holds, hall.branch.id)


def release_kept(hall: Hall) -> None:
    from queue_system.actions.freed_places import release_places

    ids = [place.id for place in kept_places_of(hall)]
    hall.db.write_in_now(hall.branch.id, release_places, hall.branch.id, ids, SYSTEM)


def kept_places_of(hall: Hall) -> list[Any]:
    return hall.db.read_now(kept_places, hall.branch.id)


def standing(hall: Hall) -> Any:
    service = hall.branch.service(SERVICE)
    return hall.db.read_now(standing_of, hall.branch, service, "a@example.org", "سلمى الحسن")


def slots(hall: Hall, day: date) -> Any:
    settings = hall.db.read_now(branch_settings, hall.branch.id)
    return hall.db.read_now(bookings.free_days, settings, settings.service(SERVICE), day, day)[0].slots


def free(hall: Hall, start: datetime) -> int:
    return sum(slot.places for slot in slots(hall, start.date()) if slot.start == start)


def taken_by(hall: Hall, one: BookingView) -> int:
    seat = table(Seat)
    return int(hall.db.read_now(Tx.scalar, sa.select(sa.func.count()).where(seat.c.booking_id == one.id)))


def lanes_of(hall: Hall, one: BookingView) -> set[int]:
    seat = table(Seat)
    return {row.lane for row in hall.db.read_now(Tx.rows, sa.select(seat.c.lane).where(seat.c.booking_id == one.id))}


def set_lanes(tx: Tx, hall: Hall, count: int) -> None:
    queue = table(Queue)
    here = (queue.c.branch_id == hall.branch.id) & (queue.c.id == hall.branch.service(SERVICE).queue_id)
    tx.execute(sa.update(queue).where(here).values(lanes=count, public_lanes=count))


def lanes(hall: Hall, count: int) -> None:
    edit(hall, lambda tx: set_lanes(tx, hall, count))


def counter_of(hall: Hall) -> str:
    queue = hall.branch.service(SERVICE).queue_id
    return next(one.slug for one in hall.branch.counters.values() if queue in one.queues)


def facts(hall: Hall, kind: str) -> list[Any]:
    return hall.db.read_now(audit.entries, hall.branch.id, audit.Wanted(kind=kind), 50)


def set_queue(tx: Tx, hall: Hall, service_id: UUID, queue_id: UUID) -> None:
    service = table(Service)
    here = (service.c.branch_id == hall.branch.id) & (service.c.id == service_id)
    tx.execute(sa.update(service).where(here).values(queue_id=queue_id))


def queues_of(hall: Hall, booking: BookingView) -> set[UUID]:
    seat = table(Seat)
    found = hall.db.read_now(Tx.rows, sa.select(seat.c.resource_id).where(seat.c.booking_id == booking.id))
    return {row.resource_id for row in found}
