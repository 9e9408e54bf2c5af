"""A silent emergency call on the pages of the staff: at once, for colleagues alone, and quietly at the desk itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from time import perf_counter

import pytest
from starlette.testclient import TestClient

from queue_system.actions.alarms import raise_alarm
from queue_system.clock import FrozenClock
from queue_system.i18n import dates
from queue_system.i18n.words import words_for
from tests.conftest import SUNDAY_MORNING
from tests.kit.crowd import clerks_at_counters
from tests.kit.hall import Hall
from tests.kit.web_hall import Clerk, Page, another, clerk, sign_in

LIVE = "/alarms/doha-main/live?lang=ar"
OURS = {"origin": "http://testserver"}
LONGEST_S = 1.0
UNSEEN = "ولا صفحة مفتوحة الآن لدى الزملاء"


@pytest.fixture
def layla(here: tuple[TestClient, Hall]) -> Clerk:
    """A clerk who sits at counter 4."""
    found = clerk(*here, "layla")
    found.sit()
    return found


def strip(text: str) -> str:
    """The strip of calls in a page or a frame."""
    return Page('<div class="alarms"' + text.partition('<div class="alarms"')[2].partition("data-now")[0]).text


def calls(who: Clerk) -> None:
    """The two presses, without scripts."""
    address = f"/counters/doha-main/{who.counter}/alarms"
    first = who.client.post(address)
    assert first.status_code == 200
    assert 'name="sure" value="1"' in first.text
    assert who.client.post(address, data={"sure": "1"}).status_code == 303


def test_the_first_press_tells_nobody(layla: Clerk) -> None:
    layla.client.post("/counters/doha-main/c4/alarms")
    omar = clerk(another(layla.client), layla.hall, "omar", "c1")
    assert "يطلب العون" not in omar.look().text


def test_colleagues_see_it_in_under_a_second_while_it_is_open(
    layla: Clerk, record_property: Callable[[str, object], None]
) -> None:
    omar = clerk(another(layla.client), layla.hall, "omar", "c1")
    omar.sit()
    with omar.client.websocket_connect(LIVE, headers=OURS) as live:
        assert "يطلب العون" not in live.receive_json()["html"]
        layla.client.post("/counters/doha-main/c4/alarms")
        pressed = perf_counter()
        layla.client.post("/counters/doha-main/c4/alarms", data={"sure": "1"})
        said = live.receive_json()["html"]
        took = perf_counter() - pressed
        assert "الشباك" in said
        assert "يطلب العون" in said
        assert "layla name" in said
        record_property("milliseconds from the press to a colleague's page", round(took * 1000))
        assert took < LONGEST_S
        # A page that is opened later has it, too.
        assert "يطلب العون" in omar.look().text
        answer = omar.client.post(
            "/alarms/doha-main/c4/answers", headers={"referer": "http://testserver/desk/doha-main/c1?all"}
        )
        assert (answer.status_code, answer.headers["location"]) == (303, "/desk/doha-main/c1")
        assert "omar name" in live.receive_json()["html"]
        assert "omar name" in strip(layla.look().html)
        omar.client.post("/alarms/doha-main/c4/ends")
        assert "يطلب العون" not in live.receive_json()["html"]
    assert "يطلب العون" not in omar.look().text


def test_reception_and_today_show_it(layla: Clerk) -> None:
    calls(layla)
    for login, page in (("rana", "/reception/doha-main"), ("admin", "/office")):
        client = another(layla.client)
        sign_in(client, login)
        text = client.get(page).text
        assert "يطلب العون" in strip(text)
        assert "alarms.js" in text
        assert "layla name" in strip(text)


def test_the_desk_itself_says_it_quietly(layla: Clerk) -> None:
    calls(layla)
    page = layla.look()
    assert "يطلب العون" not in page.text
    assert 'class="alarm alarm-own"' in page.html
    assert "/c4/answers" not in page.html
    assert layla.client.post("/alarms/doha-main/c4/answers").status_code == 409


def test_whoever_calls_is_told_while_no_page_of_a_colleague_is_open(layla: Clerk) -> None:
    omar = clerk(another(layla.client), layla.hall, "omar", "c1")
    with layla.client.websocket_connect(LIVE, headers=OURS) as own:
        own.receive_json()
        calls(layla)
        assert UNSEEN in own.receive_json()["html"]
        assert UNSEEN in layla.look().text, "pages of one's own are no help"
        with omar.client.websocket_connect(LIVE, headers=OURS) as live:
            seen = live.receive_json()["html"]
            assert "يطلب العون" in seen
            assert UNSEEN not in seen
            layla.hall.issue()
            assert UNSEEN not in own.receive_json()["html"]
            assert "معروض في صفحات الزملاء" in layla.look().text
            omar.client.post("/sign-out")
            assert live.receive()["code"] == 4401
        assert UNSEEN in own.receive_json()["html"]
    clerk(another(layla.client), layla.hall, "rana").client.post("/alarms/doha-main/c4/answers")
    assert UNSEEN not in layla.look().text, "somebody comes, whose page need not stay open"


def test_a_call_of_another_day_shows_its_date(layla: Clerk, clock: FrozenClock) -> None:
    calls(layla)
    omar = clerk(another(layla.client), layla.hall, "omar", "c1")
    day = dates.day(SUNDAY_MORNING.date(), words_for("ar"))
    assert day not in strip(omar.look().html)
    clock.set(clock.now() + timedelta(days=1))
    for who in ("omar", "layla"):
        assert day in strip(clerk(another(layla.client), layla.hall, who, "c1").look().html)


def test_a_call_from_a_counter_that_is_newer_than_the_page_is_on_it(layla: Clerk) -> None:
    with layla.client.websocket_connect(LIVE, headers=OURS) as live:
        live.receive_json()
        (newer,) = clerks_at_counters(layla.hall, 1)
        layla.hall.db.write_in_now(layla.hall.branch.id, raise_alarm, newer)
        said = live.receive_json()["html"]
    assert "يطلب العون" in said
    assert "clerk 0" in said


def test_nobody_without_a_sign_in_at_the_branch_reads_it(layla: Clerk, hall: Hall) -> None:
    hall.issue()
    ticket = hall.issue()
    calls(layla)
    stranger = another(layla.client)
    for address in ("/", "/book/doha-main", f"/t/{ticket.ticket.token}", "/api/v1/branches/doha-main", "/healthz"):
        text = stranger.get(address).text
        assert "يطلب العون" not in text
        assert "alarm" not in text.lower()
        assert "layla" not in text
    idle = another(layla.client)
    hall.person("idle", ())
    sign_in(idle, "idle")
    assert idle.post("/alarms/doha-main/c4/answers").status_code == 403
    with idle.websocket_connect(LIVE, headers=OURS) as live:
        assert live.receive()["code"] == 4404
    with stranger.websocket_connect(LIVE, headers=OURS) as live:
        assert live.receive()["code"] == 4401


def test_signing_out_ends_the_view(layla: Clerk) -> None:
    with layla.client.websocket_connect(LIVE, headers=OURS) as live:
        live.receive_json()
        layla.client.post("/sign-out")
        assert live.receive()["code"] == 4401


def test_the_log_names_each_step(layla: Clerk) -> None:
    calls(layla)
    omar = clerk(another(layla.client), layla.hall, "omar", "c1")
    omar.client.post("/alarms/doha-main/c4/answers")
    omar.client.post("/alarms/doha-main/c4/ends")
    admin = another(layla.client)
    sign_in(admin, "admin")
    text = Page(admin.get("/office/audit").text).text
    for said in ("نداء طوارئ صامت", "أُكّد المجيء", "انتهى نداء الطوارئ"):
        assert said in text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("http://testserver/counters/doha-main/c1/calls", "/desk/doha-main/c1"),
        ("http://testserver/reception/doha-main/search", "/reception/doha-main"),
        ("http://testserver/office?branch=doha-main", "/office?branch=doha-main"),
        ("https://evil.example//evil.example/x", "/evil.example?branch=doha-main"),
        ("", "/staff"),
    ],
)
def test_a_press_leads_back_to_the_page_and_to_no_other_host(layla: Clerk, before: str, after: str) -> None:
    answer = layla.client.post("/alarms/doha-main/c4/ends", headers={"referer": before})
    assert (answer.status_code, answer.headers["location"]) == (303, after)
