"""Somebody who uses pages on a telephone by keyboard alone, and reads what they say."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, Locator, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tests.kit.hall import PASSWORD
from tests.kit.looks import FITS

# More than any page has between two of its controls.
MOST_TABS = 150
# A busy machine may need long for a page; an answer that never comes still fails.
PATIENCE_MS = 60_000
# The element that has the focus is the wanted one, and people see it.
_FOCUSED = """wanted => {
    const focused = document.activeElement;
    if (focused !== wanted) return false;
    const box = (focused.closest("label") || focused).getBoundingClientRect();
    return box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
}"""
# A list at which Enter, Tab and the arrows are the only keys gets its option by arrows.
_DISTANCE = """(list, words) => {
    const at = [...list.options].findIndex(one => one.text.trim() === words);
    if (at < 0) throw new Error("no option " + words + ": " + [...list.options].map(one => one.text));
    return at - list.selectedIndex;
}"""


class ByKeyboard:
    """One person with a browser of 390 by 844 in Arabic. No mouse: everything is reached by Tab."""

    def __init__(self, browser: Browser, address: str, *, scripts: bool = True) -> None:
        context = browser.new_context(
            viewport={"width": 390, "height": 844}, locale="ar", java_script_enabled=scripts, color_scheme="light"
        )
        context.set_default_timeout(PATIENCE_MS)
        self.page: Page = context.new_page()
        self.address = address
        #: How often Tab was pressed.
        self.tabs = 0
        self.main = self.page.locator("#main")

    def sign_in(self, login: str, path: str) -> None:
        self.page.goto(f"{self.address}/sign-in?next={path}&lang=ar")
        self.type("#login", login)
        self.type("#password", PASSWORD)
        self.enter()
        self.page.wait_for_url(re.compile(rf"^[^?]*{re.escape(path)}"))

    def open(self, path: str) -> None:
        """Type an address, as with a bookmark."""
        self.page.goto(path if "://" in path else f"{self.address}{path}")
        self.arrived()

    def look_again(self) -> None:
        self.page.reload()
        self.arrived()

    def arrived(self) -> None:
        """What every page must be: no wider than the telephone, with one heading."""
        try:
            # A page may go on to the next by itself. This waits for whichever is the last, where `fits` would be cut off.
            self.page.wait_for_function(FITS, timeout=PATIENCE_MS)
        except PlaywrightTimeout:
            raise AssertionError(f"{self.page.url} is wider than its window") from None
        assert self.page.locator("h1").count() >= 1, self.page.url

    def says(self, *words: str) -> None:
        for one in words:
            expect(self.main).to_contain_text(one, timeout=PATIENCE_MS)

    def reach(self, wanted: str | Locator) -> Locator:
        """Tab to the control, forwards, and round once if it is behind."""
        found = self.main.locator(wanted).first if isinstance(wanted, str) else wanted.first
        found.wait_for(state="attached")
        handle = found.element_handle()
        for _ in range(MOST_TABS):
            if self.page.evaluate(_FOCUSED, handle):
                return found
            self.page.keyboard.press("Tab")
            self.tabs += 1
        raise AssertionError(f"Tab does not reach {wanted} on {self.page.url}")

    def type(self, wanted: str, text: str) -> None:
        """Replace what a field has."""
        self.reach(wanted)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)

    def date(self, wanted: str, day: str) -> None:
        """Type a date (YYYY-MM-DD) into the parts of its field, which this browser has in the order of the USA."""
        year, month, of_month = day.split("-")
        self.reach(wanted)
        self.page.keyboard.type(f"{month}{of_month}{year}")

    def time(self, wanted: str, hour: int, minute: int = 0) -> None:
        self.reach(wanted)
        self.page.keyboard.type(f"{(hour - 1) % 12 + 1:02}{minute:02}{'PM' if hour >= 12 else 'AM'}")

    def choose(self, wanted: str, option: str) -> None:
        """Choose an option of a list by its words."""
        found = self.reach(wanted)
        distance = found.evaluate(_DISTANCE, option)
        for _ in range(abs(distance)):
            self.page.keyboard.press("ArrowDown" if distance > 0 else "ArrowUp")
        expect(found.locator("option:checked")).to_have_text(option)

    def tick(self, wanted: str | Locator) -> None:
        self.reach(wanted)
        self.page.keyboard.press("Space")

    def pick(self, words: str) -> None:
        """Pick one of several by its words: Tab comes to the group, and the arrows choose within it."""
        wanted = self.main.get_by_role("radio", name=words).first
        group = self.main.locator(f"input[type=radio][name='{wanted.get_attribute('name')}']")
        picked = group.and_(self.main.locator(":checked"))
        self.reach(picked if picked.count() else group)
        for _ in range(group.count()):
            if wanted.is_checked():
                break
            self.page.keyboard.press("ArrowDown")
        expect(wanted).to_be_checked()

    def enter(self) -> None:
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")
        self.arrived()

    def press(self, words: str, *, exact: bool = False) -> None:
        """Press the button with these words."""
        self.reach(self.main.get_by_role("button", name=words, exact=exact))
        self.enter()

    def follow(self, words: str, *, exact: bool = False) -> None:
        """Follow the link with these words, or that looks like a button."""
        self.reach(self.main.get_by_role("link", name=words, exact=exact))
        self.enter()

    def leave(self) -> None:
        self.page.context.close()
