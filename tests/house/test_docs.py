"""Documents that repeat the code agree with it."""

from __future__ import annotations

import re

from queue_system.core import bookings, tickets
from queue_system.store.tables import Entry, table
from queue_system.surfaces.api import counters
from tests.kit.tree import ROOT, files

DOCS = ROOT / "docs"
# Made by a build, by the first start, and with the first migration.
MADE_LATER = {"dist/", "data/secret.key", "tests/filled/"}
ARROW = re.compile(r"^ {4}(\w+) --> (\w+): (\w+)$", re.MULTILINE)


def test_state_diagrams_are_the_transition_tables() -> None:
    ticket_part, booking_part = (DOCS / "states.md").read_text(encoding="utf-8").split("## Booking")
    for text, transitions in ((ticket_part, tickets.TRANSITIONS), (booking_part, bookings.TRANSITIONS)):
        drawn = [(origin, step, end) for origin, end, step in ARROW.findall(text)]
        assert drawn == [(origin.value, step.value, end.value) for (origin, step), end in transitions.items()]


def test_decisions_fit_on_one_screen_and_are_numbered_without_gaps() -> None:
    records = sorted((DOCS / "decisions").glob("*.md"))
    assert [record.name[:4] for record in records] == [f"{number:04d}" for number in range(1, len(records) + 1)]
    for record in records:
        text = record.read_text(encoding="utf-8")
        assert len(text.splitlines()) <= 40, record.name
        assert "**Decision.**" in text, record.name


def test_the_page_of_the_api_names_every_action_at_a_counter() -> None:
    text = (DOCS / "api.md").read_text(encoding="utf-8")
    (sentence,) = re.findall(r"closes it, and(.*?)do the same", text, re.DOTALL)
    assert re.findall(r"`([a-z-]+)`", sentence) == [resource for resource, *_ in counters.ACTS]


def test_the_protocol_names_the_columns_of_the_log() -> None:
    text = (DOCS / "protocol.md").read_text(encoding="utf-8")
    ((name, columns),) = re.findall(r"Every fact is one row `(\w+)\(([^)]*)\)`", text)
    log = table(Entry)
    assert (name, columns.split(", ")) == (log.name, [column.name for column in log.columns])


def test_files_that_documents_name_exist() -> None:
    tracked = ["/" + path.relative_to(ROOT).as_posix() for path in files("*")]

    def exists(name: str) -> bool:
        # `store/database.write_in` is a function in store/database.py; most names begin below queue_system/.
        names = (name, re.sub(r"\.\w+$", "", name) + ".py", name + ".py")
        return any(path.endswith("/" + one) or f"/{name.rstrip('/')}/" in path for path in tracked for one in names)

    named = {
        (path.name, name)
        for path in files("*.md")
        for name in re.findall(
            r"`((?:[a-z][\w-]*/)+[\w.-]*|[\w-]+\.(?:py|md|yaml|js|css|html))`", path.read_text("utf-8")
        )
    }
    assert ("ARCHITECTURE.md", "store/database.write_in") in named
    assert [pair for pair in sorted(named) if pair[1] not in MADE_LATER and not exists(pair[1])] == []


def test_files_that_settings_and_styles_name_exist() -> None:
    """A hook that runs a moved test would fail for everybody."""
    named = {
        (path.relative_to(ROOT).as_posix(), name)
        for pattern in ("*.yaml", "*.yml", "*.toml", "*.css", "*.js", "*.cfg")
        for path in files(pattern)
        if "vendor" not in path.parts
        for name in re.findall(
            r"\b((?:tests|queue_system|benchmarks|tools|displays|kiosk|printers)/[\w/-]+\.(?:py|css|js|po|yaml))\b",
            path.read_text("utf-8"),
        )
    }
    assert (".pre-commit-config.yaml", "tests/house/test_architecture.py") in named
    assert [pair for pair in sorted(named) if not (ROOT / pair[1]).exists()] == []


def test_classes_that_templates_name_exist() -> None:
    defined = {
        (path.stem, name)
        for path in files("*.py")
        for name in re.findall(r"^class (\w+)", path.read_text("utf-8"), re.MULTILINE)
    }
    named = {
        (path.name, tuple(name.rpartition("/")[2].split(".")[-2:]))
        for path in files("*.html")
        for note in re.findall(r"\{#.*?#\}", path.read_text("utf-8"), re.DOTALL)
        for name in re.findall(r"\b[\w/]+\.(?:\w+\.)*[A-Z]\w+", note)
    }
    assert ("rules.html", ("rules", "Rules")) in named
    assert [(template, name) for template, name in sorted(named) if name not in defined] == []


def test_what_a_proxy_shows_while_the_server_is_away_needs_nothing_of_it() -> None:
    page = (DOCS / "away.html").read_text(encoding="utf-8")
    assert re.findall(r"src=|href=|url\(|<script", page) == []
    assert '<html lang="ar" dir="rtl">' in page
    assert '<div lang="en" dir="ltr">' in page
    assert re.search(r'http-equiv="refresh" content="\d+"', page)
