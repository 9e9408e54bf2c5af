"""A page whose clock moves only when the test moves it, however slow the machine is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page


def stop_clock(page: Page) -> None:
    """Stop the page's clock; only `page.clock.run_for` moves it on."""
    page.clock.install()
    # Ahead of the present time, because the clock cannot go back.
    page.clock.pause_at(datetime.now(UTC) + timedelta(hours=1))
