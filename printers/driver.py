"""An ESC/POS printer behind any connection, with proof that paper came out.

Accepted bytes are no proof, because the kernel and the printer accept them even without paper. So the driver asks
the printer before (``DLE EOT``) and after (``GS ( H`` 48); where it cannot answer, the receipt says so.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from enum import Enum
from threading import Lock
from typing import Final, Literal, NoReturn, Protocol, TypedDict

from printers.escpos_bytes import (
    clear_buffers,
    completion_answer,
    completion_request,
    status_request,
)

Proof = Literal["completed", "status", "none"]

#: How long to wait for a first confirmation, in seconds. Slips are on paper within a second or two.
LEARNING_SECONDS: Final = 3.0


class Status(Enum):
    """The state of a printer.

    SILENT: it can be reached but does not answer. GARBLED: its answers are not a valid status. DENIED: its file cannot
    be opened, because rights are missing or another program holds it. UNKNOWN: it can be reached and is not asked.
    """

    READY = "ready"
    PAPER_LOW = "paper_low"
    NO_PAPER = "no_paper"
    COVER_OPEN = "cover_open"
    OFFLINE = "offline"
    SILENT = "silent"
    GARBLED = "garbled"
    DENIED = "denied"
    UNKNOWN = "unknown"

    @property
    def prints(self) -> bool:
        """Whether a slip may be sent in this state."""
        return self in (Status.READY, Status.PAPER_LOW, Status.UNKNOWN)


@dataclass(frozen=True)
class Receipt:
    """Proof of printing: ``completed``: the printer confirmed this job; ``status``: it was ready
    afterwards; ``none``: it cannot answer."""

    proof: Proof


class PrinterError(Exception):
    """A slip was not printed, or possibly not.

    Codes: ``offline``, ``silent`` (reachable without an answer), ``garbled`` (an invalid status as the answer),
    ``denied`` (no right to its file, or another program holds it), ``no_device`` (the file is not a device of that
    kind), ``no_paper``, ``cover_open``, ``interrupted`` (the connection broke or stalled within the job),
    ``unconfirmed`` (a printer that confirms did not), ``unknown_host``. ``permanent`` means that trying
    again without a change of settings is pointless. ``maybe_printed`` means that bytes were sent, so that
    the slip may exist wholly or in part.
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


class Connection(Protocol):
    """An open connection to a printer. Raises OSError where it breaks, TimeoutError after `timeout` seconds."""

    def send(self, data: bytes, timeout: float) -> None:
        """Send all bytes; as far as it can tell, they are sent when this returns."""

    def receive(self, timeout: float) -> bytes:
        """The next bytes, at least one."""

    def finish(self, timeout: float) -> None:
        """End the sending side and let the printer receive the bytes on their way. Never raises."""


class Transport(Protocol):
    """How a printer is reached."""

    def open(self) -> AbstractContextManager[Connection]:
        """A connection to the printer, closed afterwards. Raises PrinterError, and then nothing was sent."""

    def seconds_for(self, count: int) -> float:
        """Seconds that so many bytes take at the speed of the connection."""


class Habits(TypedDict, total=False):
    """The behaviour of a printer, and timeouts in seconds; see ``EscPosPrinter``."""

    status_timeout: float
    print_timeout: float
    mute: bool
    completion: bool | None


class EscPosPrinter:
    """An ESC/POS printer. Safe to share between threads: one connection at a time, opened for each slip or question.

    ``status_timeout`` is for each status answer, ``print_timeout`` for receiving the bytes and again for printing
    them. ``mute`` is for printers that cannot answer: they are not asked, and only unreachable ones count as
    offline. ``completion`` says whether the printer knows ``GS ( H``; with None the first slip detects it.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        status_timeout: float = 2.0,
        print_timeout: float = 10.0,
        mute: bool = False,
        completion: bool | None = None,
    ) -> None:
        self.transport = transport
        self.status_timeout = status_timeout
        self.print_timeout = print_timeout
        self.mute = mute
        #: Whether the printer confirms printing; None until this is detected.
        self.completion = False if mute else completion
        self._told = self.completion
        self._answered: set[int] = set()
        self._unanswered: set[int] = set()
        self._sequence = secrets.randbelow(_TOKENS)
        self._stale = False
        self._lock = Lock()

    def send(self, data: bytes) -> Receipt:
        """Print ``data``; returns the proof of printing, raises ``PrinterError``."""
        with self._lock, self._conversation() as talk:
            if not self.mute:
                _refuse(self._ask(talk, self.status_timeout), maybe_printed=False)
            if self._stale:
                self._forget_old_bytes(talk)
            try:
                return self._print(talk, data)
            except PrinterError:
                # The rest in the printer's buffer would be printed with the next roll, when it is out of date.
                self._stale = True
                with suppress(OSError):
                    talk.send(clear_buffers(), self.status_timeout)
                raise

    def status(self) -> Status:
        """Ask the printer; never raises."""
        try:
            with self._lock, self._conversation() as talk:
                return Status.UNKNOWN if self.mute else self._ask(talk, self.status_timeout)
        except PrinterError as error:
            return _STATUS_OF.get(error.code, Status.OFFLINE)

    def _print(self, talk: _Conversation, data: bytes) -> Receipt:
        mark = self._next_token()
        request = b"" if self.completion is False else completion_request(mark)
        try:
            talk.send(data + request, self.print_timeout + self.transport.seconds_for(len(data)))
        except TimeoutError:
            self._blame(talk)
        except OSError:
            raise PrinterError("interrupted", maybe_printed=True) from None
        if self.mute:
            talk.connection.finish(self.status_timeout)
            return Receipt("none")
        if self.completion is False:
            self._settle(talk)
            return Receipt("status")
        return self._await_completion(talk, completion_answer(mark))

    def _await_completion(self, talk: _Conversation, answer: bytes) -> Receipt:
        """Wait for the confirmation; ask for the status whenever the printer has been silent for a while."""
        patience = self.print_timeout if self.completion else min(self.print_timeout, LEARNING_SECONDS)
        deadline = time.monotonic() + patience
        while not talk.heard_of(answer) and (left := deadline - time.monotonic()) > 0:
            try:
                talk.listen(min(left, self.status_timeout))
            except TimeoutError:
                _refuse(self._ask_late(talk, self.print_timeout), maybe_printed=True)
            except OSError:
                raise PrinterError("interrupted", maybe_printed=True) from None
        if talk.heard_of(answer):
            self.completion = True
            return Receipt("completed")
        if self.completion:
            # Another printer may have taken this one's place, so the next slip detects it again unless a person set it.
            self.completion = self._told
            raise PrinterError("unconfirmed", maybe_printed=True)
        self.completion = False
        return Receipt("status")

    def _settle(self, talk: _Conversation) -> None:
        """For printers that do not confirm: raise unless the printer is ready after it has received the bytes.

        It has ``print_timeout`` to answer, because some printers answer only after all earlier bytes are printed.
        """
        _refuse(self._ask_late(talk, self.print_timeout), maybe_printed=True)
        talk.connection.finish(self.status_timeout)

    def _blame(self, talk: _Conversation) -> NoReturn:
        """Raise the reason why the printer stopped reading within a job, as far as its status says it."""
        if not self.mute:
            _refuse(self._ask_late(talk, self.status_timeout), maybe_printed=True)
        raise PrinterError("interrupted", maybe_printed=True)

    def _ask_late(self, talk: _Conversation, patience: float) -> Status:
        try:
            return self._ask(talk, patience)
        except PrinterError:
            raise PrinterError("interrupted", maybe_printed=True) from None

    def _ask(self, talk: _Conversation, patience: float) -> Status:
        try:
            printer = talk.ask(1, patience)
            cause, roll = self._ask_further(talk, 2), self._ask_further(talk, 4)
        except TimeoutError:
            raise PrinterError("garbled" if talk.nonsense else "silent") from None
        except OSError:
            raise PrinterError("offline") from None
        return read_status(printer, cause, roll)

    def _ask_further(self, talk: _Conversation, n: int) -> int:
        """The answer to ``DLE EOT n``; "all well" from a printer that has never answered this question."""
        if n in self._unanswered:
            return _NOTHING_WRONG
        try:
            answer = talk.ask(n, self.status_timeout)
        except TimeoutError:
            if n in self._answered:
                raise
            self._unanswered.add(n)
            return _NOTHING_WRONG
        self._answered.add(n)
        return answer

    def _forget_old_bytes(self, talk: _Conversation) -> None:
        try:
            talk.send(clear_buffers(), self.status_timeout)
            # Asking for the status consumes the answer to DLE DC4 8, which must not be taken for another answer.
            if not self.mute:
                _refuse(self._ask(talk, self.status_timeout), maybe_printed=False)
        except OSError:
            raise PrinterError("offline") from None
        self._stale = False

    @contextmanager
    def _conversation(self) -> Iterator[_Conversation]:
        with ExitStack() as opened:
            try:
                connection = opened.enter_context(self.transport.open())
            except PrinterError:
                # The printer at the other end may be another one when it can be reached again.
                self._answered.clear()
                self._unanswered.clear()
                raise
            yield _Conversation(connection)

    def _next_token(self) -> bytes:
        self._sequence = (self._sequence + 1) % _TOKENS
        return token(self._sequence)


def read_status(printer: int, cause: int, roll: int) -> Status:
    """The status from the answers to ``DLE EOT`` 1, 2 and 4 (Epson's bit tables).

    The cover is checked first, because with an open cover the roll sensor reports "no paper" too.
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


class _Conversation:
    """Questions and answers on a connection. Status bytes and other bytes are kept apart, because a confirmation
    may arrive while the driver waits for a status, and the other way round."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        #: Whether bytes that are not a status arrived after the last question.
        self.nonsense = False
        self._statuses = bytearray()
        self._rest = bytearray()

    def send(self, data: bytes, timeout: float) -> None:
        self.connection.send(data, timeout)

    def ask(self, n: int, timeout: float) -> int:
        """The answer to ``DLE EOT n``."""
        deadline = time.monotonic() + timeout
        self._statuses.clear()
        self.nonsense = False
        self.send(status_request(n), timeout)
        while not self._statuses:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self.listen(left)
        return self._statuses.pop(0)

    def listen(self, timeout: float) -> None:
        """Read the next bytes; raises OSError where none come or the connection has ended."""
        heard = self.connection.receive(timeout)
        rest = bytes(byte for byte in heard if not _is_status(byte))
        self.nonsense = self.nonsense or bool(rest.strip(_FLOW_CONTROL))
        # Only the last bytes are kept, so that a printer that sends endlessly cannot fill the memory.
        self._statuses = (self._statuses + bytes(byte for byte in heard if _is_status(byte)))[-_REMEMBERED:]
        self._rest = (self._rest + rest)[-_REMEMBERED:]

    def heard_of(self, answer: bytes) -> bool:
        return answer in self._rest


def _is_status(byte: int) -> bool:
    """Whether a byte has the fixed bits of an answer to ``DLE EOT``."""
    return byte & 0x93 == 0x12


def _refuse(status: Status, *, maybe_printed: bool) -> None:
    if not status.prints:
        raise PrinterError(status.value, maybe_printed=maybe_printed)


#: XON and XOFF.
_FLOW_CONTROL: Final = b"\x11\x13"
_NOTHING_WRONG: Final = 0x12
_REMEMBERED: Final = 4096
_STATUS_OF: Final = {status.value: status for status in (Status.SILENT, Status.GARBLED, Status.DENIED)}
_TOKEN_BYTES: Final = bytes(byte for byte in range(0x20, 0x7F) if not _is_status(byte))
_TOKENS: Final = len(_TOKEN_BYTES) ** 4
