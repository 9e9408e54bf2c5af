"""A page whose clock goes only as far as the test lets it, however slow the machine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page


def stop_clock(page: Page) -> None:
    """Stop the page's clock: only `page.clock.run_for` moves it on, however slow the machine."""
    page.clock.install()
    # Ahead of what it says now, since it does not go back.
    page.clock.pause_at(datetime.now(UTC) + timedelta(hours=1))
