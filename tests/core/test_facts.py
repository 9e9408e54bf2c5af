"""Facts by subject: each describes its fields, is written somewhere, and can be read again unchanged."""

from __future__ import annotations

import ast
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import pytest

from printers.driver import Status
from queue_system.core import facts, printers
from queue_system.core.facts import KINDS, SUBJECTS, Fact, UnknownFact, from_data, meanings, variants
from queue_system.core.facts.fields import Flag, Is, TicketCode
from queue_system.store import log
from queue_system.store.database import Database, Tx
from queue_system.store.log import SYSTEM
from tests.kit.hall import furnish
from tests.kit.tree import package_files, parse

# Each sentence of each fact as an entry of the log: kind, subject, data, and its link as a log's first entry. Written
# facts must be readable for ever, so a new fact adds a line and no line is ever changed.
WRITTEN: list[tuple[str, str, dict[str, Any], str]] = [
    tuple(entry) for entry in json.loads(Path(__file__).parents[1].joinpath("golden/facts.json").read_text("utf-8"))
]
CODES = (Is.TICKET_CODE, Is.APPOINTMENT_CODE)
FACTS = Path(facts.__file__).parent
# Facts that nothing writes, each with the reason.
UNWRITTEN: dict[str, str] = {}


def test_a_code_is_called_code_in_every_fact() -> None:
    """The audit log looks for the entries about a code under this name (`store/queries/audit.py`)."""
    codes = {
        (kind, name) for kind, fact in KINDS.items() for name, meaning in meanings(fact).items() if meaning in CODES
    }
    assert codes
    assert [(kind, name) for kind, name in sorted(codes) if name != "code"] == []


# ---------------------------------------------------------------- what is written stays


@pytest.mark.parametrize("entry", WRITTEN, ids=lambda entry: entry[0])
def test_what_was_once_written_is_read_and_would_be_written_the_same(
    entry: tuple[str, str, dict[str, Any], str],
) -> None:
    kind, subject, data, link = entry
    fact = from_data(kind, subject, data)
    assert type(fact) is KINDS[kind]
    assert (fact.kind, fact.subject) == (kind, subject)
    assert json.dumps(fact.data()) == json.dumps(data)
    written = {"seq": 1, "at": datetime(2026, 11, 22, 7, tzinfo=UTC), "actor_kind": "system", "actor_id": ""}
    assert log.link("", written | {"kind": fact.kind, "subject": fact.subject, "data": fact.data()}) == link


def test_every_sentence_of_every_fact_was_written_once() -> None:
    written = {(kind, from_data(kind, subject, data).variant()) for kind, subject, data, _ in WRITTEN}
    assert written == {(kind, variant) for kind, fact in KINDS.items() for variant in variants(fact)}


def test_every_fact_comes_out_of_the_log_as_it_went_in(db: Database) -> None:
    branch_id = furnish(db).branch.id
    before = db.read_now(log.positions)[branch_id]
    went_in = [from_data(kind, subject, data) for kind, subject, data, _ in WRITTEN]

    def append(tx: Tx) -> None:
        with log.locked(tx, branch_id) as branch:
            for fact in went_in:
                branch.append(fact, SYSTEM)

    db.write_now(append)
    rows = db.read_now(log.after, branch_id, before)
    assert [from_data(row.kind, row.subject, row.data) for row in rows] == went_in
    assert {verdict.broken_at for verdict in db.read_now(log.verify)} == {None}


def test_a_field_that_came_later_is_missing_in_older_entries() -> None:
    kind, subject, data, _ = WRITTEN[0]
    older = {name: value for name, value in data.items() if name not in ("booking", "basis")}
    assert from_data(kind, subject, older) == from_data(kind, subject, data)


def test_a_field_that_a_newer_version_added_is_left_out() -> None:
    kind, subject, data, _ = WRITTEN[0]
    assert from_data(kind, subject, data | {"mood": "glad"}) == from_data(kind, subject, data)


@pytest.mark.parametrize(("kind", "data"), [("ticket.praised", {"code": "A012"}), ("ticket.left", {"number": 12})])
def test_what_only_a_newer_version_understands_is_no_fact(kind: str, data: dict[str, Any]) -> None:
    with pytest.raises(UnknownFact):
        from_data(kind, "x", data)


# ---------------------------------------------------------------- nothing is forgotten


def test_every_subject_s_module_is_known() -> None:
    modules = {path.stem for path in FACTS.glob("*.py")} - {"__init__", "base", "fields"}
    assert {fact.__module__ for fact in KINDS.values()} == {f"queue_system.core.facts.{name}" for name in modules}


def test_every_subject_has_facts() -> None:
    assert {kind.partition(".")[0] for kind in KINDS} == set(SUBJECTS)


def test_every_fact_is_written_somewhere() -> None:
    made = {
        node.func.id
        for path in package_files()
        if FACTS not in path.parents
        for node in ast.walk(parse(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert {fact.__name__ for fact in KINDS.values()} - made == set(UNWRITTEN)


def test_every_field_says_what_it_holds_and_every_type_is_used() -> None:
    held = {meaning for fact in KINDS.values() for meaning in meanings(fact).values()}
    assert held >= set(Is)


def test_the_core_knows_every_state_that_a_printer_reports() -> None:
    assert set(printers.STATES) == {status.value for status in Status}


def test_a_kind_is_given_once() -> None:
    with pytest.raises(ValueError, match="the same kind"):

        @dataclass(frozen=True, slots=True)
        class TicketGone(Fact):
            kind: ClassVar[str] = "ticket.left"

    assert KINDS["ticket.left"].__name__ == "TicketLeft"


def test_a_fact_is_about_something_that_readers_can_choose() -> None:
    with pytest.raises(ValueError, match="the first word"):

        @dataclass(frozen=True, slots=True)
        class WeatherChanged(Fact):
            kind: ClassVar[str] = "weather.changed"

    assert "weather.changed" not in KINDS


def test_a_field_whose_type_does_not_say_what_it_holds_is_found() -> None:
    with pytest.raises(TypeError, match=r"Untold\.subject"):
        meanings(Untold)


def test_an_optional_field_holds_what_its_type_holds() -> None:
    assert meanings(Told) == {"subject": Is.TICKET_CODE, "code": Is.TICKET_CODE, "flag": Is.UNSAID}


@dataclass(frozen=True, slots=True)
class Untold(Fact):
    code: TicketCode


@dataclass(frozen=True, slots=True)
class Told(Fact):
    subject: TicketCode
    code: TicketCode | None
    flag: Flag
