"""The page of figures: what a head of section sees of past days and of today."""

from __future__ import annotations

from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from queue_system.actions.digests import digest_next
from queue_system.clock import FrozenClock
from queue_system.core.figures import FEWEST_TIMES
from tests.kit.hall import Hall
from tests.kit.people import add_role, give_in_department
from tests.kit.web_hall import Page, sign_in

PAGE = "/office/figures"


@pytest.fixture
def client(here: tuple[TestClient, Hall]) -> TestClient:
    sign_in(here[0], "admin", "en")
    return here[0]


def serve(hall: Hall, clock: FrozenClock, people: int, service: str = "attest-single", *, counter: str = "c4") -> None:
    """Give so many numbers and serve them one after the other, each called 14 minutes after it was given."""
    desk = hall.sit(hall.person(f"clerk-{service}"), counter)
    for _ in range(people):
        hall.issue(service)
        clock.move(timedelta(minutes=14))
        called = hall.call_next(desk)
        assert called is not None
        desk = hall.at(desk.staff_id, counter, expected=called.id)


def tomorrow(hall: Hall, clock: FrozenClock) -> None:
    """The next morning, with the digest of the day that is over."""
    clock.set((clock.now() + timedelta(days=1)).replace(hour=6, minute=0))
    while digest_next(hall.db, hall.branch.id):
        pass


def said(client: TestClient, query: str = "") -> str:
    """The text of the page, without the marks that keep numbers apart from the words around them."""
    return Page(client.get(f"{PAGE}?{query}").text).text.translate(dict.fromkeys(map(ord, "\u2066\u2067\u2068\u2069")))


def test_yesterday_is_shown_with_its_times_and_their_table(client: TestClient, hall: Hall, clock: FrozenClock) -> None:
    serve(hall, clock, FEWEST_TIMES)
    tomorrow(hall, clock)
    sign_in(client, "admin", "en")
    text = said(client)
    assert "Took a number 10" in text
    assert "Waiting 14 minutes nine of ten: up to 14 minutes" in text
    queue = hall.branch.queues[hall.branch.service("attest-single").queue_id]
    assert f"{queue.names['en']} 10 " in text
    assert "Plot: \u2068Time by hour" in client.get(PAGE).text


def test_the_same_words_in_arabic(client: TestClient, hall: Hall, clock: FrozenClock) -> None:
    serve(hall, clock, FEWEST_TIMES)
    tomorrow(hall, clock)
    sign_in(client, "admin", "ar")
    text = client.get(PAGE).text
    assert "figures." not in text.replace("figures.css", "")
    assert "أخذوا رقمًا" in text


def test_small_numbers_are_for_those_who_may_see_them(client: TestClient, hall: Hall, clock: FrozenClock) -> None:
    serve(hall, clock, 3)
    tomorrow(hall, clock)
    hall.person("reader", ((hall.branch.id, add_role(hall, "reads", "see_reports")),))
    hall.person("trusted", ((hall.branch.id, add_role(hall, "reads-all", "see_reports", "see_small_numbers")),))
    sign_in(client, "reader", "en")
    assert "Took a number too few" in said(client)
    sign_in(client, "trusted", "en")
    assert "Took a number 3" in said(client)


def test_other_departments_are_not_counted(client: TestClient, hall: Hall, clock: FrozenClock) -> None:
    serve(hall, clock, FEWEST_TIMES)
    tomorrow(hall, clock)
    own = hall.branch.service("attest-single").department_id
    other = next(one for one in hall.branch.departments.values() if one.id != own)
    hall.person("reader", ())
    give_in_department(hall, "reader", add_role(hall, "reads", "see_reports"), other.slug)
    sign_in(client, "reader", "en")
    assert "Took a number 0 Served 0" in said(client)


def test_today_is_counted_as_it_runs(client: TestClient, hall: Hall, clock: FrozenClock) -> None:
    serve(hall, clock, 6)
    hall.issue()
    clock.move(timedelta(minutes=3))
    sign_in(client, "admin", "en")
    text = said(client, "stretch=today")
    assert "Waiting 1 Longest wait 3 minutes Open counters 1" in text
    assert "Took a number 7" in text


def test_a_week_and_a_month_are_whole_and_lead_on(client: TestClient, hall: Hall, clock: FrozenClock) -> None:
    serve(hall, clock, 5)
    tomorrow(hall, clock)
    sign_in(client, "admin", "en")
    for stretch in ("week", "month"):
        page = client.get(f"{PAGE}?stretch={stretch}").text
        assert "Took a number 5" in Page(page).text
        assert 'rel="prev"' in page
        # What follows is not over.
        assert 'rel="next"' not in page
    assert "Thursday 1 October 2026 to Saturday 31 October 2026" in said(client, "stretch=month&first=2026-10-17")
    assert (
        "stretch=month&amp;time=wait&amp;first=2026-11-01" in client.get(f"{PAGE}?stretch=month&first=2026-10-17").text
    )


@pytest.mark.parametrize(
    "query",
    [
        "stretch=range&first=2026-11-22",
        "stretch=range&first=x",
        "stretch=day",
        "time=sleep",
        "first=0001-01-01&stretch=week",
    ],
)
def test_what_is_none_or_not_over_is_not_found(client: TestClient, query: str) -> None:
    assert client.get(f"{PAGE}?{query}").status_code == 404


def test_an_hour_of_few_is_withheld_and_not_given_back_by_the_total(
    client: TestClient, hall: Hall, clock: FrozenClock
) -> None:
    """Two hours: of eleven people and of two. The eleven would tell the two, so both are withheld."""
    for _ in range(11):
        hall.issue()
    clock.move(timedelta(hours=2))
    hall.issue()
    hall.issue()
    tomorrow(hall, clock)
    hall.person("reader", ((hall.branch.id, add_role(hall, "reads", "see_reports")),))
    sign_in(client, "reader", "en")
    text = said(client)
    assert "10:00 too few" in text
    assert "12:00 too few" in text
    assert "Took a number 13" in text
