"""A thorough check of a page as it stands: what every page of the house promises, in both colour schemes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from playwright.sync_api import Page

from tests.kit import axe

# The rules that can answer otherwise in the other colour scheme, which changes colours alone.
OF_COLOURS = ("color-contrast", "link-in-text-block")
# The rules that can answer otherwise in a window of another shape.
OF_SHAPES = ("color-contrast", "target-size", "scrollable-region-focusable")
# The browser's own message about a refused request; `watched` decides whether the refusal is expected.
REFUSED = "Failed to load resource"
# A file that was still loading when the page was left.
LEFT_BEFORE = "net::ERR_ABORTED"


def watched(page: Page) -> list[str]:
    """The list to which all that goes wrong in the page is added from now on.

    That is errors of scripts, violations of its policy, and files that it loads by itself and does not get. A page that
    is refused on purpose is no error.
    """
    complaints: list[str] = []

    def failed(request: Any) -> None:
        if LEFT_BEFORE not in (request.failure or ""):
            complaints.append(f"{request.url}: {request.failure}")

    def answered(answer: Any) -> None:
        loaded_by_itself = answer.request.resource_type in ("script", "stylesheet", "font", "image", "media")
        if answer.status >= 500 or (answer.status >= 400 and loaded_by_itself):
            complaints.append(f"{answer.url}: {answer.status}")

    def said(message: Any) -> None:
        if message.type == "error" and not message.text.startswith(REFUSED):
            complaints.append(message.text)

    page.on("console", said)
    page.on("pageerror", lambda problem: complaints.append(str(problem)))
    page.on("requestfailed", failed)
    page.on("response", answered)
    return complaints


def look(page: Page, name: str, language: str, complaints: Sequence[str]) -> None:
    """Fails unless the page is in this language, has one heading and no barrier, and is no wider than its window.

    `complaints` is what `watched` gave for it: it must still be empty.
    """
    root = page.locator("html")
    way = (root.get_attribute("lang"), root.get_attribute("dir"))
    assert way == (language, "rtl" if language == "ar" else "ltr"), f"{name} has lang and dir {way}"
    headings = page.locator("h1").count()
    assert headings == 1, f"{name} has {headings} headings of the first level"
    found = barriers_in_both_schemes(page)
    assert found == [], f"{name} ({language}): {found}"
    assert fits(page), f"{name} ({language}) is wider than its window"
    assert list(complaints) == [], f"{name}: {complaints}"


def barriers_in_both_schemes(page: Page) -> list[str]:
    """Everything that axe finds in the light scheme, and what the dark one adds, without loading the page again."""
    page.emulate_media(color_scheme="light")
    found = axe.barriers(page)
    page.emulate_media(color_scheme="dark")
    found += [f"dark: {one}" for one in axe.barriers(page, OF_COLOURS)]
    page.emulate_media(color_scheme="light")
    return found


def barriers_of_shape(page: Page) -> list[str]:
    """What axe finds after the window has changed its shape, in both schemes."""
    found = axe.barriers(page, OF_SHAPES)
    page.emulate_media(color_scheme="dark")
    found += [f"dark: {one}" for one in axe.barriers(page, OF_COLOURS)]
    page.emulate_media(color_scheme="light")
    return found


#: Whether the page is no wider than its window.
FITS = "document.documentElement.scrollWidth <= innerWidth"


def fits(page: Page) -> bool:
    return bool(page.evaluate(FITS))
