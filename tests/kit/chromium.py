"""The browser for tests that look at pages as people see them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

from tests.kit import needs


@contextmanager
def chromium(*options: str) -> Iterator[Browser]:
    """The browser that `tests.kit.needs` finds, with additional `options`; playwright does not install one."""
    with sync_playwright() as playwright:
        # A headless browser would round letters to whole pixels, and break lines at other places.
        usual = ["--no-sandbox", "--font-render-hinting=none"]
        browser = playwright.chromium.launch(executable_path=needs.chromium(), args=[*usual, *options])
        yield browser
        browser.close()
