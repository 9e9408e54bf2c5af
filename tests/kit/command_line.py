"""The command line in this process: its output and its exit code."""

from __future__ import annotations

import io
import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import structlog

from queue_system.__main__ import main
from queue_system.clock import SystemClock
from queue_system.store.database import Database

PASSWORD = "long enough"


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Run:
    """`run("doctor", QUEUE_PORT="1")`: the command in this process, on the installation in `folder`."""

    folder: Path
    command: Callable[..., Ran]

    def __call__(self, *arguments: str, entered: str = "", **environment: str) -> Ran:
        return self.command(*arguments, entered=entered, **environment)

    def load(self, profile: str) -> None:
        """Run `init` for a new folder; after the first time its result is copied."""
        if profile in _loaded:
            _loaded[profile].write(self.folder)
        else:
            assert self("init", profile).code == 0
            _loaded[profile] = _Folder(self.folder)


class _Folder:
    """The files of a folder with their modes."""

    def __init__(self, folder: Path) -> None:
        self._mode = folder.stat().st_mode
        self._files = {one.name: (one.read_bytes(), one.stat().st_mode) for one in folder.iterdir()}

    def write(self, folder: Path) -> None:
        folder.mkdir()
        folder.chmod(self._mode)
        for name, (content, mode) in self._files.items():
            (folder / name).write_bytes(content)
            (folder / name).chmod(mode)


_loaded: dict[str, _Folder] = {}


@contextmanager
def command_line(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """`run("doctor", QUEUE_PORT="1")`: the command in this process, on the installation in `folder`."""
    for name in list(os.environ):
        if name.startswith("QUEUE_"):
            monkeypatch.delenv(name)
    level = logging.getLogger().level

    def ran(*arguments: str, entered: str = "", **environment: str) -> Ran:
        with monkeypatch.context() as here:
            here.setenv("QUEUE_DATA_DIR", str(folder))
            for name, value in environment.items():
                here.setenv(name, value)
            here.setattr(sys, "argv", ["queue-system", *arguments])
            here.setattr(sys, "stdin", io.StringIO(entered))
            capsys.readouterr()
            with pytest.raises(SystemExit) as left:
                main()
            said = capsys.readouterr()
        code = left.value.code
        if isinstance(code, str):
            # The interpreter prints this text and exits with 1.
            return Ran(1, said.out, said.err + code)
        return Ran(code or 0, said.out, said.err)

    try:
        yield Run(folder, ran)
    finally:
        _tidy(level)


def _tidy(level: int) -> None:
    structlog.reset_defaults()
    logging.getLogger().setLevel(level)
    for handler in logging.getLogger().handlers[:]:
        # `main` has directed the log to a stream that is closed after this test.
        if isinstance(handler, logging.StreamHandler) and handler.stream not in (sys.stdout, sys.stderr):
            continue
        logging.getLogger().removeHandler(handler)


def opened(folder: Path) -> Database:
    """The database of an installation; the caller closes it."""
    return Database(f"sqlite:///{folder / 'queue.db'}", SystemClock())
