"""The log of the process, as on standard error."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import structlog

from queue_system.configuration import read_configuration
from queue_system.logs import configure_logging


@contextmanager
def process_log(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """The log lines written inside, as a server without a terminal logs them."""
    before, root = structlog.get_config(), logging.getLogger()
    handlers, level = list(root.handlers), root.level
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    configure_logging(read_configuration({}, data_dir=folder))
    try:
        yield stream
    finally:
        structlog.configure(**before)
        root.handlers[:] = handlers
        root.setLevel(level)


def events(said: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in said.getvalue().splitlines()]
