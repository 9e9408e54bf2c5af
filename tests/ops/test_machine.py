"""What is found of the machine: disks, clocks, equipment; each code has its sentence in both languages."""

from __future__ import annotations

import re
import shutil
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from queue_system.clock import FrozenClock, SystemClock
from queue_system.configuration import read_configuration
from queue_system.i18n.words import words_for
from queue_system.ops import machine
from queue_system.ops.findings import Finding
from queue_system.ops.machine import look_at_machine
from queue_system.store.database import Database
from tests.kit.hall import Hall, furnish


class Usage(NamedTuple):
    total: int
    used: int
    free: int


def codes(found: list[Finding]) -> dict[str, str]:
    return {finding.code: finding.level for finding in found}


@pytest.mark.parametrize(("free", "level"), [(machine.LOW, None), (machine.LOW - 1, "note"), (machine.FULL - 1, "bad")])
def test_a_disk_that_fills_up_is_named_once(
    hall: Hall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, level: str | None
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10 * machine.LOW, 0, free))
    found = [
        finding
        for finding in look_at_machine(read_configuration({}, data_dir=tmp_path / "not yet there"), hall.db)
        if finding.code == "disk-low"
    ]
    assert [finding.level for finding in found] == ([level] if level else [])


@pytest.mark.postgres
def test_a_clock_that_differs_from_the_servers_is_named(postgres_url: str, clock: FrozenClock, tmp_path: Path) -> None:
    configuration = read_configuration({}, data_dir=tmp_path)
    wrong, right = Database(postgres_url, clock), Database(postgres_url, SystemClock())
    furnish(wrong)
    assert "clock-skew" in codes(list(look_at_machine(configuration, wrong)))
    assert "clock-skew" not in codes(list(look_at_machine(configuration, right)))
    wrong.close()
    right.close()


def test_a_log_that_is_ahead_is_named(hall: Hall, clock: FrozenClock, tmp_path: Path) -> None:
    hall.issue()
    configuration = read_configuration({}, data_dir=tmp_path)
    assert "log-ahead" not in codes(list(look_at_machine(configuration, hall.db)))
    clock.set(clock.now() - timedelta(minutes=5))
    assert codes(list(look_at_machine(configuration, hall.db)))["log-ahead"] == "note"


def test_every_code_has_a_sentence_in_both_languages() -> None:
    """Also those that are put together from the name of a task."""
    folder = Path(machine.__file__).parent
    named = {
        code for path in folder.glob("*.py") for code in re.findall(r'"(doctor\.[a-z-]+)"', path.read_text("utf-8"))
    }
    named |= {f"doctor.{what}-{how}" for what in ("backup", "drill") for how in ("none", "fresh", "old")}
    named |= {f"doctor.failed-{task}" for task in ("backup", "tidy", "ping")}
    assert len(named) > 30
    for language in ("ar", "en"):
        assert [code for code in sorted(named) if not words_for(language).has(code)] == []
