"""In a real browser, on a telephone, in Arabic: from an empty database to the first ticket at a kiosk."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from pydantic import SecretStr

from queue_system.app import create_app
from queue_system.clock import ShiftedClock, SystemClock
from queue_system.configuration import Configuration
from queue_system.core.first_link import first_link
from tests.conftest import SUNDAY_MORNING
from tests.kit import axe
from tests.kit.looks import fits, look, watched
from tests.kit.served import served

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PASSWORD = "ziyara-hadi'a-1447"


@pytest.fixture
def place(sqlite_url: str, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """The address of a server without an organisation, and the link that it would print."""
    clock = ShiftedClock(SUNDAY_MORNING - SystemClock().now())
    app = create_app(Configuration(database_url=SecretStr(sqlite_url), data_dir=tmp_path), clock)
    token = first_link(app.state.installation.secret, clock.now())
    with served(app) as address:
        yield address, f"{address}/first-run/{token}"


def test_from_an_empty_database_to_the_first_ticket(browser: Browser, place: tuple[str, str]) -> None:
    address, link = place
    page = browser.new_context(viewport={"width": 390, "height": 844}, locale="ar").new_page()
    axe.prepare(page.context)
    complaints = watched(page)
    page.goto(link)
    look(page, "language", "ar", complaints)
    page.get_by_role("link", name="العربية").click()
    look(page, "form", "ar", complaints)
    fill(page)
    page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    look(page, "form in English", "en", complaints)
    expect(page.locator("#login")).to_have_value("salma")
    page.get_by_role("button", name="العربية").click()
    expect(page.locator("html")).to_have_attribute("lang", "ar")
    fill(page)
    page.keyboard.press("Enter")
    page.wait_for_url("**/sign-in**")
    page.fill("#login", "salma")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    # Not the sign-in, whose query names this page.
    page.wait_for_url(re.compile(r"^[^?]*/office/first-steps$"))
    look(page, "first steps", "ar", complaints)
    assert fits(page)
    expect(page.get_by_text("بقيت")).to_be_visible()

    kiosk = browser.new_context(viewport={"width": 1080, "height": 1920}, locale="ar").new_page()
    kiosk.goto(f"{address}/pair?kind=kiosk")
    shown = kiosk.locator(".pairing-code").inner_text()
    page.goto(f"{address}/office/devices?code={re.sub(r'[^A-Z0-9]', '', shown)}")
    page.locator("input[name=place]").first.check()
    page.locator("button[value=approve]").click()
    kiosk.wait_for_url("**/kiosk**")
    kiosk.goto(f"{address}/kiosk/ar")
    kiosk.locator("#main").get_by_text("خدمة عامة").click()
    kiosk.locator(".kiosk-take > .kiosk-card-main").click()
    expect(kiosk.locator("#main")).to_have_attribute("data-page", "number")
    expect(kiosk.locator("#main")).to_contain_text("A001")


def fill(page: Page) -> None:
    """Type what the form asks for in Arabic alone, and choose the zone."""
    assert fits(page)
    for name, text in {
        "name-ar": "بلدية الميدان",
        "branch-ar": "المركز",
        "person": "سلمى خوري",
        "login": "salma",
        "password": PASSWORD,
        "again": PASSWORD,
    }.items():
        page.fill(f"#{name}", text)
    page.select_option("#timezone", "Asia/Damascus")
    page.locator("#again").focus()
