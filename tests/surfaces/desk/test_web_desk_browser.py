"""The desk in a real browser: nothing twice, updates that move nothing under the pointer, a lost connection, axe."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import APIResponse, Browser, Page, Route, WebSocketRoute, expect

from queue_system.clock import FrozenClock
from queue_system.core.tickets import TicketState
from queue_system.store.queries.access import staff_by_login
from tests.kit import axe
from tests.kit.desk_in_browser import HallServer, open_now, press, sign_in_and_take_seat, state, take_seat
from tests.kit.displays_browser import pass_time_until
from tests.kit.hall import enter, set_rules
from tests.kit.looks import look, watched
from tests.kit.people import let_choose
from tests.kit.waiting import until
from tests.kit.web_hall import furnished

pytestmark = pytest.mark.browser


# ---------------------------------------------------------------- nothing twice, nothing moves


def test_a_key_pressed_before_the_answer_came_waits_for_its_turn(tab: Page, server: HallServer) -> None:
    first = server.hall.issue().ticket
    expect(tab.locator("tbody tr")).to_have_count(1)
    press(tab, "n")
    expect(tab.locator(".mine-ticket.is-called")).to_be_visible()
    held: list[Route] = []
    tab.route("**/starts", lambda route: held.append(route))  # noqa: PLW0108 - playwright marks what it is given
    with tab.expect_request("**/starts"):
        tab.keyboard.press("s")
    tab.keyboard.press("f")
    held[0].continue_()
    expect(tab.locator(".mine-ticket.is-free")).to_be_visible()
    assert state(server, first.id) == "served"


def test_an_answer_that_was_overtaken_by_news_hides_nobody(tab: Page, server: HallServer) -> None:
    set_rules(server.hall, recall_pause_s=0, no_show_after_calls=1, no_show_after_min=0)
    server.hall.issue()
    expect(tab.locator("tbody tr")).to_have_count(1)
    press(tab, "n")
    expect(tab.locator(".mine-ticket.is-called")).to_be_visible()
    held: list[tuple[Route, APIResponse]] = []
    tab.route("**/recalls", lambda route: held.append((route, route.fetch())))
    press(tab, "r")
    until(lambda: bool(tab.evaluate("true")) and bool(held))
    server.hall.issue()
    expect(tab.locator("#desk-line tbody tr")).to_have_count(1)
    route, answer = held[0]
    route.fulfill(response=answer)
    expect(tab.locator("#desk-said")).to_contain_text("مجددًا")
    assert tab.locator("#desk-line tbody tr").count() == 1
    expect(tab.locator("[data-busy], [data-settling]")).to_have_count(0)


def test_a_double_click_calls_one_visitor(tab: Page, server: HallServer) -> None:
    first, _ = server.hall.issue().ticket, server.hall.issue().ticket
    expect(tab.locator("tbody tr")).to_have_count(2)
    tab.locator("#act-N").dblclick()
    expect(tab.locator(".mine-ticket.is-called .code")).to_have_text(first.code)
    expect(tab.locator("[data-busy], [data-settling]")).to_have_count(0)
    assert sorted(ticket.state for ticket in open_now(server)) == [TicketState.CALLED, TicketState.WAITING]


def test_another_tab_shows_what_was_done_in_this_one(tab: Page, server: HallServer) -> None:
    server.hall.issue()
    other = tab.context.new_page()
    other.goto(tab.url)
    expect(other.locator("tbody tr")).to_have_count(1)
    press(tab, "n")
    expect(other.locator(".mine-ticket.is-called")).to_be_visible()
    press(other, "f")
    expect(tab.locator(".mine-ticket.is-free")).to_be_visible()


def test_the_buttons_stay_where_they_are(tab: Page, server: HallServer) -> None:
    def places() -> Any:
        return tab.evaluate(
            "[...document.querySelectorAll('.actions button')].map(b => { const r = b.getBoundingClientRect();"
            " return [b.id, Math.round(r.x), Math.round(r.y), Math.round(r.width)] })"
        )

    empty = places()
    for _ in range(40):
        server.hall.issue()
    expect(tab.locator("#desk-line tbody tr")).to_have_count(30)
    assert places() == empty
    for key, seen in (("n", ".is-called"), ("s", ".is-serving"), ("f", ".is-free")):
        press(tab, key)
        expect(tab.locator(f".mine-ticket{seen}")).to_be_visible()
        assert places() == empty


def test_the_row_under_the_pointer_waits_until_the_pointer_has_gone(tab: Page, server: HallServer) -> None:
    let_choose(server.hall, "layla")
    first, second = server.hall.issue().ticket, server.hall.issue().ticket
    button = tab.locator(f"#call-{second.id}")
    button.hover()
    box = button.bounding_box()
    assert box is not None

    # Another clerk takes the first ticket, while this one is about to press beside the second.
    move = keep_moving(tab, box)
    other = enter(server.hall.db)
    omar = other.db.read_now(staff_by_login, "omar")
    assert omar is not None
    there = other.sit(omar[0], "c5")
    taken = other.call_next(there)
    assert taken is not None
    assert taken.id == first.id
    expect(tab.locator("#desk-colleagues")).to_contain_text(first.code)
    move()
    assert button.bounding_box() == box
    tab.mouse.move(5, 5)
    expect(tab.locator("#desk-line tbody tr")).to_have_count(1)


def test_focus_stays_on_its_row_when_the_line_changes(tab: Page, server: HallServer) -> None:
    let_choose(server.hall, "layla")
    first, second = server.hall.issue().ticket, server.hall.issue().ticket
    tab.locator(f"#call-{second.id}").focus()
    omar = server.hall.db.read_now(staff_by_login, "omar")
    assert omar is not None
    called = server.hall.call_next(server.hall.sit(omar[0], "c5"))
    assert called is not None
    assert called.id == first.id
    expect(tab.locator("#desk-line tbody tr")).to_have_count(1)
    expect(tab.locator(f"#call-{second.id}")).to_be_focused()


def test_focus_goes_on_at_the_actions_when_its_row_is_gone(tab: Page, server: HallServer) -> None:
    ticket = server.hall.issue().ticket
    tab.locator(f"#call-{ticket.id}").focus()
    tab.keyboard.press("Enter")
    expect(tab.locator(".mine-ticket.is-called")).to_be_visible()
    expect(tab.locator("#act-N")).to_be_focused()


def test_ticked_documents_stay_ticked_and_are_fresh_for_the_next_visitor(tab: Page, server: HallServer) -> None:
    server.hall.issue()
    server.hall.issue()
    expect(tab.locator("tbody tr")).to_have_count(2)
    press(tab, "n")
    tab.locator("#desk-mine .checklist input").first.check()
    server.hall.issue()
    expect(tab.locator("tbody tr")).to_have_count(2)
    expect(tab.locator("#desk-mine .checklist input").first).to_be_checked()
    tab.locator("#main").focus()
    press(tab, "s")
    press(tab, "n")
    expect(tab.locator("tbody tr")).to_have_count(1)
    expect(tab.locator("#desk-mine .checklist input").first).not_to_be_checked()


def test_times_tick_by_themselves(tab: Page, server: HallServer) -> None:
    server.hall.issue()
    expect(tab.locator("tbody tr")).to_have_count(1)
    press(tab, "n")
    clock = tab.locator(".mine-ticket .clock")
    expect(clock).to_have_text("0:02", timeout=10_000)


# ---------------------------------------------------------------- when something is lost


def test_signing_out_in_one_tab_ends_the_other(tab: Page) -> None:
    other = tab.context.new_page()
    other.goto(tab.url)
    tab.locator('form[action="/sign-out"] button').click()
    other.wait_for_url("**/sign-in?next=%2Fdesk%2Fdoha-main%2Fc4")


def test_a_press_without_a_server_says_so_and_the_desk_comes_back(tab: Page, server: HallServer) -> None:
    server.hall.issue()
    expect(tab.locator("tbody tr")).to_have_count(1)
    tab.context.set_offline(True)
    press(tab, "n")
    expect(tab.locator("#desk-said")).to_contain_text("لم يصل رد من الخادم")
    tab.context.set_offline(False)
    press(tab, "n")
    expect(tab.locator(".mine-ticket.is-called")).to_be_visible()


def test_a_proxy_that_answers_for_a_server_that_is_away_does_not_take_the_desk(tab: Page, server: HallServer) -> None:
    server.hall.issue()
    expect(tab.locator("tbody tr")).to_have_count(1)
    page = "<html><head><title>502</title></head><body><center><h1>502 Bad Gateway</h1></center></body></html>"
    tab.route("**/calls", lambda route: route.fulfill(status=502, content_type="text/html", body=page))
    press(tab, "n")
    expect(tab.locator("#desk-said")).to_contain_text("لم يصل رد من الخادم")
    expect(tab.locator("tbody tr")).to_have_count(1)
    expect(tab.locator("body")).not_to_contain_text("Bad Gateway")
    tab.unroute("**/calls")
    press(tab, "n")
    expect(tab.locator(".mine-ticket.is-called")).to_be_visible()


def test_silence_is_told_and_ends_when_the_server_is_back(
    browser: Browser, sqlite_template: Path, tmp_path: Path, clock: FrozenClock
) -> None:
    url = furnished(sqlite_template, tmp_path, clock.now())
    server = HallServer(url, tmp_path, clock)
    context = browser.new_context(locale="ar")
    page = context.new_page()
    page.clock.install()
    take_seat(page, server)
    expect(page.locator("#desk-stale")).to_be_hidden()
    page.route_web_socket("**/desk/**/live*", lambda socket: socket.close())
    server.stop()
    page.clock.fast_forward(40_000)
    expect(page.locator("#desk-stale")).to_be_visible()
    expect(page.locator("#desk-stale")).to_contain_text("قد يكون المعروض قديمًا")
    context.close()


def test_after_a_long_silence_a_new_connection_is_given_time_to_speak(browser: Browser, server: HallServer) -> None:
    context = browser.new_context(locale="ar")
    page = context.new_page()
    page.clock.install()
    connections: list[WebSocketRoute] = []
    page.route_web_socket("**/desk/**/live*", lambda route: connections.append(route))  # noqa: PLW0108 - playwright marks what it is given
    take_seat(page, server)
    page.clock.run_for(36_000)
    expect(page.locator("#desk-stale")).to_be_visible()
    pass_time_until(page, lambda: len(connections) == 2)
    page.clock.run_for(5_000)
    connections[1].send('{"type":"pulse"}')
    expect(page.locator("#desk-stale")).to_be_hidden()
    context.close()


# ---------------------------------------------------------------- looks


@pytest.mark.slow
@pytest.mark.parametrize("language", ["ar", "en"])
def test_nothing_is_wrong_with_any_page_of_a_desk(browser: Browser, server: HallServer, language: str) -> None:
    context = browser.new_context(viewport={"width": 1366, "height": 768}, locale=language)
    axe.prepare(context)
    page = context.new_page()
    complaints = watched(page)

    def check(where: str) -> None:
        look(page, where, language, complaints)

    page.goto(f"{server.address}/sign-in?lang={language}")
    check("sign-in")
    page.locator("form.form button").click()
    check("sign-in refused")
    for _ in range(3):
        server.hall.issue()
    sign_in_and_take_seat(page, server)
    check("free")
    for key, seen in (
        ("n", ".is-called"),
        ("h", ".is-free"),
        ("n", ".is-called"),
        ("x", ".is-free"),
        ("n", ".is-called"),
    ):
        press(page, key)
        expect(page.locator(f".mine-ticket{seen}")).to_be_visible()
    check("called")
    press(page, "s")
    expect(page.locator(".is-serving")).to_be_visible()
    check("serving")
    press(page, "t")
    expect(page.locator("#transfer")).to_be_visible()
    check("transfer")
    page.goto(f"{server.address}/desk")
    check("counters")
    page.goto(f"{server.address}/desk/doha-main/no-such")
    check("no such counter")


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (1024, 768), (820, 1180), (320, 640)])
def test_no_sideways_scrolling(browser: Browser, server: HallServer, width: int, height: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": height}, locale="ar")
    page = context.new_page()
    for _ in range(3):
        server.hall.issue()
    take_seat(page, server)
    press(page, "n")
    expect(page.locator(".mine-ticket.is-called")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()


@pytest.mark.parametrize("width", [1366, 1024, 820])
def test_names_in_the_lists_have_room_for_words(browser: Browser, server: HallServer, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 1180}, locale="ar")
    page = context.new_page()
    for _ in range(3):
        server.hall.issue()
    take_seat(page, server)
    for key, seen in (("n", ".is-called"), ("h", "#parked-title"), ("n", ".is-called"), ("x", "#missed-title")):
        press(page, key)
        expect(page.locator(seen)).to_be_visible()
    room = page.locator("#desk-line tbody td:nth-of-type(1)").evaluate_all(
        "cells => cells.map(cell => cell.getBoundingClientRect().width)"
    )
    assert len(room) == 3
    assert min(room) >= 100, room
    context.close()


def keep_moving(page: Page, box: Any) -> Callable[[], None]:
    """Move the pointer a little on the button now, and again at every call."""
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def move() -> None:
        page.mouse.move(x + 1, y)
        page.mouse.move(x, y)

    move()
    return move
