"""Moving appointments in Chromium: by keyboard, on a telephone, in Arabic, without barriers or scripts."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from queue_system.app import create_app
from queue_system.clock import FrozenClock
from queue_system.configuration import read_configuration
from queue_system.store.database import Database
from tests.kit.axe import barriers, prepare
from tests.kit.legal_aid import HOUR, START, as_stored, booked, legal_aid
from tests.kit.office_in_browser import signed_in
from tests.kit.served import served

pytestmark = pytest.mark.browser

DAY = timedelta(days=1)
HERE = "/appointments/istanbul"


@pytest.mark.parametrize("scripts", [True, False])
def test_one_is_moved_after_it_was_said_what_changes(
    browser: Browser, sqlite_url: str, tmp_path: Path, clock: FrozenClock, scripts: bool
) -> None:
    database = Database(sqlite_url, clock)
    hall = legal_aid(database)
    hall.administrator()
    one = booked(hall, START, asked="amal")
    app = create_app(read_configuration({}, database_url=sqlite_url, data_dir=tmp_path), clock)
    with served(app) as address:
        page = signed_in(browser, address, f"{HERE}/{one.id}/time", scripts=scripts)
        page.set_viewport_size({"width": 390, "height": 844})
        fits(page, scripts=scripts)
        press(page, "button[name=start]")
        fits(page, scripts=scripts)
        assert as_stored(hall, one).starts_at == START
        press(page, "form[action$='/time'] .button:not([formaction])")
        fits(page, scripts=scripts)
        assert as_stored(hall, one).starts_at > START - timedelta(days=3)
        assert as_stored(hall, one).starts_at != START
    database.close()


@pytest.mark.parametrize("scripts", [True, False])
def test_several_are_ticked_on_a_day_and_offered_other_times(
    browser: Browser, sqlite_url: str, tmp_path: Path, clock: FrozenClock, scripts: bool
) -> None:
    database = Database(sqlite_url, clock)
    hall = legal_aid(database)
    hall.administrator()
    ones = [booked(hall, START + HOUR * at, asked="amal", name=f"هالة {'ابت'[at]}") for at in range(3)]
    # Amal is not free at the second of the new times.
    booked(hall, START + HOUR + DAY, asked="amal", name="رنا", contact="rana@example.org")
    app = create_app(read_configuration({}, database_url=sqlite_url, data_dir=tmp_path), clock)
    with served(app) as address:
        page = signed_in(browser, address, f"{HERE}?day=2026-11-24", scripts=scripts)
        page.set_viewport_size({"width": 390, "height": 844})
        fits(page, scripts=scripts)
        for one in ones:
            tick(page, f"input[value='{one.id}']")
        press(page, "form[action$='/moves'] .button")
        fits(page, scripts=scripts)
        assert page.locator("input[name=booking]:checked").count() == 3
        tick(page, "input[value=minutes]")
        page.locator("#minutes").focus()
        page.keyboard.type("1440")
        press(page, "form[action$='/moves'][method=post] .button")
        fits(page, scripts=scripts)
        assert page.locator("#minutes").input_value() == "1440"
        tick(page, "input[value=day]")
        page.locator("#to_day").fill("2026-11-25")
        press(page, "form[action$='/moves'][method=post] .button")
        fits(page, scripts=scripts)
        assert as_stored(hall, ones[0]).offered_starts_at is None
        press(page, "form[action$='/moves'][method=post] .button")
        fits(page, scripts=scripts)
        assert as_stored(hall, ones[0]).offered_starts_at == START + DAY
        assert page.locator("a[href$='/calls']").count() == 1
        if scripts:
            page.set_viewport_size({"width": 1366, "height": 768})
            page.goto(f"{address}{HERE}?day=2026-11-24&view=list")
            fits(page)
    database.close()


def tick(page: Page, which: str) -> None:
    page.locator(which).first.focus()
    page.keyboard.press("Space")


def press(page: Page, which: str) -> None:
    """By keyboard, because nothing here needs a mouse."""
    page.locator(which).first.focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")


def fits(page: Page, *, scripts: bool = True) -> None:
    """No barrier, and nothing beside the screen of a telephone."""
    if scripts:
        prepare(page.context)
        assert barriers(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.locator("html").get_attribute("dir") == "rtl"
