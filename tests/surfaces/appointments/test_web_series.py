"""Series on the pages of staff: the rule, every date, several at once. Without scripts."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from queue_system.core.bookings import BookingState
from queue_system.core.series import SeriesRule
from queue_system.store.queries.bookings import BookingView, booking_by_id, booking_views
from queue_system.store.queries.phone_calls import phone_calls
from queue_system.store.queries.series import SeriesView, place_in_series
from queue_system.store.tables import Booking, table
from tests.kit.hall import Hall
from tests.kit.people import add_role, give_in_department
from tests.kit.repeating import WEEKLY, booked, look, repeat
from tests.kit.web_hall import Page, another, sign_in

HERE = "/appointments/doha-main"
SERVICE = "civil-extract"
# A Tuesday, 09:30 in Doha. Two weeks later the embassy is closed.
START = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)
WEEK, HOUR = timedelta(weeks=1), timedelta(hours=1)
FOUR = SeriesRule(WEEKLY, dates=4)


def test_an_appointment_is_repeated_once_every_date_is_decided(client: TestClient, hall: Hall) -> None:
    first = booked(hall, SERVICE, START)
    assert f"{HERE}/{first.id}/series" in get(client, f"{HERE}/{first.id}").html
    page = get(client, f"{HERE}/{first.id}/series?how=weekly-1&end=count&dates=4")
    assert "Every week on Tuesday at 09:30, 4 times" in plain(page)
    assert "Closed" in page.text
    undecided = post(client, page)
    assert undecided.status_code == 422
    assert "Choose what becomes of this date." in undecided.text
    assert len(stored(hall)) == 1
    # One press leaves out what is not free, and shows the dates once more before anything is saved.
    again = post(client, page, **{"leave-rest": "1"})
    assert len(stored(hall)) == 1
    assert post(client, Page(again.text)).status_code == 303
    made = series_of(hall, first)
    assert [one.at for one in made.dates if one.booking] == [START, START + WEEK, START + 3 * WEEK]
    shown = get(client, f"{HERE}/series/{made.id}")
    assert "Left out" in shown.text
    second = made.number(2).booking
    assert second is not None
    assert "Appointment 2 of 4 in a series" in plain(get(client, f"{HERE}/{second.id}"))
    assert client.get(f"{HERE}/{second.id}/series").headers["location"] == f"{HERE}/series/{made.id}"


def test_another_time_is_chosen_or_typed_for_a_date(client: TestClient, hall: Hall) -> None:
    first = booked(hall, SERVICE, START)
    page = get(client, f"{HERE}/{first.id}/series?how=weekly-1&end=count&dates=4")
    typed = {"at-2": "other", "day-2": "2026-12-02", "time-2": "10:00", "at-3": "leave"}
    wrong = post(client, page, **{**typed, "day-2": "some day"})
    assert (wrong.status_code, "Give a day and a time." in wrong.text) == (422, True)
    # Two weeks after the first one it is closed.
    closed = post(client, page, **{**typed, "day-2": "2026-12-08", "time-2": "09:30"})
    assert (closed.status_code, "This day is closed." in closed.text) == (422, True)
    assert post(client, page, **typed).status_code == 303
    made = series_of(hall, first)
    assert made.number(2).at == datetime(2026, 12, 2, 7, 0, tzinfo=UTC)
    assert "moved alone" in get(client, f"{HERE}/series/{made.id}").text


def test_a_time_that_has_gone_meanwhile_leaves_all_other_choices(client: TestClient, hall: Hall) -> None:
    first = booked(hall, SERVICE, START)
    page = get(client, f"{HERE}/{first.id}/series?how=weekly-1&end=count&dates=4")
    booked(hall, SERVICE, START + WEEK, name="Somebody Else", contact="")
    answer = post(client, page, **{"at-3": "leave"})
    assert answer.status_code == 422
    assert "This time is taken." in answer.text
    again = Page(answer.text)
    assert choice(again, 3) == "leave"
    assert choice(again, 4) == "20261215T0630Z"
    assert choice(again, 2) == ""
    assert len(stored(hall)) == 2


def test_a_held_time_is_repeated_with_what_was_said(client: TestClient, hall: Hall) -> None:
    times = get(client, f"{HERE}/new?service=travel-doc")
    start = times.html.split('name="start" value="')[1].split('"')[0]
    form = [one for one in times.forms if one.action.endswith("/new")][-1]
    held = client.post(form.action, data={**form.values, "start": start}).headers["location"]
    one = get(client, held)
    said = {"name": "سلمى الأتاسي", "contact": "+97455512345", "language": "ar", "repeat": "1"}
    answer = client.post(f"{held}/confirmation", data={**one.forms[-1].values, **said, "contact": "12"})
    assert answer.status_code == 422
    answer = client.post(f"{held}/confirmation", data={**one.forms[-1].values, **said})
    assert answer.headers["location"] == f"{held}/series"
    page = get(client, f"{held}/series?how=weekly-2&end=count&dates=3")
    answer = post(client, Page(post(client, page, **{"leave-rest": "1"}).text))
    assert answer.status_code == 303
    found = stored(hall)
    assert len(found) > 1
    assert {(one.name, one.contact, one.state) for one in found} == {
        ("سلمى الأتاسي", "+97455512345", BookingState.CONFIRMED)
    }


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("how=weekly-1&end=count&dates=99", "longer than possible"),
        ("how=weekly-1&end=count&dates=1", "at least two"),
        ("how=weekly-1&end=count&dates=x", "how the series ends"),
        ("how=weekly-1&end=until&until=2026-11-01", "how the series ends"),
        ("how=weekly-1&end=until&until=2029-11-01", "longer than possible"),
        ("how=daily-1&end=count&dates=3", "at this interval"),
        ("how=weekly-99&end=count&dates=3", "at this interval"),
    ],
)
def test_a_rule_that_cannot_be_is_explained(client: TestClient, hall: Hall, asked: str, words: str) -> None:
    first = booked(hall, SERVICE, START)
    answer = client.get(f"{HERE}/{first.id}/series?{asked}")
    assert answer.status_code == 422
    assert words in answer.text


def test_several_are_changed_and_called_off_at_once(client: TestClient, hall: Hall) -> None:
    made = repeat(hall, booked(hall, SERVICE, START), FOUR, {3: None})
    at = f"{HERE}/series/{made.id}"
    page = get(client, f"{at}/change?n=2&scope=following&day=2026-12-01&time=10:30")
    assert "2 appointments change" in plain(page)
    assert post(client, page).status_code == 303
    assert [one.at for one in look(hall, made.id).dates if one.booking] == [
        START,
        *(START + n * WEEK + HOUR for n in (1, 3)),
    ]
    # Visits of ten minutes begin every ten minutes; dates off that step would each be moved alone.
    odd = client.get(f"{at}/change?n=2&scope=following&day=2026-12-01&time=10:33")
    assert (odd.status_code, "No appointment begins at this time." in odd.text) == (422, True)
    ends = get(client, f"{at}/end?n=2&scope=following")
    assert "2 appointments will be called off" in plain(ends)
    # Somebody else calls one of them off, so others would end than were shown.
    fourth = look(hall, made.id).number(4).booking
    assert fourth is not None
    assert client.post(f"{HERE}/{fourth.id}/cancellation").status_code == 303
    refused = post(client, ends)
    assert refused.status_code == 409
    assert post(client, Page(refused.text)).status_code == 303
    states = [one.booking.state for one in look(hall, made.id).dates if one.booking]
    assert states == [BookingState.CONFIRMED, BookingState.CANCELLED, BookingState.CANCELLED]


def test_who_ends_dates_says_whether_the_house_wants_it_and_why(client: TestClient, hall: Hall) -> None:
    made = repeat(hall, booked(hall, SERVICE, START), FOUR, {3: None})
    at = f"{HERE}/series/{made.id}/end?n=2&scope=following"
    assert "Who wants it?" not in get(client, at).text
    chief = add_role(hall, "chief-role", "book_for_visitor", "cancel_bookings")
    hall.person("chief", ((hall.branch.id, chief),))
    sign_in(client, "chief", "en")
    ends = get(client, at)
    assert "Who wants it?" in ends.text
    assert post(client, ends, why="member").status_code == 303
    ended = [one.booking for one in look(hall, made.id).dates[1:] if one.booking]
    assert [(one.is_called_off, one.lost_why) for one in ended] == [(True, "member")] * 2
    assert len(hall.db.read_now(phone_calls, hall.branch)) == 1
    calls = get(client, f"{HERE}/calls")
    assert "other appointments of the series were called off" in calls.text


def test_a_date_that_was_left_out_is_booked_later_and_more_are_added(client: TestClient, hall: Hall) -> None:
    made = repeat(hall, booked(hall, SERVICE, START), FOUR, {2: None, 3: None})
    at = f"{HERE}/series/{made.id}"
    assert post(client, get(client, f"{at}/dates/2")).status_code == 303
    assert look(hall, made.id).number(2).at == START + WEEK
    # Number 3 is closed; without a choice it is asked for again.
    page = get(client, f"{at}/dates/3")
    assert post(client, page).status_code == 422
    assert client.get(f"{at}/dates/99").status_code == 404
    page = get(client, f"{at}/more?dates=2")
    assert post(client, page).status_code == 303
    assert look(hall, made.id).last == 6


def test_a_person_of_another_department_finds_no_series(client: TestClient, hall: Hall) -> None:
    made = repeat(hall, booked(hall, SERVICE, START), FOUR, {3: None})
    mine = hall.branch.departments[hall.branch.service(SERVICE).department_id].slug
    theirs = next(one.slug for one in hall.branch.departments.values() if one.slug != mine)
    hall.person("nadia", ())
    give_in_department(hall, "nadia", "receptionist", theirs)
    other = another(client)
    sign_in(other, "nadia", "en")
    for part in ("", "/change", "/more", "/end", "/dates/3"):
        assert other.get(f"{HERE}/series/{made.id}{part}").status_code == 404
    assert client.get(f"{HERE}/series/no-series").status_code == 404


def get(client: TestClient, address: str) -> Page:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    return Page(answer.text)


def post(client: TestClient, page: Page, **values: str) -> Any:
    """Send the last form of the page, with the choices that it has."""
    form = page.forms[-1]
    chosen = {name: value for name, value in form.values.items() if not name.startswith("at-")}
    chosen |= {f"at-{n}": at for n in range(1, 60) if (at := choice(page, n))}
    return client.post(form.action, data={**chosen, **values})


def plain(page: Page) -> str:
    """The text of a page without the marks around values."""
    return re.sub("[\u2066-\u2069]", "", " ".join(page.text.split()))


def choice(page: Page, n: int) -> str:
    """What is chosen for a date; "" where nothing is."""
    for part in page.html.split("<input")[1:]:
        tag = part.split(">")[0]
        if f'name="at-{n}"' in tag and " checked" in tag:
            return tag.split('value="')[1].split('"')[0]
    return ""


def stored(hall: Hall) -> list[BookingView]:
    return hall.db.read_now(booking_views, table(Booking).c.branch_id == hall.branch.id)


def series_of(hall: Hall, booking: BookingView) -> SeriesView:
    hall.db.read_now(booking_by_id, hall.branch.id, booking.id)
    found = hall.db.read_now(place_in_series, hall.branch.id, booking.id)
    assert found is not None
    return look(hall, found.series_id)
