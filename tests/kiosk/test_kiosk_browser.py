"""The kiosk and the ticket page in a real browser: axe, touch, keys, a scanner, idle time, a server that goes away."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, ViewportSize, WebSocketRoute, expect

from queue_system.actions import devices
from queue_system.clock import ShiftedClock, SystemClock
from queue_system.store.log import SYSTEM
from tests.conftest import SUNDAY_MORNING
from tests.kit import axe
from tests.kit.desk_in_browser import HallServer
from tests.kit.displays_browser import pass_time_until
from tests.kit.kiosk_hall import book, pair
from tests.kit.looks import barriers_of_shape, fits, look, watched
from tests.kit.still_page import stop_clock
from tests.kit.waiting import until
from tests.kit.web_hall import furnished

pytestmark = pytest.mark.browser

PORTRAIT: ViewportSize = {"width": 1080, "height": 1920}
LANDSCAPE: ViewportSize = {"width": 1280, "height": 800}


@pytest.fixture
def server(sqlite_template: Path, tmp_path: Path) -> Iterator[HallServer]:
    clock = ShiftedClock(SUNDAY_MORNING - SystemClock().now())
    found = HallServer(furnished(sqlite_template, tmp_path, SUNDAY_MORNING), tmp_path, clock)
    yield found
    found.stop()


@pytest.fixture
def context(browser: Browser, server: HallServer) -> Iterator[BrowserContext]:
    found = kiosk_in(browser, server)
    yield found
    found.close()


@pytest.fixture
def screen(context: BrowserContext, server: HallServer) -> Page:
    """The first page of a paired kiosk; its clock stands still between keys and while a number is shown."""
    page = context.new_page()
    page.clock.set_fixed_time(SUNDAY_MORNING)
    page.goto(f"{server.address}/kiosk")
    return page


def kiosk_in(browser: Browser, server: HallServer, **options: Any) -> BrowserContext:
    _, token = pair(server.hall)
    wanted: dict[str, Any] = {"viewport": PORTRAIT, "has_touch": True} | options
    context = browser.new_context(**wanted)
    context.add_cookies([{"name": "device-kiosk", "value": token, "url": server.address, "httpOnly": True}])
    return context


def to_number(screen: Page, service: str = "الأحوال المدنية", card: str = "تسجيل واقعة ولادة") -> None:
    screen.get_by_role("link", name=service).tap()
    screen.get_by_role("link", name=card).tap()
    screen.get_by_role("button", name="أخذ رقم").tap()
    expect(screen.locator("#main")).to_have_attribute("data-page", "number")


# ---------------------------------------------------------------- looks


@pytest.mark.slow
@pytest.mark.parametrize("language", ["ar", "en"])
def test_every_page_is_for_everybody(browser: Browser, server: HallServer, language: str) -> None:
    context = kiosk_in(browser, server)
    axe.prepare(context)
    page = context.new_page()
    complaints = watched(page)
    # The number must not leave the screen while it is looked at.
    page.clock.set_fixed_time(SUNDAY_MORNING)
    service = server.hall.service("birth")
    room = "[document.querySelector('#main')].map(main => main.clientHeight - main.scrollHeight)[0]"

    def check(name: str) -> None:
        page.set_viewport_size(PORTRAIT)
        look(page, name, language, complaints)
        page.set_viewport_size(LANDSCAPE)
        assert barriers_of_shape(page) == [], name
        assert fits(page), name

    paths = ("", "/groups/consular.q-civil", f"/services/{service}", "?a=l", "?a=c", "?a=d", "?a=cl", "/check-in")
    for path in paths:
        page.goto(f"{server.address}/kiosk/{language}{path}")
        check(path)
    page.keyboard.type("AAAA")
    page.keyboard.press("Enter")
    page.locator("#code-error").wait_for()
    check("check in, refused")
    page.goto(f"{server.address}/kiosk/{language}/services/{service}")
    page.locator(".kiosk-take > .kiosk-card-main").click()
    expect(page.locator("#main")).to_have_attribute("data-page", "number")
    check("number")
    for size in (PORTRAIT, LANDSCAPE):
        page.set_viewport_size(size)
        assert page.evaluate(room) >= 0, size


@pytest.mark.parametrize("path", ["", "/groups/consular.q-civil", "/check-in"])
def test_all_fits_on_the_screen_and_is_large_enough_to_touch(browser: Browser, server: HallServer, path: str) -> None:
    page = kiosk_in(browser, server).new_page()
    page.goto(f"{server.address}/kiosk/ar{path}")
    page.wait_for_function("document.fonts.status === 'loaded'")
    for size in (PORTRAIT, LANDSCAPE):
        page.set_viewport_size(size)
        assert (
            page.evaluate("document.querySelector('#main').scrollHeight - document.querySelector('#main').clientHeight")
            == 0
        ), size
        small = page.eval_on_selector_all(
            "main a, main button, footer a, footer button",
            "all => all.filter(one => !one.ariaHidden && one.getBoundingClientRect().height < 64)"
            ".map(one => one.outerHTML)",
        )
        assert small == [], size
        highest = page.eval_on_selector_all(
            "main a, main button",
            "all => Math.min(...all.filter(one => !one.ariaHidden).map(one => one.getBoundingClientRect().top))",
        )
        if size == PORTRAIT:
            assert highest >= 0.4 * size["height"]


@pytest.mark.parametrize("language", ["ar", "en"])
def test_the_ticket_page_is_for_everybody(browser: Browser, server: HallServer, language: str) -> None:
    page = browser.new_page(viewport={"width": 320, "height": 640})
    complaints = watched(page)
    here = server.hall.sit(server.hall.person("salem"))
    server.hall.issue()
    server.hall.call_next(here)
    mine = server.hall.issue()
    page.goto(f"{server.address}/t/{mine.ticket.token}?lang={language}")
    page.locator("summary").click()
    look(page, "waiting", language, complaints)
    page.locator("details form button").click()
    expect(page.locator("#ticket")).to_have_attribute("data-state", "over")
    look(page, "left", language, complaints)


# ---------------------------------------------------------------- a visit


def test_a_visit_by_finger_leaves_one_entry_in_the_history_and_no_number(screen: Page, server: HallServer) -> None:
    said: list[str] = []
    screen.on("console", lambda message: said.append(message.text))
    screen.on("pageerror", lambda error: said.append(str(error)))
    entries = screen.evaluate("history.length")
    to_number(screen)
    expect(screen.locator(".code-hero")).to_have_text("B001")
    assert screen.url == f"{server.address}/kiosk/ar"
    screen.get_by_role("link", name="إنهاء").tap()
    expect(screen.locator("#main")).to_have_attribute("data-page", "start")
    assert screen.evaluate("history.length") == entries
    screen.reload()
    assert "B001" not in screen.content()
    assert screen.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]
    assert said == []


def test_the_language_changes_the_direction_of_the_whole_page(screen: Page) -> None:
    screen.get_by_role("link", name="English").tap()
    expect(screen.locator("html")).to_have_attribute("dir", "ltr")
    expect(screen.locator("html")).to_have_attribute("lang", "en")
    expect(screen.get_by_role("heading", level=1)).to_have_text("Welcome. Choose a service")


def test_accessibility_is_a_touch_away_and_stays_for_the_visit(screen: Page) -> None:
    screen.get_by_role("button", name="تسهيلات").tap()
    screen.get_by_role("link", name="خط أكبر").tap()
    expect(screen.locator("body.larger")).to_be_visible()
    to_number(screen)
    expect(screen.locator("body.larger")).to_be_visible()
    screen.get_by_role("link", name="إنهاء").tap()
    expect(screen.locator("body.larger")).to_have_count(0)


def test_a_visit_by_keyboard_alone(screen: Page) -> None:
    def press(name: str) -> None:
        for _ in range(40):
            screen.keyboard.press("Tab")
            if name in (screen.evaluate("document.activeElement.textContent") or ""):
                screen.keyboard.press("Enter")
                return
        raise AssertionError(f"{name} is not reached")

    press("القسم القانوني")
    expect(screen.get_by_role("heading", level=1)).to_have_text("القسم القانوني")
    press("تنظيم وكالة")
    expect(screen.locator("#main")).to_have_attribute("data-page", "service")
    press("أخذ رقم")
    expect(screen.locator(".code-hero")).to_have_text("H001")


# ---------------------------------------------------------------- check-in


def test_keys_type_without_a_journey_to_the_server(screen: Page, server: HallServer) -> None:
    made = book(server.hall, SUNDAY_MORNING + timedelta(minutes=10))
    screen.get_by_role("link", name="لديّ موعد").tap()
    field = screen.locator("#code")
    expect(field).to_be_focused()
    for key in made.code[:2]:
        screen.locator(f'[name=key][value="{key}"]').tap()
    screen.get_by_role("button", name="حذف آخر حرف").tap()
    for key in made.code[1:]:
        screen.locator(f'[name=key][value="{key}"]').tap()
    expect(field).to_have_value(made.code)
    screen.get_by_role("button", name="تسجيل الوصول").tap()
    expect(screen.locator(".code-hero")).to_have_text("A001")


@pytest.mark.parametrize("link", [False, True])
def test_a_scanner_checks_in_from_the_first_page(screen: Page, server: HallServer, link: bool) -> None:
    made = book(server.hall, SUNDAY_MORNING + timedelta(minutes=10))
    screen.keyboard.type(f"{server.address}/b/{made.token}" if link else made.code)
    screen.keyboard.press("Enter")
    expect(screen.locator(".code-hero")).to_have_text("A001")


def test_a_mistyped_code_is_said_and_kept(screen: Page) -> None:
    screen.get_by_role("link", name="لديّ موعد").tap()
    expect(screen.locator("#code")).to_be_focused()
    screen.keyboard.type("K7D49MWX")
    screen.keyboard.press("Enter")
    expect(screen.get_by_role("alert")).to_contain_text("في الرمز خطأ")
    expect(screen.locator("#code")).to_have_value("K7D49MWX")
    expect(screen.locator("#code")).to_be_focused()


# ---------------------------------------------------------------- time


def test_an_idle_kiosk_asks_and_then_begins_anew(context: BrowserContext, server: HallServer) -> None:
    page = context.new_page()
    stop_clock(page)
    page.goto(f"{server.address}/kiosk/en/check-in")
    page.clock.run_for(39_000)
    expect(page.locator("#still-there")).not_to_be_visible()
    page.clock.run_for(2_000)
    expect(page.get_by_role("button", name="More time")).to_be_visible()
    page.get_by_role("button", name="More time").tap()
    expect(page.locator("#still-there")).not_to_be_visible()
    page.clock.run_for(41_000)
    expect(page.locator("#still-there")).to_be_visible()
    page.clock.run_for(20_000)
    expect(page.locator("#main")).to_have_attribute("data-page", "start")
    expect(page.locator("html")).to_have_attribute("lang", "ar")


def test_the_number_goes_by_itself_unless_more_time_is_asked_for(context: BrowserContext, server: HallServer) -> None:
    page = context.new_page()
    stop_clock(page)
    page.goto(f"{server.address}/kiosk/ar/services/{server.hall.service('birth')}")
    page.get_by_role("button", name="أخذ رقم").tap()
    expect(page.locator(".code-hero")).to_be_visible()
    page.clock.run_for(15_000)
    page.get_by_role("button", name="وقت أطول").tap()
    page.clock.run_for(15_000)
    expect(page.locator(".code-hero")).to_be_visible()
    page.clock.run_for(6_000)
    expect(page.locator("#main")).to_have_attribute("data-page", "start")


def test_the_first_page_follows_the_hall(context: BrowserContext, server: HallServer) -> None:
    page = context.new_page()
    page.clock.install()
    page.goto(f"{server.address}/kiosk")
    server.hall.issue("birth")
    server.hall.sit(server.hall.person("zaina"), "c3")
    page.clock.run_for(15_500)
    expect(page.get_by_role("link", name="الأحوال المدنية")).to_contain_text("أمامك شخص واحد")


def test_who_has_gone_on_is_not_taken_back_by_a_look_that_failed(context: BrowserContext, server: HallServer) -> None:
    page = context.new_page()
    page.clock.install()
    page.goto(f"{server.address}/kiosk/ar")
    held: list[Route] = []
    page.route("**/kiosk/ar", lambda route: held.append(route))  # noqa: PLW0108 - playwright marks what it is given
    # Counted before the page itself gets the event, so that everything that follows is done afterwards.
    page.evaluate(
        """() => { const fetch = window.fetch; window.asked = 0; window.failed = 0; window.fetch = (...what) => {
             asked += 1; const answer = fetch(...what); answer.catch(() => { failed += 1; }); return answer; }; }"""
    )
    pass_time_until(page, lambda: bool(held))
    page.get_by_role("link", name="لديّ موعد").tap()
    expect(page.locator("#main")).to_have_attribute("data-page", "check-in")
    held[0].abort()
    until(lambda: page.evaluate("failed") == 1)
    assert page.evaluate("asked") == 2
    expect(page.locator("#lost")).to_be_hidden()


def test_a_number_that_has_left_the_screen_is_followed_no_more(context: BrowserContext, server: HallServer) -> None:
    page = context.new_page()
    page.clock.install()
    connections: list[WebSocketRoute] = []
    page.route_web_socket("**/live**", lambda route: connections.append(route))  # noqa: PLW0108 - as above
    page.goto(f"{server.address}/kiosk/ar")
    to_number(page)
    until(lambda: page.evaluate("true") and len(connections) == 1)
    page.clock.pause_at(page.evaluate("Date.now()") / 1000 + 1)
    page.evaluate(
        """() => { const later = setTimeout; window.tries = 0; window.setTimeout = (what, ms) => {
             if (what.name === "connect") tries += 1; return later(what, ms); }; }"""
    )
    connections[0].close(code=1011)
    # The page would retry in a moment, but both the visitor and the next one are quicker.
    until(lambda: page.evaluate("tries") == 1)
    page.get_by_role("link", name="إنهاء").tap()
    expect(page.locator("#main")).to_have_attribute("data-page", "start")
    to_number(page)
    until(lambda: page.evaluate("true") and len(connections) == 2)
    page.clock.run_for(6_000)
    page.evaluate("true")
    assert len(connections) == 2


def test_a_kiosk_that_is_locked_out_leaves_the_screen(context: BrowserContext, server: HallServer) -> None:
    page = context.new_page()
    page.clock.install()
    page.goto(f"{server.address}/kiosk")
    branch_id = server.hall.branch.id
    device_id, _ = pair(server.hall)
    server.hall.db.write_in_now(branch_id, devices.revoke_device, branch_id, device_id, SYSTEM)
    page.clock.run_for(15_500)
    page.wait_for_url("**/pair?kind=kiosk")


# ---------------------------------------------------------------- the server is away


def test_a_lost_server_is_said_and_the_number_comes_when_it_is_back(screen: Page, server: HallServer) -> None:
    screen.goto(f"{server.address}/kiosk/ar/services/{server.hall.service('birth')}")
    away = True

    def route(found: Any) -> None:
        if away:
            found.abort("connectionrefused")
        else:
            found.continue_()

    screen.route("**/kiosk/**", route)
    screen.get_by_role("button", name="أخذ رقم").tap()
    expect(screen.get_by_text("الاتصال منقطع مؤقتًا")).to_be_visible()
    away = False
    expect(screen.locator(".code-hero")).to_have_text("B001")
    expect(screen.get_by_text("الاتصال منقطع مؤقتًا")).not_to_be_visible()


def test_an_answer_that_was_lost_on_the_way_gives_one_number(screen: Page, server: HallServer) -> None:
    screen.goto(f"{server.address}/kiosk/ar/services/{server.hall.service('birth')}")
    lost = 0

    def lose_the_answer(found: Any) -> None:
        nonlocal lost
        if lost < 2:
            lost += 1
            found.fetch(max_redirects=0)
            found.abort("connectionreset")
        else:
            found.continue_()

    screen.route("**/kiosk/ar/tickets", lose_the_answer)
    screen.get_by_role("button", name="أخذ رقم").tap()
    expect(screen.locator(".code-hero")).to_have_text("B001")
    assert lost == 2
    assert server.hall.issue("birth").ticket.code == "B002"


# ---------------------------------------------------------------- the telephone


def test_a_call_reaches_the_telephone(browser: Browser, server: HallServer) -> None:
    hall = server.hall
    here = hall.sit(hall.person("salem"))
    mine = hall.issue()
    context = browser.new_context(viewport={"width": 390, "height": 844})
    context.add_init_script("navigator.vibrate = (pattern) => { (window.shaken ??= []).push(pattern); return true; };")
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    with page.expect_websocket():
        page.goto(f"{server.address}/t/{mine.ticket.token}")
    assert page.evaluate("window.shaken") is None
    hall.call_next(here)
    expect(page.locator(".is-called")).to_be_visible()
    expect(page.locator("#said")).to_contain_text("حان دورك")
    assert "حان دورك" in page.title()
    assert len(page.evaluate("window.shaken")) == 1
    assert said == []
    context.close()


def test_old_news_on_the_telephone_are_called_old(browser: Browser, server: HallServer) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    stop_clock(page)
    page.route_web_socket("**/live**", lambda socket: None)
    page.goto(f"{server.address}/t/{server.hall.issue().ticket.token}")
    page.clock.run_for(39_000)
    expect(page.locator("#stale")).not_to_be_visible()
    page.clock.run_for(3_000)
    expect(page.locator("#stale")).to_be_visible()
    context.close()


def test_after_a_long_silence_the_telephone_gives_a_new_connection_time_to_speak(
    browser: Browser, server: HallServer
) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.clock.install()
    connections: list[WebSocketRoute] = []
    page.route_web_socket("**/live**", lambda route: connections.append(route))  # noqa: PLW0108 - playwright marks what it is given
    page.goto(f"{server.address}/t/{server.hall.issue().ticket.token}")
    page.clock.run_for(41_000)
    expect(page.locator("#stale")).to_be_visible()
    pass_time_until(page, lambda: len(connections) == 2)
    page.clock.run_for(5_000)
    connections[1].send('{"type":"pulse"}')
    expect(page.locator("#stale")).to_be_hidden()
    context.close()
