"""The reports of past months: their list, and the line that says that one is ready."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest
from starlette.testclient import TestClient

from queue_system.actions.report_readers import follow
from queue_system.clock import FrozenClock
from tests.actions.test_actions_months import a_day, digest_all, write
from tests.kit.hall import Hall
from tests.kit.people import add_role
from tests.kit.web_hall import Page, sign_in
from tests.surfaces.office.test_web_figures import PAGE

READY = "The report of November 2026 is ready."
MONTH = f"{PAGE}?branch=doha-main&stretch=month&time=wait&first=2026-11-01&last=2026-11-30"


@pytest.fixture
def client(here: tuple[TestClient, Hall], clock: FrozenClock) -> TestClient:
    """Late in November, with the report of October."""
    client, hall = here
    write(hall, *(a_day(date(2026, 10, day), 12) for day in range(1, 32)))
    clock.set(datetime(2026, 11, 25, 7, tzinfo=UTC))
    digest_all(hall)
    hall.person("head", ((hall.branch.id, add_role(hall, "heads", "see_reports", "see_today")),))
    hall.person("manager", ((hall.branch.id, add_role(hall, "whole", "reports_aggregate")),))
    hall.person("former", ((hall.branch.id, add_role(hall, "today-only", "see_today")),))
    return client


def november_is_over(hall: Hall, clock: FrozenClock) -> None:
    write(hall, *(a_day(date(2026, 11, day), 12) for day in range(1, 31)))
    clock.set(datetime(2026, 12, 2, 7, tzinfo=UTC))
    digest_all(hall)


def said(client: TestClient, address: str) -> str:
    return Page(client.get(address).text).text.translate(dict.fromkeys(map(ord, "\u2066\u2067\u2068\u2069")))


def choose(client: TestClient) -> None:
    form = Page(client.get(PAGE).text).form("reports", branch="doha-main", told="yes")
    assert client.post(form.action, data=form.values).status_code == 303


def test_every_month_leads_to_its_page_its_workbook_and_its_paper(client: TestClient) -> None:
    sign_in(client, "head", "en")
    page = client.get(PAGE).text
    (listed,) = re.findall(r'<section class="monthly-reports".*?</section>', page, re.DOTALL)
    led = [one.replace("&amp;", "&") for one in re.findall(r'href="([^"]+)"', listed)]
    october = "branch=doha-main&stretch=month&time=wait&first=2026-10-01&last=2026-10-31"
    assert led == [f"{PAGE}{below}?{october}" for below in ("", "/workbook", "/paper")]
    assert [client.get(one).status_code for one in led] == [200] * 3
    assert "No email is sent" in Page(page).text


@pytest.mark.parametrize("login", ["head", "manager"])
def test_whoever_chose_it_is_told_once(client: TestClient, hall: Hall, clock: FrozenClock, login: str) -> None:
    sign_in(client, login, "en")
    choose(client)
    assert "is ready." not in said(client, PAGE)
    november_is_over(hall, clock)
    sign_in(client, login, "en")
    # Whoever has no Today is told on the page of figures.
    for address in (PAGE, "/office") if login == "head" else (PAGE,):
        assert READY in said(client, address)
    form = next(one for one in Page(client.get(PAGE).text).forms if one.action.endswith("/2026-11-01"))
    answer = client.post(form.action, data=form.values, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, MONTH)
    for address in (PAGE, "/office") if login == "head" else (PAGE,):
        assert READY not in said(client, address)
    # They can stop.
    form = Page(client.get(PAGE).text).form("reports", branch="doha-main", told="no")
    client.post(form.action, data=form.values)
    assert "Tell me when a new report is ready" in said(client, PAGE)


def test_nobody_is_told_who_did_not_ask_or_lost_the_right(client: TestClient, hall: Hall, clock: FrozenClock) -> None:
    sign_in(client, "former", "en")
    for address in ("reports", "reports/doha-main/2026-10-01"):
        answer = client.post(f"{PAGE}/{address}", data={"branch": "doha-main", "told": "yes"})
        assert answer.status_code == 403
    # They chose it when they had the right.
    staff_id = hall.person("before", ((hall.branch.id, "today-only"),))
    hall.db.write_now(follow, hall.branch.id, staff_id)
    november_is_over(hall, clock)
    for login in ("former", "before"):
        sign_in(client, login, "en")
        assert READY not in said(client, "/office")
    sign_in(client, "head", "en")
    assert READY not in said(client, "/office")


@pytest.mark.parametrize("day", ["2026-11-01", "2026-10-02", "x"])
def test_a_month_without_a_report_is_not_found(client: TestClient, day: str) -> None:
    sign_in(client, "head", "en")
    assert client.post(f"{PAGE}/reports/doha-main/{day}").status_code == 404
