"""The browser folds letters as the server does."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from queue_system.clock import FrozenClock
from queue_system.core.names import same_letters
from tests.kit.desk_in_browser import HallServer
from tests.kit.hall import PASSWORD
from tests.kit.tree import ROOT
from tests.kit.web_hall import furnished

pytestmark = pytest.mark.browser

# All characters of the scripts that are used here: Latin with diacritics, Arabic with Persian, Urdu and Kurdish
# letters, Hebrew, punctuation, presentation forms, and words that combine several of them.
BLOCKS = (range(0x20, 0x250), range(0x300, 0x345), range(0x590, 0x700), range(0x1E00, 0x1F00), range(0x2000, 0x2070))
SHAPES = (range(0xFB00, 0xFB50), range(0xFB50, 0xFE10), range(0xFE70, 0xFF00), range(0xFF00, 0xFF60))
WORDS = ("إخراج قيدٍ ٣", "Işık İPEK", "Groß Łukasz", "علی کریم", "۲۰۲۶", "مســجد")


def test_the_browser_compares_letters_as_the_server_does(browser: Browser) -> None:
    texts = [*WORDS, *(chr(sign) for block in (*BLOCKS, *SHAPES) for sign in block)]
    script = (ROOT / "queue_system" / "web" / "static" / "folding.js").read_text(encoding="utf-8")
    folded = browser.new_page().evaluate(f"(texts) => {{ {script}; return texts.map(sameLetters); }}", texts)
    differs = {text: (same_letters(text), there) for text, there in zip(texts, folded, strict=True)}
    assert {text: both for text, both in differs.items() if both[0] != both[1]} == {}


def test_reception_finds_a_service_while_somebody_types_on_another_keyboard(
    browser: Browser, sqlite_template: Path, tmp_path: Path, clock: FrozenClock
) -> None:
    server = HallServer(furnished(sqlite_template, tmp_path, clock.now()), tmp_path, clock)
    tab = browser.new_context(locale="ar").new_page()
    tab.goto(f"{server.address}/sign-in")
    tab.fill("#login", "rana")
    tab.fill("#password", PASSWORD)
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/reception/**")
    shown = tab.locator("#services button:visible")
    every = shown.count()
    tab.fill("[data-filter]", "تصدیق وثیقه")
    found = shown.all_inner_texts()
    assert 0 < len(found) < every
    assert all("وثيقة" in name for name in found)
    server.stop()
