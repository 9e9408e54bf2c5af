"""A printer at the other end of a TCP connection (port 9100), with proof that paper came out.

TCP success proves nothing: the kernel and the printer accept bytes while there is no paper. So the
printer is asked before (``DLE EOT``) and after (``GS ( H`` 48), and where it cannot answer, the
receipt says so.
"""

from __future__ import annotations

import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import Enum
from threading import Lock
from typing import Final, Literal, Protocol

from printers.escpos_bytes import (
    clear_buffers,
    completion_answer,
    completion_request,
    status_request,
)

Proof = Literal["completed", "status", "none"]


class Status(Enum):
    """What a printer says about itself. UNKNOWN: it can be reached but never answers."""

    READY = "ready"
    PAPER_LOW = "paper_low"
    NO_PAPER = "no_paper"
    COVER_OPEN = "cover_open"
    OFFLINE = "offline"
    UNKNOWN = "unknown"

    @property
    def prints(self) -> bool:
        """Whether a slip may be sent in this state."""
        return self in (Status.READY, Status.PAPER_LOW, Status.UNKNOWN)


@dataclass(frozen=True)
class Receipt:
    """Proof of printing: ``completed`` the device confirmed this job, ``status`` it was healthy
    afterwards, ``none`` it cannot tell."""

    proof: Proof


class PrinterError(Exception):
    """A slip was not printed, or it is not known whether it was.

    Codes: ``offline``, ``silent`` (accepts connections, answers nothing), ``no_paper``,
    ``cover_open``, ``interrupted`` (connection broke or stalled within the job), ``unconfirmed``
    (no completion from a printer that gives it), ``unknown_host``. ``permanent`` means that trying
    again without a change of settings is pointless. ``maybe_printed`` means that bytes left for
    paper, so that the slip may exist wholly or in part.
    """

    def __init__(self, code: str, permanent: bool = False, *, maybe_printed: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.permanent = permanent
        self.maybe_printed = maybe_printed


class Printer(Protocol):
    """Sends bytes or raises ``PrinterError``."""

    def send(self, data: bytes) -> Receipt: ...

    def status(self) -> Status: ...


class NetworkPrinter:
    """An ESC/POS printer at ``host:port``. Safe to share between threads: one connection at a time.

    Timeouts are seconds: ``connect_timeout`` to open, ``status_timeout`` for each status answer,
    ``print_timeout`` for taking the bytes and again for having them on paper. ``mute`` is for printers
    without a way back: they are not asked, and only unreachable ones count as offline.
    ``completion`` False is for printers without ``GS ( H``; None finds out with the first slip.
    """

    def __init__(
        self,
        host: str,
        port: int = 9100,
        *,
        connect_timeout: float = 2.0,
        status_timeout: float = 1.0,
        print_timeout: float = 10.0,
        mute: bool = False,
        completion: bool | None = None,
    ) -> None:
        self.host = host
        self.port = port
        self.connect_timeout = connect_timeout
        self.status_timeout = status_timeout
        self.print_timeout = print_timeout
        self.mute = mute
        self._completion = False if mute else completion
        self._sequence = secrets.randbelow(_TOKENS)
        self._stale = False
        self._lock = Lock()

    def send(self, data: bytes) -> Receipt:
        """Print ``data``; returns the proof there is, raises ``PrinterError``."""
        with self._lock, self._connection() as line:
            if not self.mute:
                _refuse(self._ask(line), maybe_printed=False)
            if self._stale:
                self._forget_old_bytes(line)
            try:
                return self._print(line, data)
            except PrinterError:
                # What the printer still holds would come out with the next roll, long out of date.
                self._stale = True
                with suppress(OSError):
                    line.send(clear_buffers(), self.status_timeout)
                raise

    def status(self) -> Status:
        """Ask the printer; never raises, an unreachable or silent printer is OFFLINE."""
        try:
            with self._lock, self._connection() as line:
                return Status.UNKNOWN if self.mute else self._ask(line)
        except PrinterError:
            return Status.OFFLINE

    def _print(self, line: _Line, data: bytes) -> Receipt:
        mark = self._next_token()
        request = b"" if self._completion is False else completion_request(mark)
        try:
            line.send(data + request, self.print_timeout)
        except TimeoutError:
            self._blame(line)
        except OSError:
            raise PrinterError("interrupted", maybe_printed=True) from None
        if self.mute:
            line.let_it_read(self.status_timeout)
            return Receipt("none")
        if self._completion is False:
            self._settle(line)
            return Receipt("status")
        return self._await_completion(line, completion_answer(mark))

    def _await_completion(self, line: _Line, answer: bytes) -> Receipt:
        """Wait for the answer; look at the status whenever the printer has been quiet for a while."""
        deadline = time.monotonic() + self.print_timeout
        while not line.heard_of(answer) and (left := deadline - time.monotonic()) > 0:
            try:
                line.listen(min(left, self.status_timeout))
            except TimeoutError:
                _refuse(self._ask_late(line), maybe_printed=True)
            except OSError:
                raise PrinterError("interrupted", maybe_printed=True) from None
        if line.heard_of(answer):
            self._completion = True
            return Receipt("completed")
        if self._completion:
            raise PrinterError("unconfirmed", maybe_printed=True)
        self._completion = False
        return Receipt("status")

    def _settle(self, line: _Line) -> None:
        """Without completion: healthy after the bytes were taken, or raise."""
        _refuse(self._ask_late(line), maybe_printed=True)
        line.let_it_read(self.status_timeout)

    def _blame(self, line: _Line) -> None:
        """The printer stopped reading within a job: say why if it can tell."""
        _refuse(self._ask_late(line), maybe_printed=True)
        raise PrinterError("interrupted", maybe_printed=True)

    def _ask_late(self, line: _Line) -> Status:
        try:
            return self._ask(line)
        except PrinterError:
            raise PrinterError("interrupted", maybe_printed=True) from None

    def _ask(self, line: _Line) -> Status:
        try:
            printer, cause, roll = (line.ask(n, self.status_timeout) for n in (1, 2, 4))
        except TimeoutError:
            raise PrinterError("silent") from None
        except OSError:
            raise PrinterError("offline") from None
        return read_status(printer, cause, roll)

    def _forget_old_bytes(self, line: _Line) -> None:
        try:
            line.send(clear_buffers(), self.status_timeout)
            # The answer to DLE DC4 8, where there is one, must not be taken for something else.
            if not self.mute:
                _refuse(self._ask(line), maybe_printed=False)
        except OSError:
            raise PrinterError("offline") from None
        self._stale = False

    @contextmanager
    def _connection(self) -> Iterator[_Line]:
        try:
            connected = socket.create_connection((self.host, self.port), self.connect_timeout)
        except UnicodeError:
            raise PrinterError("unknown_host", permanent=True) from None
        except socket.gaierror as error:
            raise PrinterError("unknown_host", permanent=error.errno == socket.EAI_NONAME) from None
        except OSError:
            raise PrinterError("offline") from None
        with connected:
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            yield _Line(connected)

    def _next_token(self) -> bytes:
        self._sequence = (self._sequence + 1) % _TOKENS
        return token(self._sequence)


def read_status(printer: int, cause: int, roll: int) -> Status:
    """Meaning of the answers to ``DLE EOT`` 1, 2 and 4 (Epson's bit tables).

    The cover comes first: with the cover open the roll sensor says "no paper" too.
    """
    if cause & 0x04:
        return Status.COVER_OPEN
    if cause & 0x20 or roll & 0x60:
        return Status.NO_PAPER
    if cause & 0x40 or printer & 0x08:
        return Status.OFFLINE
    if roll & 0x0C:
        return Status.PAPER_LOW
    return Status.READY


def token(sequence: int) -> bytes:
    """Four printable ASCII bytes for a job's sequence number, none of which looks like a status byte."""
    digits = []
    for _ in range(4):
        sequence, digit = divmod(sequence, len(_TOKEN_BYTES))
        digits.append(_TOKEN_BYTES[digit])
    return bytes(reversed(digits))


class _Line:
    """An open connection. Status bytes and everything else a printer says come mixed and are kept apart:
    a completion may arrive while a status is waited for, and the other way round."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._statuses: list[int] = []
        self._rest = bytearray()

    def send(self, data: bytes, timeout: float) -> None:
        self._socket.settimeout(timeout)
        self._socket.sendall(data)

    def ask(self, n: int, timeout: float) -> int:
        """The answer to ``DLE EOT n``."""
        deadline = time.monotonic() + timeout
        self._statuses.clear()
        self.send(status_request(n), timeout)
        while not self._statuses:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self.listen(left)
        return self._statuses.pop(0)

    def listen(self, timeout: float) -> None:
        """Take in what comes next; raises OSError when nothing does or the connection has ended."""
        self._socket.settimeout(timeout)
        heard = self._socket.recv(64)
        if not heard:
            raise ConnectionResetError
        self._statuses += [byte for byte in heard if _is_status(byte)]
        self._rest += bytes(byte for byte in heard if not _is_status(byte))

    def heard_of(self, answer: bytes) -> bool:
        return answer in self._rest

    def let_it_read(self, timeout: float) -> None:
        """Close our half and wait for the printer's: closing at once may reset unread bytes away.

        A printer that never stops talking is not waited for: it would keep its worker for ever.
        """
        deadline = time.monotonic() + timeout
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)
            while (left := deadline - time.monotonic()) > 0:
                self.listen(left)


def _is_status(byte: int) -> bool:
    """Whether a byte has the fixed bits of an answer to ``DLE EOT``."""
    return byte & 0x93 == 0x12


def _refuse(status: Status, *, maybe_printed: bool) -> None:
    if not status.prints:
        raise PrinterError(status.value, maybe_printed=maybe_printed)


_TOKEN_BYTES: Final = bytes(byte for byte in range(0x20, 0x7F) if not _is_status(byte))
_TOKENS: Final = len(_TOKEN_BYTES) ** 4
