"""The book by single keys in a real browser: in any layout and direction, switched off, and where a key must not act."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from queue_system.app import create_app
from queue_system.clock import FrozenClock
from queue_system.configuration import read_configuration
from queue_system.store.database import Database
from tests.kit.axe import barriers, prepare
from tests.kit.legal_aid import HOUR, START, booked, legal_aid
from tests.kit.office_in_browser import signed_in
from tests.kit.people import add_role
from tests.kit.served import served

pytestmark = pytest.mark.browser

HERE = "/appointments/istanbul"
DAY = START.date()
RIGHTS = ("book_for_visitor", "create_protected_case", "attendance")
KEY = """([key, code]) => document.activeElement.dispatchEvent(
    new KeyboardEvent("keydown", {key, code, bubbles: true, cancelable: true}))"""


@pytest.fixture
def book(browser: Browser, sqlite_url: str, tmp_path: Path, clock: FrozenClock) -> Iterator[Page]:
    """The day with two appointments, in Arabic."""
    database = Database(sqlite_url, clock)
    hall = legal_aid(database)
    hall.person("huda", ((hall.branch.id, add_role(hall, "books", *RIGHTS)),))
    booked(hall, START, asked="amal")
    booked(hall, START + HOUR * 3, asked="basel", name="سلمى الأتاسي", contact="salma@example.org")
    database.close()
    app = create_app(read_configuration({}, database_url=sqlite_url, data_dir=tmp_path), clock)
    with served(app) as address:
        page = signed_in(browser, address, HERE, login="huda")
        page.goto(f"{address}{HERE}?day={DAY}")
        yield page
        page.context.close()


def test_days_follow_the_arrows_of_the_direction_in_which_one_reads(book: Page) -> None:
    goes(book, "ArrowLeft", rf"\?day={DAY + timedelta(days=1)}$")
    goes(book, "ArrowRight", rf"\?day={DAY}$")
    goes(book, "t", rf"{HERE}$")
    book.get_by_role("link", name="English").click()
    book.goto(book.url.split("?")[0] + f"?day={DAY}")
    goes(book, "ArrowLeft", rf"\?day={DAY - timedelta(days=1)}$")
    book.goto(book.url.split("?")[0] + f"/week?day={DAY}")
    goes(book, "ArrowRight", rf"/week\?day={DAY + timedelta(days=7)}$")
    goes(book, "a", "/attendance$")


def test_keys_lead_to_booking_attendance_paper_a_date_and_the_search(book: Page) -> None:
    day = book.url
    for key, place in (("b", rf"/new\?from={DAY}$"), ("a", "/attendance$"), ("p", rf"/paper\?day={DAY}$")):
        goes(book, key, place)
        book.goto(day)
    book.keyboard.press("/")
    expect(book.locator("#s")).to_be_focused()
    book.keyboard.type("tbap")
    expect(book.locator("#s")).to_have_value("tbap")
    assert book.url == day
    book.locator("h1").click()
    book.keyboard.press("g")
    expect(book.locator("#day")).to_be_focused()
    # An arrow in the field of a date changes the date, and not the page.
    book.keyboard.press("ArrowLeft")
    assert book.url == day


def test_an_appointment_is_moved_from_where_the_focus_is(book: Page) -> None:
    first, second = book.locator(".appointments-grid a[data-appointment]").all()
    book.keyboard.press("m")
    expect(first).to_be_focused()
    expect(book.locator("#keys-said")).to_be_visible()
    # Between the two are free times, which are links, too.
    book.keyboard.press("ArrowDown")
    expect(second).to_be_focused()
    book.keyboard.press("ArrowDown")
    book.keyboard.press("ArrowUp")
    expect(first).to_be_focused()
    one = first.get_attribute("href")
    goes(book, "m", f"{one}/time$")


@pytest.mark.parametrize(
    ("key", "code", "place"),
    [
        # An Arabic layout types other letters, so the position of the key counts; Dvorak types Latin ones elsewhere.
        pytest.param("لا", "KeyB", "/new", id="arabic B"),
        pytest.param("ش", "KeyA", "/attendance", id="arabic A"),
        pytest.param("p", "KeyR", "/paper", id="dvorak P"),
    ],
)
def test_the_keys_work_in_every_layout(book: Page, key: str, code: str, place: str) -> None:
    with book.expect_navigation(url=re.compile(place)):
        book.evaluate(KEY, [key, code])


def test_the_list_of_keys_is_opened_by_its_key_and_its_button_and_has_no_barriers(book: Page) -> None:
    prepare(book.context)
    keys = book.locator("#keys")
    book.evaluate(KEY, ["؟", "Slash"])
    expect(keys).to_be_visible()
    assert keys.locator("kbd").all_inner_texts() == ["T", "→", "←", "G", "/", "B", "M", "↑ ↓", "A", "P", "?"]
    assert barriers(book) == []
    # While the list is open its keys do nothing.
    book.keyboard.press("b")
    book.keyboard.press("Escape")
    expect(keys).to_be_hidden()
    assert "/new" not in book.url
    book.set_viewport_size({"width": 390, "height": 844})
    book.locator("#keys-button").click()
    expect(keys).to_be_visible()
    assert book.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_keys_that_are_switched_off_do_nothing_until_they_are_switched_on(book: Page) -> None:
    day = book.url
    book.locator("#keys-button").click()
    book.locator("#keys-switch input").uncheck()
    book.keyboard.press("Escape")
    for key in ("b", "t", "?", "ArrowLeft", "Control+b"):
        book.keyboard.press(key)
    book.reload()
    book.keyboard.press("b")
    expect(book.locator("#keys")).to_be_hidden()
    assert book.url == day
    book.locator("#keys-button").click()
    book.locator("#keys-switch input").check()
    book.keyboard.press("Escape")
    goes(book, "b", "/new")


def goes(page: Page, key: str, place: str) -> None:
    with page.expect_navigation(url=re.compile(place)):
        page.keyboard.press(key)
