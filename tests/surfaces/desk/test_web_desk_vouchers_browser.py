"""The voucher of a visit as the clerk sees and prints it: it fits on one sheet, and its symbol is small enough to scan."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.kit.desk_in_browser import HallServer, press
from tests.kit.hall import set_rules

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [1366, 390])
def test_a_voucher_is_as_wide_as_a_slip_on_the_screen_and_on_paper(tab: Page, server: HallServer, width: int) -> None:
    set_rules(server.hall, return_days=7)
    server.hall.issue()
    press(tab, "n")
    press(tab, "d")
    with tab.expect_popup() as opened:
        tab.locator("#voucher-link").click()
    voucher = opened.value
    voucher.set_viewport_size({"width": width, "height": 768})
    expect(voucher.locator(".qr")).to_be_visible()
    for medium in ("screen", "print"):
        voucher.emulate_media(media=medium)
        assert 150 <= drawn(voucher, ".qr svg")["width"] <= 200
        # The card is not at the edge of the window, and not wider than a slip.
        card = drawn(voucher, ".ticket-card")
        assert card["x"] >= 8
        assert card["width"] <= 500
        assert card["height"] < 900


def drawn(page: Page, what: str) -> dict[str, float]:
    """Where something is drawn on a page, in pixels."""
    found: dict[str, float] = page.locator(what).evaluate("element => element.getBoundingClientRect().toJSON()")
    return found
