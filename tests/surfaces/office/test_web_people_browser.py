"""People and rights in a real browser: axe finds nothing in both languages, and an invitation by keyboard alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from queue_system.store.queries.people import colleague
from queue_system.store.tables import ORGANISATION
from tests.kit import axe
from tests.kit.hall import Hall
from tests.kit.looks import fits, look, watched
from tests.kit.office_in_browser import office, signed_in

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def place(sqlite_template: Path, tmp_path: Path) -> Iterator[tuple[str, Hall]]:
    with office(sqlite_template, tmp_path) as found:
        yield found


@pytest.mark.parametrize("language", ["ar", "en"])
def test_nothing_is_wrong_with_any_page_about_people(browser: Browser, place: tuple[str, Hall], language: str) -> None:
    address, hall = place
    page = signed_in(browser, address, "/office/people", language)
    axe.prepare(page.context)
    complaints = watched(page)
    layla = hall.db.read_now(colleague, "layla")
    assert layla is not None
    person = f"/office/people/{layla.id}"
    page.goto(f"{address}{person}")
    page.select_option("#role", "administrator")
    page.select_option("#place", str(ORGANISATION))
    page.locator("#role").press("Enter")
    page.locator(".filters button").click()
    page.wait_for_url("**said=asked")
    look(page, "asked", language, complaints)
    paths = (
        *("/office/people", "/office/invitations", "/office/roles", "/office/roles/officer", "/office/new-role"),
        *("/office/rights", "/office/approvals", "/account"),
    )
    for path in paths:
        page.goto(f"{address}{path}")
        look(page, path, language, complaints)
    page.set_viewport_size({"width": 390, "height": 844})
    for path in (person, *paths):
        page.goto(f"{address}{path}")
        assert fits(page), f"{path} is wider than a telephone"


def test_somebody_is_invited_by_keyboard_and_joins(browser: Browser, place: tuple[str, Hall]) -> None:
    address, _ = place
    page = signed_in(browser, address, "/office/people", "ar")
    page.goto(f"{address}/office/invitations")
    page.locator("#name").focus()
    page.keyboard.type("نور الحلبي")
    page.keyboard.press("Tab")
    page.keyboard.type("nour")
    page.keyboard.press("Enter")
    page.wait_for_url("**said=invited")
    link = page.locator(".link-shown").inner_text()
    complaints = watched(page)
    page.set_viewport_size({"width": 390, "height": 844})
    assert fits(page)
    page.context.clear_cookies()
    page.goto(link)
    look(page, "welcome", "ar", complaints)
    page.fill("#password", "a window over Damascus")
    page.fill("#again", "a window over Damascus")
    page.keyboard.press("Enter")
    page.wait_for_url("**/sign-in?welcome=1")
    page.fill("#login", "nour")
    page.fill("#password", "a window over Damascus")
    page.keyboard.press("Enter")
    page.wait_for_url("**/staff")
    expect(page.locator(".own-name")).to_contain_text("نور الحلبي")
