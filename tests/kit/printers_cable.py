"""A cable between a terminal's file and a virtual printer, which can be unplugged and plugged in."""

from __future__ import annotations

import os
import select
import socket
import threading
import tty
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from printers.virtual import VirtualPrinter
from tests.kit.printers_wire import PATIENCE_SECONDS


@dataclass
class Cable:
    """A cable from a terminal's file to a virtual printer.

    `path` is a link to that file, as udev makes it: a cable that is plugged in again has another terminal.
    """

    printer: VirtualPrinter
    path: Path
    bytes_per_second: int | None = None
    """None is at once, 0 is never."""
    carried: int = 0
    """Bytes that the computer has sent."""
    _ends: list[int] = field(default_factory=list)
    _thread: threading.Thread | None = None
    _stop: threading.Event = field(default_factory=threading.Event)

    def plug(self) -> None:
        outer, inner = os.openpty()
        tty.setraw(inner)
        self._stop = threading.Event()
        self._ends = [outer, inner]
        line = socket.create_connection((self.printer.host, self.printer.port), PATIENCE_SECONDS)
        self.path.symlink_to(os.ttyname(inner))
        self._thread = threading.Thread(target=self._carry, args=(outer, line))
        self._thread.start()

    def unplug(self) -> None:
        """The effect of unplugging: the file is gone, and processes that have it open get an error."""
        if self._thread is None:
            return
        self.path.unlink()
        self._stop.set()
        self._thread.join(PATIENCE_SECONDS)
        self._thread = None
        for end in self._ends:
            os.close(end)

    def _carry(self, outer: int, line: socket.socket) -> None:
        """Carry bytes both ways until the cable is unplugged."""
        with line:
            while not self._stop.is_set():
                watched = [line.fileno(), outer] if self.bytes_per_second != 0 else [line.fileno()]
                ready, _, _ = select.select(watched, [], [], 0.02)
                with suppress(OSError):
                    if outer in ready:
                        data = os.read(outer, 4096 if self.bytes_per_second is None else 64)
                        self.carried += len(data)
                        line.sendall(data)
                        if self.bytes_per_second:
                            self._stop.wait(len(data) / self.bytes_per_second)
                    if line.fileno() in ready and (data := line.recv(4096)):
                        os.write(outer, data)


@contextmanager
def plugged(printer: VirtualPrinter, folder: Path) -> Iterator[Cable]:
    cable = Cable(printer, folder / "lp0")
    cable.plug()
    try:
        yield cable
    finally:
        cable.unplug()
