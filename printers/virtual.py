"""A virtual receipt printer at `host:9100`, for tests and for people without a printer.

It is a TCP server that obeys the bytes it receives and draws the paper from them alone. It can also fail as
printers do: no power, no paper, an open cover, no answer, a broken connection, a false status.

    with VirtualPrinter(dots=576).start() as printer:
        send(printer.host, printer.port, data)
        paper = printer.wait_for_papers(1)[-1]
"""

from __future__ import annotations

import logging
import re
import selectors
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Self, Unpack

from . import virtual_condition
from .virtual_commands import Interpreter, completion_answer
from .virtual_condition import Changes, Condition, Roll
from .virtual_paper import LONGEST, Strip, dots_picture, paper_picture, png

KEPT: Final = 50
"""The number of papers that are kept."""
BUFFER: Final = 65_536
"""Bytes that a printer buffers while it cannot print; then it stops reading."""
KNIFE: Final = 104
"""Rows between head and knife: about 13 mm."""

PATIENCE_SECONDS: Final = 60.0
"""How long callers wait for the printer; generous, because a busy machine is slow."""

_log = logging.getLogger(__name__)

_STATUS: Final = rb"\x10\x04[\x01-\x04]"
_ONLY_STATUS: Final = re.compile(rb"(?:%b)+" % _STATUS)
_CLEAR: Final = b"\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08"
_CLEARED: Final = b"\x37\x25\x00"
_RECOVER: Final = b"\x10\x05\x02"
_COMPLETION: Final = rb"\x1d\(H\x06\x00\x30\x30[\x20-\x7e]{4}"
# Real-time commands are obeyed on arrival at any position, even inside a picture, as the manuals warn.
_AT_ONCE: Final = re.compile(b"|".join((_STATUS, re.escape(_CLEAR), re.escape(_RECOVER), _COMPLETION)))
_LONGEST_AT_ONCE: Final = 11


@dataclass(frozen=True, slots=True)
class Paper:
    """A piece of paper that fell: `image` as it looks, `dots` exactly what was burnt (both PNG files).

    `received_at` comes from the clock that was given, if any. `torn`: not cut, because the roll ended or was changed.
    """

    number: int
    image: bytes
    dots: bytes
    received_at: datetime | None
    torn: bool


class VirtualPrinter:
    """One printer; `start` makes it listen, `stop` ends it. All methods may be called from any thread.

    `dots` is the width of the head (576 or 384), `knife` the rows between head and knife, `clock` gives the time
    written on each Paper, `changed` is called after every change of papers or condition, in the printer's thread.
    """

    def __init__(
        self,
        dots: int = 576,
        *,
        knife: int = KNIFE,
        clock: Callable[[], datetime] | None = None,
        changed: Callable[[], None] | None = None,
    ) -> None:
        self.dots = dots
        self.host, self.port = "", 0
        self._clock, self._changed = clock, changed
        self._lock = threading.Condition()
        self._condition = Condition()
        self._papers: deque[Paper] = deque(maxlen=KEPT)
        self._printed = self._received = 0
        self._strip = Strip(dots, knife)
        self._interpreter = Interpreter(self._strip, self)
        self._buffer = bytearray()
        self._recent = b""
        self._listener: socket.socket | None = None
        self._line: socket.socket | None = None
        self._line_bytes = 0
        self._read_again = 0.0
        self._asked = self._done = 0
        self._pushed = b""
        self._news = self._stopping = False
        self._thread: threading.Thread | None = None
        self._selector = selectors.DefaultSelector()
        self._bell, self._ring = socket.socketpair()
        self._selector.register(self._bell, selectors.EVENT_READ)

    def start(self, host: str = "127.0.0.1", port: int = 0) -> Self:
        """Listen at host and port (0: a free one, then in `port`); raises OSError where that is impossible."""
        self._listener = _listen(host, port)
        self.host, self.port = self._listener.getsockname()[:2]
        self._thread = threading.Thread(target=self._run, name=f"virtual-printer-{self.port}", daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Close everything; a second time does nothing."""
        with self._lock:
            self._stopping = True
        if self._thread is not None:
            self._ring.send(b".")
            self._thread.join()
            self._thread = None
        self._bell.close()
        self._ring.close()
        self._selector.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def condition(self) -> Condition:
        """The present condition of the printer."""
        with self._lock:
            return replace(self._condition, rows_left=self._strip.left)

    @property
    def printed(self) -> int:
        """How many papers have fallen since the start, including those that are no longer kept."""
        with self._lock:
            return self._printed

    @property
    def received(self) -> int:
        """How many bytes have been read since the start."""
        with self._lock:
            return self._received

    @property
    def faults(self) -> dict[str, int]:
        """How often a command arrived that a correct sender never sends, by the command's bytes."""
        with self._lock:
            return dict(self._interpreter.faults)

    def change(self, **changes: Unpack[Changes]) -> None:
        """Change the printer's condition; returns when it has taken effect, with everything that follows at once.

        New paper (`roll` from OUT) starts a new strip, and the printer goes on with the bytes in its buffer.
        """
        with self._lock:
            before, self._condition = self._condition, replace(self._condition, **changes)
            if before.roll is Roll.OUT and self._condition.roll is not Roll.OUT:
                self._strip.left = None
                self.dropped(self._strip.load(), torn=True)
            if "rows_left" in changes:
                self._strip.left = changes["rows_left"]
            if "drop_after" in changes:
                self._line_bytes = 0
            self._asked += 1
            self._news = True
            asked = self._asked
            if self._thread is None or self._thread is threading.current_thread():
                return
            self._ring.send(b".")
            if not self._lock.wait_for(lambda: self._done >= asked or self._stopping, timeout=PATIENCE_SECONDS):
                raise TimeoutError("the virtual printer does not obey")

    def papers(self) -> list[Paper]:
        """The last papers, oldest first."""
        with self._lock:
            return list(self._papers)

    def wait_for_papers(self, count: int, seconds: float = PATIENCE_SECONDS) -> list[Paper]:
        """The papers, once at least `count` have fallen since the start; raises TimeoutError."""
        with self._lock:
            if not self._lock.wait_for(lambda: self._printed >= count, timeout=seconds):
                raise TimeoutError(f"{self._printed} papers after {seconds} s, {count} were awaited")
            return list(self._papers)

    def hanging(self, most: int | None = None) -> bytes | None:
        """The picture (PNG) of the uncut paper that hangs out, or of its last `most` rows; None without ink on it."""
        with self._lock:
            rows = self._strip.rows[-most:] if most else list(self._strip.rows)
        return png(dots_picture(rows, self.dots)) if any(rows) else None

    def hanging_rows(self) -> int:
        """The rows of uncut paper that hangs out of the printer, 0 without ink on it."""
        with self._lock:
            return len(self._strip.rows) if any(self._strip.rows) else 0

    # ---- what the commands work on (virtual_commands.Hardware)

    def answer(self, data: bytes) -> None:
        """Send bytes to the computer, unless the printer is mute or not connected."""
        if self._line is None or self._condition.mute:
            return
        try:
            self._line.sendall(data)
        except OSError:
            self._hang_up()

    def dropped(self, piece: list[int], *, torn: bool = False) -> None:
        """Keep the picture of a piece of paper that fell."""
        if not piece:
            return
        self._printed += 1
        at = self._clock() if self._clock is not None else None
        image, dots = png(paper_picture(piece, self.dots)), png(dots_picture(piece, self.dots))
        self._papers.append(Paper(self._printed, image, dots, at, torn))
        self._news = True

    def paper_sensor(self) -> int:
        """The answer to GS r 1."""
        return virtual_condition.paper_sensor(self._condition)

    def push_status(self) -> None:
        """Send the computer the four bytes of GS a, and remember them as sent."""
        self._pushed = virtual_condition.watched_status(self._condition, self._interpreter.pushes)
        self.answer(virtual_condition.pushed_status(self._condition))

    # ---- the printer's thread

    def _run(self) -> None:
        while True:
            with self._lock:
                self._obey()
                self._work()
                self._done = self._asked
                self._lock.notify_all()
                if self._stopping:
                    self._switch_off()
                    return
                watched, seconds = self._watched()
                news, self._news = self._news, False
            if news:
                self._tell()
            self._watch(watched)
            for key, _ in self._selector.select(seconds):
                with self._lock:
                    self._attend(key.fileobj)

    def _tell(self) -> None:
        if self._changed is None:
            return
        try:
            self._changed()
        except Exception:  # noqa: BLE001 — a printer does not stop because the page that watches it has a fault
            _log.exception("the listener of the virtual printer failed")

    def _obey(self) -> None:
        self._interpreter.completion = self._condition.completion
        if not self._condition.power:
            self._switch_off()
        elif self._listener is None:
            try:
                self._listener = _listen(self.host, self.port)
            except OSError:
                # Another program has taken the port meanwhile; _watched tries again later.
                return

    def _work(self) -> None:
        """Print the contents of the buffer, as far as paper and cover allow."""
        while virtual_condition.can_print(self._condition) and self._interpreter.step(self._buffer):
            if self._strip.left == 0:
                self._condition = replace(self._condition, roll=Roll.OUT)
                self._news = True
            elif len(self._strip.rows) > LONGEST:
                self.dropped(self._strip.load(), torn=True)
        bits = self._interpreter.pushes
        if bits and virtual_condition.watched_status(self._condition, bits) != self._pushed:
            self.push_status()

    def _watched(self) -> tuple[list[socket.socket], float | None]:
        """The sockets to listen to, and the seconds after which to check again in any case."""
        if self._condition.hang or self._listener is None:
            return [], 0.2 if self._condition.power and self._listener is None else None
        if self._line is None:
            return [self._listener], None
        if not virtual_condition.can_print(self._condition) and len(self._buffer) >= BUFFER:
            return [], None
        pause = self._read_again - time.monotonic()
        return ([], pause) if pause > 0 else ([self._line], None)

    def _watch(self, sockets: list[socket.socket]) -> None:
        wanted = [self._bell, *sockets]
        registered = [key.fileobj for key in self._selector.get_map().values()]
        for stale in registered:
            if stale not in wanted:
                self._selector.unregister(stale)
        for new in wanted:
            if new not in registered:
                self._selector.register(new, selectors.EVENT_READ)

    def _attend(self, source: object) -> None:
        if source is self._bell:
            self._bell.recv(4096)
        elif self._listener is not None and source is self._listener:
            self._accept(self._listener)
        elif self._line is not None and source is self._line:
            self._read(self._line)

    def _accept(self, listener: socket.socket) -> None:
        try:
            self._line, _ = listener.accept()
        except OSError:
            return
        self._line.settimeout(2)
        self._line_bytes = 0
        if self._condition.drop_after == 0:
            self._break_off()

    def _read(self, line: socket.socket) -> None:
        condition = self._condition
        size = BUFFER if virtual_condition.can_print(condition) else BUFFER - len(self._buffer)
        if condition.bytes_per_second is not None:
            size = min(size, max(1, condition.bytes_per_second // 20))
        if condition.drop_after is not None:
            size = min(size, condition.drop_after - self._line_bytes)
        try:
            data = line.recv(size)
        except OSError:
            data = b""
        if not data:
            self._hang_up()
            return
        self._line_bytes += len(data)
        self._received += len(data)
        if condition.bytes_per_second is not None:
            self._read_again = time.monotonic() + len(data) / condition.bytes_per_second
        self._take(data)
        if condition.drop_after is not None and self._line_bytes >= condition.drop_after:
            self._break_off()

    def _take(self, data: bytes) -> None:
        """Put bytes into the buffer, and obey real-time commands at once."""
        stream, old, taken = self._recent + data, len(self._recent), 0
        # Status questions are not stored while the printer cannot print; in hours they would fill the buffer.
        stored = virtual_condition.can_print(self._condition) or not _ONLY_STATUS.fullmatch(data)
        for match in _AT_ONCE.finditer(stream):
            if (end := match.end() - old) <= 0:
                continue
            self._buffer += data[taken:end] if stored else b""
            taken = end
            self._work()
            self._at_once(match[0])
        self._buffer += data[taken:] if stored else b""
        self._recent = stream[-_LONGEST_AT_ONCE + 1 :]
        self._work()

    def _at_once(self, command: bytes) -> None:
        stuck = not virtual_condition.can_print(self._condition)
        if command.startswith(b"\x10\x04"):
            self.answer(bytes([virtual_condition.real_time_status(self._condition, command[2])]))
        elif command == _CLEAR or (command == _RECOVER and stuck):
            self._buffer.clear()
            self._interpreter.abort()
            if command == _CLEAR:
                self.answer(_CLEARED)
        elif command[0] == 0x1D and stuck and self._condition.lie:
            self.answer(completion_answer(command))

    def _break_off(self) -> None:
        self._hang_up(reset=True)
        self._condition = replace(self._condition, drop_after=None)
        self._news = True

    def _switch_off(self) -> None:
        self._hang_up(reset=True)
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        self._buffer.clear()
        self._interpreter.reset()

    def _hang_up(self, *, reset: bool = False) -> None:
        """End the connection; bytes received stay in the buffer, as in a real printer."""
        if self._line is None:
            return
        if reset:
            self._line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._line.close()
        self._line = None
        self._recent = b""


def _listen(host: str, port: int) -> socket.socket:
    listener = socket.create_server((host, port), backlog=8)
    listener.setblocking(False)
    return listener
