"""A series in Chromium: every page without barriers, and no script needed from the held time to the confirmed dates."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from queue_system.core.bookings import BookingState
from queue_system.store.queries.bookings import booking_views
from queue_system.store.tables import Booking, table
from tests.kit.axe import barriers, prepare
from tests.kit.office_in_browser import office, signed_in

pytestmark = pytest.mark.browser

BOOK = "/appointments/doha-main"
# Buttons that touch what stands above them.
GLUED = """() => [...document.querySelectorAll("main .buttons")].filter(one => {
    const above = one.previousElementSibling?.getBoundingClientRect();
    return above && above.height && one.getBoundingClientRect().top - above.bottom < 8;
}).map(one => one.textContent.trim())"""


@pytest.mark.parametrize("width", [390, 1366])
def test_every_page_of_a_series_is_without_barriers(
    browser: Browser, sqlite_template: Path, tmp_path: Path, width: int
) -> None:
    with office(sqlite_template, tmp_path) as (address, _):
        page = signed_in(browser, address, f"{BOOK}/new?service=travel-doc", login="rana")
        page.set_viewport_size({"width": width, "height": 800})
        prepare(page.context)
        page.locator("button[name=start]").first.click()
        page.wait_for_selector("#contact")
        page.locator("button[name=repeat]").click()
        page.wait_for_selector(".series-dates")
        assert_good(page)
        page.locator("summary").first.click()
        page.locator("input[value=other]").first.check()
        page.locator("input[type=time]").first.fill("03:00")
        confirm(page)
        page.wait_for_selector(".error-summary")
        assert_good(page)
        page.locator("input[value=leave]").first.check()
        confirm(page)
        page.wait_for_selector(".series-dates a")
        assert_good(page)
        series = page.url
        for part in ("/change?n=3&scope=following&day=2026-12-10&time=10:00", "/end?n=3", "/more?dates=2", "/dates/2"):
            page.goto(series + part)
            assert_good(page)
        page.context.close()


def test_a_held_time_becomes_a_series_by_keyboard_without_scripts(
    browser: Browser, sqlite_template: Path, tmp_path: Path
) -> None:
    with office(sqlite_template, tmp_path) as (address, hall):
        page = signed_in(browser, address, f"{BOOK}/new?service=travel-doc", login="rana", scripts=False)
        page.locator("button[name=start]").first.press("Enter")
        page.locator("#name").fill("سلمى الأتاسي")
        page.locator("button[name=repeat]").press("Enter")
        page.wait_for_selector(".series-dates")
        leave = page.locator("button[name=leave-rest]")
        if leave.count():
            leave.press("Enter")
            page.wait_for_selector(".series-dates")
        confirm(page)
        page.wait_for_selector(".series-dates a")
        found = hall.db.read_now(booking_views, table(Booking).c.source == "staff")
        assert len(found) > 1
        assert {(one.name, one.state) for one in found} == {("سلمى الأتاسي", BookingState.CONFIRMED)}
        page.context.close()


def confirm(page: Page) -> None:
    page.locator("main form[method=post] .buttons button:not([name])").last.press("Enter")


def assert_good(page: Page) -> None:
    assert barriers(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url
    assert page.evaluate(GLUED) == [], page.url
