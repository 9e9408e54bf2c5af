"""Booking on the telephone in Chromium: the keys that it takes, at every step without barriers or scripts."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from queue_system.core.bookings import BookingState
from queue_system.store.queries.bookings import booking_views
from queue_system.store.tables import Booking, table
from tests.kit.axe import barriers, prepare
from tests.kit.office_in_browser import office, signed_in

pytestmark = pytest.mark.browser

# Besides name and number.
MOST_KEYS = 25
NAME = "سلمى الأتاسي"
NUMBER = "55512345"


class Keyboard:
    """A keyboard that counts; waits for the page that Enter leads to."""

    def __init__(self, page: Page) -> None:
        self.page, self.pressed = page, 0

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)
        self.pressed += len(text)

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)
        self.pressed += 1

    def ready(self) -> None:
        """Wait until the page has put the keyboard where the next answer belongs, which it does after it has loaded."""
        self.page.locator("main :focus").wait_for()

    def enter(self) -> None:
        with self.page.expect_navigation():
            self.press("Enter")


@pytest.mark.parametrize("scripts", [True, False])
def test_a_call_is_booked_with_few_keys(browser: Browser, sqlite_template: Path, tmp_path: Path, scripts: bool) -> None:
    with office(sqlite_template, tmp_path) as (address, hall):
        page = signed_in(browser, address, "/appointments/doha-main/new", login="rana", scripts=scripts)
        keys = Keyboard(page)
        keys.ready()
        keys.type("تذكرة")
        keys.enter()
        keys.ready()
        keys.enter()
        keys.ready()
        page.keyboard.type(NAME)
        keys.press("Tab")
        page.keyboard.type(NUMBER)
        keys.enter()
        assert keys.pressed <= MOST_KEYS
        (booked,) = hall.db.read_now(booking_views, table(Booking).c.source == "staff")
        assert (booked.state, booked.name) == (BookingState.CONFIRMED, NAME)
        assert booked.contact.endswith(NUMBER)
        assert booked.code[:4] in page.locator("main").inner_text()
        page.context.close()


@pytest.mark.parametrize("width", [390, 1366])
def test_every_step_is_without_barriers(browser: Browser, sqlite_template: Path, tmp_path: Path, width: int) -> None:
    with office(sqlite_template, tmp_path) as (address, _):
        page = signed_in(browser, address, "/appointments/doha-main/new", login="rana")
        page.set_viewport_size({"width": width, "height": 800})
        prepare(page.context)
        book = f"{address}/appointments/doha-main"
        for step in (f"{book}/new", f"{book}/new?service=travel-doc"):
            page.goto(step)
            assert_good(page)
        page.locator("button[name=start]").first.click()
        page.wait_for_selector("#contact")
        assert_good(page)
        page.keyboard.press("Enter")
        page.wait_for_selector(".notice-good")
        assert_good(page)
        one = page.url
        for step in (f"{one}?ask=call-off", f"{one}/time", one):
            page.goto(step)
            assert_good(page)
        page.locator(".back").click()
        page.wait_for_selector("#day-title")
        assert_good(page)
        page.context.close()


def test_whoever_is_typed_is_warned_about_before_any_press(
    browser: Browser, sqlite_template: Path, tmp_path: Path
) -> None:
    with office(sqlite_template, tmp_path) as (address, hall):
        times = "/appointments/doha-main/new?service=travel-doc"
        page = signed_in(browser, address, times, login="rana")
        prepare(page.context)
        for again in (False, True):
            page.goto(f"{address}{times}")
            page.locator("button[name=start]").first.click()
            page.wait_for_selector("#contact")
            page.locator("#name").focus()
            page.keyboard.type(NAME)
            page.keyboard.press("Tab")
            page.keyboard.type(NUMBER)
            if again:
                expect(page.locator("#besides")).to_contain_text("لهذا الشخص مواعيد أخرى قادمة")
                # What is typed, and where, stays.
                assert page.locator("#name").input_value() == NAME
                assert page.evaluate("document.activeElement.id") == "contact"
                page.set_viewport_size({"width": 390, "height": 800})
                assert_good(page)
            with page.expect_navigation():
                page.keyboard.press("Enter")
            page.wait_for_selector(".notice-good")
        booked = hall.db.read_now(booking_views, table(Booking).c.source == "staff")
        assert [one.state for one in booked] == [BookingState.CONFIRMED] * 2
        page.context.close()


def assert_good(page: Page) -> None:
    assert barriers(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url
