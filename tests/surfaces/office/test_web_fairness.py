"""The report on the fairness of a past day: calls by the rule and by hand, computed again, beside the promise."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from queue_system.actions.calling import call_ticket
from queue_system.clock import FrozenClock
from queue_system.core.fairness import fairness
from queue_system.i18n import isolates
from queue_system.store.queries.replays import replayed_days
from queue_system.store.tables import Entry, table
from queue_system.surfaces.office.fairness import FEWEST
from tests.kit.hall import Hall
from tests.kit.people import add_role, give_in_department, let_choose
from tests.kit.web_hall import Page, sign_in

PAGE = "/office/fairness"
ENTRY = table(Entry)


@pytest.fixture
def client(here: tuple[TestClient, Hall]) -> TestClient:
    sign_in(here[0], "admin", "en")
    return here[0]


def a_day(hall: Hall, clock: FrozenClock, by_rule: int, by_hand: int = 0) -> str:
    """A day with so many calls of the rule, each of which passes one who came before, and so many by hand; then it is over."""
    day = hall.branch.timetable.business_date(clock.now())
    here = hall.sit(hall.person("nour"))
    let_choose(hall, "nour")
    hall.issue("attest-single")
    for _ in range(by_rule):
        clock.move(timedelta(seconds=20))
        hall.issue("attest-single", priority="elderly")
        clock.move(timedelta(minutes=5))
        called = hall.call_next(hall.at(here.staff_id, expected=here.expected))
        assert called is not None
        here = hall.at(here.staff_id, expected=called.id)
    for _ in range(by_hand):
        wanted = [hall.issue("attest-single").ticket for _ in range(2)][1]
        hall.db.write_in_now(hall.branch.id, call_ticket, here, wanted.id, "done", "unwell")
        here = hall.at(here.staff_id, expected=wanted.id)
    clock.move(timedelta(days=1))
    return day.isoformat()


def text(client: TestClient, day: str) -> str:
    sign_in(client, "admin", "en")
    return Page(client.get(f"{PAGE}?day={day}").text).text


def test_it_says_how_it_was_called_and_that_the_promise_was_kept(
    client: TestClient, hall: Hall, clock: FrozenClock
) -> None:
    day = a_day(hall, clock, FEWEST + 1, FEWEST)
    found = text(client, day)
    assert f"Calls {2 * FEWEST + 1} By the rule {FEWEST + 1} Chosen by staff {FEWEST}" in found
    assert "All calls are as the rule says." in found
    assert "Nobody who came more than 45 minutes after you is called before you" in isolates.strip(found)
    assert "The promise was kept in every call by the rule." in found
    calls = hall.db.read_now(replayed_days, hall.branch, None, hall.branch.timetable.business_date(clock.now()))
    passed = fairness(calls).passed
    assert passed
    assert all(one.longest.later <= timedelta(minutes=45) for one in passed)


def test_a_call_that_differs_is_told(client: TestClient, hall: Hall, clock: FrozenClock) -> None:
    day = a_day(hall, clock, FEWEST)
    embedded = hall.db.dialect.is_embedded
    with hall.db.migrating() as connection:
        trigger = "entry_no_update" if embedded else "entry_append_only ON entry"
        connection.exec_driver_sql(f"DROP TRIGGER {trigger}")
        first = connection.scalar(sa.select(sa.func.min(ENTRY.c.seq)).where(ENTRY.c.kind == "ticket.called"))
        row = connection.execute(sa.select(ENTRY).where(ENTRY.c.kind == "ticket.called", ENTRY.c.seq == first)).one()
        changed = row.data | {"reason": "emergency", "values": {"priority": "walkin"}}
        connection.execute(sa.update(ENTRY).where(ENTRY.c.seq == first, ENTRY.c.kind == row.kind).values(data=changed))
    found = text(client, day)
    assert "1 call differs from the rule." in found
    assert f"queue-system replay calls --branch {hall.branch.slug} --from {day} --to {day}" in found
    assert "All calls are as the rule says." not in found


def test_small_numbers_are_not_shown(client: TestClient, hall: Hall, clock: FrozenClock) -> None:
    day = a_day(hall, clock, FEWEST, 1)
    found = text(client, day)
    assert f"By the rule The others Chosen by staff Fewer than {FEWEST}" in found
    assert found.count(f"Fewer than {FEWEST}") == 2


def test_of_few_calls_and_of_none_it_says_so(client: TestClient, hall: Hall, clock: FrozenClock) -> None:
    assert "Nobody was called on this day." in client.get(PAGE).text
    found = text(client, a_day(hall, clock, FEWEST - 1))
    assert "Too few calls to say." in found
    assert "The promise was kept" not in found


def test_calls_of_other_departments_are_not_counted(client: TestClient, hall: Hall, clock: FrozenClock) -> None:
    day = a_day(hall, clock, FEWEST)
    hall.person("reader", ())
    own = hall.branch.service("attest-single").department_id
    other = next(one for one in hall.branch.departments.values() if one.id != own)
    give_in_department(hall, "reader", add_role(hall, "reads", "see_reports"), other.slug)
    sign_in(client, "reader", "en")
    assert "Nobody was called on this day." in client.get(f"{PAGE}?day={day}").text


@pytest.mark.parametrize("day", ["yesterday", "0001-01-01", "2026-11-22"])
def test_a_day_that_is_none_or_not_over_is_not_found(client: TestClient, day: str) -> None:
    assert client.get(f"{PAGE}?day={day}").status_code == 404
