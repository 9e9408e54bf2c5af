"""A small printer behind a real TCP port, for tests of the network driver.

It keeps the bytes that it receives, answers status and completion requests, and fails on demand. Job data in these
tests is plain text, so that commands can be recognised by their bytes.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

# As long as a busy machine may need for anything; an answer that never comes still fails.
PATIENCE_SECONDS = 60.0

READY = {1: 0x16, 2: 0x12, 4: 0x12}
PAPER_LOW = READY | {4: 0x1E}
NO_PAPER = {1: 0x1E, 2: 0x32, 4: 0x7E}
COVER_OPEN = {1: 0x1E, 2: 0x16, 4: 0x7E}
SWITCHED_OFFLINE = {1: 0x1E, 2: 0x12, 4: 0x12}
FAULT = {1: 0x1E, 2: 0x52, 4: 0x12}
CLEAR = b"\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08"
COMPLETION = b"\x1d(H\x06\x0000"


@dataclass
class Wire:
    """A test may change these settings at any time."""

    status: dict[int, int] = field(default_factory=lambda: dict(READY))
    answers: bool = True
    only: tuple[int, ...] = (1, 2, 3, 4)
    """The status questions that it knows."""
    garbage: bytes = b""
    """Given as the answer to every status question instead of the status."""
    greeting: bytes = b""
    """Said as soon as somebody connects."""
    completes: bool = True
    reads: bool = True
    """False: the connection is accepted, nothing is ever read."""
    drop_after: int | None = None
    """Reset the connection after so many bytes."""
    then: dict[int, int] | None = None
    """Status to change to when job data arrives; completion is then not answered."""
    completes_late: int = 0
    """Answer a completion only just before the answer to so many later status requests."""
    chatters: bool = False
    """Once the computer has said everything, talk until it hangs up."""
    noise: bytes = b""
    """Sent before each answer, like the unasked reports of some printers."""
    received: bytearray = field(default_factory=bytearray)
    connections: int = 0
    port: int = 0
    _late: tuple[int, bytes] = (0, b"")
    _stop: threading.Event = field(default_factory=threading.Event)

    @contextlib.contextmanager
    def running(self) -> Iterator[Wire]:
        with socket.create_server(("127.0.0.1", self.port)) as server:
            self.port = server.getsockname()[1]
            server.settimeout(0.05)
            self._stop = threading.Event()
            thread = threading.Thread(target=self._serve, args=(server,))
            thread.start()
            try:
                yield self
            finally:
                self._stop.set()
                thread.join(PATIENCE_SECONDS)
                assert not thread.is_alive()

    @property
    def printed(self) -> bytes:
        """The received bytes without the commands."""
        rest = bytes(self.received)
        for n in READY:
            rest = rest.replace(bytes([0x10, 0x04, n]), b"")
        while (start := rest.find(COMPLETION)) >= 0:
            rest = rest[:start] + rest[start + len(COMPLETION) + 4 :]
        return rest.replace(b"\x10\x05\x02" + CLEAR + b"\x1b@", b"<cleared>")

    def _serve(self, server: socket.socket) -> None:
        while not self._stop.is_set():
            try:
                line, _ = server.accept()
            except TimeoutError:
                continue
            self.connections += 1
            with line, contextlib.suppress(OSError):
                line.settimeout(0.05)
                self._talk(line)

    def _talk(self, line: socket.socket) -> None:
        pending = b""
        seen = 0
        if self.greeting:
            line.sendall(self.greeting)
        while not self._stop.is_set():
            if not self.reads:
                self._stop.wait(0.05)
                continue
            try:
                chunk = line.recv(1 if self.drop_after is not None else 4096)
            except TimeoutError:
                continue
            if not chunk:
                while self.chatters and not self._stop.is_set():
                    line.sendall(b"\x16")
                return
            self.received += chunk
            seen += len(chunk)
            if self.drop_after is not None and seen >= self.drop_after:
                line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return
            pending = self._answer(line, pending + chunk)

    def _due(self) -> bytes:
        after, answer = self._late
        self._late = (after - 1, answer)
        return answer if after == 1 else b""

    def _answer(self, line: socket.socket, pending: bytes) -> bytes:
        """Answer the commands in ``pending``; returns the bytes that may begin another command."""
        at = 0
        while at < len(pending):
            rest = pending[at:]
            if rest[:2] == b"\x10\x04" and len(rest) >= 3:
                if self.answers and rest[2] in self.only:
                    line.sendall(self._due() + (self.garbage or self.noise + bytes([self.status[rest[2]]])))
                at += 3
            elif rest.startswith(COMPLETION) and len(rest) >= len(COMPLETION) + 4:
                if self.completes and self.then is None:
                    answer = self.noise + b"\x37\x22" + rest[len(COMPLETION) : len(COMPLETION) + 4] + b"\x00"
                    self._late = (self.completes_late, answer)
                    if not self.completes_late:
                        line.sendall(answer)
                at += len(COMPLETION) + 4
            elif rest.startswith(CLEAR):
                line.sendall(b"\x37\x25\x00")
                at += len(CLEAR)
            elif rest[:1] in (b"\x10", b"\x1d") and len(rest) < len(COMPLETION) + 4:
                if any(start.startswith(rest[: len(start)]) for start in (b"\x10\x04\x01", COMPLETION, CLEAR)):
                    return rest
                at += 1
            else:
                if rest[:1].isalpha() and self.then is not None:
                    self.status = dict(self.then)
                at += 1
        return b""
