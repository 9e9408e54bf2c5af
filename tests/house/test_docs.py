"""Documents that repeat the code agree with it."""

from __future__ import annotations

import re
from pathlib import Path

from queue_system.core import bookings, tickets

DOCS = Path(__file__).parents[2] / "docs"
ARROW = re.compile(r"^ {4}(\w+) --> (\w+): (\w+)$", re.MULTILINE)


def test_state_diagrams_are_the_transition_tables() -> None:
    ticket_part, booking_part = (DOCS / "states.md").read_text(encoding="utf-8").split("## Booking")
    for text, table in ((ticket_part, tickets.TRANSITIONS), (booking_part, bookings.TRANSITIONS)):
        drawn = [(origin, step, end) for origin, end, step in ARROW.findall(text)]
        assert drawn == [(origin.value, step.value, end.value) for (origin, step), end in table.items()]


def test_decisions_fit_on_one_screen_and_are_numbered_without_gaps() -> None:
    records = sorted((DOCS / "decisions").glob("*.md"))
    assert [record.name[:4] for record in records] == [f"{number:04d}" for number in range(1, len(records) + 1)]
    for record in records:
        text = record.read_text(encoding="utf-8")
        assert len(text.splitlines()) <= 40, record.name
        assert "**Decision.**" in text, record.name


def test_what_a_proxy_shows_while_the_server_is_away_needs_nothing_of_it() -> None:
    page = (DOCS / "away.html").read_text(encoding="utf-8")
    assert re.findall(r"src=|href=|url\(|<script", page) == []
    assert '<html lang="ar" dir="rtl">' in page
    assert '<div lang="en" dir="ltr">' in page
    assert re.search(r'http-equiv="refresh" content="\d+"', page)
