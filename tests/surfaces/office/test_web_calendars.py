"""The closed days of a calendar are checked once a year, by a person, line by line."""

from __future__ import annotations

from datetime import date

import pytest
from starlette.testclient import TestClient

from queue_system.settings.catalogue import Calendar
from queue_system.store.queries.hours import declared_organisation, unchecked_calendars, year_to_check
from queue_system.surfaces.office.audit_books import WHOLE
from tests.kit.editing_flow import inputs, send, through, with_values
from tests.kit.hall import Hall
from tests.kit.web_hall import sign_in

PAGE = "/office/calendars/syrian_national"


@pytest.fixture
def client(here: tuple[TestClient, Hall]) -> TestClient:
    sign_in(here[0], "admin")
    return here[0]


def calendar(hall: Hall, slug: str = "syrian_national") -> Calendar:
    return hall.db.read_now(declared_organisation).catalogue.calendars[slug]


def test_the_year_to_check_is_the_next_one_from_september_on() -> None:
    assert [year_to_check(date(2026, month, 1)) for month in (1, 8, 9, 12)] == [2026, 2026, 2027, 2027]


def test_a_year_that_nobody_has_checked_is_on_today_until_somebody_has(client: TestClient, hall: Hall) -> None:
    assert PAGE in client.get("/office").text
    answer = through(client, PAGE, [*inputs(client.get(PAGE).text), ("checked", "yes")])
    assert answer.status_code == 303
    assert calendar(hall).checked_years == (2027,)
    assert "syrian_national" not in hall.db.read_now(unchecked_calendars, 2027)
    assert "syrian_national" in hall.db.read_now(unchecked_calendars, 2028)
    assert PAGE not in client.get("/office").text
    assert "admin name" in client.get("/office/calendars").text


def test_each_calendar_that_a_branch_follows_is_to_be_checked(client: TestClient, hall: Hall) -> None:
    followed = ["qatar_public", "syrian_national", "consular_year_end"]
    for number, slug in enumerate(followed):
        assert hall.db.read_now(unchecked_calendars, 2027) == followed[number:]
        today, page = client.get("/office").text, f"/office/calendars/{slug}"
        assert [one for one in followed if f'"/office/calendars/{one}"' in today] == followed[number:]
        assert through(client, page, [*inputs(client.get(page).text), ("checked", "yes")]).status_code == 303
    assert hall.db.read_now(unchecked_calendars, 2027) == []
    listed = client.get("/office/calendars").text
    assert listed.count("لم تُراجع بعد") == len(hall.db.read_now(declared_organisation).catalogue.calendars) - 3


def test_the_log_calls_a_calendar_by_its_name(client: TestClient, hall: Hall) -> None:
    through(client, PAGE, [*inputs(client.get(PAGE).text), ("checked", "yes")])
    log = client.get(f"/office/audit?branch={WHOLE}").text
    assert "الأعياد الوطنية السورية" in log
    assert ">syrian_national<" not in log


def test_a_day_is_moved_another_one_removed_and_one_added(client: TestClient, hall: Hall) -> None:
    before = {one.first: one.names["en"] for one in calendar(hall).closures}
    assert list(before) == [date(2026, 12, 8), date(2027, 3, 18), date(2027, 4, 17)]
    added = {"first-new": "2027-05-06", "name-ar-new": "عيد", "name-en-new": "Feast"}
    changed = {"first-1": "2027-03-19", "last-1": "2027-03-19", "act-2": "not-here"}
    assert through(client, PAGE, with_values(inputs(client.get(PAGE).text), **changed, **added)).status_code == 303
    after = sorted(one.first for one in calendar(hall).closures)
    assert after == [date(2026, 12, 8), date(2027, 3, 19), date(2027, 5, 6)]


def test_provisional_days_are_confirmed(client: TestClient, hall: Hall) -> None:
    page = "/office/calendars/qatar_public"
    assert [one.names["en"] for one in calendar(hall, "qatar_public").closures if one.provisional]
    items = [(name, "confirm" if name.startswith("act-") else value) for name, value in inputs(client.get(page).text)]
    assert through(client, page, items).status_code == 303
    assert not [one for one in calendar(hall, "qatar_public").closures if one.provisional]


def test_a_day_that_is_none_is_told_beside_its_field(client: TestClient) -> None:
    answer = send(client, PAGE, with_values(inputs(client.get(PAGE).text), **{"first-1": "2027-04-19"}))
    assert answer.status_code == 422
    assert 'id="last-1-error"' in answer.text
    assert 'value="2027-04-19"' in answer.text
