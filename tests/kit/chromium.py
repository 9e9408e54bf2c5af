"""The browser of the tests that look at pages as people see them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

from tests.kit import needs


@contextmanager
def chromium(*options: str) -> Iterator[Browser]:
    """The browser that `tests.kit.needs` finds, started with more options; playwright brings none of its own."""
    with sync_playwright() as playwright:
        # Without windows it would round every letter to whole points of the screen, and lines break elsewhere.
        usual = ["--no-sandbox", "--font-render-hinting=none"]
        browser = playwright.chromium.launch(executable_path=needs.chromium(), args=[*usual, *options])
        yield browser
        browser.close()
