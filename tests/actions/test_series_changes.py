"""Changes of a series: what is meant, what stays, and nothing by half. On both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from queue_system.actions import bookings, series_changes
from queue_system.actions.series_changes import ChangeOrder
from queue_system.core.bookings import Booker, BookingState
from queue_system.core.errors import Invalid, Refused, Stale
from queue_system.core.series import Scope, SeriesRule
from queue_system.store.log import SYSTEM
from queue_system.store.queries.bookings import BookingView
from queue_system.store.queries.members import members_of, needs_of
from queue_system.store.queries.series import SeriesView, usual_members
from queue_system.store.queries.series_changes import Change, changes_of, changes_shown, further
from tests.kit.hall import Hall, enter
from tests.kit.repeating import WEEKLY, booked, end, look, officers, repeat

# A Wednesday, 09:30 in Doha.
START = datetime(2026, 11, 25, 6, 30, tzinfo=UTC)
WEEK, HOUR, DAY = timedelta(weeks=1), timedelta(hours=1), timedelta(days=1)
SERVICE = "civil-extract"


@pytest.fixture
def six(hall: Hall) -> SeriesView:
    return repeat(hall, booked(hall, SERVICE, START), SeriesRule(WEEKLY, dates=6))


def test_scenario_12_this_and_following_leaves_what_was_changed_alone_or_called_off(
    hall: Hall, six: SeriesView
) -> None:
    alone, off = six.number(3).booking, six.number(4).booking
    assert alone is not None
    assert off is not None
    here, moved_to = hall.branch.id, alone.starts_at + DAY
    hall.db.write_in_now(here, bookings.change_booking, here, alone.id, moved_to, SYSTEM, Booker.STAFF)
    end(hall, six, 4, Scope.THIS)
    made = look(hall, six.id)
    changed = change(hall, made, Change(2, Scope.FOLLOWING, START + WEEK + HOUR))
    assert [one.starts_at for one in changed] == [START + n * WEEK + HOUR for n in (1, 4, 5)]
    made = look(hall, six.id)
    assert [one.at for one in made.dates] == [
        START,
        START + WEEK + HOUR,
        moved_to,
        off.starts_at,
        START + 4 * WEEK + HOUR,
        START + 5 * WEEK + HOUR,
    ]
    fourth = made.number(4)
    assert fourth.booking is not None
    assert fourth.booking.state is BookingState.CANCELLED
    # Once it is booked again, it has the new time of the series.
    assert fourth.starts_at == START + 3 * WEEK + HOUR


def test_another_weekday_for_all_to_come(hall: Hall, six: SeriesView) -> None:
    # On the last Thursday of the year the embassy is closed.
    change(hall, six, Change(4, Scope.ALL, START + 3 * WEEK + DAY), {6: None})
    thursdays = [START + n * WEEK + DAY for n in range(5)]
    assert [one.at for one in look(hall, six.id).dates] == [*thursdays, START + 5 * WEEK]
    change(hall, look(hall, six.id), Change(2, Scope.THIS, START + WEEK + HOUR))
    made = look(hall, six.id)
    assert [one.n for one in made.dates if one.occurrence.detached] == [2, 6]


def test_one_of_them_may_stay_as_it_is(hall: Hall, six: SeriesView) -> None:
    change(hall, six, Change(1, Scope.ALL, START + HOUR), {3: None})
    made = look(hall, six.id)
    assert made.number(3).at == START + 2 * WEEK
    assert [one.n for one in made.dates if one.occurrence.detached] == [3]


def test_a_change_is_for_all_that_were_shown_or_for_none(hall: Hall, six: SeriesView) -> None:
    order = ordered(hall, six, Change(1, Scope.ALL, START + HOUR))
    booked(hall, SERVICE, START + 3 * WEEK + HOUR, name="Somebody Else", contact="")
    with pytest.raises(Refused, match="series-taken"):
        carry_out(hall, order)
    assert look(hall, six.id) == six
    end(hall, six, 6, Scope.THIS)
    with pytest.raises(Stale, match="series-changed"):
        carry_out(hall, order)
    order = ordered(hall, look(hall, six.id), Change(1, Scope.ALL, START + HOUR))
    with pytest.raises(Invalid, match="series-undecided"):
        carry_out(hall, ChangeOrder(order.series_id, order.change, {1: START + HOUR}, order.shown))
    assert [one.at for one in look(hall, six.id).dates] == [one.at for one in six.dates]


def test_somebody_else_from_one_on_at_the_same_times(hall: Hall) -> None:
    officers(hall, SERVICE)
    hall = enter(hall.db, hall.branch.slug)
    need = needs_of(hall.branch, hall.service(SERVICE))[0]
    amal, basel = need.options
    made = repeat(
        hall,
        booked(hall, SERVICE, START, members={need.key: amal}),
        SeriesRule(WEEKLY, dates=4),
        asked={need.key: amal},
    )
    third = made.number(3)
    changed = change(hall, made, Change(3, Scope.FOLLOWING, third.at, {need.key: basel}))
    assert len(changed) == 2
    after = look(hall, made.id)
    assert [one.at for one in after.dates] == [one.at for one in made.dates]
    assert [with_(hall, one.booking) for one in after.dates] == ["amal", "amal", "basel", "basel"]
    # The same once more changes nothing, so nothing is done.
    with pytest.raises(Refused, match="series-nothing"):
        change(hall, after, Change(3, Scope.FOLLOWING, third.at, {need.key: basel}))
    # A new time leaves to each whom it has.
    change(hall, after, Change(1, Scope.ALL, START + HOUR))
    assert [with_(hall, one.booking) for one in look(hall, made.id).dates] == ["amal", "amal", "basel", "basel"]


def test_a_series_goes_on_after_its_end(hall: Hall, six: SeriesView) -> None:
    wishes = further(hall.branch, six, 3, {})
    times = {wishes[0].n: wishes[0].starts_at, wishes[1].n: None, wishes[2].n: wishes[2].starts_at}
    here = hall.branch.id
    shown = changes_shown(six, wishes)
    more = hall.db.write_in_now(here, series_changes.lengthen_series, here, six.id, times, 3, shown, {}, SYSTEM)
    made = look(hall, six.id)
    assert [one.at for one in made.dates] == [START + n * WEEK for n in range(9)]
    assert [one.booking for one in made.dates][6:] == [more[0], None, more[1]]
    with pytest.raises(Stale, match="series-changed"):
        hall.db.write_in_now(here, series_changes.lengthen_series, here, six.id, times, 3, shown, {}, SYSTEM)
    for dates in (0, 44):
        with pytest.raises(Invalid, match="series-long"):
            further(hall.branch, made, dates, {})


def ordered(
    hall: Hall, made: SeriesView, wanted: Change, others: dict[int, datetime | None] | None = None
) -> ChangeOrder:
    wishes = hall.db.read_now(changes_of, hall.branch, made, wanted)
    times = {one.n: one.starts_at for one in wishes} | (others or {})
    return ChangeOrder(made.id, wanted, times, changes_shown(made, wishes))


def carry_out(hall: Hall, order: ChangeOrder) -> list[BookingView]:
    return hall.db.write_in_now(hall.branch.id, series_changes.change_series, hall.branch.id, order, SYSTEM)


def change(
    hall: Hall, made: SeriesView, wanted: Change, others: dict[int, datetime | None] | None = None
) -> list[BookingView]:
    return carry_out(hall, ordered(hall, made, wanted, others))


def with_(hall: Hall, booking: BookingView | None) -> str:
    assert booking is not None
    (member,) = hall.db.read_now(usual_members, hall.branch, booking).values()
    return members_of(hall.branch)[member].slug
