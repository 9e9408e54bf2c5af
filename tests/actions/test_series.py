"""Series: all dates are decided and stored together, and each stays an appointment of its own. On both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from queue_system.actions import bookings, freed_places, series
from queue_system.actions.bookings import HoldOrder
from queue_system.actions.erasure import erase_person
from queue_system.actions.retention import tidy
from queue_system.actions.said import Said
from queue_system.actions.series import SeriesOrder
from queue_system.clock import FrozenClock
from queue_system.core.bookings import Booker, BookingState
from queue_system.core.errors import Invalid, Refused, Stale
from queue_system.core.series import Chance, Rhythm, Scope, SeriesRule
from queue_system.store.database import Database
from queue_system.store.log import SYSTEM
from queue_system.store.queries.appointments import members_had
from queue_system.store.queries.bookings import BookingView, booking_by_id, booking_views, free_days
from queue_system.store.queries.freed import kept_places
from queue_system.store.queries.members import members_of
from queue_system.store.queries.series import SeriesView, people_among, place_in_series, usual_members
from queue_system.store.queries.series_chances import dates_shown, planned
from queue_system.store.queries.standing import standing_of
from queue_system.store.tables import Booking, BookingSeries, SeriesDate, table
from tests.kit.hall import Hall, enter, furnish
from tests.kit.repeating import WEEKLY, booked, chances, end, fill, look, officers, repeat

BERLIN = ZoneInfo("Europe/Berlin")
# A Tuesday, 09:00 in Doha; on no week after it the embassy is closed for a while.
START = datetime(2026, 11, 25, 6, 30, tzinfo=UTC)
WEEK = timedelta(weeks=1)
SERVICE = "civil-extract"
FOUR = SeriesRule(WEEKLY, dates=4)


@pytest.fixture
def mission(db: Database, clock: FrozenClock) -> Hall:
    """A branch in Berlin, before the clocks change in spring."""
    hall = furnish(db, "civil-society", "berlin")
    clock.set(datetime(2027, 3, 1, 8, 0, tzinfo=UTC))
    return hall


def test_scenario_11_a_series_keeps_its_wall_time_says_what_is_closed_and_a_skipped_date_is_filled_later(
    mission: Hall,
) -> None:
    # Mondays; 29 March is Easter Monday, and the clocks change on 28 March.
    first = booked(mission, "org-update", datetime(2027, 3, 15, 14, 0, tzinfo=BERLIN))
    rule = SeriesRule(WEEKLY, dates=5)
    found = chances(mission, first, rule)
    assert [one.chance for one in found] == [Chance.FREE, Chance.FREE, Chance.CLOSED, Chance.FREE, Chance.FREE]
    closed = found[2]
    assert closed.why["en"]
    assert [slot.start.astimezone(BERLIN).date() for slot in closed.alternatives]
    assert all(abs(slot.start - closed.wish.starts_at) <= timedelta(days=4) for slot in closed.alternatives)
    made = repeat(mission, first, rule, {3: None})
    assert [at(one) for one in made.dates] == ["15.03. 14:00", "22.03. 14:00", None, "05.04. 14:00", "12.04. 14:00"]
    assert made.number(3).skipped == "closed"
    filled = fill(mission, made, 3, closed.alternatives[0].start)
    assert (filled.state, filled.name) == (BookingState.CONFIRMED, first.name)
    assert look(mission, made.id).number(3).booking == filled


def test_scenario_11_a_monthly_series_from_the_31st_does_not_creep(mission: Hall) -> None:
    first = booked(mission, "org-update", datetime(2027, 3, 31, 10, 0, tzinfo=BERLIN))
    rule = SeriesRule(Rhythm.MONTHLY, dates=5)
    days = [at.astimezone(BERLIN).strftime("%d.%m. %H:%M") for _, at in planned(mission.branch, first, rule)]
    assert days == ["31.03. 10:00", "30.04. 10:00", "31.05. 10:00", "30.06. 10:00", "31.07. 10:00"]
    # 31 July 2027 is a Saturday.
    assert chances(mission, first, rule)[4].chance is Chance.CLOSED


def test_nothing_is_stored_while_a_date_is_undecided(hall: Hall) -> None:
    first = booked(hall, SERVICE, START)
    dates = planned(hall.branch, first, FOUR)
    for times in ({}, {2: START + WEEK, 3: None}):
        order = SeriesOrder(first.id, FOUR, times, dates_shown(first, dates))
        with pytest.raises(Invalid, match="series-undecided"):
            hall.db.write_in_now(hall.branch.id, series.make_series, hall.branch.id, order, SYSTEM)
    assert stored(hall) == [first]


def test_a_time_that_goes_while_one_decides_undoes_all(hall: Hall) -> None:
    first = booked(hall, SERVICE, START)
    fill_up(hall, START + 2 * WEEK)
    before = stored(hall)
    found = chances(hall, first, FOUR)
    assert [one.chance for one in found] == [Chance.FREE, Chance.FREE, Chance.TAKEN, Chance.FREE]
    near = [slot.start for slot in found[2].alternatives]
    assert len(near) == 2
    assert START + 2 * WEEK not in near
    with pytest.raises(Refused, match="series-taken") as refused:
        repeat(hall, first, FOUR)
    assert refused.value.values["time"] == START + 2 * WEEK
    assert stored(hall) == before
    assert not hall.db.read_now(lambda tx: tx.rows(table(BookingSeries).select()) + tx.rows(table(SeriesDate).select()))
    made = repeat(hall, first, FOUR, {3: near[0]})
    assert [one.at for one in made.dates] == [START, START + WEEK, near[0], START + 3 * WEEK]
    assert made.number(3).occurrence.detached


def test_dates_that_were_not_shown_are_not_booked(hall: Hall) -> None:
    first = booked(hall, SERVICE, START)
    shown = dates_shown(first, planned(hall.branch, first, FOUR))
    here = hall.branch.id
    hall.db.write_in_now(
        here, bookings.change_booking, here, first.id, START + timedelta(hours=1), SYSTEM, Booker.STAFF
    )
    order = SeriesOrder(first.id, FOUR, dict.fromkeys(range(2, 5)), shown)
    with pytest.raises(Stale, match="series-changed"):
        hall.db.write_in_now(here, series.make_series, here, order, SYSTEM)


def test_an_appointment_is_in_one_series(hall: Hall) -> None:
    made = repeat(hall, booked(hall, SERVICE, START), FOUR)
    third = made.number(3).booking
    assert third is not None
    place = hall.db.read_now(place_in_series, hall.branch.id, third.id)
    assert place is not None
    assert (place.series_id, place.n, place.last) == (made.id, 3, 4)
    with pytest.raises(Refused, match="series-already"):
        repeat(hall, third, FOUR)


def test_a_hold_is_confirmed_with_the_others_for_whom_it_was_said_to_be(hall: Hall) -> None:
    held = hold(hall)
    said = Said("سلمى الأتاسي", "salma@example.org", "en")
    here = hall.branch.id
    hall.db.write_in_now(here, series.note_said, here, held.id, said, SYSTEM)
    made = repeat(hall, read(hall, held), FOUR)
    assert {(one.booking.name, one.booking.contact, one.booking.language) for one in made.dates if one.booking} == {
        ("سلمى الأتاسي", "salma@example.org", "en")
    }
    assert {one.booking.state for one in made.dates if one.booking} == {BookingState.CONFIRMED}
    assert len({one.booking.token for one in made.dates if one.booking}) == 4


def test_a_hold_that_ran_out_is_booked_again_if_its_time_is_free(hall: Hall, clock: FrozenClock) -> None:
    held = hold(hall)
    clock.move(timedelta(minutes=11))
    made = repeat(hall, read(hall, held), FOUR)
    assert [one.at for one in made.dates] == [START + n * WEEK for n in range(4)]
    assert read(hall, held).state is BookingState.EXPIRED
    assert made.number(1).booking != read(hall, held)
    with pytest.raises(Refused, match="series-already"):
        repeat(hall, read(hall, held), FOUR)
    late = hold(hall, START + timedelta(hours=1))
    clock.move(timedelta(minutes=11))
    fill_up(hall, late.starts_at)
    with pytest.raises(Refused, match="series-taken"):
        repeat(hall, read(hall, late), FOUR)


def test_limits_of_the_policy_do_not_count_for_a_series(hall: Hall) -> None:
    service = hall.branch.service(SERVICE)
    assert hall.branch.policies[service.policy].max_active
    made = repeat(hall, booked(hall, SERVICE, START), SeriesRule(WEEKLY, dates=6), {3: None})
    end(hall, made, 1, Scope.ALL)
    person = made.number(2).booking
    assert person is not None
    standing = hall.db.read_now(standing_of, hall.branch, service, person.contact, person.name)
    assert (standing.active, standing.given_back) == (0, 0)


def test_whoever_it_is_with_is_the_same_each_time_and_stays(hall: Hall) -> None:
    officers(hall, SERVICE)
    hall = enter(hall.db, hall.branch.slug)
    first = booked(hall, SERVICE, START)
    had = hall.db.read_now(usual_members, hall.branch, first)
    asked = people_among(hall.branch, first.service_id, had)
    assert asked
    made = repeat(hall, first, FOUR, asked=asked)
    everybody = [one.booking for one in made.dates if one.booking]
    members = hall.db.read_now(members_had, hall.branch, everybody)
    assert {one.member for found in members.values() for one in found} == set(asked.values())
    assert all(one.announced for found in members.values() for one in found)
    other = next(
        one
        for one in members_of(hall.branch).values()
        if one.slug in ("amal", "basel") and one.id not in asked.values()
    )
    # With the other one too, the same time can be booked once more.
    second = booked(hall, SERVICE, START + WEEK)
    assert other.id in hall.db.read_now(usual_members, hall.branch, second).values()


def test_calling_off_means_this_one_those_after_it_or_all_to_come(hall: Hall, clock: FrozenClock) -> None:
    made = repeat(hall, booked(hall, SERVICE, START), SeriesRule(WEEKLY, dates=6))
    assert numbers(hall, made, end(hall, made, 3, Scope.THIS)) == [3]
    assert numbers(hall, made, end(hall, look(hall, made.id), 5, Scope.FOLLOWING)) == [5, 6]
    clock.set(START + timedelta(hours=1))
    assert numbers(hall, made, end(hall, look(hall, made.id), 4, Scope.ALL)) == [2, 4]
    states = [one.booking.state for one in look(hall, made.id).dates if one.booking]
    assert states == [BookingState.CONFIRMED, *[BookingState.CANCELLED] * 5]
    with pytest.raises(Refused, match="series-nothing"):
        end(hall, look(hall, made.id), 4, Scope.ALL)


def test_calling_off_others_than_were_shown_is_refused(hall: Hall) -> None:
    made = repeat(hall, booked(hall, SERVICE, START), FOUR)
    end(hall, made, 3, Scope.THIS)
    with pytest.raises(Stale, match="series-changed"):
        end(hall, made, 2, Scope.FOLLOWING)
    assert [one.stands for one in look(hall, made.id).dates] == [True, True, False, True]


def test_scenario_13_what_was_called_off_comes_back_only_where_its_time_is_free(hall: Hall) -> None:
    made = repeat(hall, booked(hall, SERVICE, START), FOUR)
    (gone,) = end(hall, made, 3, Scope.THIS)
    made = look(hall, made.id)
    # Nobody else has it yet.
    back = fill(hall, made, 3, gone.starts_at)
    assert look(hall, made.id).number(3).booking == back
    (gone,) = end(hall, look(hall, made.id), 3, Scope.THIS)
    made = look(hall, made.id)
    release_places(hall)
    fill_up(hall, gone.starts_at)
    with pytest.raises(Refused, match="series-taken"):
        fill(hall, made, 3, gone.starts_at)
    assert look(hall, made.id) == made
    (found,) = [one for one in chances(hall, read(hall, made.number(1).booking), FOUR) if one.wish.n == 3]
    assert (found.chance, len(found.alternatives)) == (Chance.TAKEN, 2)
    again = fill(hall, made, 3, found.alternatives[0].start)
    # A new appointment, because the old one's link and calendar entry say that it was called off.
    assert again.code != gone.code
    assert look(hall, made.id).number(3).booking == again
    with pytest.raises(Refused, match="booking-over"):
        fill(hall, look(hall, made.id), 3, found.alternatives[1].start)


def test_a_date_that_was_moved_and_called_off_comes_back_at_either_time_and_leaves_the_other_kept(hall: Hall) -> None:
    made = repeat(hall, booked(hall, SERVICE, START), FOUR)
    third = made.number(3).booking
    assert third is not None
    before, after = third.starts_at, third.starts_at + timedelta(days=1)
    there = hall.branch.id
    hall.db.write_in_now(there, bookings.change_booking, there, third.id, after, SYSTEM, Booker.STAFF)
    fill_up(hall, before)
    end(hall, look(hall, made.id), 3, Scope.THIS)
    assert kept(hall) == [before, after]
    service, day = hall.branch.service(SERVICE), before.astimezone(hall.branch.zone).date()
    (shown,) = hall.db.read_now(free_days, hall.branch, service, day, day, public=False, own=third.id)
    assert before in [slot.start for slot in shown.slots], "the page offers it"
    back = fill(hall, look(hall, made.id), 3, before)
    assert back.starts_at == before
    # The lot still decides about what they do not take.
    assert kept(hall) == [after]


def test_an_erased_person_gets_no_further_appointment(hall: Hall) -> None:
    made = repeat(hall, booked(hall, SERVICE, START, contact=""), FOUR, {4: None})
    second = made.number(2).booking
    assert second is not None
    hall.db.write_now(erase_person, hall.branch.id, second.id, SYSTEM)
    after = look(hall, made.id)
    assert {one.booking.name for one in after.dates if one.booking} == {""}
    assert not any(one.stands for one in after.dates)
    with pytest.raises(Refused, match="series-erased"):
        fill(hall, after, 4, after.number(4).starts_at)


def test_a_series_goes_with_its_last_booking(hall: Hall, clock: FrozenClock) -> None:
    made = repeat(hall, booked(hall, SERVICE, START), SeriesRule(WEEKLY, dates=3), {2: None})
    clock.set(START + timedelta(weeks=3))
    tidy(hall.db, hall.branch.id)
    assert len(look(hall, made.id).dates) == 3
    clock.move(timedelta(days=4000))
    tidy(hall.db, hall.branch.id)
    left = hall.db.read_now(lambda tx: tx.rows(table(BookingSeries).select()) + tx.rows(table(SeriesDate).select()))
    assert left == []


def kept(hall: Hall) -> list[datetime]:
    return [one.starts_at for one in hall.db.read_now(kept_places, hall.branch.id)]


def hold(hall: Hall, starts_at: datetime = START) -> BookingView:
    order = HoldOrder(hall.branch.id, hall.service(SERVICE), starts_at, "", "", "ar", SYSTEM, booker=Booker.STAFF)
    return hall.db.write_in_now(hall.branch.id, bookings.hold_slot, order)


def fill_up(hall: Hall, starts_at: datetime) -> None:
    """Take all places at a time."""
    hall.db.write_in_now(hall.branch.id, bookings.expire_holds, hall.branch.id)
    n = 0
    while starts_at in free(hall, starts_at):
        n += 1
        booked(hall, SERVICE, starts_at, contact="", name=f"Somebody {'abcdefghijklmnopqrst'[n]}")


def free(hall: Hall, around: datetime) -> list[datetime]:
    service, day = hall.branch.service(SERVICE), around.date()
    (found,) = hall.db.read_now(free_days, hall.branch, service, day, day, public=False)
    return [slot.start for slot in found.slots]


def release_places(hall: Hall) -> None:
    kept = hall.db.read_now(kept_places, hall.branch.id)
    hall.db.write_in_now(hall.branch.id, freed_places.release_places, hall.branch.id, [one.id for one in kept], SYSTEM)


def stored(hall: Hall) -> list[BookingView]:
    return hall.db.read_now(booking_views, table(Booking).c.branch_id == hall.branch.id)


def read(hall: Hall, booking: BookingView | None) -> BookingView:
    assert booking is not None
    return hall.db.read_now(booking_by_id, hall.branch.id, booking.id)


def numbers(hall: Hall, made: SeriesView, found: list[BookingView]) -> list[int]:
    ids = {one.id for one in found}
    return [one.n for one in look(hall, made.id).dates if one.booking and one.booking.id in ids]


def at(one: object) -> str | None:
    booking = getattr(one, "booking", None)
    return booking.starts_at.astimezone(BERLIN).strftime("%d.%m. %H:%M") if booking else None
