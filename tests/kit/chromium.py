"""The browser for tests that look at pages as people see them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from playwright.sync_api import Browser, sync_playwright

from tests.kit import needs, processes


class SharedChromium:
    """One Chromium for all tests of a process, started for the first that asks.

    playwright's loop counts as running in its thread for as long as the browser lives, and asyncio refuses to run a
    second loop there. Therefore asyncio sees that loop only during the tests that use the browser.
    """

    def __init__(self) -> None:
        self._running = ExitStack()
        self._browser: Browser | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.processes: set[int] = set()

    @contextmanager
    def lent(self) -> Iterator[Browser]:
        """The browser for one test, which may leave its contexts open."""
        browser = self._awake()
        try:
            yield browser
        finally:
            for context in browser.contexts:
                context.close()
            processes.rest(self.processes)
            asyncio._set_running_loop(None)

    def close(self) -> None:
        asyncio._set_running_loop(self._loop)
        self._running.close()
        self._browser = self._loop = None

    def _awake(self) -> Browser:
        if self._browser is not None:
            asyncio._set_running_loop(self._loop)
            processes.wake(self.processes)
            if self._browser.is_connected():
                return self._browser
            # The test before has closed it, or it has crashed.
            self.close()
        before = processes.children()
        self._browser = self._running.enter_context(chromium())
        self.processes = processes.children() - before
        self._loop = asyncio.get_running_loop()
        return self._browser


@contextmanager
def chromium(*options: str) -> Iterator[Browser]:
    """The browser that `tests.kit.needs` finds, with additional `options`; playwright does not install one."""
    with sync_playwright() as playwright:
        usual = [
            "--no-sandbox",
            # A headless browser would round letters to whole pixels, and break lines at other places.
            "--font-render-hinting=none",
            # Otherwise it starts a second process for each context, in case the next page needs one.
            "--renderer-process-limit=1",
        ]
        browser = playwright.chromium.launch(executable_path=needs.chromium(), args=[*usual, *options])
        yield browser
        browser.close()
