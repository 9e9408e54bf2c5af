"""The place in line on the telephone: every state in words, live, without signing in, and nothing confidential."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from queue_system.actions import calling, tickets
from queue_system.actions.counters import Desk
from queue_system.clock import FrozenClock
from queue_system.core.tickets import TicketState
from queue_system.store.log import SYSTEM
from queue_system.store.queries import line
from queue_system.store.queries.access import staff_by_login
from tests.kit.hall import Hall
from tests.kit.kiosk_hall import book, installed
from tests.kit.public_visitor import Answer, Visitor
from tests.kit.web_hall import another, application

OURS = {"origin": "http://testserver"}
FEW_BYTES = 30_000


@pytest.fixture
def layla(hall: Hall) -> Desk:
    """A clerk at counter 4."""
    found = hall.db.read_now(staff_by_login, "layla")
    assert found is not None
    return hall.sit(found[0])


def look(visitor: Visitor, issued: tickets.Issued) -> Answer:
    return visitor.open(f"/t/{issued.ticket.token}")


def at(hall: Hall, here: Desk, issued: tickets.Issued) -> Desk:
    return hall.at(here.staff_id, expected=issued.ticket.id)


# ---------------------------------------------------------------- states


def test_waiting(visitor: Visitor, hall: Hall, layla: Desk) -> None:
    served, _, mine = (hall.issue() for _ in range(3))
    hall.call_next(layla)
    page = look(visitor, mine)
    assert page.status == 200
    assert "F003" in page.text
    assert "أمامك شخص واحد" in page.text
    assert "تصديق وثيقة" in page.text
    assert re.search(rf"{served.ticket.code}\s*الشباك 4", page.text)
    assert page.headers["cache-control"] == "no-store"
    assert '<noscript><meta http-equiv="refresh" content="20"></noscript>' in page.html


def test_next(visitor: Visitor, hall: Hall, layla: Desk) -> None:
    assert "دورك هو التالي" in look(visitor, hall.issue()).text


def test_nobody_is_next_where_no_counter_is_open(visitor: Visitor, hall: Hall) -> None:
    page = look(visitor, hall.issue())
    assert "دورك هو التالي" not in page.html
    assert "لا أحد أمامك" in page.text
    assert "لا شباك مفتوح لهذه الخدمة الآن" in page.text


def test_an_appointment_before_its_time(visitor: Visitor, hall: Hall, clock: FrozenClock) -> None:
    made = book(hall, clock.now() + timedelta(minutes=10))
    mine = hall.db.write_in_now(hall.branch.id, tickets.check_in, hall.branch.id, made.id, SYSTEM)
    assert "موعدك الساعة 10:10، ويُنادى عليك قبله بقليل" in look(visitor, mine).text
    clock.move(timedelta(minutes=7))
    assert "موعدك الساعة 10:10" in look(visitor, mine).text


def test_a_late_appointment_says_that_it_comes_after_those_in_time(
    visitor: Visitor, hall: Hall, clock: FrozenClock
) -> None:
    made = book(hall, clock.now() + timedelta(minutes=10))
    clock.move(timedelta(minutes=40))
    mine = hall.db.write_in_now(hall.branch.id, tickets.check_in, hall.branch.id, made.id, SYSTEM)
    assert "كان موعدك الساعة 10:10. دورك الآن بعد من حضروا في موعدهم." in look(visitor, mine).text


def test_where_to_wait_is_said(visitor: Visitor, hall: Hall) -> None:
    assert "مكان الانتظار: قاعة الانتظار" in look(visitor, hall.issue("passport-apply")).text
    assert "مكان الانتظار: المكاتب" in look(visitor, hall.issue("hajj-payment")).text


def test_called(visitor: Visitor, hall: Hall, layla: Desk) -> None:
    mine = hall.issue()
    hall.call_next(layla)
    page = look(visitor, mine)
    assert "حان دورك" in page.text
    assert "يُرجى التوجّه إلى الشباك 4" in page.text
    assert "شباك التصديقات" in page.text
    assert 'class="ticket-card is-called"' in page.html
    assert page.forms == []


def test_served_held_and_over(visitor: Visitor, hall: Hall, layla: Desk) -> None:
    mine = hall.issue()
    hall.call_next(layla)
    hall.db.write_in_now(hall.branch.id, calling.start_serving, at(hall, layla, mine))
    assert "أنت عند الموظف الآن" in look(visitor, mine).text
    hall.db.write_in_now(hall.branch.id, calling.park, at(hall, layla, mine))
    assert "سيُنادى عليك من جديد" in look(visitor, mine).text
    hall.db.write_in_now(hall.branch.id, calling.call_ticket, hall.at(layla.staff_id), mine.ticket.id)
    hall.db.write_in_now(hall.branch.id, calling.finish, at(hall, layla, mine), "done")
    over = look(visitor, mine)
    assert "انتهت خدمتك" in over.text
    assert "data-live" not in over.html
    assert over.forms == []


def test_who_was_called_and_passed_over_is_told_that_the_place_is_kept(
    visitor: Visitor, hall: Hall, layla: Desk, clock: FrozenClock
) -> None:
    mine = hall.issue()
    hall.call_next(layla)
    clock.move(timedelta(minutes=1))
    hall.db.write_in_now(hall.branch.id, calling.mark_absent, at(hall, layla, mine))
    page = look(visitor, mine)
    assert "نودي رقمك الساعة 10:00 ولم يحضر أحد، وسيُنادى مجددًا. مكانك محفوظ." in page.text
    assert "data-live" in page.html


def test_missed(visitor: Visitor, hall: Hall, layla: Desk, clock: FrozenClock) -> None:
    mine = hall.issue()
    hall.call_next(layla)
    hall.give_up(at(hall, layla, mine), clock)
    assert "نودي رقمك ولم يحضر أحد" in look(visitor, mine).text


def test_a_number_of_yesterday_is_over_whatever_was_written_down(
    visitor: Visitor, hall: Hall, clock: FrozenClock
) -> None:
    mine = hall.issue()
    clock.move(timedelta(days=1))
    for written_down in (False, True):
        if written_down:
            hall.issue()
        page = look(visitor, mine)
        assert "من يوم سابق" in page.text
        assert "دورك هو التالي" not in page.text
        assert "ألغى الموظف" not in page.text, "nobody did"
        assert page.forms == []


@pytest.mark.parametrize("token", ["nobody", "xxxxAAAAAAAAAAAAAAAAAAAAAA"])
def test_a_link_that_is_nobody_s(visitor: Visitor, hall: Hall, token: str) -> None:
    known = hall.issue().ticket.token
    assert visitor.open(f"/t/{token}").status == 404
    assert visitor.open(f"/t/{known[:4]}{token}").status == 404


# ---------------------------------------------------------------- giving the place up


def test_leaving_takes_two_presses_and_no_script(visitor: Visitor, hall: Hall) -> None:
    mine = hall.issue()
    page = look(visitor, mine)
    assert "<details" in page.html
    left = visitor.send("/leave")
    assert "تركت دورك" in left.text
    assert hall.db.read_now(line.ticket, hall.branch.id, mine.ticket.id).state is TicketState.LEFT


def test_who_was_called_in_the_meantime_is_told_where_to_go(visitor: Visitor, hall: Hall, layla: Desk) -> None:
    mine = hall.issue()
    look(visitor, mine)
    hall.call_next(layla)
    assert "حان دورك" in visitor.send("/leave").text
    assert hall.db.read_now(line.ticket, hall.branch.id, mine.ticket.id).state is TicketState.CALLED


def test_leaving_twice_is_leaving_once(visitor: Visitor, hall: Hall) -> None:
    mine = hall.issue()
    for _ in range(2):
        assert "تركت دورك" in visitor.post(f"/t/{mine.ticket.token}/leave", {}).text


def test_another_site_cannot_give_the_place_up(here: tuple[TestClient, Hall]) -> None:
    client, hall = here
    mine = hall.issue()
    answer = client.post(f"/t/{mine.ticket.token}/leave", headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403
    assert hall.db.read_now(line.ticket, hall.branch.id, mine.ticket.id).state is TicketState.WAITING


# ---------------------------------------------------------------- language, weight, discretion


def test_the_language_is_that_of_the_ticket_until_another_is_chosen(visitor: Visitor, hall: Hall, layla: Desk) -> None:
    visitor.language = "en"
    mine = hall.issue()
    assert '<html lang="ar" dir="rtl">' in look(visitor, mine).html
    english = visitor.follow(r"\?lang=en")
    assert "You are next" in english.text
    assert "?lang=en" in english.html.split('data-live="')[1].split('"')[0]
    assert '<html lang="en" dir="ltr">' in look(visitor, mine).html


def test_the_whole_page_is_light(visitor: Visitor, hall: Hall, layla: Desk) -> None:
    """Everything that a telephone fetches: the page, its sheets, its script, its icon, and no font."""
    hall.issue()
    hall.call_next(layla)
    page = look(visitor, hall.issue())
    parts = re.findall(r'(?:href|src)="((?:/phone)?/static/[^"]+)"', page.html)
    assert any(part.endswith("/ticket.js") for part in parts)
    assert not [part for part in parts if "/fonts/" in part]
    weights = {part: weight(visitor.client, part) for part in parts}
    assert len(page.html.encode()) + sum(weights.values()) < FEW_BYTES, weights


def weight(client: TestClient, address: str) -> int:
    answer = client.get(address, headers={"accept-encoding": "gzip"})
    assert answer.status_code == 200
    return int(answer.headers["content-length"])


def test_a_protected_visit_names_nothing(sqlite_url: str, tmp_path: Path, clock: FrozenClock) -> None:
    installed(sqlite_url, clock, "forum")
    clock.move(timedelta(days=1))
    with application(sqlite_url, tmp_path, clock) as (client, hall):
        branch = hall.branch
        services = [one for one in branch.services.values() if one.confidentiality.hides_service and one.walk_in]
        assert services
        for service in services:
            issued = hall.issue(service.slug)
            hall.issue(service.slug)
            page = look(Visitor(client), issued)
            assert page.status == 200
            names = {service.names["ar"], branch.names["ar"], organisation_name(client)}
            names |= {counter.names["ar"] for counter in branch.counters.values()}
            names |= {queue.names["ar"] for queue in branch.queues.values()}
            assert [name for name in names if name in page.html] == []
            assert re.search(rf"<title>رقمك .*{issued.ticket.code}.*</title>", page.html)
            with client.websocket_connect(f"/t/{issued.ticket.token}/live", headers=OURS) as live:
                html = live.receive_json()["html"]
            assert [name for name in names if name in html] == []


def organisation_name(client: TestClient) -> str:
    found = re.search(r'class="masthead-name"[^>]*>([^<]+)<', client.get("/").text)
    assert found
    return found[1]


def test_the_page_is_not_to_be_found_and_tells_nobody_its_address(visitor: Visitor, hall: Hall) -> None:
    page = look(visitor, hall.issue())
    assert '<meta name="robots" content="noindex">' in page.html
    assert page.headers["referrer-policy"] == "same-origin"


# ---------------------------------------------------------------- live


def frame(live: Any) -> Any:
    """The next picture; pulses are skipped."""
    while (found := live.receive_json())["type"] != "ticket":
        pass
    return found


def test_a_call_arrives_as_it_happens(here: tuple[TestClient, Hall], layla: Desk, clock: FrozenClock) -> None:
    client, hall = here
    mine = hall.issue()
    stranger = another(client)
    with stranger.websocket_connect(f"/t/{mine.ticket.token}/live?lang=en", headers=OURS) as live:
        first = frame(live)
        assert "You are next" in first["html"]
        assert 'data-calls="0"' in first["html"]
        hall.call_next(layla)
        second = frame(live)
        assert second["seq"] > first["seq"]
        assert 'data-state="called"' in second["html"]
        assert 'data-calls="1"' in second["html"]
        assert "Counter" in second["html"]
        clock.move(timedelta(seconds=15))
        hall.db.write_in_now(hall.branch.id, calling.recall, at(hall, layla, mine))
        assert 'data-calls="2"' in frame(live)["html"]


def test_page_and_socket_show_the_same(here: tuple[TestClient, Hall]) -> None:
    client, hall = here
    mine = hall.issue()
    page = look(Visitor(client), mine)
    address = page.html.split('data-live="')[1].split('"')[0]
    with client.websocket_connect(address, headers=OURS) as live:
        assert frame(live)["html"].strip() in page.html


def test_the_place_moves_when_somebody_before_leaves(here: tuple[TestClient, Hall]) -> None:
    client, hall = here
    before, mine = hall.issue(), hall.issue()
    with client.websocket_connect(f"/t/{mine.ticket.token}/live?lang=ar", headers=OURS) as live:
        assert "أمامك شخص واحد" in frame(live)["html"]
        hall.db.write_in_now(hall.branch.id, tickets.leave, hall.branch.id, before.ticket.id, SYSTEM)
        assert "لا أحد أمامك" in frame(live)["html"]


def test_a_foreign_origin_opens_no_socket(here: tuple[TestClient, Hall]) -> None:
    client, hall = here
    address = f"/t/{hall.issue().ticket.token}/live"
    with (
        pytest.raises(WebSocketDisconnect),
        client.websocket_connect(address, headers={"origin": "https://elsewhere.example"}),
    ):
        pass


def test_a_link_that_is_nobody_s_opens_no_socket(here: tuple[TestClient, Hall]) -> None:
    client, _ = here
    with pytest.raises(WebSocketDisconnect) as closed, client.websocket_connect("/t/nobody/live", headers=OURS) as live:
        live.receive_text()
    assert closed.value.code == 4404
