"""Weekdays change from a date on in one step, and what was before stays until then."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from starlette.testclient import TestClient

from queue_system.clock import FrozenClock
from queue_system.core.hours import windows
from queue_system.i18n import isolates
from queue_system.store.queries.hours import declared_hours
from queue_system.store.queries.settings import branch_settings
from tests.kit.deciding import booked
from tests.kit.editing_flow import inputs, send, through, with_values
from tests.kit.hall import Hall
from tests.kit.web_hall import sign_in

PAGE = "/office/hours/doha-main/from"
WEDNESDAY, THURSDAY = date(2026, 12, 9), date(2026, 12, 10)
SHORTER = {"opens": "08:30", "closes": "13:00", "last_ticket": "12:30"}


@pytest.fixture
def client(here: tuple[TestClient, Hall]) -> TestClient:
    sign_in(here[0], "admin")
    return here[0]


def opening(hall: Hall, day: date) -> list[str]:
    calendar = hall.db.read_now(branch_settings, hall.branch.id).calendar
    return [f"{one.opens:%H:%M}–{one.closes:%H:%M}" for one in windows(day, calendar)]


def regular(hall: Hall) -> list[tuple[tuple[int, ...], str, date | None, date | None]]:
    rules = hall.db.read_now(declared_hours, hall.branch.id).branch.hours
    return [(one.days, f"{one.closes:%H:%M}", one.first, one.last) for one in rules if one.layer == "regular"]


def change(client: TestClient, *days: str, first: date = THURSDAY, **hours: str) -> list[tuple[str, str]]:
    items = with_values(inputs(client.get(PAGE).text), **(hours or SHORTER), first=f"{first}")
    return [*items, *(("days", day) for day in days)]


def test_a_weekday_closes_earlier_from_a_date_on(client: TestClient, hall: Hall) -> None:
    lost = booked(hall, datetime.fromisoformat("2026-12-10T13:30+03:00"))
    preview = send(client, PAGE, change(client, "thu")).text
    assert lost.code in preview
    saved = through(client, PAGE, change(client, "thu"), **{"why-hours": "keep"})
    assert saved.status_code == 303
    assert saved.headers["location"].startswith("/office/hours/doha-main?saved=")
    week = timedelta(days=7)
    assert opening(hall, THURSDAY - week) == opening(hall, WEDNESDAY) == ["08:30–14:30"]
    assert opening(hall, THURSDAY) == opening(hall, THURSDAY + week * 3) == ["08:30–13:00"]
    assert regular(hall) == [
        ((0, 1, 2, 6), "14:30", None, None),
        ((3,), "14:30", None, THURSDAY - timedelta(days=1)),
        ((3,), "13:00", THURSDAY, None),
    ]


def test_a_later_change_begins_where_the_first_one_ends(client: TestClient, hall: Hall) -> None:
    through(client, PAGE, change(client, "wed", "thu"))
    later = THURSDAY + timedelta(days=14)
    assert through(client, PAGE, change(client, "thu", first=later, opens="09:00", closes="12:00")).status_code == 303
    assert opening(hall, THURSDAY) == ["08:30–13:00"]
    assert opening(hall, later) == ["09:00–12:00"]
    assert opening(hall, later - timedelta(days=1)) == ["08:30–13:00"]
    # A change of before takes the place of both.
    assert (
        through(client, PAGE, change(client, "thu", first=THURSDAY, opens="10:00", closes="11:00")).status_code == 303
    )
    assert opening(hall, THURSDAY) == opening(hall, later) == ["10:00–11:00"]
    assert opening(hall, later - timedelta(days=1)) == ["08:30–13:00"]


def test_it_begins_tomorrow_unless_somebody_says_otherwise(client: TestClient, clock: FrozenClock) -> None:
    assert dict(inputs(client.get(PAGE).text))["first"] == f"{clock.now().date() + timedelta(days=1)}"


def test_what_is_wrong_is_told_beside_its_field_and_stays(client: TestClient, hall: Hall) -> None:
    before = regular(hall)
    for wrong, field in (
        (change(client, "thu", first=date(2026, 11, 1)), "first"),
        (with_values(change(client, "thu"), first=""), "first"),
        (change(client), "days"),
        (change(client, "thu", opens="08:30", closes=""), "closes"),
        (change(client, "thu", opens="08:30", closes="13:00", last_ticket="13:30"), "last_ticket"),
    ):
        answer = send(client, PAGE, wrong)
        assert answer.status_code == 422, field
        assert f'id="{field}-error"' in answer.text
        assert 'value="08:30"' in answer.text
    assert regular(hall) == before


def test_the_head_of_section_changes_it(client: TestClient, hall: Hall) -> None:
    hall.person("head", ((hall.branch.id, "supervisor"),))
    sign_in(client, "head")
    assert PAGE in client.get("/office/hours/doha-main").text
    assert through(client, PAGE, change(client, "thu")).status_code == 303
    assert opening(hall, THURSDAY) == ["08:30–13:00"]


def test_a_service_that_stays_open_after_its_branch_is_told_before_and_after_the_save(client: TestClient) -> None:
    """Its own hours replace those of the branch, so nobody would see that it is open alone."""
    hours, said = "/office/hours/doha-main", "خدمات تبقى مفتوحة والفرع مغلق"
    assert said not in client.get(hours).text
    page = send(client, PAGE, change(client, "thu")).text
    notice = isolates.strip(page[page.index(said) :].partition("</ul>")[0])
    assert "استلام جواز سفر" in notice
    assert "من 12:30 إلى 14:30" in notice
    assert "من 08:30 إلى 13:00" in notice
    assert said not in send(client, PAGE, change(client, "thu", opens="08:30", closes="15:00")).text
    through(client, PAGE, change(client, "thu"))
    assert said in client.get(hours).text
    # What was so before is on the page of the hours, and not in the preview of every other change.
    assert said not in send(client, PAGE, change(client, "sun", opens="07:30", closes="14:30")).text
