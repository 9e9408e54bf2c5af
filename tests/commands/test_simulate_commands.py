"""`queue-system simulate`: a past day as it was and changed, on a terminal; it can be stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from queue_system.clock import FrozenClock
from queue_system.store import schema
from queue_system.store.database import Database
from tests.kit.command_line import Run
from tests.kit.hall import furnish
from tests.kit.lived_day import live

#: A Sunday, on which the embassy is open, long ago on any machine.
DAY = datetime(2025, 1, 19, 7, tzinfo=UTC)
BRANCH = "doha-main"


@pytest.fixture
def lived(folder: Path) -> str:
    """The day of an installation on which forty people came."""
    folder.mkdir()
    clock = FrozenClock(DAY)
    database = Database(f"sqlite:///{folder / 'queue.db'}", clock)
    schema.migrate(database)
    day = live(furnish(database), clock)
    database.close()
    return day.isoformat()


def line(out: str, words: str) -> list[str]:
    """The cells of the first line that begins with these words."""
    return next(one for one in out.splitlines() if one.startswith(words)).removeprefix(words).split()


def test_it_shows_the_day_as_it_was_beside_the_changed_one(run: Run, lived: str) -> None:
    ran = run("simulate", BRANCH, "--day", lived, "--counters", "+1", "--runs", "40")
    assert ran.code == 0, ran.err
    assert f"{BRANCH}, {lived}: 40 runs." in ran.out
    assert line(ran.out, "people")[0] == "40"
    recorded, before, _, after, _ = line(ran.out, "nine of ten at most")
    assert int(recorded) > 0
    assert int(after) < int(before)
    off = abs(int(before) - int(recorded))
    assert f"nine of ten at most {before} ({recorded} recorded)" in ran.out
    assert f"and {off} minutes off." in ran.out
    assert "Played as it was, with today's settings, half waited at most" in ran.out
    assert "40 of 40 runs" in ran.err
    assert [one[:5] for one in ran.out.splitlines() if one[2:5] == ":00"] == ["10:00", "11:00"]
    # The same question has the same answer.
    assert run("simulate", BRANCH, "--day", lived, "--counters", "+1", "--runs", "40").out == ran.out
    weekday = run(
        "simulate", BRANCH, "--weekday", "sun", "--weeks", "1", "--fifo", "--demand", "1.2", "--walkin-share", "50"
    )
    assert weekday.code == 1
    assert "the log does not say" in weekday.err


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--day", "2025-01-xx"), "2025-01-xx is no day"),
        (("--day", "9999-01-01"), "9999-01-01 is not over yet"),
        (("--day", "0001-01-01"), "is no day of any hall"),
        (("--opens", "25:00"), "25:00 is no time"),
        (("--opens", "09:00+05:00"), "09:00+05:00 is no time"),
        (
            ("--opens", "12:00", "--closes", "11:00"),
            "11:00 is not after --opens 12:00, and nothing is open past midnight on",
        ),
        (("--opens", "12:00", "--closes", "12:00"), "12:00 is not after --opens 12:00"),
        (
            ("--like", "4", "--closes", "07:00"),
            "with --closes 07:00 the counter would never be open, because it opened",
        ),
        (("--counters", "+1", "--closes", "07:00"), "with --closes 07:00 the counter would never be open"),
        (
            ("--like", "4", "--opens", "23:00"),
            "with --opens 23:00 the counter would never be open, because it had closed",
        ),
        (("--like", "99"), "counter 99 was not open. These were: 4, 5"),
        (("--weekday", "someday"), "for that one of: mon, tue"),
    ],
)
def test_what_it_cannot_play_it_refuses(run: Run, lived: str, options: tuple[str, ...], told: str) -> None:
    day = () if "--day" in options or "--weekday" in options else ("--day", lived)
    ran = run("simulate", BRANCH, *day, *options)
    assert ran.code == 1
    assert told in ran.err
    assert "there is no branch nowhere" in run("simulate", "nowhere").err


def test_it_is_stopped_and_shows_what_is_done(folder: Path, lived: str) -> None:
    command = [sys.executable, "-m", "queue_system", "simulate", BRANCH, "--day", lived, "--runs", "10000", "--fifo"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("QUEUE_")}
    with subprocess.Popen(
        command,
        env=environment | {"QUEUE_DATA_DIR": str(folder), "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell that started the tests in the background has them, and their children, ignore it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "Ctrl-C stops and shows what is done so far.\n"
        assert process.stderr.readline() == "1,000 of 10,000 runs\n"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    runs = int(out.split(": ")[1].split(" ")[0].replace(",", ""))
    assert 1_000 <= runs < 10_000
    assert len(line(out, "nine of ten at most")) == 5
