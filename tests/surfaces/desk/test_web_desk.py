"""A clerk's day at the counter, without scripts and with htmx: every press counts once, every refusal is explained."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from starlette.testclient import TestClient

from queue_system.clock import FrozenClock
from queue_system.core.tickets import TicketState
from queue_system.i18n import isolates
from queue_system.i18n.words import words_for
from queue_system.store import log
from queue_system.store.queries import audit, line
from queue_system.store.queries.line import TicketView
from queue_system.surfaces.office.sentences import Sentences
from tests.kit.hall import Hall
from tests.kit.people import let_choose
from tests.kit.web_hall import Clerk, Page, another, clerk, sign_in


@pytest.fixture
def layla(here: tuple[TestClient, Hall]) -> Clerk:
    """A clerk who sits at counter 4."""
    found = clerk(*here, "layla")
    found.sit()
    return found


# ---------------------------------------------------------------- sitting down


def test_one_chooses_a_counter_and_sits_down(here: tuple[TestClient, Hall]) -> None:
    layla = clerk(*here, "layla")
    page = Page(layla.client.get("/desk").text)
    assert "شباك التصديقات" in page.text
    form = page.form("c4/sitting")
    answer = layla.client.post(form.action, data=form.values)
    assert (answer.status_code, answer.headers["location"]) == (303, layla.address)
    assert "لا مراجع أمامك" in layla.look().text
    page = Page(layla.client.get("/desk").text)
    assert f'href="{layla.address}"' in page.html
    assert not [form for form in page.forms if form.action.endswith("c4/sitting")]


def test_two_clerks_cannot_have_one_counter(layla: Clerk, hall: Hall) -> None:
    omar = clerk(another(layla.client), hall, "omar")
    assert not [form for form in Page(omar.client.get("/desk").text).forms if form.action.endswith("c4/sitting")]
    answer = omar.client.post("/counters/doha-main/c4/sitting")
    assert answer.status_code == 409
    assert "يعمل عليه موظف آخر" in Page(answer.text).text
    # On this counter's page omar sees who sits there, and has no buttons.
    page = omar.look()
    assert "layla name" in page.text
    assert [form.action for form in page.forms] == ["/sign-out"]
    refused = omar.client.post("/counters/doha-main/c4/calls", data={"expected": ""})
    assert refused.status_code == 409


def test_a_counter_whose_clerk_has_gone_can_be_taken_over_with_the_visitor_there(
    layla: Clerk, hall: Hall, clock: FrozenClock
) -> None:
    code = hall.issue().ticket.code
    layla.press("calls")
    omar = clerk(another(layla.client), hall, "omar")
    assert omar.client.post("/counters/doha-main/c4/sitting", data={"instead": "1"}).status_code == 409
    clock.move(timedelta(minutes=31))
    sign_in(omar.client, "omar")
    form = Page(omar.client.get("/desk").text).form("c4/sitting")
    assert form.values == {"instead": "1"}
    assert omar.client.post(form.action, data=form.values).status_code == 303
    assert code in omar.look().text
    opened = hall.db.read_now(audit.entries, hall.branch.id, audit.Wanted(kind="counter.opened"), 1)[0]
    assert (opened.actor_id, opened.data["instead_of"]) == (str(omar.id), str(layla.id))
    names = hall.db.read_now(audit.names_of_log, hall.branch.id)
    said = Sentences(words_for("ar"), names, hall.branch.zone).sentence(opened)
    assert isolates.strip(said.striptags()) == "جرى تسلُّم الشباك 4 بعد انتهاء جلسة من كان عليه: layla name."
    assert omar.press("finishes").status_code == 303
    sign_in(layla.client, "layla")
    assert layla.client.post("/counters/doha-main/c4/calls", data={"expected": ""}).status_code == 409


def test_leaving_closes_the_counter_but_not_while_somebody_stands_there(layla: Clerk, hall: Hall) -> None:
    hall.issue()
    layla.press("calls")
    answer = layla.press("leaving")
    assert answer.status_code == 409
    assert "مراجع" in Page(answer.text).text
    layla.press("finishes")
    answer = layla.press("leaving")
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk")
    assert "هذا الشباك مغلق" in layla.look().text


# ---------------------------------------------------------------- the visit


def test_a_visit_from_the_call_to_the_end_without_scripts(layla: Clerk, hall: Hall, clock: FrozenClock) -> None:
    first, second = hall.issue().ticket, hall.issue().ticket
    page = layla.look()
    assert page.text.index(first.code) < page.text.index(second.code)
    assert layla.press("calls").status_code == 303
    assert seen(hall, first) is TicketState.CALLED
    page = layla.look()
    assert "جرى النداء" in page.text
    assert "تصديق" in page.text
    clock.move(timedelta(seconds=15))
    assert layla.press("recalls").status_code == 303
    assert "نداءان" in layla.look().text
    assert layla.press("starts").status_code == 303
    assert "قيد الخدمة" in layla.look().text
    assert layla.press("finishes").status_code == 303
    assert seen(hall, first) is TicketState.SERVED
    assert "لا مراجع أمامك" in layla.look().text
    assert layla.press("calls").status_code == 303
    assert layla.press("absences").status_code == 303
    # One call is not enough for a no-show in this branch.
    assert seen(hall, second) is TicketState.WAITING


def test_the_desk_tells_the_story_of_the_ticket(layla: Clerk, hall: Hall, clock: FrozenClock) -> None:
    service = hall.branch.service("attest-single")
    hall.issue()
    clock.move(timedelta(minutes=12))
    layla.press("calls")
    text = layla.look().text
    assert service.names["ar"] in text
    for document in service.documents:
        assert document.names["ar"] in text
    assert "10:00" in text
    assert "12 دقيقة" in text
    assert "الأطول انتظارًا" in text
    layla.client.cookies.set("language", "en")
    text = layla.look().text
    assert service.names["en"] in text
    assert "Waited longest" in text
    assert "Language Arabic" in text


def test_calling_the_next_one_finishes_the_visit_before(layla: Clerk, hall: Hall) -> None:
    first, second = hall.issue().ticket, hall.issue().ticket
    layla.press("calls")
    layla.press("starts")
    layla.press("calls")
    assert (seen(hall, first), seen(hall, second)) == (TicketState.SERVED, TicketState.CALLED)


def test_the_visit_can_end_for_want_of_documents(layla: Clerk, hall: Hall) -> None:
    ticket = hall.issue().ticket
    layla.press("calls")
    page = layla.look()
    form = page.form("finishes", outcome="documents_missing")
    answer = layla.client.post(form.action, data=form.values, headers={"hx-request": "true"})
    assert f"انتهت خدمة الرقم {ticket.code} ، والنتيجة: وثائق ناقصة" in Page(answer.text).text
    assert stored(hall, ticket).outcome == "documents_missing"


def test_an_appointment_down_the_line_is_not_said_to_be_the_only_one_to_call(
    layla: Clerk, hall: Hall, clock: FrozenClock
) -> None:
    booked = hall.check_in("attest-single", clock, early=timedelta(minutes=12))
    sign_in(layla.client, "layla")
    assert "لا أحد غيره حان دوره، وموعده بعد 12 دقيقة" in layla.look().text
    hall.issue()
    text = layla.look().text
    assert "لا أحد غيره" not in text
    assert "يحين موعده بعد 12 دقيقة" in text
    assert booked.code in text


def test_a_certain_visitor_can_be_called_out_of_turn_and_the_log_says_so(layla: Clerk, hall: Hall) -> None:
    let_choose(hall, "layla")
    first, second, third = hall.issue().ticket, hall.issue().ticket, hall.issue().ticket
    asked = layla.press("calls", ticket=str(second.id))
    assert asked.status_code == 409
    assert seen(hall, second) is TicketState.WAITING
    form = Page(asked.text).form("calls", ticket=str(second.id), reason="unwell")
    assert layla.client.post(form.action, data=form.values).status_code == 303
    assert seen(hall, second) is TicketState.CALLED
    assert "خارج الترتيب: تعب أو حالة صحية" in layla.look().text
    # Calling the first in line by its own button is not out of turn.
    layla.press("starts")
    layla.press("calls", ticket=str(first.id))
    assert "خارج الترتيب" not in layla.look().text
    assert seen(hall, third) is TicketState.WAITING


def test_who_may_not_choose_sees_only_the_buttons_that_work(layla: Clerk, hall: Hall) -> None:
    first, second, third = hall.issue().ticket, hall.issue().ticket, hall.issue().ticket

    def callable_ones() -> list[bool]:
        html = layla.look().html
        return [f'id="call-{one.id}"' in html for one in (first, second, third)]

    assert callable_ones() == [True, False, False]
    assert "لا يُنادى خارج الترتيب إلا بصلاحية اختيار الرقم" in layla.look().text
    form = layla.look().form("calls")
    refused = layla.client.post(form.action, data=form.values | {"ticket": str(second.id), "reason": "unwell"})
    assert refused.status_code == 403
    assert "لا تشمل صلاحيات هذا الحساب نداءه خارج الترتيب" in Page(refused.text).text
    assert seen(hall, second) is TicketState.WAITING
    # Whoever was passed over and has come, and whoever is held, is called by everybody.
    layla.press("calls")
    layla.press("absences")
    layla.press("calls")
    layla.press("parkings")
    assert callable_ones() == [True, True, True]
    let_choose(hall, "layla")
    hall.issue()
    assert "لا يُنادى خارج الترتيب" not in layla.look().text


def test_a_held_visitor_keeps_the_place_and_comes_back(layla: Clerk, hall: Hall, clock: FrozenClock) -> None:
    first = hall.issue().ticket
    clock.move(timedelta(minutes=5))
    second = hall.issue().ticket
    layla.press("calls")
    layla.press("parkings")
    assert seen(hall, first) is TicketState.PARKED
    assert "بانتظار الاستكمال" in layla.look().text
    layla.press("returns", ticket=str(first.id))
    page = layla.look()
    assert page.text.index(first.code) < page.text.index(second.code)
    layla.press("calls")
    assert seen(hall, first) is TicketState.CALLED
    layla.press("parkings")
    layla.press("calls", ticket=str(first.id))
    assert seen(hall, first) is TicketState.CALLED


def test_who_missed_the_call_is_listed_and_waits_anew(layla: Clerk, hall: Hall, clock: FrozenClock) -> None:
    first = hall.issue().ticket
    clock.move(timedelta(minutes=5))
    second = hall.issue().ticket
    layla.press("calls")
    hall.give_up(hall.at(layla.id, "c4", first.id), clock)
    assert "نودوا ولم يحضروا" in layla.look().text
    layla.press("returns", ticket=str(first.id))
    page = layla.look()
    assert page.text.index(second.code) < page.text.index(first.code)


def test_a_transferred_visitor_keeps_code_and_waiting_time(layla: Clerk, hall: Hall) -> None:
    ticket = hall.issue().ticket
    layla.press("calls")
    page = layla.look()
    assert "يبقى الرقم نفسه" in page.text
    target = hall.branch.service("civil-extract")
    assert f'<option value="{target.id}">{target.names["ar"]}' in page.html
    assert f'<option value="{ticket.service_id}">' not in page.html
    assert layla.press("transfers", service=str(target.id)).status_code == 303
    after = stored(hall, ticket)
    assert (after.state, after.queue_id, after.code, after.anchor_at) == (
        TicketState.WAITING,
        target.queue_id,
        ticket.code,
        ticket.anchor_at,
    )


def test_a_transfer_to_nowhere_is_refused_in_words(layla: Clerk, hall: Hall) -> None:
    ticket = hall.issue().ticket
    layla.press("calls")
    for service, words in [("", "لم تُختر خدمة"), (str(uuid4()), "غير موجودة"), ("x", "غير موجودة")]:
        answer = layla.press("transfers", service=service)
        assert answer.status_code in (404, 422)
        assert words in Page(answer.text).text
    assert layla.press("transfers", service=str(ticket.service_id)).status_code == 409
    assert seen(hall, ticket) is TicketState.CALLED


# ---------------------------------------------------------------- nothing twice


def test_a_double_click_calls_once_and_shows_the_fresh_desk(layla: Clerk, hall: Hall) -> None:
    first, second = hall.issue().ticket, hall.issue().ticket
    page = layla.look()
    assert layla.press("calls", page).status_code == 303
    answer = layla.press("calls", page)
    assert answer.status_code == 409
    assert "لم يُنفَّذ الطلب كيلا يتكرر" in Page(answer.text).text
    assert f'id="mine-{first.id}"' in answer.text
    assert (seen(hall, first), seen(hall, second)) == (TicketState.CALLED, TicketState.WAITING)


def test_a_second_tab_that_is_behind_does_nothing(layla: Clerk, hall: Hall) -> None:
    first = hall.issue().ticket
    hall.issue()
    layla.press("calls")
    old_tab = layla.look()
    layla.press("finishes")
    layla.press("calls")
    for action in ("finishes", "absences", "parkings", "recalls", "starts"):
        assert layla.press(action, old_tab).status_code == 409
    assert seen(hall, first) is TicketState.SERVED
    open_now = hall.db.read_now(line.open_tickets, hall.branch.id)
    assert [ticket.state for ticket in open_now] == [TicketState.CALLED]


@pytest.mark.parametrize("expected", ["nonsense", "00000000-0000-0000-0000-000000000000"])
def test_an_expectation_that_cannot_be_true_is_stale(layla: Clerk, hall: Hall, expected: str) -> None:
    ticket = hall.issue().ticket
    answer = layla.client.post("/counters/doha-main/c4/calls", data={"expected": expected})
    assert answer.status_code == 409
    assert seen(hall, ticket) is TicketState.WAITING


def test_htmx_gets_the_desk_alone_and_is_told_what_was_done(layla: Clerk, hall: Hall) -> None:
    code = hall.issue().ticket.code
    page = layla.look()
    answer = layla.press("calls", page, htmx=True)
    assert answer.status_code == 200
    assert answer.text.lstrip().startswith('<div class="desk" id="desk"')
    assert "<html" not in answer.text
    assert f"نودي الرقم {code}" in " ".join(Page(answer.text).text.split())
    again = layla.press("calls", page, htmx=True)
    assert again.status_code == 409
    assert again.text.lstrip().startswith('<div class="desk" id="desk"')
    assert "said-warning" in again.text


def test_what_cannot_be_done_says_why_and_is_refused_all_the_same(layla: Clerk, hall: Hall) -> None:
    page = layla.look()
    disabled = page.html.count('aria-disabled="true"')
    assert disabled == 9
    assert "غير متاح: لا أحد في الانتظار" in page.html
    assert layla.press("starts").status_code == 409
    hall.issue()
    layla.press("calls")
    layla.press("starts")
    page = layla.look()
    assert page.html.count("غير متاح: بدأت خدمة المراجع") == 2 * 3
    answer = layla.press("absences")
    assert answer.status_code == 409
    assert "قيد الخدمة" in Page(answer.text).text


# ---------------------------------------------------------------- who may


def test_nobody_in_particular_sees_no_desk(here: tuple[TestClient, Hall]) -> None:
    client, _ = here
    for path in ("/desk", "/desk/doha-main/c4", "/desk/nowhere/c4"):
        answer = client.get(path)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/sign-in")
    assert client.post("/counters/doha-main/c4/calls").headers["location"].startswith("/sign-in")


def test_reception_may_not_call(here: tuple[TestClient, Hall]) -> None:
    client, hall = here
    ticket = hall.issue().ticket
    sign_in(client, "rana")
    for path in ("/desk", "/desk/doha-main/c4"):
        assert client.get(path).status_code == 403
    for action in ("sitting", "leaving", "calls", "returns"):
        assert client.post(f"/counters/doha-main/c4/{action}", data={"ticket": str(ticket.id)}).status_code == 403
    assert seen(hall, ticket) is TicketState.WAITING


def test_a_clerk_of_one_branch_is_nobody_in_another(layla: Clerk) -> None:
    assert layla.client.get("/desk/mobile-consulate/m1").status_code == 403
    assert layla.client.post("/counters/mobile-consulate/m1/sitting").status_code == 403
    assert "mobile-consulate" not in layla.client.get("/desk").text
    assert layla.client.get("/desk/nowhere/c1").status_code == 404
    assert layla.client.get("/desk/doha-main/c99").status_code == 404


def test_a_ticket_of_another_competence_is_not_called_here(layla: Clerk, hall: Hall) -> None:
    ticket = hall.issue("civil-extract").ticket
    answer = layla.client.post("/counters/doha-main/c4/calls", data={"expected": "", "ticket": str(ticket.id)})
    assert answer.status_code == 409
    assert ticket.code not in layla.look().text
    for unknown in (str(uuid4()), "x"):
        answer = layla.client.post("/counters/doha-main/c4/calls", data={"expected": "", "ticket": unknown})
        assert answer.status_code == 404


def test_a_form_of_another_site_calls_nobody(layla: Clerk, hall: Hall) -> None:
    ticket = hall.issue().ticket
    answer = layla.client.post(
        "/counters/doha-main/c4/calls", data={"expected": ""}, headers={"sec-fetch-site": "cross-site"}
    )
    assert answer.status_code == 403
    assert seen(hall, ticket) is TicketState.WAITING


# ---------------------------------------------------------------- what is seen


def test_a_long_line_shows_its_beginning_and_the_rest_on_request(layla: Clerk, hall: Hall) -> None:
    codes = [hall.issue().ticket.code for _ in range(33)]
    page = layla.look()
    assert page.html.count('<tr id="row-') == 30
    assert "أشخاص آخرون: عرض الجميع" in page.text
    everybody = layla.client.get(layla.address, params={"all": ""}).text
    assert all(code in everybody for code in codes)


def test_colleagues_and_what_they_do_are_seen(layla: Clerk, hall: Hall) -> None:
    omar = clerk(another(layla.client), hall, "omar", "c3")
    omar.sit()
    code = hall.issue("civil-extract").ticket.code
    omar.press("calls")
    text = layla.look().text
    assert "omar name" in text
    assert code in text


def test_every_press_is_in_the_log_under_the_clerk(layla: Clerk, hall: Hall) -> None:
    before = hall.db.read_now(log.positions)[hall.branch.id]
    hall.issue()
    layla.press("calls")
    layla.press("starts")
    layla.press("finishes")
    entries = hall.db.read_now(log.after, hall.branch.id, before)
    assert [entry.kind for entry in entries] == ["ticket.issued", "ticket.called", "ticket.started", "ticket.served"]
    assert {entry.actor_id for entry in entries[1:]} == {str(layla.id)}


def seen(hall: Hall, ticket: TicketView) -> TicketState:
    return stored(hall, ticket).state


def stored(hall: Hall, ticket: TicketView) -> TicketView:
    return hall.db.read_now(line.ticket, hall.branch.id, ticket.id)
