"""Places that are given back go to those who wait for an earlier time. On both databases."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from queue_system.actions import bookings as actions
from queue_system.actions import earlier
from queue_system.actions.bookings import HoldOrder
from queue_system.actions.decisions import decide_at_once
from queue_system.actions.outbox import claim_message, report_message
from queue_system.actions.retention import erase, tidy
from queue_system.clock import FrozenClock
from queue_system.core.bookings import Booker
from queue_system.core.earlier import Part, Waiting, Wish, answer_until, order
from queue_system.core.errors import Refused
from queue_system.core.freed import Freed, draw_at, returns_at
from queue_system.core.messages import Event, Level, Outcome
from queue_system.core.promises import Choice
from queue_system.core.slots import ticks_needed
from queue_system.core.support import Why
from queue_system.store import log
from queue_system.store.database import Tx
from queue_system.store.log import SYSTEM, VISITOR
from queue_system.store.queries import audit, bookings
from queue_system.store.queries.bookings import BookingView
from queue_system.store.queries.earlier import Offer, running_offer, wish_of
from queue_system.store.queries.freed import KeptPlace, kept_places
from queue_system.store.queries.settings import branch_settings
from queue_system.store.queries.standing import standing_of
from queue_system.store.tables import EarlierOffer, EarlierWish, FreedPlace, Message, PolicyRow, Seat, table
from tests.kit.hall import Hall, change_settings

# 24 November, 08:30 in Doha, two days after the tests' clock.
START = datetime(2026, 11, 24, 5, 30, tzinfo=UTC)
LATER = START + timedelta(days=2)
# Too little later for anybody to be asked to come at LATER instead.
NEXT = LATER + timedelta(minutes=10)
SERVICE = "civil-extract"
FIRST, SECOND, GIVER = "first@example.org", "second@example.org", "giver@example.org"


@pytest.fixture
def listed(hall: Hall) -> Hall:
    """A hall that offers places to those who wait, in order."""
    return using(hall, "waitlist_in_order")


def test_a_place_is_kept_for_whoever_has_waited_longest_and_nobody_else_can_book_it(
    listed: Hall, clock: FrozenClock
) -> None:
    giver, first, second = book(listed, START, GIVER), book(listed, LATER, FIRST), book(listed, NEXT, SECOND)
    fill(listed)
    wait(listed, first)
    clock.move(timedelta(minutes=1))
    wait(listed, second)
    cancel(listed, giver)
    offer = offer_of(listed, first)
    assert offer is not None
    assert (offer.starts_at, offer_of(listed, second)) == (START, None)
    assert places(listed) == 0
    with pytest.raises(Refused, match="slot-taken"):
        book(listed, START, "whoever.refreshes@example.org")
    # The old time is kept too.
    assert shown(listed, first).starts_at == LATER


def test_scenario_1_whose_member_is_away_is_on_the_list_as_before(listed: Hall) -> None:
    giver, one = book(listed, START, GIVER), book(listed, LATER, FIRST)
    fill(listed)

    def put_off(tx: Tx) -> None:
        with log.locked(tx, listed.branch.id) as lock:
            decide_at_once(lock, branch_settings(tx, listed.branch.id), one, Choice.LATER, Why.MEMBER, None, SYSTEM)

    listed.db.write_in_now(listed.branch.id, put_off)
    wait(listed, one)
    cancel(listed, giver)
    accept(listed, one)
    moved = shown(listed, one)
    assert (moved.starts_at, moved.decision, moved.changes) == (START, None, 0)


def test_accepted_it_becomes_the_time_and_the_old_one_is_offered_to_the_next(listed: Hall, clock: FrozenClock) -> None:
    giver, first, second = book(listed, START, GIVER), book(listed, LATER, FIRST), book(listed, NEXT, SECOND)
    third = book(listed, LATER + timedelta(days=3), "third@example.org")
    for one in (first, second, third):
        wait(listed, one)
        clock.move(timedelta(minutes=1))
    before = seats(listed, first)
    cancel(listed, giver)
    moved = accept(listed, first)
    assert (moved.starts_at, moved.changes) == (START, 0)
    assert listed.db.read_now(wish_of, listed.branch.id, first.id) is None
    # Its own place suits only who comes later than that.
    next_offer = offer_of(listed, third)
    assert next_offer is not None
    assert next_offer.starts_at == LATER
    assert offer_of(listed, second) is None
    assert seats(listed, moved) == before
    # A second press changes nothing.
    assert accept(listed, first, offer_id(listed, first)).starts_at == START
    assert all(verdict.broken_at is None for verdict in listed.db.read_now(log.verify))
    service = listed.branch.service(SERVICE)
    standing = listed.db.read_now(standing_of, listed.branch, service, FIRST, "سلمى الحسن")
    assert standing.given_back == 0


def test_declined_it_goes_to_the_next_and_at_last_by_lot_to_everybody(listed: Hall, clock: FrozenClock) -> None:
    giver, first, second = book(listed, START, GIVER), book(listed, LATER, FIRST), book(listed, NEXT, SECOND)
    wait(listed, first)
    clock.move(timedelta(minutes=1))
    wait(listed, second)
    before = places(listed)
    cancel(listed, giver)
    decline(listed, first)
    assert offer_of(listed, first) is None
    assert offer_of(listed, second) is not None
    clock.move(timedelta(minutes=5))
    decline(listed, second)
    (place,) = kept(listed)
    assert place.lot_from == clock.now()
    assert place.returns_at == returns_at(
        place.lot, clock.now(), START, listed.branch.freed_places_at, listed.branch.zone
    )
    assert place.returns_at is not None
    clock.set(place.returns_at)
    expire(listed)
    assert places(listed) == before + 1
    (entry,) = facts(listed, "booking.place_returned")
    assert entry.data["freed_at"] == place.lot_from.isoformat()
    # Both have their appointments, and still wait for other times.
    assert [shown(listed, one).starts_at for one in (first, second)] == [LATER, NEXT]
    assert listed.db.read_now(wish_of, listed.branch.id, first.id) is not None


def test_an_offer_that_nobody_answers_runs_out_once_and_ends_the_waiting(listed: Hall, clock: FrozenClock) -> None:
    listed.db.sends = frozenset({Level.FULL, Level.MINIMAL})
    giver, first = book(listed, START, GIVER), book(listed, LATER, FIRST)
    wait(listed, first)
    cancel(listed, giver)
    offer = offer_of(listed, first)
    assert offer is not None
    queued = [row.event for row in told(listed, first) if row.state == "queued"]
    assert sorted(queued) == ["confirmed", "earlier", "reminder"]
    clock.set(offer.until)
    assert offer_of(listed, first) is None
    with pytest.raises(Refused, match="earlier-over"):
        accept(listed, first, offer.id)
    expire(listed)
    expire(listed)
    assert [entry.data["outcome"] for entry in facts(listed, "booking.earlier_ended")] == ["ran_out"]
    assert listed.db.read_now(wish_of, listed.branch.id, first.id) is None
    assert [row.event for row in told(listed, first)].count(Event.EARLIER_OVER) == 1
    assert shown(listed, first).starts_at == LATER


def test_an_earlier_time_that_was_declined_before_its_letter_leaves_what_was_to_be_said(
    listed: Hall, clock: FrozenClock
) -> None:
    listed.db.sends = frozenset({Level.FULL, Level.MINIMAL})
    clock.set(LATER - timedelta(days=2, hours=1))
    giver, first = book(listed, LATER - timedelta(days=1), GIVER), book(listed, LATER, FIRST)
    wait(listed, first, Wish(notice_hours=3))
    clock.move(timedelta(hours=6))
    cancel(listed, giver)
    assert "earlier" in [row.event for row in told(listed, first)]
    decline(listed, first)
    waiting = {row.event: row.due_at for row in told(listed, first) if row.ended_at is None}
    assert waiting.keys() >= {"confirmed", "reminder"}
    assert waiting["reminder"] == LATER - timedelta(days=1)
    claimed = listed.db.write_in_now(listed.branch.id, claim_message, listed.branch.id)
    while claimed is not None and claimed.booking.id != first.id:
        claimed = listed.db.write_in_now(listed.branch.id, claim_message, listed.branch.id)
    assert claimed is not None
    assert claimed.event is Event.CONFIRMED
    # The letter about the other time says nothing that this one says.
    here = listed.branch.id
    listed.db.write_in_now(here, report_message, here, claimed.id, claimed.attempt, Outcome.LATER, "busy")
    assert [row.state for row in told(listed, first) if row.event == "confirmed"] == ["queued"]


def test_whoever_joins_after_a_place_was_given_back_is_not_asked(listed: Hall, clock: FrozenClock) -> None:
    giver, first, late = book(listed, START, GIVER), book(listed, LATER, FIRST), book(listed, NEXT, SECOND)
    wait(listed, first)
    cancel(listed, giver)
    clock.move(timedelta(seconds=1))
    wait(listed, late)
    decline(listed, first)
    assert offer_of(listed, late) is None
    assert kept(listed)[0].offers_at is None


def test_only_whom_the_time_suits_is_asked(listed: Hall, clock: FrozenClock) -> None:
    giver = book(listed, START, GIVER)
    waiting = {
        "day": Wish(date(2026, 11, 25)),
        "part": Wish(part=Part.AFTERNOON),
        "notice": Wish(notice_hours=72),
        "suits": Wish(date(2026, 11, 24), Part.MORNING, 24),
    }
    people = {}
    for number, (name, wish) in enumerate(waiting.items()):
        people[name] = book(listed, LATER + number * timedelta(minutes=10), f"{name}@example.org")
        wait(listed, people[name], wish)
        clock.move(timedelta(minutes=1))
    cancel(listed, giver)
    assert [name for name, one in people.items() if offer_of(listed, one)] == ["suits"]


def test_a_place_that_nobody_waits_for_returns_by_lot_as_ever(listed: Hall, clock: FrozenClock) -> None:
    cancel(listed, book(listed, START, GIVER))
    (place,) = kept(listed)
    assert place.offers_at is None
    assert place.returns_at == returns_at(
        place.lot, clock.now(), START, listed.branch.freed_places_at, listed.branch.zone
    )


def test_a_place_left_to_its_lot_is_left_again_where_that_was_undone(hall: Hall, clock: FrozenClock) -> None:
    """Nobody waits at the draw, so the lot that is drawn then is all that changes."""
    using(hall, "standby_ballot")
    cancel(hall, book(hall, START, GIVER))
    (place,) = rows(hall, FreedPlace)
    clock.set(place.offers_at)

    def fails(tx: Tx) -> None:
        for _ in range(2):
            actions.expire_holds(tx, hall.branch.id)
        raise Refused("half-way")

    with pytest.raises(Refused, match="half-way"):
        hall.db.write_in_now(hall.branch.id, fails)
    assert facts(hall, "booking.place_left_to_lot") == []
    expire(hall)
    (place,) = rows(hall, FreedPlace)
    assert (place.offers_at, place.lot_from) == (None, clock.now())
    assert len(facts(hall, "booking.place_left_to_lot")) == 1


def test_who_moves_or_cancels_meanwhile_lets_the_next_have_it(listed: Hall, clock: FrozenClock) -> None:
    giver, first, second = book(listed, START, GIVER), book(listed, LATER, FIRST), book(listed, NEXT, SECOND)
    wait(listed, first)
    clock.move(timedelta(minutes=1))
    wait(listed, second)
    cancel(listed, giver)
    move(listed, first, START + timedelta(days=1))
    assert offer_of(listed, first) is None
    assert offer_of(listed, second) is not None
    cancel(listed, second)
    outcomes = [entry.data["outcome"] for entry in facts(listed, "booking.earlier_ended")]
    assert outcomes == ["withdrawn", "withdrawn"]
    # Cancelled, it keeps the seats of its own time only, until they return.
    assert seats(listed, second) == seats_needed(listed)


def test_the_giver_cannot_take_back_what_is_kept_for_somebody_else(listed: Hall) -> None:
    giver, first = book(listed, START, GIVER), book(listed, LATER, FIRST)
    fill(listed)
    wait(listed, first)
    moved = move(listed, giver, START + timedelta(days=1))
    assert offer_of(listed, first) is not None
    with pytest.raises(Refused, match="slot-taken"):
        move(listed, moved, START)
    decline(listed, first)
    assert move(listed, moved, START).starts_at == START
    assert START not in [place.starts_at for place in kept(listed)]
    assert seats(listed, moved) == seats_needed(listed)
    # What the giver leaves now is offered in turn.
    offer = offer_of(listed, first)
    assert offer is not None
    assert offer.starts_at == START + timedelta(days=1)


@pytest.mark.parametrize("booker", [Booker.PUBLIC, Booker.STAFF])
def test_who_moves_to_the_time_that_is_kept_for_them_has_accepted_it(listed: Hall, booker: Booker) -> None:
    giver, first = book(listed, START, GIVER), book(listed, LATER, FIRST)
    wait(listed, first)
    cancel(listed, giver)
    before = seats(listed, first)
    moved = do(listed, actions.change_booking, first.id, START, VISITOR, booker)
    assert (moved.starts_at, moved.changes) == (START, 0)
    assert [entry.data["outcome"] for entry in facts(listed, "booking.earlier_ended")] == ["accepted"]
    assert listed.db.read_now(wish_of, listed.branch.id, first.id) is None
    # Its own place waits for its lot; of the other nothing is kept any more.
    assert [place.starts_at for place in kept(listed)] == [LATER]
    assert seats(listed, first) == before


def test_a_draw_is_held_at_its_hour_and_can_be_checked(hall: Hall, clock: FrozenClock) -> None:
    hall = using(hall, "standby_ballot")
    giver = book(hall, START, GIVER)
    people = [book(hall, LATER + n * timedelta(minutes=10), f"n{n}@example.org") for n in range(4)]
    for one in people[:3]:
        wait(hall, one)
    cancel(hall, giver)
    (place,) = kept(hall)
    assert place.offers_at == draw_at(clock.now(), START, hall.branch.freed_places_at, hall.branch.zone)
    assert place.offers_at is not None
    assert not any(offer_of(hall, one) for one in people)
    clock.set(place.offers_at - timedelta(seconds=1))
    # Who joins before the draw takes part in it.
    wait(hall, people[3])
    expire(hall)
    assert not any(offer_of(hall, one) for one in people)
    clock.set(place.offers_at)
    expire(hall)
    (entry,) = facts(hall, "booking.earlier_offered")
    assert (entry.data["lot"], entry.data["suited"]) == (place.lot, 4)
    expected = order(
        [Waiting(one.id, one.code, LATER, LATER, Wish()) for one in people], Freed.DRAWN, entry.data["lot"]
    )
    assert [one.id for one in people if offer_of(hall, one)] == [expected[0].booking_id]
    decline(hall, next(one for one in people if one.id == expected[0].booking_id))
    assert [one.id for one in people if offer_of(hall, one)] == [expected[1].booking_id]


def test_a_place_for_the_hall_is_neither_offered_nor_returned(hall: Hall, clock: FrozenClock) -> None:
    hall = using(hall, "walk_ins")
    before = places(hall)
    cancel(hall, book(hall, START, GIVER))
    clock.set(START - timedelta(minutes=1))
    expire(hall)
    assert places(hall) == before - 1
    (place,) = kept(hall)
    assert (place.returns_at, place.offers_at) == (None, None)


def test_by_lot_a_place_is_offered_to_nobody(listed: Hall, clock: FrozenClock) -> None:
    giver, first = book(listed, START, GIVER), book(listed, LATER, FIRST)
    wait(listed, first)
    cancel(using(listed, "by_lot"), giver)
    (place,) = kept(listed)
    assert offer_of(listed, first) is None
    assert (place.offers_at, place.lot_from) == (None, None)
    assert place.returns_at == returns_at(
        place.lot, clock.now(), START, listed.branch.freed_places_at, listed.branch.zone
    )


def test_nobody_waits_where_the_service_keeps_no_list_or_the_appointment_is_not_one(hall: Hall) -> None:
    one = book(hall, LATER, FIRST)
    with pytest.raises(Refused, match="earlier-none"):
        wait(using(hall, "staff_decides"), one)
    listed = using(hall, "waitlist_in_order")
    cancel(listed, one)
    with pytest.raises(Refused, match="earlier-none"):
        wait(listed, one)


def test_a_wish_goes_with_the_person_and_everything_with_the_booking(listed: Hall, clock: FrozenClock) -> None:
    giver, first = book(listed, START, GIVER), book(listed, LATER, FIRST)
    wait(listed, first)
    cancel(listed, giver)
    listed.db.write_in_now(listed.branch.id, erase_it, listed.branch.id, first.id)
    assert rows(listed, EarlierWish) == []
    clock.move(timedelta(days=1000))
    tidy(listed.db, listed.branch.id)
    assert [rows(listed, model) for model in (EarlierOffer, FreedPlace, Seat)] == [[], [], []]


def test_an_offer_ends_by_day_and_leaves_a_quarter_of_the_time(hall: Hall) -> None:
    zone = hall.branch.zone
    noon = datetime(2026, 11, 22, 9, tzinfo=UTC)
    assert answer_until(noon, noon + timedelta(hours=8), zone) == noon + timedelta(hours=2)
    assert answer_until(noon, noon + timedelta(hours=3), zone) == noon + timedelta(hours=1)
    # 18:00 and six hours more are midnight, so it ends at nine in the morning.
    evening = datetime(2026, 11, 22, 15, tzinfo=UTC)
    assert answer_until(evening, evening + timedelta(hours=24), zone) == datetime(2026, 11, 23, 6, tzinfo=UTC)
    # At half past eight it is too late to wait for nine.
    assert answer_until(evening, evening + timedelta(hours=15), zone) == evening + timedelta(hours=14)


# ---------------------------------------------------------------- shorthands


def erase_it(tx: Tx, branch_id: UUID, booking_id: UUID) -> None:
    with log.locked(tx, branch_id) as lock:
        erase(lock, [booking_id])


def using(hall: Hall, freed_slot: str) -> Hall:
    """The hall, all of whose policies do the same with a place that is given back."""
    change_settings(hall.db, sa.update(table(PolicyRow)).values(freed_slot=freed_slot))
    return hall


def book(hall: Hall, start: datetime, contact: str) -> BookingView:
    wanted = HoldOrder(hall.branch.id, hall.service(SERVICE), start, "سلمى الحسن", contact, "ar", VISITOR)
    held = hall.db.write_in_now(hall.branch.id, actions.hold_slot, wanted)
    return hall.db.write_in_now(hall.branch.id, actions.confirm_booking, hall.branch.id, held.id, VISITOR)


def fill(hall: Hall) -> None:
    """Let others book every place that is left at the start."""
    for number in range(places(hall)):
        book(hall, START, f"other{number}@example.org")


def wait(hall: Hall, one: BookingView, wish: Wish = Wish()) -> None:  # noqa: B008 - a frozen value
    do(hall, earlier.wait_for_earlier, one.id, wish, VISITOR)


def accept(hall: Hall, one: BookingView, offer: UUID | None = None) -> BookingView:
    found: BookingView = do(hall, earlier.accept_earlier, one.id, offer or offer_id(hall, one), VISITOR)
    return found


def decline(hall: Hall, one: BookingView) -> None:
    do(hall, earlier.decline_earlier, one.id, offer_id(hall, one), VISITOR)


def cancel(hall: Hall, one: BookingView) -> None:
    do(hall, actions.cancel_booking, one.id, VISITOR)


def move(hall: Hall, one: BookingView, start: datetime) -> BookingView:
    moved: BookingView = do(hall, actions.change_booking, one.id, start, VISITOR)
    return moved


def expire(hall: Hall) -> None:
    do(hall, actions.expire_holds)


def do(hall: Hall, action: Any, *args: Any) -> Any:
    return hall.db.write_in_now(hall.branch.id, action, hall.branch.id, *args)


def offer_of(hall: Hall, one: BookingView) -> Offer | None:
    return hall.db.read_now(running_offer, hall.branch.id, one.id)


def offer_id(hall: Hall, one: BookingView) -> UUID:
    """The last offer to somebody, also once it has ended."""
    mine = [row for row in rows(hall, EarlierOffer) if row.booking_id == one.id]
    found: UUID = max(mine, key=lambda row: row.offered_at).id
    return found


def kept(hall: Hall) -> list[KeptPlace]:
    return hall.db.read_now(kept_places, hall.branch.id)


def shown(hall: Hall, one: BookingView) -> BookingView:
    return hall.db.read_now(bookings.booking_by_id, hall.branch.id, one.id)


def places(hall: Hall) -> int:
    """How many places at the start everybody can book."""
    day = START.astimezone(hall.branch.zone).date()
    found = hall.db.read_now(bookings.free_days, hall.branch, hall.branch.service(SERVICE), day, day)
    return sum(slot.places for slot in found[0].slots if slot.start == START)


def seats(hall: Hall, one: BookingView) -> int:
    """How many seats a booking has or may take again."""
    return sum(row.booking_id == one.id for row in rows(hall, Seat))


def seats_needed(hall: Hall) -> int:
    plan = bookings.plan_on(hall.branch, hall.branch.service(SERVICE), START.date())
    return len(plan.resources) * ticks_needed(plan, hall.branch.tick_minutes)


def rows(hall: Hall, model: Any) -> list[Any]:
    return hall.db.read_now(Tx.rows, sa.select(table(model)))


def told(hall: Hall, one: BookingView) -> list[Any]:
    return [row for row in rows(hall, Message) if row.about == one.id]


def facts(hall: Hall, kind: str) -> list[Any]:
    return hall.db.read_now(audit.entries, hall.branch.id, audit.Wanted(kind=kind), 10)
