"""What the server says about itself."""

from __future__ import annotations

import errno
import io
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from queue_system.configuration import read_configuration
from queue_system.logs import configure_logging


class FullDisk(io.StringIO):
    def write(self, _: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def logging_as_before() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


def test_a_log_that_cannot_be_written_stops_nobody(
    logging_as_before: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", FullDisk())
    configure_logging(read_configuration({}, data_dir=tmp_path))
    structlog.get_logger().error("database.unavailable", detail="database or disk is full")


def test_a_log_that_can_be_written_is(logging_as_before: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = io.StringIO()
    monkeypatch.setattr(sys, "stderr", said)
    configure_logging(read_configuration({}, data_dir=tmp_path))
    structlog.get_logger().error("database.unavailable")
    assert '"event": "database.unavailable"' in said.getvalue()
