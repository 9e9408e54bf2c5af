"""The page of the API in a real browser: axe finds nothing, the keyboard is enough, nothing overflows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from queue_system.clock import FrozenClock
from tests.conftest import SUNDAY_MORNING
from tests.kit import axe
from tests.kit.api_program import BASE
from tests.kit.desk_in_browser import HallServer
from tests.kit.looks import fits, look, watched
from tests.kit.web_hall import furnished

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder, clock = tmp_path_factory.mktemp("api"), FrozenClock(SUNDAY_MORNING)
    server = HallServer(furnished(sqlite_template, folder, clock.now()), folder, clock)
    yield f"{server.address}{BASE}/"
    server.stop()


@pytest.mark.slow
@pytest.mark.parametrize("language", ["ar", "en"])
def test_nothing_is_wrong_with_the_page_closed_or_opened(browser: Browser, address: str, language: str) -> None:
    page = browser.new_page(viewport={"width": 320, "height": 700})
    complaints = watched(page)
    page.goto(f"{address}?lang={language}")
    # All that is seen of the page when it is closed is seen of it opened, in colours too.
    assert axe.barriers(page) == []
    assert fits(page)
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    look(page, "opened", language, complaints)


def test_an_operation_is_opened_by_keyboard_under_the_real_policy(browser: Browser, address: str) -> None:
    page = browser.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(f"{address}?lang=ar")
    page.locator("#take-ticket > summary").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#take-ticket .api-example")).to_contain_text("request_id")
    page.close()
    assert said == []
