"""No row of settings is made that could not be read again."""

from __future__ import annotations

from typing import Any

import pytest

from queue_system.settings.branch import Branch
from queue_system.settings.faults import Faulty
from queue_system.settings.hall import Queue
from queue_system.store import tables
from queue_system.store.setting_rows import row_of
from tests.kit.furnished import profile_of

ODD: list[dict[str, Any]] = [
    {"tick_minutes": 7},
    {"kind": "castle"},
    {"remote_tickets": "perhaps"},
    {"no_such_field": 1},
]


@pytest.fixture
def doha() -> Branch:
    return profile_of("embassy").branches["doha-main"]


@pytest.mark.parametrize("fields", ODD)
def test_a_change_that_cannot_be_read_back_is_refused(doha: Branch, fields: dict[str, Any]) -> None:
    with pytest.raises(Faulty):
        doha.changed(**fields)


def test_a_change_keeps_what_was_written(doha: Branch) -> None:
    changed = doha.changed(tick_minutes=10)
    assert changed.tick_minutes == 10
    assert changed.model_fields_set == doha.model_fields_set | {"tick_minutes"}
    assert changed.changed(tick_minutes=doha.tick_minutes) == doha


def test_no_row_is_made_of_values_that_nobody_validated(doha: Branch) -> None:
    queue = next(iter(doha.queues.values()))
    odd = Queue.model_construct(**{**dict(queue), "lanes": -3})
    with pytest.raises(Faulty, match="lanes"):
        row_of(odd, tables.Queue)


def test_nor_where_the_value_is_deeper(doha: Branch) -> None:
    rules = type(doha.queue_rules).model_construct(**{**dict(doha.queue_rules), "call_early_min": -1})
    with pytest.raises(Faulty, match="call_early_min"):
        Branch.model_construct(**{**dict(doha), "queue_rules": rules}).checked()


def test_nor_of_a_contradiction_between_fields(doha: Branch) -> None:
    queue = next(iter(doha.queues.values()))
    with pytest.raises(Faulty, match="setting-public-lanes"):
        row_of(queue.changed(lanes=1, public_lanes=2), tables.Queue)
