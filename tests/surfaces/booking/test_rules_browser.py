"""The published rule in a browser: accessible, on a narrow telephone and a kiosk, and on one printed sheet."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from queue_system.clock import FrozenClock
from tests.kit.looks import look, watched
from tests.kit.web_hall import furnished
from tests.surfaces.booking.test_web_public_browser import serving

pytestmark = pytest.mark.browser


@pytest.fixture
def site(sqlite_template: Path, tmp_path: Path, clock: FrozenClock) -> Iterator[str]:
    with serving(furnished(sqlite_template, tmp_path, clock.now()), tmp_path, clock) as address:
        yield address


@pytest.mark.parametrize("locale", ["ar-QA", "en-GB"])
def test_the_rule_is_for_everybody_and_fits_a_narrow_phone(browser: Browser, site: str, locale: str) -> None:
    tab = browser.new_page(locale=locale, viewport={"width": 320, "height": 640})
    complaints = watched(tab)
    for address in ("/rules/doha-main", "/rules/doha-main/sheet"):
        tab.goto(site + address)
        # The sheet speaks Arabic first, whoever opens it.
        look(tab, address, "ar" if address.endswith("sheet") else locale[:2], complaints)


@pytest.mark.parametrize(("paper", "millimetres"), [("a4", (210, 297)), ("a3", (297, 420))])
def test_the_sheet_is_one_page_of_its_paper(
    browser: Browser, site: str, paper: str, millimetres: tuple[int, int]
) -> None:
    """The embassy has more classes than any other sample."""
    tab = browser.new_page()
    tab.goto(f"{site}/rules/doha-main/sheet?paper={paper}")
    # Another font, until ours has come, would be wider.
    tab.evaluate("() => document.fonts.ready.then(() => null)")
    printed = tab.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", printed)) == 1
    size = re.search(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)\s*\]", printed)
    assert size
    # Points of 1/72 inch.
    assert tuple(round(float(side) / 72 * 25.4) for side in size.groups()) == millimetres
    tab.close()
