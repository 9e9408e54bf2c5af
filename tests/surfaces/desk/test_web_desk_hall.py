"""Warnings for staff: calls that no screen shows, visitors whom no open counter serves."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from queue_system.clock import FrozenClock
from tests.displays.test_seen_calls import turn_on
from tests.kit.displays_hall import keep_secret
from tests.kit.hall import Hall
from tests.kit.web_hall import Clerk, Page, another, clerk, sign_in

UNSEEN = "تأكيد عرض هذا النداء"
FETCHED = "يُرافَق صاحب هذا الرقم ولا يُنادى"


@pytest.fixture
def layla(here: tuple[TestClient, Hall]) -> Clerk:
    client, hall = here
    found = clerk(client, hall, "layla")
    found.sit()
    return found


def test_a_call_that_no_screen_shows_is_to_be_called_by_voice(layla: Clerk) -> None:
    layla.hall.issue()
    assert UNSEEN not in layla.look().text
    layla.press("calls")
    assert UNSEEN in layla.look().text
    # A screen in another zone shows it, because this zone has no live screen.
    turn_on(layla.hall, "d2")
    assert UNSEEN not in layla.look().text
    layla.press("starts")
    assert FETCHED not in layla.look().text


def test_of_a_protected_call_the_clerk_hears_that_the_visitor_is_fetched(
    here: tuple[TestClient, Hall], clock: FrozenClock
) -> None:
    client, hall = here
    hidden = keep_secret(hall, "q-attest", "none")
    turn_on(hidden, "d1")
    found = clerk(client, hidden, "layla")
    found.sit()
    hidden.issue()
    found.press("calls")
    assert FETCHED in found.look().text
    assert UNSEEN not in found.look().text


def test_every_clerk_sees_the_queues_with_people_and_no_open_counter(layla: Clerk) -> None:
    for _ in range(2):
        layla.hall.issue("hajj-payment")
    layla.hall.issue("attest-single")
    text = layla.look().text
    assert "منتظرون دون شباك مفتوح" in text
    queue = layla.hall.branch.queue_of(layla.hall.branch.service("hajj-payment")).names["ar"]
    assert f"{queue}: شخصان في الانتظار. أولهم منذ الساعة" in text
    assert "التصديقات: " not in text
    layla.hall.sit(layla.hall.person("zaina"), "r8")
    assert "منتظرون دون شباك مفتوح" not in layla.look().text


def test_whoever_sends_a_visitor_on_sees_where_no_counter_is_open(layla: Clerk) -> None:
    layla.hall.issue()
    layla.press("calls")
    name = layla.hall.branch.service("hajj-payment").names["ar"]
    assert f"{name} – لا شباك مفتوح</option>" in layla.look().html
    layla.hall.sit(layla.hall.person("zaina"), "r8")
    assert f"{name}</option>" in layla.look().html


def test_the_office_sees_by_branch_who_waits_with_no_open_counter(here: tuple[TestClient, Hall]) -> None:
    client, hall = here
    office = another(client)
    sign_in(office, "admin")
    assert "منتظرون دون شباك مفتوح" not in office.get("/office").text
    hall.issue("hajj-payment")
    text = Page(office.get("/office").text).text
    assert "منتظرون دون شباك مفتوح" in text
    assert "شخص واحد في الانتظار" in text
