"""The office in a real browser: axe finds nothing, in both languages and schemes; keys; parts that refresh."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from pydantic import SecretStr

from printers.virtual import VirtualPrinter
from queue_system import demo
from queue_system.actions import devices
from queue_system.app import SURFACES, create_app
from queue_system.clock import ShiftedClock, SystemClock
from queue_system.configuration import Configuration
from queue_system.store.queries import access
from queue_system.web.installation import Installation
from tests.conftest import SUNDAY_MORNING
from tests.kit import axe
from tests.kit.hall import PASSWORD, enter
from tests.kit.looks import fits, look, watched
from tests.kit.printing_hall import PrintingHall
from tests.kit.served import served
from tests.kit.waiting import until
from tests.kit.web_hall import furnished

pytestmark = pytest.mark.browser


@contextmanager
def office_site(url: str, folder: Path) -> Iterator[tuple[str, PrintingHall]]:
    """A server on a free port with a virtual printer, and its address."""
    clock = ShiftedClock(SUNDAY_MORNING - SystemClock().now())
    with VirtualPrinter(clock=clock.now).start() as printer:
        app = create_app(
            Configuration(database_url=SecretStr(url), data_dir=folder),
            clock,
            surfaces={**SURFACES, "demo": demo},
            demo={"printer": printer},
        )
        installation: Installation = app.state.installation
        hall = enter(installation.database)
        device = next(
            one for one in installation.database.read_now(access.devices, hall.branch.id, "printer") if one.slug == "p2"
        )
        here = PrintingHall(hall, installation, None, printer, device.id, clock)  # type: ignore[arg-type]
        here.address()
        with served(app) as address:
            yield address, here


@pytest.fixture
def place(sqlite_template: Path, tmp_path: Path) -> Iterator[tuple[str, PrintingHall]]:
    with office_site(furnished(sqlite_template, tmp_path, SUNDAY_MORNING), tmp_path) as found:
        yield found


def open_office(browser: Browser, address: str, language: str) -> Page:
    context = browser.new_context(viewport={"width": 1366, "height": 768}, locale=language)
    page = context.new_page()
    page.goto(f"{address}/sign-in?next=/office&lang={language}")
    page.fill("#login", "admin")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/office")
    return page


@pytest.mark.slow
@pytest.mark.parametrize("language", ["ar", "en"])
def test_nothing_is_wrong_with_any_page_of_the_office(
    browser: Browser, place: tuple[str, PrintingHall], language: str
) -> None:
    address, here = place
    issued = here.take()
    until(lambda: here.slip_states(issued) == ["printed"])
    here.installation.database.write_now(
        devices.enrol_device,
        here.hall.branch.id,
        next(
            one.id
            for one in here.installation.database.read_now(access.devices, here.hall.branch.id)
            if one.slug == "k1"
        ),
    )
    code = here.installation.database.write_now(devices.ask_pairing, "kiosk").user_code
    page = open_office(browser, address, language)
    axe.prepare(page.context)
    complaints = watched(page)
    for path in (
        "/office",
        f"/office/devices?code={code}",
        "/office/devices?code=XXXX",
        "/office/printers?said=trial&printer=p2",
        "/office/health",
        "/office/data",
        "/office/audit",
        "/office/audit/paper",
        "/paper",
    ):
        page.goto(f"{address}{path}")
        look(page, path, language, complaints)
    page.set_viewport_size({"width": 390, "height": 844})
    for path in (
        "/office",
        "/office/devices",
        "/office/printers",
        "/office/health",
        "/office/audit",
        "/office/audit/paper",
        "/paper",
    ):
        page.goto(f"{address}{path}")
        page.evaluate("() => document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        assert fits(page), f"{path} is wider than a telephone"


def test_a_device_is_paired_by_keyboard_alone(browser: Browser, place: tuple[str, PrintingHall]) -> None:
    address, here = place
    asked = here.installation.database.write_now(devices.ask_pairing, "kiosk")
    page = open_office(browser, address, "ar")
    page.goto(f"{address}/office/devices")
    page.locator("#code").focus()
    page.keyboard.type(asked.user_code.lower())
    page.keyboard.press("Enter")
    expect(page.locator(".pair-code")).to_have_text(f"{asked.user_code[:4]}-{asked.user_code[4:]}")
    page.locator("#place").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    page.wait_for_url("**/office/devices?said=approved")
    state, token = here.installation.database.write_now(devices.redeem_pairing, asked.device_code)
    assert state == "approved"
    assert token
    page.context.close()


def test_printers_and_papers_follow_by_themselves(browser: Browser, place: tuple[str, PrintingHall]) -> None:
    address, here = place
    problems: list[str] = []
    page = open_office(browser, address, "en")
    page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
    page.goto(f"{address}/office/printers")
    papers = page.context.new_page()
    papers.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
    papers.goto(f"{address}/paper")
    issued = here.take()
    expect(page.locator("#printing")).to_contain_text(issued.ticket.code)
    expect(page.locator("#printing")).to_contain_text("Printed")
    expect(papers.locator("#paper-1 img")).to_be_visible(timeout=20_000)
    papers.get_by_role("button", name="Out of paper").click()
    expect(page.locator("#printing .chip-stop")).to_contain_text("Out of paper")
    # The interval between refreshes must not shrink.
    begun: list[float] = []
    for _ in range(3):
        with page.expect_response("**/office/printers/state") as answer:
            pass
        # The time at which the browser asked, whenever the answer came.
        begun.append(answer.value.request.timing["startTime"])
    assert begun[-1] - begun[0] > 4_000
    page.context.close()
    assert problems == []


def test_printers_follow_again_after_a_proxy_has_answered_for_the_server(
    browser: Browser, place: tuple[str, PrintingHall]
) -> None:
    address, _ = place
    page = open_office(browser, address, "en")
    page.goto(f"{address}/office/printers")
    page.route("**/state", lambda route: route.fulfill(status=502, content_type="text/html", body="<p>Bad Gateway</p>"))
    with page.expect_response("**/state"):
        pass
    # It asks again, and still shows the last state.
    with page.expect_response("**/state"):
        pass
    expect(page.locator("#printing table").first).to_be_visible()
    page.unroute("**/state")
    with page.expect_response("**/state") as heard:
        pass
    assert heard.value.status == 200
    page.context.close()
