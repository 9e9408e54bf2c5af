"""The page that says whether what people were told of their wait came true."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from starlette.testclient import TestClient

from queue_system.actions.counters import Desk
from queue_system.actions.tickets import TicketOrder, issue_ticket, leave
from queue_system.clock import FrozenClock
from queue_system.core.waits.announce import Announced, Range
from queue_system.store.log import SYSTEM, VISITOR
from queue_system.store.queries import line
from queue_system.surfaces.office.waits import FEWEST
from tests.kit.hall import Hall
from tests.kit.people import add_role, give_in_department
from tests.kit.web_hall import Page, sign_in

PAGE = "/office/waits"


@pytest.fixture
def client(here: tuple[TestClient, Hall]) -> TestClient:
    sign_in(here[0], "admin", "en")
    return here[0]


def tell(hall: Hall, minutes: float, service: str = "attest-single") -> None:
    """Give a number with a wait of ten to twenty minutes, half of the time no longer than `minutes`."""
    queue: UUID = hall.branch.service(service).queue_id
    told = Announced(queue, minutes, 18.0, Range(10, 20))
    hall.db.write_in_now(
        hall.branch.id,
        issue_ticket,
        TicketOrder(hall.branch.id, hall.service(service), "ar", "kiosk", SYSTEM, told=told),
    )


def a_day(hall: Hall, clock: FrozenClock, people: int, late: int) -> None:
    """Let people wait for 14 minutes each, and some of them for 24; then it is the next day."""
    desk: Desk = hall.sit(hall.person("nour"))
    for number in range(people):
        tell(hall, 12)
        clock.move(timedelta(minutes=24 if number < late else 14))
        called = hall.call_next(desk)
        assert called is not None
        desk = hall.at(desk.staff_id, expected=called.id)
    clock.move(timedelta(days=1))


def test_it_says_for_how_many_the_longest_time_held_and_by_how_much_forecasts_were_off(
    client: TestClient, hall: Hall, clock: FrozenClock
) -> None:
    day = hall.branch.timetable.business_date(clock.now())
    a_day(hall, clock, FEWEST, late=1)
    sign_in(client, "admin", "en")
    page = Page(client.get(f"{PAGE}?day={day}").text)
    assert "People told 10 Longest time held 90 % aim 90 % Median error 2 minutes" in page.text
    queue = hall.branch.queues[hall.branch.service("attest-single").queue_id]
    assert f"{queue.names['en']} 10" in page.text
    # By hour they are too few.
    assert "Too few people to say" in page.text
    assert "aim 90 %" in Page(client.get(PAGE).text).text


def test_of_few_people_and_of_nobody_it_says_so(client: TestClient, hall: Hall, clock: FrozenClock) -> None:
    day = hall.branch.timetable.business_date(clock.now())
    assert "Nobody was told a wait on this day" in client.get(PAGE).text
    a_day(hall, clock, FEWEST - 1, late=0)
    sign_in(client, "admin", "en")
    text = Page(client.get(f"{PAGE}?day={day}").text).text
    assert "Too few people to say" in text
    assert "aim 90 %" not in text


def test_other_departments_are_not_shown(client: TestClient, hall: Hall, clock: FrozenClock) -> None:
    day = hall.branch.timetable.business_date(clock.now())
    a_day(hall, clock, FEWEST, late=0)
    hall.person("reader", ())
    others = [
        one for one in hall.branch.departments.values() if one.id != hall.branch.service("attest-single").department_id
    ]
    give_in_department(hall, "reader", add_role(hall, "reads", "see_reports"), others[0].slug)
    sign_in(client, "reader", "en")
    assert "Nobody was told a wait on this day" in client.get(f"{PAGE}?day={day}").text
    sign_in(client, "admin", "en")
    assert "aim 90 %" in Page(client.get(f"{PAGE}?day={day}").text).text


def test_who_left_early_does_not_make_up_for_too_few_who_were_called(
    client: TestClient, hall: Hall, clock: FrozenClock
) -> None:
    day = hall.branch.timetable.business_date(clock.now())
    for _ in range(FEWEST):
        tell(hall, 12)
        ticket = hall.db.read_now(line.open_tickets, hall.branch.id)[-1]
        hall.db.write_in_now(hall.branch.id, leave, hall.branch.id, ticket.id, VISITOR)
    a_day(hall, clock, 1, late=0)
    sign_in(client, "admin", "en")
    assert "aim 90 %" not in Page(client.get(f"{PAGE}?day={day}").text).text


@pytest.mark.parametrize("day", ["yesterday", "0001-01-01", "9999-12-31", "2026-11-22"])
def test_a_day_that_is_none_or_not_over_is_not_found(client: TestClient, day: str) -> None:
    assert client.get(f"{PAGE}?day={day}").status_code == 404


def test_a_head_of_section_without_the_right_reads_whose_it_is(client: TestClient, hall: Hall) -> None:
    hall.person("head", ((hall.branch.id, "supervisor"),))
    hall.person("consul", ((hall.branch.id, "consul"),))
    sign_in(client, "head", "ar")
    refused = client.get("/office/waits")
    assert refused.status_code == 403
    said = Page(refused.text).text
    assert "هذه الصلاحية للأدوار الآتية:" in said
    assert "القنصل" in said
    assert "موظف الشباك" not in said
    # Only administrators may found a branch.
    assert "مدير النظام" in Page(client.get("/office/new-branch").text).text
    sign_in(client, "consul", "ar")
    assert client.get("/office/waits", follow_redirects=True).status_code == 200
