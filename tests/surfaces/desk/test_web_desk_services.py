"""Several services in one visit, and outcomes of the branch's own, on the page of the desk and for programs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from queue_system.clock import FrozenClock
from queue_system.core.tickets import TicketState
from queue_system.store.queries import line
from queue_system.store.queries.given_services import given_services
from queue_system.store.queries.line import TicketView
from tests.kit.hall import Hall, set_branch
from tests.kit.web_hall import Clerk, Page, clerk

OWN = {
    "elsewhere": {"slug": "elsewhere", "names": {"ar": "جهة أخرى", "en": "Another office"}, "served": False},
    "edu_only": {"slug": "edu_only", "names": {"ar": "للشهادات", "en": "Certificates"}, "services": ["edu-attest"]},
}


@pytest.fixture
def layla(here: tuple[TestClient, Hall]) -> Clerk:
    """A clerk who sits at counter 4."""
    found = clerk(*here, "layla")
    found.sit()
    return found


def served(layla: Clerk, hall: Hall) -> TicketView:
    ticket = hall.issue().ticket
    layla.press("calls")
    layla.press("starts")
    return ticket


def stored(hall: Hall, ticket: TicketView) -> TicketView:
    return hall.db.read_now(line.ticket, hall.branch.id, ticket.id)


def test_the_next_service_is_chosen_in_a_dialog_and_each_is_shown_with_its_time(
    layla: Clerk, hall: Hall, clock: FrozenClock
) -> None:
    ticket = served(layla, hall)
    clock.move(timedelta(minutes=5))
    assert "خدمات هذه الزيارة" not in layla.look().text
    refused = layla.press("services")
    assert (refused.status_code, "يُرجى اختيار" in Page(refused.text).text) == (422, True)
    answer = layla.press("services", service=str(hall.service("verify-doc")), htmx=True)
    assert f"بدأت الخدمة التالية للرقم {ticket.code}" in Page(answer.text).text
    clock.move(timedelta(minutes=2))
    text = layla.look().text
    assert text.index("خدمات هذه الزيارة") < text.index("5 دقائق") < text.index("دقيقتان · جارية")
    answer = layla.press("services", service=str(hall.service("poa")), corrects="1", htmx=True)
    assert f"صُحّحت الخدمة المقدَّمة للرقم {ticket.code}" in Page(answer.text).text
    layla.press("finishes")
    found = hall.db.read_now(given_services, stored(hall, ticket))
    assert [hall.branch.services[one.service_id].slug for one in found] == ["attest-single", "poa"]


def test_there_is_no_other_service_before_the_visit_has_begun(layla: Clerk, hall: Hall) -> None:
    hall.issue()
    layla.press("calls")
    page = layla.look()
    assert not [form for form in page.forms if form.action.endswith("/services")]
    assert "غير متاح: لم تبدأ خدمة المراجع بعد." in page.text
    forced = layla.client.post(
        "/counters/doha-main/c4/services",
        data={"expected": page.form("starts").values["expected"], "service": str(hall.service("poa"))},
    )
    assert forced.status_code == 409


def test_outcomes_of_the_branch_are_buttons_with_digits_where_their_service_is(layla: Clerk, hall: Hall) -> None:
    set_branch(hall, outcomes=OWN)
    ticket = served(layla, hall)
    page = layla.look()
    assert "جهة أخرى" in page.text
    assert "للشهادات" not in page.text
    assert 'id="outcome-1" data-key="1"' in page.html
    form = next(form for form in page.forms if form.values.get("outcome") == "elsewhere")
    answer = layla.client.post(form.action, data=form.values, headers={"hx-request": "true"})
    assert "والنتيجة: جهة أخرى" in Page(answer.text).text
    assert (stored(hall, ticket).state, stored(hall, ticket).outcome) == (TicketState.SERVED, "elsewhere")
