"""Looking before calling: the desk shows whom "next" would call, and a press says if it would be another by now."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from queue_system.clock import FrozenClock
from queue_system.core.tickets import TicketState
from queue_system.store import log
from queue_system.store.queries import line
from queue_system.store.queries.line import TicketView
from tests.kit.hall import Hall, set_rules
from tests.kit.levels import give_rules
from tests.kit.web_hall import Clerk, Page, clerk, sign_in


@pytest.fixture
def layla(here: tuple[TestClient, Hall]) -> Clerk:
    """A clerk who sits at counter 4 and looks before calling."""
    set_rules(here[1], look_before_calling=True)
    found = clerk(*here, "layla")
    found.sit()
    return found


def shown(page: Page) -> str:
    """The part of the page that shows the next visitor; empty without one."""
    return page.html.partition('id="desk-look"')[2].partition("</div>")[0]


def state(hall: Hall, ticket: TicketView) -> TicketState:
    return hall.db.read_now(line.ticket, hall.branch.id, ticket.id).state


def position(hall: Hall) -> int:
    return len(hall.db.read_now(log.after, hall.branch.id, 0))


def test_the_desk_shows_whom_it_would_call_and_changes_nothing(layla: Clerk, hall: Hall) -> None:
    assert shown(layla.look()) == ""
    ticket = hall.issue(language="en").ticket
    before = position(hall)
    said = shown(layla.look())
    assert ticket.code in said
    assert "الإنجليزية" in said
    assert "بحسب الوصول" in said
    assert (state(hall, ticket), position(hall)) == (TicketState.WAITING, before)
    assert layla.press("calls").status_code == 303
    assert state(hall, ticket) is TicketState.CALLED


def test_a_branch_that_does_not_look_shows_nobody(layla: Clerk, hall: Hall) -> None:
    set_rules(hall, look_before_calling=False)
    hall.issue()
    page = layla.look()
    assert 'id="desk-look"' not in page.html
    assert 'name="seen"' not in page.html


def test_a_colleague_who_was_quicker_leaves_the_next_to_be_looked_at(layla: Clerk, hall: Hall) -> None:
    first, second = hall.issue().ticket, hall.issue().ticket
    old = layla.look()
    hall.call_next(hall.sit(hall.person("zaina"), "c5"))
    assert state(hall, first) is TicketState.CALLED
    refused = layla.press("calls", old)
    assert refused.status_code == 409
    assert "تغيّر التالي في الدور" in Page(refused.text).text
    assert second.code in shown(Page(refused.text))
    assert state(hall, second) is TicketState.WAITING
    assert layla.press("calls").status_code == 303
    assert state(hall, second) is TicketState.CALLED


def test_the_answer_to_a_question_is_about_the_same_next_visitor(layla: Clerk, hall: Hall) -> None:
    first, second, third = (hall.issue().ticket for _ in range(3))
    layla.press("calls")
    asked = Page(layla.press("calls").text)
    hall.call_next(hall.sit(hall.person("zaina"), "c5"))
    refused = layla.press("calls", asked, current="done")
    assert refused.status_code == 409
    assert [state(hall, one) for one in (first, second, third)] == [
        TicketState.CALLED,
        TicketState.CALLED,
        TicketState.WAITING,
    ], "nobody is called and the visit at the counter goes on"


def test_the_name_is_shown_only_where_the_service_allows_it(layla: Clerk, hall: Hall, clock: FrozenClock) -> None:
    hall.check_in("attest-single", clock)
    sign_in(layla.client, "layla")
    assert "سامر الحموي" in shown(layla.look())
    give_rules(hall, "attest-single", display="code_random")
    said = shown(layla.look())
    assert said
    assert "سامر" not in said
