"""An absence from the questions to the call list in Chromium: by keyboard, on a telephone, in Arabic, without barriers."""

from __future__ import annotations

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

HERE = "/appointments/istanbul"
LANDLINE = "+902122345678"
# Lists that show only the beginning of what is chosen.
CUT = """() => [...document.querySelectorAll("main select")].filter(list => {
    const style = getComputedStyle(list), measure = document.body.appendChild(document.createElement("span"));
    Object.assign(measure.style, { font: style.font, position: "absolute", whiteSpace: "nowrap" });
    const room = list.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    const widths = [...list.options].map(one => {
        measure.textContent = one.text.trim();
        return measure.offsetWidth;
    });
    measure.remove();
    return Math.max(...widths) > room;
}).map(list => list.id)"""


def test_whoever_is_ill_is_away_in_a_minute(
    browser: Browser, sqlite_url: str, tmp_path: Path, clock: FrozenClock
) -> None:
    database = Database(sqlite_url, clock)
    hall = legal_aid(database)
    hall.administrator()
    silent = booked(hall, START)
    booked(hall, START + HOUR, asked="amal", contact=LANDLINE)
    app = create_app(read_configuration({}, database_url=sqlite_url, data_dir=tmp_path), clock)
    with served(app) as address:
        page = signed_in(browser, address, f"{HERE}/away")
        page.set_viewport_size({"width": 390, "height": 844})
        prepare(page.context)
        page.reload()
        fits(page)
        for day in ("#from", "#until"):
            page.locator(day).focus()
            page.keyboard.type("11242026")
        press(page, "main form .button")
        fits(page)
        assert page.locator("main select").count() == 2
        assert page.evaluate(CUT) == []
        press(page, "main form .button")
        fits(page)
        assert as_stored(hall, silent).decision is None
        page.goto(f"{address}{HERE}/away")
        for more in page.locator("main details > summary").all():
            more.focus()
            page.keyboard.press("Enter")
        fits(page)
        page.locator("input[name=also][value=basel]").check()
        page.locator("#every").select_option("1")
        page.locator("#times").fill("3")
        page.locator("#reason").select_option("meeting")
        for day in ("#from", "#until"):
            page.locator(day).focus()
            page.keyboard.type("11252026")
        press(page, "main form .button")
        # A few days are shown at once.
        assert page.locator("input[name=skip]").first.is_visible()
        fits(page)
        with page.expect_navigation():
            page.locator("main form .buttons .button").first.press("Enter")
        with page.expect_navigation():
            page.locator("a[href*='/away/']").last.press("Enter")
        page.locator("main details > summary").first.press("Enter")
        fits(page)
        page.goto(f"{address}{HERE}/hand-over?member=basel&day=2026-11-24")
        fits(page)
        page.goto(f"{address}{HERE}/calls")
        fits(page)
        press(page, "form[action$='/contact'] .button")
        fits(page)
        assert page.locator("a[href^='tel:']").get_attribute("href") == f"tel:{LANDLINE}"
        press(page, "button[name=reached][value='1']")
        fits(page)
        assert page.locator("button[name=reached]").count() == 0
    database.close()


def press(page: Page, which: str) -> None:
    """By keyboard, because nothing here needs a mouse."""
    page.locator(which).first.focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")


def fits(page: Page) -> None:
    """No barrier, and nothing beside the screen of a telephone."""
    assert barriers(page) == []
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
