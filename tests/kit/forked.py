"""Processes of our programs that start at once, because they are forked from one that has imported everything.

    process = Forked("queue_system", ["demo"], environ, log)
    process.stdout.readline()
    process.kill()             # kill -9, as for any process

Each is a real process with its own environment and its own end; only the time for Python's imports is saved. The tests
of packaging, dev.py and the demonstration start `python -m queue_system` itself.
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import IO, Any

from tests.kit.tree import ROOT

_CONTEXT = multiprocessing.get_context("forkserver")
# Imported once, before there are any threads or connections.
_CONTEXT.set_forkserver_preload(
    ["queue_system.app", "queue_system.demo.run", "queue_system.staff_commands", "tests.conftest"]
)


class Forked:
    """`python -m module arguments`, with the attributes of `subprocess.Popen`.

    `stdout` has its output, and the file `log` gets its errors.
    """

    def __init__(self, module: str, arguments: Sequence[str], environ: Mapping[str, str], log: Path) -> None:
        heard, said = _CONTEXT.Pipe(duplex=False)
        work = (module, list(arguments), dict(environ), said, str(log))
        self._process = _CONTEXT.Process(target=_run, args=work, daemon=True)
        self._process.start()
        said.close()
        self.stdout: IO[str] = os.fdopen(os.dup(heard.fileno()), encoding="utf-8")
        heard.close()

    @property
    def pid(self) -> int:
        found = self._process.pid
        assert found is not None
        return found

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, negative for a signal; raises subprocess.TimeoutExpired."""
        self._process.join(timeout)
        code = self._process.exitcode
        if code is None:
            raise subprocess.TimeoutExpired("forked", timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            # As with Popen: it may just have ended, before its forkserver has said so.
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def _run(module: str, arguments: list[str], environ: dict[str, str], said: Connection, log: str) -> None:
    os.dup2(said.fileno(), 1)
    said.close()
    complaints = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.dup2(complaints, 2)
    os.close(complaints)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", 1, encoding="utf-8", errors="backslashreplace", closefd=False)
    os.environ.clear()
    os.environ.update(environ)
    os.chdir(ROOT)
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


Process = Forked | subprocess.Popen[Any]
