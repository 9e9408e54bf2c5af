"""Tabs of a real browser that record every error, and a thorough check of every page that they open."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import Browser, Locator, Page

from queue_system.clock import SystemClock
from tests.kit import looks
from tests.kit.demo_process import PASSWORD, Demo

PHONE = (390, 844)
NARROW = (320, 640)
KIOSKS = ((1080, 1920), (1280, 800))
SCREENS = ((1920, 1080), (1080, 1920))
OFFICE = (1366, 768)
# The number on the kiosk's last page.
NUMBER = "[data-page=number] .code"
LOCALES = {"ar": "ar-QA", "en": "en-GB"}
# A visitor presses Tab at most this often before giving up.
PATIENCE = 150


@dataclass
class Tab:
    """A tab with its own cookies; `complaints` are script errors and violations of the page's policy."""

    page: Page
    demo: Demo
    language: str
    complaints: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.complaints = looks.watched(self.page)

    def open(self, path: str) -> None:
        self.page.goto(self.demo.address + path)

    def click(self, selector: str, place: int = 0) -> None:
        self.page.locator(selector).nth(place).click()

    def submit(self, selector: str) -> None:
        """Press a form's button and wait for the page that answers, so that it can be counted on."""
        with self.page.expect_navigation():
            self.click(selector)

    def text(self, selector: str) -> str:
        return self.page.locator(selector).first.inner_text().strip()

    def reach(self, target: str | Locator) -> None:
        """Press Tab until the target has the focus; the focused element must be visibly focused."""
        locator = self.page.locator(target).first if isinstance(target, str) else target
        locator.wait_for(state="attached")
        for _ in range(PATIENCE):
            if locator.evaluate("here => here === document.activeElement"):
                outline = locator.evaluate("here => getComputedStyle(here).outlineStyle")
                assert outline != "none", f"{target} does not show that it has the focus"
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"the Tab key does not reach {target} on {self.page.url}")

    def press(self, target: str | Locator) -> None:
        """Reach something by keyboard and press Enter on it."""
        self.reach(target)
        self.page.keyboard.press("Enter")

    def type(self, target: str, text: str) -> None:
        """Reach a field by keyboard and type."""
        self.reach(target)
        self.page.keyboard.type(text)

    def look(self, name: str) -> None:
        """Check the present page as it stands."""
        looks.look(self.page, name, self.language, self.complaints)

    def number_on_kiosk(self) -> str:
        """The secret part of the link to the number that the kiosk shows; it shows the number only with this part."""
        self.page.locator(NUMBER).wait_for()
        found = re.search(r"/tickets/([\w-]+)", self.page.content())
        assert found is not None, self.page.url
        return found[1]


@contextmanager
def tab(
    browser: Browser, demo: Demo, size: tuple[int, int], language: str = "ar", *, scripts: bool = True
) -> Iterator[Tab]:
    """A fresh browser profile, as of another person or device."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        locale=LOCALES[language],
        color_scheme="light",
        reduced_motion="reduce",
        java_script_enabled=scripts,
    )
    context.set_default_timeout(30_000)
    if size in KIOSKS:
        # Time stands still at a kiosk, so that a number does not leave the screen while the test looks at it.
        context.clock.set_fixed_time(SystemClock().now())
    yield Tab(context.new_page(), demo, language)
    context.close()


def sign_in(tab: Tab, login: str) -> None:
    """Sign in by keyboard alone."""
    # Use this browser's language, not that of the person's account.
    tab.open(f"/sign-in?lang={tab.language}")
    tab.type("#login", login)
    tab.type("#password", PASSWORD)
    tab.page.keyboard.press("Enter")
    tab.page.wait_for_url("**/desk")
