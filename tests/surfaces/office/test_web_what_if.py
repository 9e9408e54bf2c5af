"""A past day played again on a page of the office: as it was beside the changed one, in few seconds, without small numbers."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from queue_system.clock import FrozenClock
from queue_system.i18n import isolates
from queue_system.store.tables import OpeningHours, table
from tests.kit.hall import Hall, change_settings
from tests.kit.lived_day import live
from tests.kit.people import add_role, give_in_department
from tests.kit.web_hall import Page, sign_in

SUNDAY_MORNING = datetime(2026, 11, 22, 7, tzinfo=UTC)
PAGE = "/office/what-if"


@pytest.fixture
def client(here: tuple[TestClient, Hall]) -> TestClient:
    sign_in(here[0], "admin", "en")
    return here[0]


@pytest.fixture
def day(client: TestClient, hall: Hall, clock: FrozenClock) -> str:
    """A day on which forty people came, some of whom waited long; then it is over."""
    found = live(hall, clock).isoformat()
    sign_in(client, "admin", "en")
    return found


def text(client: TestClient, query: str) -> str:
    answer = client.get(f"{PAGE}?{query}")
    assert answer.status_code == 200, answer.text
    return isolates.strip(Page(answer.text).text)


def test_a_counter_more_is_played_beside_the_day_as_it_was(client: TestClient, day: str) -> None:
    assert "What if" in text(client, f"day={day}")
    assert "nine of ten people would have" not in text(client, f"day={day}")
    found = text(client, f"day={day}&counters=1")
    told = re.search(
        r"With one counter more, nine of ten people would have waited at most (.+?) instead of (.+?)\.", found
    )
    assert told is not None, found
    would, was = (int(one.split()[0]) for one in told.groups())
    assert would < was
    fits = re.search(
        r"in minutes: half of the people waited at most (\d+) \(recorded (\d+), difference (\d+)\), "
        r"nine of ten at most (\d+) \(recorded (\d+), difference (\d+)\)",
        found,
    )
    assert fits is not None, found
    half, half_recorded, half_off, most, most_recorded, most_off = map(int, fits.groups())
    assert (abs(half - half_recorded), abs(most - most_recorded)) == (half_off, most_off)
    assert most == was
    # Each plot has its table, and both are on one scale.
    page = client.get(f"{PAGE}?day={day}&counters=1").text
    assert page.count('class="plot-and-table"') == 3
    assert page.count("<svg viewBox") == 2
    scales = [re.findall(r'text-anchor="end">([^<]+)</text>', plot) for plot in page.split("<figure")[1:]]
    assert scales[0] == scales[1]
    assert "plot-reach" in page
    assert "The day was played 200 times" in found
    assert re.search(r"Added is what counter [45] does\.", found)
    assert f"queue-system simulate doha-main --day {day} --counters +1 --runs 2000" in found
    # The same question has the same answer.
    assert text(client, f"day={day}&counters=1") == found


def test_changes_combine_and_are_said(client: TestClient, day: str) -> None:
    found = text(client, f"day={day}&counters=-1&like=4&rule=order&walkins=50&demand=١٢٠&span=weeks")
    assert (
        "With one counter fewer and calls in the order of arrival and 50 % coming without an appointment and 120 % of the people"
        in found
    )
    assert "--counters -1 --like 4 --fifo --walkin-share 50 --demand 1.2 --runs 2000" in found
    assert "Closed is counter 4, and after it" in found
    found = text(client, f"day={day}&counters=0&like=5&closes=23:00&guard=30")
    assert "With other hours of a counter and a guard of 30 minutes" in found
    assert "With two counters fewer" not in found
    assert "nobody would have been called" in text(client, f"day={day}&counters=-2")


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("counters=1&day=9999-01-01", "Choose a day that is over."),
        ("counters=1&day=someday", "Choose a day that is over."),
        ("counters=1&day=2026-11-01", "The log does not say who came on this day"),
        ("counters=1&demand=5", "Write a whole number from 10 to 300"),
        ("counters=1&walkins=many", "Write a whole number from 0 to 100"),
        ("counters=1&opens=8", "Write a time such as 09:30"),
        ("counters=1&opens=09:00&closes=10:00Z", "Write a time such as 09:30"),
        (
            "counters=1&opens=12:00&closes=11:00",
            "time must be after the opening time. On this day nothing is open past midnight.",
        ),
        ("counters=1&opens=20:00&closes=02:00", "On this day nothing is open past midnight."),
        ("counters=0&like=4&closes=07:00", "The counter opens only at this time or later, so it would never be open."),
        ("counters=1&closes=07:00", "The counter opens only at this time or later, so it would never be open."),
        ("counters=1&opens=23:00", "The counter has closed by this time, so it would never be open."),
        ("counters=1&like=1", "This counter was not open then."),
        ("counters=0", "Nothing is changed yet."),
    ],
)
def test_mistakes_are_told_and_nothing_typed_is_lost(client: TestClient, day: str, query: str, told: str) -> None:
    given = query if "day=" in query else f"{query}&day={day}"
    answer = client.get(f"{PAGE}?{given}&guard=17")
    if query == "counters=0":
        answer = client.get(f"{PAGE}?{given}")
    assert answer.status_code == 422
    assert told in isolates.strip(Page(answer.text).text)
    for name, value in (one.split("=") for one in query.split("&")):
        assert re.search(rf'(name="{name}"[^>]* value="{value}")|(<option value="{value}" selected)', answer.text)


def test_where_it_is_open_past_midnight_a_counter_closes_the_next_morning(
    client: TestClient, hall: Hall, day: str
) -> None:
    hours = table(OpeningHours)
    longer = sa.update(hours).where(hours.c.service_id.is_(None)).values(closes=time(2), last_ticket=None)
    change_settings(hall.db, longer)
    found = text(client, f"day={day}&counters=1&opens=20:00&closes=02:00")
    assert f"--day {day} --counters +1 --opens 20:00 --closes 02:00" in found
    answer = client.get(f"{PAGE}?day={day}&counters=1&opens=12:00&closes=11:00")
    assert answer.status_code == 422
    assert "The closing time must be after the opening time." in isolates.strip(Page(answer.text).text)
    assert "past midnight" not in isolates.strip(Page(answer.text).text)


def test_of_few_people_and_of_other_departments_nothing_is_shown(
    client: TestClient, hall: Hall, clock: FrozenClock, day: str
) -> None:
    clock.set(SUNDAY_MORNING + timedelta(days=1))
    few = live(hall, clock, people=5, seed=2).isoformat()
    sign_in(client, "admin", "en")
    assert "Too few people came to say." in text(client, f"day={few}&counters=1")
    hall.person("reader", ())
    own = hall.branch.service("attest-single").department_id
    other = next(one for one in hall.branch.departments.values() if one.id != own)
    give_in_department(hall, "reader", add_role(hall, "reads", "see_reports"), other.slug)
    sign_in(client, "reader", "en")
    assert "Too few people came to say." in text(client, f"day={day}&counters=1")


def test_small_numbers_are_withheld_from_whoever_may_not_see_them(client: TestClient, hall: Hall, day: str) -> None:
    hall.person("reader", ((hall.branch.id, add_role(hall, "reads", "see_reports")),))
    sign_in(client, "reader", "en")
    found = text(client, f"day={day}&counters=1&demand=140")
    assert "nine of ten people would have" in found
    assert "No number below" in found or "few" in found.casefold()


def test_figures_of_a_past_day_lead_to_it_and_it_speaks_arabic(client: TestClient, day: str) -> None:
    page = client.get(f"/office/figures?stretch=range&first={day}&last={day}").text
    assert f"{PAGE}?branch=doha-main&amp;day={day}" in page
    assert f'href="{PAGE}?' not in client.get("/office/figures?stretch=today").text.split("<main")[1]
    sign_in(client, "admin", "ar")
    found = text(client, f"day={day}&counters=2&rule=order")
    assert "مع زيادة شباكين والنداء بحسب ترتيب القدوم: أقصى انتظار لتسعة من كل عشرة أشخاص" in found
