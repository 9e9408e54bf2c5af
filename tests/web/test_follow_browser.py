"""The connection by which a page follows the server, in a real browser with a small server that the test controls."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from queue_system.live.codes import Closed
from tests.kit.displays_browser import wait_for
from tests.kit.ports import kept_port
from tests.kit.served import served
from tests.kit.still_page import stop_clock
from tests.kit.tree import ROOT
from tests.kit.waiting import until

pytestmark = pytest.mark.browser

FOLLOW = ROOT / "queue_system" / "web" / "static" / "follow.js"
FIRST_MS, CAP_MS, OPENING_MS, SILENCE_MS = 500, 4_000, 8_000, 20_000
PULSE = '{"type": "pulse"}'
# Random numbers are always the middle value, so that pauses have their nominal length; events are recorded.
WITNESSES = """
    Math.random = () => 0.5;
    window.told = [];
    window.frames_heard = [];
    window.tries = 0;
    const Real = WebSocket;
    window.WebSocket = class extends Real { constructor(address) { super(address); tries += 1; } };
"""
BEGIN = """
    ([first, cap, opening, silence]) => { window.following = follow("/live", {
        first, cap, opening, silence,
        onFrame: (frame) => frames_heard.push(frame),
        onLost: () => told.push("lost"),
        onBack: () => told.push("back"),
        onCode: { [CLOSED.NOT_THERE]: () => told.push("not there") },
    }); }
"""


class Server:
    """A page with nothing but follow.js, and its socket; `sockets` are the accepted ones, oldest first."""

    def __init__(self) -> None:
        self.sockets: list[WebSocket] = []
        self.ended: list[WebSocket] = []
        self.kept_waiting: list[WebSocket] = []
        self.opens = True
        self._loop: asyncio.AbstractEventLoop | None = None
        self._running: Any = None
        self._keeper = ExitStack()
        self.port = self._keeper.enter_context(kept_port())
        self.address = f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        routes = [Route("/", _page), Route("/follow.js", _script), WebSocketRoute("/live", self._live)]
        self._running = served(Starlette(routes=routes), port=self.port)
        self._running.__enter__()

    def stop(self) -> None:
        if self._running is not None:
            self._running.__exit__(None, None, None)
            self._running = None

    def close(self) -> None:
        self.stop()
        self._keeper.close()

    def say(self, *texts: str) -> None:
        """Send to the newest socket."""
        for text in texts:
            self._do(self.sockets[-1].send_text(text))

    def let_in(self) -> None:
        """Accept the socket that waits."""
        until(lambda: bool(self.kept_waiting))
        self.sockets.append(self.kept_waiting.pop())
        self._do(self.sockets[-1].accept())

    def hang_up(self, code: int) -> None:
        self._do(self.sockets[-1].close(code))

    def _do(self, sending: Any) -> None:
        assert self._loop
        asyncio.run_coroutine_threadsafe(sending, self._loop).result(60)

    async def _live(self, websocket: WebSocket) -> None:
        self._loop = asyncio.get_running_loop()
        if self.opens:
            await websocket.accept()
            self.sockets.append(websocket)
        else:
            self.kept_waiting.append(websocket)
        while (await websocket.receive())["type"] != "websocket.disconnect":
            pass
        self.ended.append(websocket)


async def _page(_: Request) -> Response:
    return HTMLResponse('<!doctype html><title>follow</title><script src="/follow.js"></script>')


async def _script(_: Request) -> Response:
    return FileResponse(FOLLOW)


@pytest.fixture
def server() -> Iterator[Server]:
    found = Server()
    found.start()
    yield found
    found.close()


@pytest.fixture
def tab(browser: Browser, server: Server) -> Iterator[Page]:
    """A page of the server whose clock stands still; script errors fail the test."""
    context = browser.new_context()
    context.add_init_script(WITNESSES)
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    stop_clock(page)
    page.goto(server.address)
    yield page
    context.close()
    assert problems == []


@pytest.fixture
def page(tab: Page, server: Server) -> Page:
    """The same page, with an open connection."""
    begin(tab)
    wait_for(tab, "following.isOpen()")
    until(lambda: len(server.sockets) == 1)
    return tab


def begin(tab: Page) -> None:
    tab.evaluate(BEGIN, [FIRST_MS, CAP_MS, OPENING_MS, SILENCE_MS])


def tries(page: Page) -> int:
    return int(page.evaluate("tries"))


def told(page: Page) -> list[str]:
    return list(page.evaluate("told"))


def cut_off(page: Page) -> None:
    """Wait until the page has noticed that its connection, or its attempt, has ended."""
    wait_for(page, "following.isCut()")


def pause_before_the_next_try(page: Page, expected: int) -> None:
    """The next attempt comes after exactly so many milliseconds of the page's clock."""
    cut_off(page)
    before = tries(page)
    page.clock.run_for(expected - 1)
    assert tries(page) == before
    page.clock.run_for(1)
    assert tries(page) == before + 1


# ---------------------------------------------------------------- coming back


def test_it_comes_back_with_pauses_that_double_up_to_a_cap(page: Page, server: Server) -> None:
    server.stop()
    for expected in (500, 1_000, 2_000, 4_000, 4_000):
        pause_before_the_next_try(page, expected)
    cut_off(page)
    server.start()
    page.clock.run_for(CAP_MS)
    wait_for(page, "following.isOpen()")


def test_a_message_makes_the_pauses_short_again_and_an_opened_connection_alone_does_not(
    page: Page, server: Server
) -> None:
    server.hang_up(1012)
    pause_before_the_next_try(page, 500)
    until(lambda: len(server.sockets) == 2)
    server.hang_up(1012)
    pause_before_the_next_try(page, 1_000)
    until(lambda: len(server.sockets) == 3)
    server.say(PULSE)
    wait_for(page, "frames_heard.length === 1")
    server.hang_up(1012)
    pause_before_the_next_try(page, 500)


@pytest.mark.parametrize(("chance", "expected"), [(0, 250), (0.5, 500), (1, 750)])
def test_chance_spreads_the_tries_of_a_whole_hall(page: Page, server: Server, chance: float, expected: int) -> None:
    page.evaluate("chance => { Math.random = () => chance; }", chance)
    server.hang_up(1012)
    pause_before_the_next_try(page, expected)


@pytest.mark.parametrize("code", [1000, 1001, 1008, 1011, 1012, 1013, 4000, Closed.SIGNED_OUT])
def test_it_comes_back_after_every_code_that_it_was_told_nothing_about(page: Page, server: Server, code: int) -> None:
    server.hang_up(code)
    pause_before_the_next_try(page, FIRST_MS)
    assert told(page) == []


def test_a_code_that_it_was_told_about_ends_it(page: Page, server: Server) -> None:
    server.hang_up(Closed.NOT_THERE)
    wait_for(page, "told.length > 0")
    page.clock.run_for(60_000)
    page.evaluate("dispatchEvent(new Event('online'))")
    page.clock.run_for(60_000)
    assert told(page) == ["not there"]
    assert tries(page) == 1


def test_stopped_it_closes_its_connection_and_stays_away(page: Page, server: Server) -> None:
    page.evaluate("following.stop()")
    until(lambda: len(server.ended) == 1)
    page.clock.run_for(60_000)
    assert tries(page) == 1
    assert told(page) == []


def test_stopped_between_two_tries_it_makes_no_other(page: Page, server: Server) -> None:
    server.hang_up(1012)
    cut_off(page)
    page.evaluate("following.stop()")
    page.clock.run_for(60_000)
    assert tries(page) == 1


# ---------------------------------------------------------------- silence


def test_a_silent_connection_is_given_up_and_the_page_is_told_once(page: Page, server: Server) -> None:
    page.clock.run_for(SILENCE_MS)
    assert page.evaluate("following.isOpen()")
    page.clock.run_for(1_000)
    assert page.evaluate("following.isCut()")
    page.clock.run_for(FIRST_MS)
    wait_for(page, "following.isOpen()")
    # The old connection ends after the new one was started, and the new one stays.
    until(lambda: len(server.ended) == 1 and len(server.sockets) == 2)
    page.clock.run_for(SILENCE_MS)
    assert page.evaluate("following.isOpen()")
    assert told(page) == ["lost"]
    server.say(PULSE)
    wait_for(page, "told.length === 2")
    assert told(page) == ["lost", "back"]
    assert tries(page) == 2


def test_a_connection_that_speaks_is_kept(page: Page, server: Server) -> None:
    for count in range(1, 5):
        page.clock.run_for(15_000)
        server.say(PULSE)
        wait_for(page, f"frames_heard.length === {count}")
    assert told(page) == []
    assert tries(page) == 1


def test_a_connection_that_does_not_open_is_given_up_sooner(tab: Page, server: Server) -> None:
    server.opens = False
    begin(tab)
    tab.clock.run_for(OPENING_MS)
    assert not tab.evaluate("following.isCut()")
    tab.clock.run_for(1_000)
    assert tab.evaluate("following.isCut()")


def test_a_connection_that_was_slow_to_open_has_the_whole_time_to_speak(tab: Page, server: Server) -> None:
    server.opens = False
    begin(tab)
    tab.clock.run_for(OPENING_MS - 1_000)
    server.let_in()
    wait_for(tab, "following.isOpen()")
    tab.clock.run_for(SILENCE_MS)
    assert tab.evaluate("following.isOpen()")
    tab.clock.run_for(1_000)
    assert tab.evaluate("following.isCut()")


# ---------------------------------------------------------------- what is heard


def test_frames_arrive_in_the_order_of_sending(page: Page, server: Server) -> None:
    server.say(*(f'{{"seq": {number}}}' for number in range(300)))
    wait_for(page, "frames_heard.length === 300")
    assert page.evaluate("frames_heard.map(frame => frame.seq)") == list(range(300))


# ---------------------------------------------------------------- sleep and networks


def test_after_a_long_sleep_it_connects_once(page: Page, server: Server) -> None:
    page.clock.fast_forward(3_600_000)
    cut_off(page)
    assert told(page) == ["lost"]
    page.clock.fast_forward(3_600_000)
    wait_for(page, "following.isOpen()")
    page.clock.run_for(CAP_MS)
    until(lambda: len(server.sockets) == 2)
    assert tries(page) == 2


def test_when_the_network_is_back_it_does_not_sit_out_a_long_pause(page: Page, server: Server) -> None:
    server.stop()
    for expected in (500, 1_000, 2_000):
        pause_before_the_next_try(page, expected)
    cut_off(page)
    page.context.set_offline(True)
    server.start()
    page.context.set_offline(False)
    wait_for(page, "navigator.onLine")
    pause_before_the_next_try(page, FIRST_MS)
    wait_for(page, "following.isOpen()")


def test_however_often_it_is_hurried_it_does_not_connect_twice(page: Page, server: Server) -> None:
    hurry = "for (let n = 0; n < 5; n += 1) { dispatchEvent(new Event('online')); document.dispatchEvent(new Event('visibilitychange')); }"
    page.evaluate(hurry)
    page.clock.run_for(CAP_MS)
    assert tries(page) == 1
    server.hang_up(1012)
    cut_off(page)
    page.evaluate(hurry)
    page.clock.run_for(CAP_MS)
    wait_for(page, "following.isOpen()")
    page.evaluate(hurry)
    page.clock.run_for(CAP_MS)
    assert tries(page) == 2


def test_a_page_that_nobody_looks_at_is_not_hurried_and_one_that_comes_into_sight_is(
    page: Page, server: Server
) -> None:
    page.evaluate("Object.defineProperty(document, 'hidden', { get: () => window.isAway, configurable: true })")
    server.stop()
    for expected in (500, 1_000, 2_000):
        pause_before_the_next_try(page, expected)
    cut_off(page)
    page.evaluate("window.isAway = true; document.dispatchEvent(new Event('visibilitychange'))")
    before = tries(page)
    page.clock.run_for(FIRST_MS)
    assert tries(page) == before
    page.evaluate("window.isAway = false; document.dispatchEvent(new Event('visibilitychange'))")
    pause_before_the_next_try(page, FIRST_MS)


@pytest.mark.parametrize(
    "trouble",
    [
        "const now = Date.now; Date.now = () => now() - 7200000",
        "const still = performance.now(); performance.now = () => still",
    ],
    ids=["set back", "still during sleep"],
)
def test_one_clock_that_goes_wrong_does_not_blind_the_watch(page: Page, trouble: str) -> None:
    page.evaluate(trouble)
    page.clock.run_for(SILENCE_MS + 1_000)
    assert page.evaluate("following.isCut()")


# ---------------------------------------------------------------- codes


def test_browser_and_server_know_the_same_close_codes(tab: Page) -> None:
    ours = {code.name: code.value for code in Closed if code >= 4000}
    assert tab.evaluate("CLOSED") == ours


def test_the_protocol_tells_every_close_code() -> None:
    text = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
    assert {int(code) for code in re.findall(r"^\| (\d{4}) \|", text, re.MULTILINE)} == {code.value for code in Closed}


def test_no_other_file_of_ours_connects_by_itself_or_writes_a_code_as_a_number() -> None:
    alone = {ROOT / "queue_system" / "live" / "codes.py", FOLLOW}
    files = [path for part in ("queue_system", "displays", "kiosk") for path in (ROOT / part).rglob("*.[jp][sy]")]
    numbers = "|".join(str(code.value) for code in Closed)
    found = [
        f"{path.relative_to(ROOT)}: {hit}"
        for path in files
        if path not in alone and "vendor" not in path.parts
        for hit in re.findall(rf"new WebSocket\b|(?<![\w.-])(?:{numbers})(?![\w.])", path.read_text(encoding="utf-8"))
    ]
    assert len(files) > 100
    assert found == []
