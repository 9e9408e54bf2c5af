"""The API at a counter: notes for the next clerk, silent emergency calls, and a call of whom the program showed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from queue_system.clock import FrozenClock
from queue_system.core.staff_notes import LONGEST_FOR_NEXT
from tests.kit.api_program import EMBASSY, Program
from tests.kit.hall import Hall
from tests.kit.web_hall import application, furnished

COUNTER = f"{EMBASSY}/counters/c4"
NOBODY = {"expected": None}


@pytest.fixture
def here(sqlite_template: Path, tmp_path: Path, clock: FrozenClock) -> Iterator[tuple[TestClient, Hall]]:
    with application(furnished(sqlite_template, tmp_path, clock.now()), tmp_path, clock) as (client, hall):
        client.headers.pop("sec-fetch-site")
        yield client, hall


@pytest.fixture
def program(here: tuple[TestClient, Hall]) -> Program:
    return Program(here[0])


@pytest.fixture
def layla(program: Program) -> Program:
    """A clerk's program, at counter 4."""
    clerk = program.sign_in("layla")
    assert clerk.post(f"{COUNTER}/sitting").status == 200
    return clerk


def test_a_note_is_kept_read_by_whoever_sits_there_and_removed(layla: Program, program: Program, hall: Hall) -> None:
    ticket = hall.issue().ticket
    assert layla.post(f"{COUNTER}/notes", NOBODY | {"text": "قصة"}).code == "nobody-at-counter"
    layla.post(f"{COUNTER}/calls", NOBODY)
    there = {"expected": str(ticket.id)}
    assert layla.post(f"{COUNTER}/notes", there | {"text": "ينقصه ختم"}).body["expected"] == str(ticket.id)
    (note,) = layla.get(COUNTER).body["notes"]
    assert (note["text"], note["by"], note["own"]) == ("ينقصه ختم", "layla name", True)
    # A colleague may look at the counter, and reads no note there.
    assert program.sign_in("omar").get(COUNTER).body["notes"] == []
    assert layla.post(f"{COUNTER}/notes", NOBODY | {"text": "x"}).code == "desk-stale"
    assert layla.post(f"{COUNTER}/notes", there | {"text": "x" * (LONGEST_FOR_NEXT + 1)}).wrong == {"text": "length"}
    assert layla.post(f"{COUNTER}/notes", there | {"text": ""}).status == 200
    assert layla.get(COUNTER).body["notes"] == []


def test_only_whom_the_program_showed_is_called(layla: Program, hall: Hall) -> None:
    first, second = hall.issue().ticket, hall.issue().ticket
    refused = layla.post(f"{COUNTER}/calls", NOBODY | {"seen": str(second.id)})
    assert (refused.status, refused.code) == (409, "next-changed")
    called = layla.post(f"{COUNTER}/calls", NOBODY | {"seen": str(first.id)})
    assert called.body["expected"] == str(first.id)


def test_a_silent_call_from_the_first_press_to_its_end(layla: Program, program: Program, hall: Hall) -> None:
    (own,) = layla.post(f"{COUNTER}/alarms").body["alarms"]
    assert (own["counter"], own["by"], own["own"], own["unseen"]) == ("c4", "layla name", True, True)
    assert len(layla.post(f"{COUNTER}/alarms").body["alarms"]) == 1
    assert layla.post(f"{COUNTER}/alarms/answers").code == "alarm-own"
    rana = program.sign_in("rana")
    (seen,) = rana.get(f"{EMBASSY}/alarms").body["alarms"]
    assert (seen["own"], seen["unseen"], seen["coming"]) == (False, False, None)
    assert rana.post(f"{COUNTER}/alarms/answers").body["alarms"][0]["coming"] == "rana name"
    assert layla.get(f"{EMBASSY}/alarms").body["alarms"][0]["unseen"] is False
    assert rana.delete(f"{COUNTER}/alarms").body["alarms"] == []
    assert rana.post(f"{EMBASSY}/counters/c99/alarms/answers").code == "counter"


def test_a_silent_call_is_for_nobody_else(layla: Program, program: Program, hall: Hall) -> None:
    layla.post(f"{COUNTER}/alarms")
    hall.person("idle", ())
    other = program.sign_in("idle")
    assert other.get(f"{EMBASSY}/alarms").status == 403
    assert other.post(f"{COUNTER}/alarms").status == 403
    assert other.post(f"{COUNTER}/alarms/answers").status == 403
    assert other.delete(f"{COUNTER}/alarms").status == 403
