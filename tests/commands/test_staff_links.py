"""`queue-system staff reset` and `rescue`: links that let people in, printed on the server's console."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from queue_system.actions.invitations import accept
from queue_system.clock import SystemClock
from queue_system.store.database import Database
from queue_system.store.queries.people import rescued_lately
from tests.kit.command_line import PASSWORD, Run, command_line


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    with command_line(tmp_path / "data", monkeypatch, capsys) as found:
        found.load("embassy")
        found("staff", "add", "layla", entered=f"{PASSWORD}\n")
        found("staff", "add", "samira", entered=f"{PASSWORD}\n")
        yield found


@pytest.mark.parametrize(("command", "lifetime"), [("reset", "72 hours"), ("rescue", "30 minutes")])
def test_a_link_lets_somebody_in_again(run: Run, command: str, lifetime: str) -> None:
    if command == "rescue":
        assert run("staff", "lock", "layla").code == 0
    said = run("staff", command, "layla", QUEUE_PUBLIC_URL="https://queue.example.org")
    assert said.code == 0, said.err
    assert lifetime in said.out
    (token,) = re.findall(r"https://queue\.example\.org/welcome/([\w-]+)\n", said.out)
    database = Database(f"sqlite:///{run.folder}/queue.db", SystemClock())
    assert database.write_now(accept, token, "a hash") == "layla"
    assert database.read_now(rescued_lately) == (["layla"] if command == "rescue" else [])
    database.close()
    assert not run("staff", "list").out.startswith("OUT")


@pytest.mark.parametrize("command", ["reset", "rescue", "lock", "unlock"])
def test_somebody_who_does_not_work_here_is_named_as_such(run: Run, command: str) -> None:
    said = run("staff", command, "nobody")
    assert said.code == 1
    assert said.out == ""
    assert said.err.startswith("queue-system: ")
    assert "Traceback" not in said.err


def test_the_last_administrator_is_not_locked_out(run: Run) -> None:
    assert run("staff", "lock", "samira").code == 0
    said = run("staff", "lock", "layla")
    assert said.code == 1
    assert "OUT  layla" not in run("staff", "list").out
