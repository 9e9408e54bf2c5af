"""Hours and closures in a real browser: axe in both languages, and two people who change the same line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from queue_system.store.queries.hours import declared_hours
from tests.kit import axe
from tests.kit.hall import Hall
from tests.kit.looks import fits, look, watched
from tests.kit.office_in_browser import office, signed_in

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PATHS = (
    *("/office/hours/doha-main", "/office/hours/doha-main/week", "/office/hours/doha-main/day/2026-12-08"),
    *("/office/closures/doha-main", "/office/closing/doha-main", "/office/seasons/doha-main"),
    *("/office/calendars", "/office/calendars/qatar_public"),
)
WEEK = "/office/hours/doha-main/week"
OPENS, PREVIEW, SAVE = "[id='hours.0.opens']", ".hours-bar .button >> nth=0", "button[name=step][value=save]"


@pytest.fixture
def place(sqlite_template: Path, tmp_path: Path) -> Iterator[tuple[str, Hall]]:
    with office(sqlite_template, tmp_path) as found:
        yield found


@pytest.mark.parametrize("language", ["ar", "en"])
def test_nothing_is_wrong_with_any_page_about_hours(browser: Browser, place: tuple[str, Hall], language: str) -> None:
    address, _ = place
    page = signed_in(browser, address, "/office/hours", language)
    axe.prepare(page.context)
    complaints = watched(page)
    for path in PATHS:
        page.goto(f"{address}{path}")
        look(page, path, language, complaints)
    page.set_viewport_size({"width": 390, "height": 844})
    for path in PATHS:
        page.goto(f"{address}{path}")
        assert fits(page), f"{path} is wider than a telephone"


def test_two_heads_change_the_same_line_and_the_second_is_asked_without_scripts_and_by_keyboard(
    browser: Browser, place: tuple[str, Hall]
) -> None:
    address, hall = place
    hall.administrator("karim")
    one = signed_in(browser, address, "/office/hours", "ar")
    other = signed_in(browser, address, "/office/hours", "ar", scripts=False, login="karim")
    for page, opens in ((one, "08:00"), (other, "07:30")):
        page.goto(f"{address}{WEEK}")
        page.fill(OPENS, opens)
    one.locator(PREVIEW).click()
    one.locator(SAVE).click()
    one.wait_for_url("**saved=*")
    other.locator(PREVIEW).press("Enter")
    expect(other.locator(".disputed")).to_contain_text("admin name")
    other.locator(".disputed input[value=yours]").press("Space")
    other.locator(".edit-preview form .button").first.press("Enter")
    other.locator(SAVE).press("Enter")
    other.wait_for_url("**saved=*")
    (line,) = [
        rule for rule in hall.db.read_now(declared_hours, hall.branch.id).branch.hours if rule.layer == "regular"
    ]
    assert f"{line.opens:%H:%M}" == "07:30"
