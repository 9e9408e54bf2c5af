"""Ramadan is moved, shortened and confirmed, for all branches or for one, with what belongs to it."""

from __future__ import annotations

import re
from datetime import date
from html import unescape

import pytest
from starlette.testclient import TestClient

from queue_system.core.hours import windows
from queue_system.store.queries.hours import DeclaredHours, declared_hours
from queue_system.store.queries.settings import branch_settings
from tests.kit.editing_flow import through
from tests.kit.hall import Hall
from tests.kit.web_hall import sign_in

PAGE = "/office/seasons/doha-main"


@pytest.fixture
def client(here: tuple[TestClient, Hall]) -> TestClient:
    sign_in(here[0], "admin")
    return here[0]


def declared(hall: Hall) -> DeclaredHours:
    return hall.db.read_now(declared_hours, hall.branch.id)


def act(client: TestClient, what: str, whom: str) -> str:
    """Press a button of Ramadan 2027; where that leads."""
    stretch = re.findall(r'name="stretch" value="([^"]*)"', client.get(PAGE).text)[0]
    sent = [("season", "ramadan"), ("stretch", unescape(stretch)), ("for", whom), ("act", what)]
    answer = through(client, PAGE, sent)
    assert answer.status_code == 303
    return str(answer.headers["location"])


def ramadan(hall: Hall) -> tuple[date, date, bool]:
    """Ramadan 2027 as the branch follows it."""
    calendar = hall.db.read_now(branch_settings, hall.branch.id).calendar
    (found,) = [one for one in calendar.seasons if one.slug == "ramadan" and one.first.year == 2027]
    return found.first, found.last, found.provisional


def eid(hall: Hall) -> date:
    closures = declared(hall).organisation.catalogue.calendars["qatar_public"].closures
    (found,) = [one for one in closures if one.names["en"] == "Eid al-Fitr"]
    return found.first


def test_ramadan_a_day_earlier_moves_its_hours_and_eid_in_all_branches(client: TestClient, hall: Hall) -> None:
    assert "عطلة عيد الفطر" in client.get(PAGE).text
    before = eid(hall)
    act(client, "earlier", "everywhere")
    assert ramadan(hall) == (date(2027, 2, 7), date(2027, 3, 8), True)
    assert (before - eid(hall)).days == 1
    calendar = hall.db.read_now(branch_settings, hall.branch.id).calendar
    assert [window.opens.hour for window in windows(date(2027, 2, 7), calendar)] == [9]
    act(client, "later", "everywhere")
    assert (ramadan(hall)[0], eid(hall)) == (date(2027, 2, 8), before)


def test_one_branch_has_days_of_its_own_and_the_library_keeps_its(client: TestClient, hall: Hall) -> None:
    act(client, "shorter", "branch")
    assert ramadan(hall) == (date(2027, 2, 8), date(2027, 3, 8), True)
    shared = declared(hall).organisation.catalogue.seasons["ramadan"]
    assert [one.last for one in shared if one.first.year == 2027] == [date(2027, 3, 9)]
    assert "أيام خاصة بهذا الفرع" in client.get(PAGE).text
    act(client, "longer", "branch")
    assert ramadan(hall)[1] == date(2027, 3, 9)


def test_a_confirmed_season_may_change_no_more(client: TestClient, hall: Hall) -> None:
    assert ramadan(hall)[2]
    act(client, "confirm", "everywhere")
    assert not ramadan(hall)[2]


def test_a_season_that_nobody_knows_is_not_found(client: TestClient) -> None:
    for sent in (
        {},
        {"season": "ramadan", "stretch": '{"first": 3}', "act": "later"},
        {"season": "no", "act": "later"},
    ):
        assert client.post(PAGE, data=sent).status_code == 404


@pytest.mark.parametrize("whom", ["everywhere", "branch"])
def test_what_was_saved_can_be_undone_from_where_it_leads(client: TestClient, hall: Hall, whom: str) -> None:
    before, feast = ramadan(hall), eid(hall)
    page = client.get(act(client, "later", whom)).text
    assert ramadan(hall) != before
    (undo,) = re.findall(r'action="(/office/undo/[^"]*)"', page)
    assert through(client, undo, []).status_code == 303
    assert (ramadan(hall), eid(hall)) == (before, feast)


def test_a_page_out_of_date_gives_a_branch_no_days_of_its_own(client: TestClient, hall: Hall) -> None:
    (stretch, *_) = re.findall(r'name="stretch" value="([^"]*)"', client.get(PAGE).text)
    act(client, "later", "everywhere")
    sent = {"season": "ramadan", "stretch": unescape(stretch), "for": "branch", "act": "later"}
    assert client.post(PAGE, data=sent).status_code == 409
    assert declared(hall).branch.seasons == {}


@pytest.mark.parametrize(
    ("first", "last", "what"), [("0001-01-01", "0001-01-02", "earlier"), ("9999-12-30", "9999-12-31", "later")]
)
def test_a_stretch_at_the_end_of_the_calendar_is_answered(client: TestClient, first: str, last: str, what: str) -> None:
    sent = {"season": "ramadan", "stretch": f'{{"first": "{first}", "last": "{last}"}}', "act": what}
    assert client.post(PAGE, data=sent | {"for": "everywhere"}).status_code == 404
