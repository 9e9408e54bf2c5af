"""Editing in a real browser: a whole edit with and without JavaScript, by keyboard; axe finds nothing in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.kit import axe
from tests.kit.looks import barriers_in_both_schemes, fits, look, watched
from tests.kit.office_in_browser import office, signed_in

pytestmark = [pytest.mark.browser, pytest.mark.slow]
QUEUE = "/office/settings/doha-main/queue/q-attest"


@pytest.fixture
def address(sqlite_template: Path, tmp_path: Path) -> Iterator[str]:
    with office(sqlite_template, tmp_path) as (found, _):
        yield found


@pytest.mark.parametrize("scripts", [True, False])
def test_a_whole_edit_by_keyboard(browser: Browser, address: str, scripts: bool) -> None:
    page = signed_in(browser, address, "/office/settings", "ar", scripts=scripts)
    page.goto(f"{address}{QUEUE}")
    page.locator("#lanes").fill("4")
    page.keyboard.press("Enter")
    expect(page.locator("ins")).to_have_text("4")
    page.locator("#note").focus()
    page.keyboard.type("شباك ثالث")
    page.keyboard.press("Enter")
    page.wait_for_url("**saved=*")
    expect(page.locator("#lanes")).to_have_value("4")
    page.locator(".saved button").press("Enter")
    expect(page.locator("del")).to_have_text("4")
    page.locator('button[value="save"]').press("Enter")
    page.wait_for_url("**saved=*")
    expect(page.locator("#lanes")).to_have_value("1")


@pytest.mark.parametrize("language", ["ar", "en"])
def test_nothing_is_wrong_with_any_page_of_editing(browser: Browser, address: str, language: str) -> None:
    page = signed_in(browser, address, "/office/settings", language)
    axe.prepare(page.context)
    complaints = watched(page)
    other = page.context.new_page()
    paths = (
        *("/office/settings", "/office/settings/doha-main/service", "/office/settings/doha-main/service/passport-lost"),
        *("/office/new-setting/doha-main/counter", "/office/settings/organisation/policy/open_fcfs", QUEUE),
    )
    for path in paths:
        page.goto(f"{address}{path}")
        look(page, path, language, complaints)
    other.goto(f"{address}{QUEUE}")
    page.locator("#lanes").fill("5")
    page.locator("#lanes").press("Enter")
    look(page, "preview", language, complaints)
    page.locator('button[value="save"]').click()
    page.wait_for_url("**saved=*")
    look(page, "saved", language, complaints)
    page.goto(f"{address}/office/history/doha-main/queue/q-attest")
    look(page, "history", language, complaints)
    other.locator("#lanes").fill("6")
    other.locator("#lanes").press("Enter")
    other.locator(".disputed").wait_for()
    assert barriers_in_both_schemes(other) == []
    other.set_viewport_size({"width": 390, "height": 844})
    assert fits(other)
    page.set_viewport_size({"width": 390, "height": 844})
    for path in paths:
        page.goto(f"{address}{path}")
        assert fits(page), f"{path} is wider than a telephone"
