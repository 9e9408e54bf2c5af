"""A demonstration as people start it: in its own process, on a free port, with its data in a folder."""

from __future__ import annotations

import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx2

from tests.kit.forked import Forked, Process
from tests.kit.tree import ROOT

# The first start creates a database, which takes time on a busy machine.
START_SECONDS = 100
PASSWORD = "demo-demo"
LAST_LINE = "Ctrl-C stops."

Begin = Callable[[list[str], dict[str, str], Path], Process]


@dataclass
class Demo:
    """A running demonstration: its output and its address."""

    process: Process
    folder: Path
    reader: threading.Thread
    begun: float = field(default_factory=time.monotonic)
    started_in: float = 0.0
    """Seconds until it had told what to open: how quick this machine is just now."""
    lines: list[str] = field(default_factory=list)

    @property
    def banner(self) -> str:
        return "\n".join(self.lines)

    @property
    def address(self) -> str:
        """The address of its front page, without a trailing slash."""
        found = re.search(r"(http://127\.0\.0\.1:\d+)/$", self.banner, re.MULTILINE)
        assert found is not None, self.banner
        return found[1]

    @property
    def sign_ins(self) -> dict[str, str]:
        """Roles by sign-in name."""
        return dict(re.findall(r"^    (\w+) +([\w-]+)$", self.banner, re.MULTILINE))

    def get(self, path: str, **more: Any) -> httpx2.Response:
        return httpx2.get(self.address + path, timeout=30, **more)

    def post(self, path: str, **more: Any) -> httpx2.Response:
        return httpx2.post(self.address + path, timeout=30, **more)

    def stop(self, how: signal.Signals = signal.SIGINT) -> tuple[int, float]:
        """Stop it as Ctrl-C does; returns the exit code and how many seconds it took."""
        started = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(how)
        code = self.process.wait(START_SECONDS)
        seconds = time.monotonic() - started
        self.reader.join(10)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code, seconds

    def log(self) -> str:
        """Its standard error."""
        return (self.folder / "log.txt").read_text(encoding="utf-8")


def by_python(arguments: list[str], environ: dict[str, str], log: Path) -> Process:
    """Start the program as a terminal does."""
    with log.open("a", encoding="utf-8") as complaints:
        return subprocess.Popen(
            [sys.executable, "-m", "queue_system", *arguments],
            cwd=ROOT,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=complaints,
            encoding="utf-8",
        )


def start(
    folder: Path,
    *arguments: str,
    begin: Begin | None = None,
    **environment: str,
) -> Demo:
    """Start a demonstration and wait until it has told what to open; `begin` makes its process another way than by forking."""
    folder.mkdir(exist_ok=True)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("QUEUE_")}
    environ = clean | {"QUEUE_DATA_DIR": str(folder), "QUEUE_PORT": "0"} | environment
    begun = begin or partial(Forked, "queue_system")
    process = begun(["demo", *arguments], environ, folder / "log.txt")
    told: queue.Queue[str | None] = queue.Queue()

    def listen() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            told.put(line.rstrip("\n"))
        told.put(None)

    demo = Demo(process, folder, threading.Thread(target=listen, daemon=True))
    demo.reader.start()
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            line = told.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            line = None
        if line is None:
            demo.stop(signal.SIGKILL)
            raise AssertionError(f"the demonstration did not start: {demo.log()}")
        demo.lines.append(line)
        if LAST_LINE in line:
            demo.started_in = time.monotonic() - demo.begun
            return demo
