"""Questions after a press appear in place; urgent visitors are announced; a mistaken press is taken back."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from queue_system.clock import FrozenClock
from queue_system.core.tickets import TicketState
from queue_system.i18n import isolates
from queue_system.store.queries import audit, line
from queue_system.store.queries.line import TicketView
from tests.kit.hall import Hall
from tests.kit.people import let_choose
from tests.kit.web_hall import Clerk, Page, clerk


@pytest.fixture
def layla(here: tuple[TestClient, Hall]) -> Clerk:
    """A clerk who sits at counter 4."""
    found = clerk(*here, "layla")
    found.sit()
    return found


def stored(hall: Hall, ticket: TicketView) -> TicketView:
    return hall.db.read_now(line.ticket, hall.branch.id, ticket.id)


def seen(hall: Hall, ticket: TicketView) -> TicketState:
    return stored(hall, ticket).state


def test_next_on_a_visitor_who_has_not_come_asks_what_happened_and_does_nothing(layla: Clerk, hall: Hall) -> None:
    first, second = hall.issue().ticket, hall.issue().ticket
    layla.press("calls")
    asked = layla.press("calls", htmx=True)
    assert asked.status_code == 409
    page = Page(asked.text)
    assert f"نودي الرقم {first.code} ولم تبدأ خدمته. ما الذي جرى؟" in page.text
    assert (seen(hall, first), seen(hall, second)) == (TicketState.CALLED, TicketState.WAITING)
    # The other answer is there too; both have a key, and the third answer cancels.
    assert page.form("calls", current="absent").values["expected"] == str(first.id)
    assert ['data-key="F"' in asked.text, 'data-key="X"' in asked.text, 'data-key="W"' in asked.text] == [True] * 3
    form = page.form("calls", current="done")
    layla.client.post(form.action, data=form.values)
    assert (seen(hall, first), seen(hall, second)) == (TicketState.SERVED, TicketState.CALLED)
    kinds = [one.kind for one in hall.db.read_now(audit.entries, hall.branch.id, audit.Wanted(code=first.code), 9)]
    assert kinds[:2] == ["ticket.served", "ticket.started"]


def test_two_open_questions_are_asked_one_after_the_other(layla: Clerk, hall: Hall) -> None:
    let_choose(hall, "layla")
    first, _, third = hall.issue().ticket, hall.issue().ticket, hall.issue().ticket
    layla.press("calls")
    form = Page(layla.press("calls", ticket=str(third.id)).text).form("calls", ticket=str(third.id), current="absent")
    asked = layla.client.post(form.action, data=form.values)
    assert asked.status_code == 409
    assert seen(hall, first) is TicketState.CALLED
    form = Page(asked.text).form("calls", ticket=str(third.id), current="absent", reason="own_case")
    assert layla.client.post(form.action, data=form.values).status_code == 303
    assert (seen(hall, first), seen(hall, third)) == (TicketState.WAITING, TicketState.CALLED)


def test_the_desk_says_what_not_here_means_before_it_is_pressed(layla: Clerk, hall: Hall, clock: FrozenClock) -> None:
    ticket = hall.issue().ticket
    layla.press("calls")
    said = isolates.strip(layla.look().text)
    assert "(النداء 1 من 3 )" in said
    assert "غائبًا من الساعة 10:05" in said
    answer = layla.press("absences", htmx=True)
    assert f"عاد الرقم {ticket.code} إلى الدور" in Page(answer.text).text
    layla.press("calls")
    for _ in range(2):
        clock.move(timedelta(seconds=15))
        layla.press("recalls")
    clock.move(timedelta(minutes=5))
    assert "يُسجَّل غائبًا (نودي 4 مرات)" in isolates.strip(layla.look().text)
    layla.press("absences")
    assert seen(hall, ticket) is TicketState.NO_SHOW


def test_a_number_is_raised_in_two_presses(layla: Clerk, hall: Hall) -> None:
    first, second = hall.issue().ticket, hall.issue().ticket
    asked = layla.press("raises", ticket=str(second.id))
    assert asked.status_code == 409
    assert "حالة وفاة أو طارئ طبي ما رآه الموظف" in Page(asked.text).text
    answers = re.findall(r'<button class="([^"]*)" id="ask-', asked.text)
    assert set(answers) == {"button button-secondary"}, "no class is offered as the default"
    form = Page(asked.text).form("raises", **{"ticket": str(second.id), "class": "bereavement"})
    assert layla.client.post(form.action, data=form.values).status_code == 303
    page = layla.look()
    assert "حالة طارئة في الانتظار، تُقدَّم على غيرها:" in page.text
    assert page.html.index(f'id="row-{second.id}"') < page.html.index(f'id="row-{first.id}"')


def test_an_emergency_is_said_while_somebody_is_being_served_and_only_where_it_can_be_served(
    layla: Clerk, hall: Hall
) -> None:
    hall.issue()
    layla.press("calls")
    layla.press("starts")
    urgent = hall.issue("death").ticket
    assert "حالة طارئة" not in layla.look().text
    for counter in ("c1", "c3"):
        text = Page(layla.client.get(f"/desk/doha-main/{counter}").text).text
        assert f"حالة طارئة في الانتظار، تُقدَّم على غيرها: {urgent.code}" in text


def test_a_mistaken_press_is_taken_back_within_fifteen_seconds(layla: Clerk, hall: Hall, clock: FrozenClock) -> None:
    ticket = hall.issue().ticket
    before = stored(hall, ticket)
    layla.press("calls")
    clock.move(timedelta(seconds=14))
    assert "data-until" in layla.look().html
    answer = layla.press("take-backs", htmx=True)
    assert answer.status_code == 200
    assert f"جرى التراجع، والرقم {ticket.code} كما كان" in Page(answer.text).text
    assert stored(hall, ticket) == before
    layla.press("calls")
    clock.move(timedelta(seconds=16))
    assert "data-until" not in layla.look().html
    assert "مضى الوقت المتاح للتراجع" in Page(layla.press("take-backs").text).text
    assert seen(hall, ticket) is TicketState.CALLED


def test_the_other_outcomes_stand_before_the_story_and_have_keys(layla: Clerk, hall: Hall) -> None:
    ticket = hall.issue().ticket
    layla.press("calls")
    html = layla.look().html
    assert html.index('id="outcome-D"') < html.index('id="outcome-J"') < html.index(f'id="story-{ticket.id}"')
