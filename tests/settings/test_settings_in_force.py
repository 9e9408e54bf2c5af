"""The declarations say of each setting whether something acts on it, and this is true."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from typing import Any, get_args

import pytest
from pydantic.fields import FieldInfo

from queue_system.core import rights
from queue_system.core.bookings import Arrival, CheckInRules, arrival
from queue_system.core.tickets import APPOINTMENT
from queue_system.settings.catalogue import ANCHORS, Catalogue, Priority
from queue_system.settings.declared import (
    LANGUAGES,
    Declared,
    Informs,
    NotYet,
    OnlyActedOn,
    Thing,
    WordsNotYet,
    bare,
    declarations,
    mark,
)
from queue_system.settings.faults import Fault
from queue_system.settings.organisation import Profile
from queue_system.settings.texts import SHOWN_TEXTS
from tests.conftest import SUNDAY_MORNING
from tests.kit.tree import ROOT

# Folders that store settings and act on none.
KEEPERS = ("settings", "profiles", "store/tables", "store/migrations")
# The name of a field in the views that are read from the tables.
READ_AS = {
    "Service.department": "department_id",
    "Service.refer_to": "referrals",
    "Branch.outreach_days": "outings",
    "Branch.calendars": "closures",
    "CounterDisplayKit.kind": "kind",
}


def test_every_setting_is_acted_on_or_says_that_it_is_not() -> None:
    idle = {
        f"{declaration.__name__}.{name}"
        for declaration, name, field in fields(Profile)
        if READ_AS.get(f"{declaration.__name__}.{name}", name) not in named()
        and not any(mark(field, kind) for kind in (NotYet, OnlyActedOn, WordsNotYet, Informs))
        # The code asks for the digits of a language by the language.
        and name not in LANGUAGES
    }
    assert idle == set(), "nothing asks for them: mark them NotYet, or Informs if nobody can expect that something does"


def test_a_setting_that_nothing_asks_for_is_found() -> None:
    assert "replication_ready" not in named()
    assert "duration_min" in named()


def fields(declaration: type[Declared]) -> Iterator[tuple[type[Declared], str, FieldInfo]]:
    """The fields of a declaration and of those nested in it, but nothing within a field that nothing acts on."""
    seen: set[type[Declared]] = set()

    def walk(annotation: Any) -> Iterator[tuple[type[Declared], str, FieldInfo]]:
        kind, _ = bare(annotation)
        if isinstance(kind, type) and issubclass(kind, Declared) and kind not in seen:
            seen.add(kind)
            if not is_idle(kind):
                for name, field in kind.model_fields.items():
                    # The catalogue only contains things, and each kind has a table of its own.
                    if kind is not Catalogue:
                        yield kind, name, field
                    if not mark(field, NotYet):
                        yield from walk(field.annotation)
        for inner in get_args(kind):
            yield from walk(inner)

    return walk(declaration)


def is_idle(kind: type[Declared]) -> bool:
    """Whether nothing acts on the word that names the whole declaration."""
    words = mark(kind.model_fields["kind"], WordsNotYet) if "kind" in kind.model_fields else None
    return words is not None and words.codes.keys() == set(get_args(bare(kind.model_fields["kind"].annotation)[0]))


@cache
def named() -> set[str]:
    """Every attribute that code and templates of the program use, also the declarations themselves."""
    package = ROOT / "queue_system"
    found: set[str] = set()
    for folder in (package, ROOT / "displays", ROOT / "kiosk"):
        for path in folder.rglob("*.py"):
            keeps = any(path.is_relative_to(package / keeper) for keeper in KEEPERS)
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if not isinstance(node, ast.Attribute):
                    continue
                of_itself = isinstance(node.value, ast.Name) and node.value.id == "self"
                if not keeps or (of_itself and path.is_relative_to(package / "settings")):
                    found.add(node.attr)
        for path in folder.rglob("*.html"):
            found |= set(re.findall(r"\.(\w+)", path.read_text("utf-8")))
    return found


# ---------------------------------------------------------------- texts


def test_the_texts_that_are_said_to_be_shown_are_those_that_pages_ask_for() -> None:
    surfaces = [
        ROOT / "queue_system" / "surfaces",
        ROOT / "kiosk",
        ROOT / "displays",
        ROOT / "queue_system" / "spooler",
        ROOT / "queue_system" / "messages",
    ]
    asked: set[str] = set()
    for path in (path for folder in surfaces for path in folder.rglob("*.py")):
        source = path.read_text("utf-8")
        assert ".texts.get(" not in source, path
        assert ".texts[" not in source, path
        asked |= set(re.findall(r'\.text\("(\w+)"\)', source))
        for listed in re.findall(r"Final\[(?:tuple\[)?ShownText[^=]*= ([^)\n]*(?:\n[^)]*\))?)", source):
            asked |= set(re.findall(r'"(\w+)"', listed))
    for path in (path for folder in surfaces for path in folder.rglob("*.html")):
        asked |= set(re.findall(r'texts\["(\w+)"\]', path.read_text("utf-8")))
    assert asked & SHOWN_TEXTS == SHOWN_TEXTS


# ---------------------------------------------------------------- from when waiting counts


@pytest.mark.parametrize("minutes", [-5, 5, 55])
def test_an_anchor_says_from_when_waiting_counts(minutes: int) -> None:
    from datetime import timedelta

    now, starts_at = SUNDAY_MORNING, SUNDAY_MORNING - timedelta(minutes=minutes)
    came: Arrival = arrival(
        starts_at, now, CheckInRules(early_min=30, late_grace_min=10), until=now + timedelta(hours=1)
    )
    assert came.priority is not None
    counts_from = {"appointment_time": starts_at, "check_in_time": now}
    said = ANCHORS.get(came.priority, "check_in_time")
    assert came.anchor == counts_from[said]
    assert priority(came.priority, said).mistake() is None
    (other,) = counts_from.keys() - {said}
    codes = {"appointment_time": "setting-anchor-appointment", "check_in_time": "setting-anchor-check-in"}
    assert priority(came.priority, other).mistake() == Fault(codes[said], "anchor")


def priority(slug: str, anchor: str) -> Priority:
    return Priority.model_validate({"slug": slug, "names": {}, "weight": 1, "evidence": "none", "anchor": anchor})


def test_only_appointments_wait_from_another_moment() -> None:
    assert ANCHORS.keys() == {APPOINTMENT}
    assert issubclass(Priority, Thing)
    assert Priority in set(declarations(Profile))


# ---------------------------------------------------------------- rights


def test_every_set_of_rights_opens_something() -> None:
    surfaces = [ROOT / "queue_system" / name for name in ("web", "surfaces", "actions")]
    sources = [path.read_text("utf-8") for folder in surfaces for path in folder.rglob("*.py")]
    asked = {name for source in sources for name in re.findall(r"(?<!import )\b([A-Z][A-Z_]*_RIGHTS)\b", source)}
    sets = {name: value for name, value in vars(rights).items() if name.endswith("_RIGHTS")}
    # Those to settings open the requests for a second person.
    assert asked | {"SETTINGS_RIGHTS"} == sets.keys()
    opening = frozenset().union(*sets.values())
    assert {word for word in get_args(rights.Right) if _is_obeyed(word, opening)} == rights.OBEYED


def _is_obeyed(word: str, opening: frozenset[str]) -> bool:
    """A name that promises more than its rights is never obeyed in full."""
    promised = word in get_args(rights.Promise)
    return word == rights.EVERYTHING or (
        bool(rights.granted([word])) and rights.granted([word]) <= opening and not promised
    )
