"""The command line on an installation of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.command_line import Run, command_line


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The data directory of this test's installation; it does not exist yet."""
    return tmp_path / "data"


@pytest.fixture
def run(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """The commands on that installation."""
    with command_line(folder, monkeypatch, capsys) as ran:
        yield ran
