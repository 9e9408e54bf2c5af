"""The change log is merged line by line, which can tear entries apart: each entry is there once and whole."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

CHANGELOG = Path(__file__).parents[2] / "CHANGELOG.md"


def entries() -> list[str]:
    """The entries that are not released, each in one line."""
    newest = CHANGELOG.read_text().split("\n## ")[1]
    listed = newest.partition("\n- ")[2].split("\n\n")[0]
    return [" ".join(one.split()) for one in listed.split("\n- ")]


def test_each_entry_ends_before_the_next_begins() -> None:
    assert entries()
    assert [one for one in entries() if not one.endswith(".")] == []


def test_no_part_of_an_entry_stands_in_another() -> None:
    parts = Counter(part for one in entries() for part in re.split(r"[.:;,] ", one) if len(part) > 60)
    assert [part for part, count in parts.items() if count > 1] == []
    assert [one for one in entries() if one[0].islower() or re.search(r"\. [a-z]", one)] == []
