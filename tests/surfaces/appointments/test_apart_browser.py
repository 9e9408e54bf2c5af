"""Keeping two people apart in Chromium: by keyboard, on a telephone, in Arabic, without barriers."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from queue_system.app import create_app
from queue_system.clock import FrozenClock
from queue_system.configuration import read_configuration
from queue_system.store.database import Database
from tests.kit.apart_hall import CONTACT, HE, SHE, at, book
from tests.kit.axe import barriers, prepare
from tests.kit.hall import furnish
from tests.kit.office_in_browser import signed_in
from tests.kit.served import served

pytestmark = pytest.mark.browser


def test_two_people_are_kept_apart_by_keyboard(
    browser: Browser, sqlite_url: str, tmp_path: Path, clock: FrozenClock
) -> None:
    app = create_app(read_configuration({}, database_url=sqlite_url, data_dir=tmp_path), clock)
    database = Database(sqlite_url, clock, secret=app.state.installation.secret)
    hall = furnish(database, "social-work", "wifaq")
    hall.administrator()
    book(hall, SHE, at(24, 8, 15))
    his = book(hall, HE, at(24, 11, 30), CONTACT)
    with served(app) as address:
        page = signed_in(browser, address, "/appointments/wifaq/apart")
        page.set_viewport_size({"width": 390, "height": 844})
        prepare(page.context)
        page.reload()
        fits(page)
        for name, typed in (("one", SHE), ("other", HE)):
            page.locator(f"#{name}").focus()
            page.keyboard.type(typed)
        press(page, "form.form .button")
        fits(page)
        # Both appointments are listed; the page of one leads to times, and the day of the other is marked.
        assert page.locator("form[action$='/accept']").count() == 1
        page.goto(f"{address}/appointments/wifaq/{his}/time")
        fits(page)
        press(page, "form[action$='/accept'] .button", f"{address}/appointments/wifaq/apart")
        fits(page)
        assert page.locator("form[action$='/accept']").count() == 0
        press(page, "a.button-danger")
        fits(page)
        press(page, "form[action$='/end'] .button-stop")
        assert page.locator("a.button-danger").count() == 0
    database.close()


def press(page: Page, which: str, at_first: str = "") -> None:
    """By keyboard, because nothing here needs a mouse."""
    if at_first:
        page.goto(at_first)
    page.locator(which).first.focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")


def fits(page: Page) -> None:
    """No barrier, and nothing beside the screen of a telephone."""
    assert barriers(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
