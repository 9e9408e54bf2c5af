"""A screen in a real browser with a real server: it announces calls, shows when it is out of date, and reconnects."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, WebSocketRoute, expect

from displays.reach import STEPS
from queue_system.actions import calling, devices
from queue_system.clock import FrozenClock
from queue_system.store.log import SYSTEM
from tests.kit.displays_browser import Server, busy_hall, connected, first_screen, pass_time, pass_time_until, wait_for
from tests.kit.displays_hall import call, enrol, seat
from tests.kit.looks import barriers_in_both_schemes, barriers_of_shape
from tests.kit.still_page import stop_clock
from tests.kit.waiting import until
from tests.kit.web_hall import furnished

pytestmark = pytest.mark.browser

LANDSCAPE = (1920, 1080)
PORTRAIT = (1080, 1920)
STAGE_MS = 8_000
STALE_MS = 40_000
# The longest pause between two tries, so that the hall is up to date again within fifteen seconds.
LONGEST_PAUSE_MS = 6_000
LATE_MS = 20_000
FRESH = ".newest.is-fresh .code"
ABOVE = ".newest:not([hidden]) .code"


@pytest.fixture
def server(sqlite_template: Path, tmp_path: Path, clock: FrozenClock) -> Iterator[Server]:
    found = Server(furnished(sqlite_template, tmp_path, clock.now()), tmp_path, clock)
    yield found
    found.close()


@pytest.fixture
def opened(browser: Browser, server: Server) -> Iterator[Callable[..., Page]]:
    """Opens the page of a paired screen; script errors and policy violations fail the test."""
    problems: list[str] = []
    contexts: list[BrowserContext] = []

    def open_page(
        path: str = "/display",
        slug: str = "d1",
        size: tuple[int, int] = LANDSCAPE,
        scheme: Any = "light",
        still: bool = False,
        **routes: Any,
    ) -> Page:
        """With `still` the page's clock moves only when the test moves it, however slow the machine."""
        context = browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
        contexts.append(context)
        if slug:
            _, token = enrol(server.hall, slug)
            context.add_cookies([{"name": "device-display", "value": token, "url": server.address}])
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda said: problems.append(said.text) if "Content Security" in said.text else None)
        if still:
            stop_clock(page)
        else:
            page.clock.install()
        for pattern, handler in routes.items():
            page.route_web_socket(re.compile(pattern), handler)
        page.goto(server.address + path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert problems == []


@pytest.fixture
def screen(opened: Callable[..., Page]) -> Page:
    """A screen in an empty hall; its clock stands still."""
    page = opened(still=True)
    expect(page.locator(".rest")).to_be_visible()
    connected(page)
    return page


def come_back(screen: Page, server: Server) -> None:
    """The server is back, and the screen's next try finds it."""
    # The try before has failed, so the next one depends on the clock alone.
    wait_for(screen, "following.isCut()")
    server.start()
    pass_time(screen, LONGEST_PAUSE_MS)


# ---------------------------------------------------------------- announcing


def test_a_call_is_announced_for_eight_seconds_and_then_stays(screen: Page, server: Server) -> None:
    code = call(server.hall)
    expect(screen.locator(FRESH)).to_have_text(code)
    expect(screen.locator(".newest.is-fresh")).to_contain_text("يُنادى الآن")
    expect(screen.locator("#spoken")).to_contain_text(code)
    pass_time(screen, STAGE_MS)
    expect(screen.locator(FRESH)).to_have_count(0)
    expect(screen.locator(ABOVE)).to_have_text(code)
    expect(screen.locator(".newest:not([hidden])")).to_contain_text("آخر نداء")


def test_calls_are_announced_one_after_the_other(screen: Page, server: Server) -> None:
    first = call(server.hall, "attest-single", "layla", "c4")
    expect(screen.locator(FRESH)).to_have_text(first)
    second = call(server.hall, "passport-apply", "omar", "c1")
    # The second call is below while the first is announced.
    expect(screen.locator(".calls > li:not([hidden]) .code")).to_have_text([second])
    expect(screen.locator(FRESH)).to_have_text(first)
    pass_time(screen, STAGE_MS)
    expect(screen.locator(FRESH)).to_have_text(second)
    expect(screen.locator(".calls > li:not([hidden]) .code")).to_have_text([first])
    pass_time(screen, STAGE_MS)
    expect(screen.locator(FRESH)).to_have_count(0)


def test_a_recall_is_announced_again(screen: Page, server: Server, clock: FrozenClock) -> None:
    code = call(server.hall)
    expect(screen.locator(FRESH)).to_have_text(code)
    pass_time(screen, STAGE_MS)
    expect(screen.locator(FRESH)).to_have_count(0)
    clock.move(timedelta(seconds=15))
    server.hall.db.write_in_now(server.hall.branch.id, calling.recall, seat(server.hall))
    expect(screen.locator(FRESH)).to_have_text(code)
    expect(screen.locator(".newest.is-fresh")).to_contain_text("نداء مكرّر")


def test_a_visitor_who_is_sent_away_is_no_longer_announced(screen: Page, server: Server) -> None:
    code = call(server.hall)
    expect(screen.locator(FRESH)).to_have_text(code)
    server.hall.db.write_in_now(server.hall.branch.id, calling.park, seat(server.hall))
    expect(screen.locator(".rest")).to_be_visible()
    expect(screen.locator(".newest")).to_have_count(0)


def test_a_young_call_is_announced_on_arrival_and_an_old_one_is_not(
    opened: Callable[..., Page], server: Server, clock: FrozenClock
) -> None:
    old = call(server.hall, "attest-single", "layla", "c4")
    clock.move(timedelta(seconds=61))
    silent = opened()
    connected(silent)
    expect(silent.locator(ABOVE)).to_have_text(old)
    expect(silent.locator(FRESH)).to_have_count(0)
    young = call(server.hall, "passport-apply", "omar", "c1")
    clock.move(timedelta(seconds=30))
    late = opened(slug="d1", still=True)
    connected(late)
    expect(late.locator(FRESH)).to_have_text(young)


def test_sound_waits_for_one_touch_and_says_so(opened: Callable[..., Page], server: Server) -> None:
    screen = opened()
    pass_time(screen, 1_100)
    expect(screen.locator("#sound-off")).to_be_visible()
    expect(screen.locator("#sound-off")).to_contain_text("الصوت متوقف")
    expect(screen.locator("#sound-off")).to_contain_text("Sound is off")
    screen.evaluate(
        """() => { window.tones = []; const start = OscillatorNode.prototype.start;
             OscillatorNode.prototype.start = function (at) { tones.push(this.frequency.value); start.call(this, at); }; }"""
    )
    screen.locator("#sound-off").click()
    expect(screen.locator("#sound-off")).to_be_hidden()
    call(server.hall)
    wait_for(screen, "tones.length === 2")
    assert screen.evaluate("tones[0] > tones[1]")


# ---------------------------------------------------------------- when something breaks


def test_a_lost_server_is_admitted_and_the_truth_comes_back(screen: Page, server: Server, clock: FrozenClock) -> None:
    before = call(server.hall)
    expect(screen.locator(FRESH)).to_have_text(before)
    server.stop()
    expect(screen.locator("#stale")).to_be_hidden()
    pass_time(screen, STALE_MS // 2 + 1_000)
    expect(screen.locator("#late")).to_be_visible()
    expect(screen.locator("#stale")).to_be_hidden()
    pass_time(screen, STALE_MS // 2 + 1_000)
    cover = screen.locator("#stale")
    expect(cover).to_be_visible()
    expect(cover).to_contain_text("المعلومات المعروضة قديمة")
    expect(cover).to_contain_text("This screen is out of date")
    expect(cover.locator("[data-news]").first).to_have_text(re.compile(r"^(10:00|09:59)$"))
    clock.move(timedelta(minutes=2))
    come_back(screen, server)
    expect(cover).to_be_hidden()
    expect(screen.locator("#late")).to_be_hidden()
    expect(screen.locator(ABOVE)).to_have_text(before)
    # Calls made while it was away are two minutes old now, so they are shown but not announced.
    expect(screen.locator(FRESH)).to_have_count(0)
    after = call(server.hall, "passport-apply", "omar", "c1")
    expect(screen.locator(FRESH)).to_have_text(after)


def test_it_comes_back_after_every_kind_of_end(opened: Callable[..., Page], server: Server) -> None:
    codes = [1000, 1001, 1008, 1011, 1012, 1013, 4000]
    ends: list[int] = []

    def connect(route: WebSocketRoute) -> None:
        if len(ends) < len(codes):
            ends.append(codes[len(ends)])
            route.close(code=ends[-1])
        else:
            route.connect_to_server()

    page = opened(still=True, **{r"/display/live": connect})
    while len(ends) < len(codes):
        wait_for(page, "following.isCut()")
        pass_time(page, LONGEST_PAUSE_MS)
    pass_time_until(page, lambda: bool(page.evaluate("seq >= 0")))
    assert ends == codes
    shown = call(server.hall)
    expect(page.locator(FRESH)).to_have_text(shown)


def test_a_silent_connection_is_given_up(opened: Callable[..., Page], server: Server) -> None:
    connections: list[WebSocketRoute] = []

    def connect(route: WebSocketRoute) -> None:
        connections.append(route)
        if len(connections) > 1:
            route.connect_to_server()

    page = opened(still=True, **{r"/display/live": connect})
    wait_for(page, "following.isOpen()")
    pass_time(page, LATE_MS + 1_000)
    wait_for(page, "following.isCut()")
    pass_time(page, LONGEST_PAUSE_MS)
    connected(page)
    assert len(connections) == 2
    expect(page.locator("#late")).to_be_hidden()


def test_after_a_long_silence_a_new_connection_is_given_time_to_speak(opened: Callable[..., Page]) -> None:
    connections: list[WebSocketRoute] = []
    page = opened(**{r"/display/live": lambda route: connections.append(route)})  # noqa: PLW0108 - playwright marks what it is given
    wait_for(page, "following.isOpen()")
    pass_time(page, 25_000)
    until(lambda: bool(page.evaluate("true")) and len(connections) == 2)
    wait_for(page, "following.isOpen()")
    pass_time(page, 5_000)
    connections[1].send('{"type":"pulse"}')
    expect(page.locator("#late")).to_be_hidden()
    assert len(connections) == 2


def test_a_new_version_of_the_styles_loads_the_page_anew(opened: Callable[..., Page]) -> None:
    boards: list[tuple[WebSocketRoute, Any]] = []

    def connect(route: WebSocketRoute) -> None:
        behind = route.connect_to_server()

        def pass_on(text: str | bytes) -> None:
            news = json.loads(text)
            if news["type"] == "board" and not boards:
                # The test sends it, because the page reloads as soon as it has it.
                boards.append((route, news))
            else:
                route.send(text)

        behind.on_message(pass_on)

    page = opened(**{r"/display/live": connect})
    until(lambda: bool(page.evaluate("true")) and bool(boards))
    ((route, board),) = boards
    with page.expect_navigation():
        route.send(json.dumps(board | {"look": "another"}))
    connected(page)


def test_an_older_position_is_ignored_and_another_epoch_is_not(screen: Page, server: Server) -> None:
    code = call(server.hall)
    expect(screen.locator(FRESH)).to_have_text(code)
    shown = screen.evaluate("({epoch, seq, look})")
    board = shown | {"calls": [], "html": '<p id="other"></p>', "server_time": "2026-11-22T07:00:00.000Z"}
    screen.evaluate("board => show(board)", board | {"seq": shown["seq"] - 1})
    expect(screen.locator("#other")).to_have_count(0)
    screen.evaluate("board => show(board)", board | {"seq": 1, "epoch": "another"})
    expect(screen.locator("#other")).to_have_count(1)


def test_a_revoked_screen_goes_to_be_paired(screen: Page, server: Server) -> None:
    device = first_screen(server.hall)
    branch = server.hall.branch.id
    server.hall.db.write_in_now(branch, devices.revoke_device, branch, device, SYSTEM)
    screen.wait_for_url("**/pair?kind=display")
    expect(screen.locator("h1")).to_contain_text("هذه الشاشة غير مرتبطة بعد")


def test_a_screen_revoked_while_it_was_away_goes_to_be_paired(screen: Page, server: Server) -> None:
    server.stop()
    server.start()
    device = first_screen(server.hall)
    branch = server.hall.branch.id
    server.hall.db.write_in_now(branch, devices.revoke_device, branch, device, SYSTEM)
    wait_for(screen, "following.isCut()")
    pass_time(screen, LONGEST_PAUSE_MS)
    screen.wait_for_url("**/pair?kind=display")


def test_a_device_is_paired_without_a_touch(opened: Callable[..., Page], server: Server) -> None:
    page = opened("/pair?kind=display", slug="")
    code = page.locator(".pairing-code .code").inner_text()
    device = first_screen(server.hall)
    branch = server.hall.branch.id
    server.hall.db.write_in_now(branch, devices.approve_pairing, code, branch, device, SYSTEM)
    pass_time(page, 6_000)
    page.wait_for_url("**/display")
    connected(page)


# ---------------------------------------------------------------- looks


@pytest.mark.parametrize("size", [LANDSCAPE, PORTRAIT], ids=["landscape", "portrait"])
def test_codes_are_as_large_as_the_hall_needs_and_whole(
    opened: Callable[..., Page], server: Server, size: tuple[int, int]
) -> None:
    busy_hall(server.hall)
    page = opened(size=size)
    connected(page)
    wait_for(page, "document.fonts.status === 'loaded'")
    least = float(re.search(r"reach-(\d+)", page.locator("body").get_attribute("class") or "")[1])  # type: ignore[index]
    found = page.evaluate(
        """() => [...document.querySelectorAll('.newest:not([hidden]) .code, .calls > li:not([hidden]) .code')].map(e => {
             const box = e.getBoundingClientRect();
             const frame = e.closest('.newest, .calls').getBoundingClientRect();
             return { size: parseFloat(getComputedStyle(e).fontSize), top: box.top - frame.top,
                      bottom: frame.bottom - box.bottom, start: box.left - frame.left, end: frame.right - box.right };
           })"""
    )
    # Calls without room are completely out of sight.
    seen = [one for one in found if one["bottom"] > -one["size"] / 2]
    assert len(seen) >= 4
    assert all(one["size"] >= least * min(size) / 100 - 0.5 for one in seen)
    assert all(min(one["bottom"], one["top"]) >= -0.05 * one["size"] for one in seen)
    assert all(min(one["start"], one["end"]) >= -1 for one in seen)
    assert page.evaluate(
        "document.documentElement.scrollHeight <= innerHeight && document.body.scrollWidth <= innerWidth"
    )


@pytest.mark.parametrize("size", [LANDSCAPE, PORTRAIT], ids=["landscape", "portrait"])
def test_at_every_distance_codes_stand_in_columns_and_no_name_is_cut(
    opened: Callable[..., Page], server: Server, size: tuple[int, int]
) -> None:
    busy_hall(server.hall)
    for _ in range(13):
        server.hall.issue("attest-single")
    page = opened(size=size)
    connected(page)
    wait_for(page, "document.fonts.status === 'loaded'")
    page.evaluate(
        """() => document.querySelectorAll('.queues .name').forEach(e => {
             e.querySelectorAll('.wait').forEach(old => old.remove());
             e.insertAdjacentHTML('beforeend', `<div class="wait"><svg class="icon"></svg><bdi dir="ltr">100–125</bdi></div>`) })"""
    )
    # The widest and the narrowest letter that a queue can have.
    page.evaluate(
        "[...document.querySelectorAll('.code')].forEach((e, n) => { e.textContent = n % 2 ? 'W888' : 'J111' })"
    )
    for step in STEPS:
        page.evaluate("step => { document.body.className = `screen reach-${step}` }", step)
        cut, outside, starts = page.evaluate(
            """() => {
                 const box = e => e.getBoundingClientRect();
                 const ink = e => { const all = new Range(); all.selectNodeContents(e); return box(all); };
                 const within = (e, f) => box(e).left >= box(f).left - 1 && box(e).right <= box(f).right + 1;
                 const lines = [...document.querySelectorAll('.calls > li:not([hidden])')];
                 const stage = document.querySelector('.newest:not([hidden])');
                 stage.querySelector('.code').textContent = 'W888';
                 return [
                   [...document.querySelectorAll('.queues .name p, .queues .wait > *')].filter(
                     e => e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 3 || !within(e, e.closest('li'))).map(e => e.textContent),
                   [stage.querySelector('.code'), stage.querySelector('.counter')].filter(
                     e => !within(e, stage) || box(e).bottom > box(stage).bottom).length,
                   [...new Set(lines.map(e => Math.round(box(e).right - ink(e.querySelector('.code')).right)))],
                 ];
               }"""
        )
        assert cut == [], step
        assert outside == 0, step
        # An Arabic line starts at its right end.
        assert starts == [0], step


def test_pages_are_accessible(opened: Callable[..., Page], server: Server) -> None:
    def check(page: Page, name: str) -> None:
        page.set_viewport_size({"width": LANDSCAPE[0], "height": LANDSCAPE[1]})
        assert barriers_in_both_schemes(page) == [], name
        page.set_viewport_size({"width": PORTRAIT[0], "height": PORTRAIT[1]})
        assert barriers_of_shape(page) == [], name

    screen = opened()
    connected(screen)
    check(screen, "idle")
    busy_hall(server.hall)
    expect(screen.locator(".calls")).to_be_visible()
    check(screen, "busy")
    screen.evaluate("cover.hidden = false")
    check(screen, "covered")
    check(opened("/pair?kind=kiosk", slug=""), "pairing")
    check(opened("/pair?kind=display", slug=""), "pairing a screen")


def test_it_is_still_where_people_ask_for_no_motion(opened: Callable[..., Page], server: Server) -> None:
    page = opened(still=True)
    connected(page)
    page.emulate_media(reduced_motion="reduce")
    code = call(server.hall)
    expect(page.locator(FRESH)).to_have_text(code)
    assert page.evaluate("document.getAnimations().length") == 0
