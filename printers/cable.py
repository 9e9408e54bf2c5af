"""A printer on a cable of this machine: ``/dev/usb/lp0``, ``/dev/ttyUSB0``.

The device file is opened for one slip or one question and closed again, so that a printer that was unplugged
and plugged in is found again. The file is opened without blocking and every transfer has a deadline, so that
a dead printer cannot block the worker. ``flock`` locks it, so that two of our programs never write into one slip.

Sources: usblp.c and the tty layer of Linux, termios(3), tty_ioctl(2).
"""

from __future__ import annotations

import array
import errno
import fcntl
import os
import select
import stat
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final, Literal, Unpack

from printers.driver import Connection, EscPosPrinter, Habits, PrinterError

Flow = Literal["none", "xon_xoff", "rts_cts"]

#: Bytes passed to the kernel at a time; usblp takes 8 kB, a serial line 4 kB.
PIECE: Final = 4096
#: Seconds between two polls where the kernel cannot wake us.
PAUSE: Final = 0.01
#: A start bit, eight of the byte, a stop bit.
BITS_PER_BYTE: Final = 10


class UsbPrinter(EscPosPrinter):
    """An ESC/POS printer behind the kernel's driver of USB printers: ``/dev/usb/lp*`` or a link to it."""

    def __init__(self, path: str, **habits: Unpack[Habits]) -> None:
        super().__init__(FileWay(path), **habits)


class SerialPrinter(EscPosPrinter):
    """An ESC/POS printer on a serial line of eight bits without parity.

    ``baud`` is bits per second; ``flow`` is the flow control: none, XON/XOFF, or the wires RTS and CTS.
    """

    def __init__(self, path: str, baud: int = 9600, flow: Flow = "none", **habits: Unpack[Habits]) -> None:
        super().__init__(SerialWay(path, baud, flow), **habits)


class FileWay:
    """A character device that is written to and read from."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __str__(self) -> str:
        return self.path

    @contextmanager
    def open(self) -> Iterator[Connection]:
        try:
            opened = os.open(self.path, os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        except OSError as error:
            raise PrinterError("denied" if error.errno in _DENIED else "offline") from None
        try:
            if not stat.S_ISCHR(os.fstat(opened).st_mode):
                raise PrinterError("no_device", permanent=True)
            try:
                fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise PrinterError("denied") from None
            connection = self._prepared(opened)
            try:
                yield connection
            except BaseException:
                connection.drop()
                raise
        finally:
            # Closing fails where the printer was unplugged meanwhile.
            with suppress(OSError):
                os.close(opened)

    def seconds_for(self, count: int) -> float:  # noqa: ARG002 - USB is as fast as the printer
        return 0.0

    def _prepared(self, opened: int) -> _File:
        return _File(opened)


class SerialWay(FileWay):
    """A serial line at a fixed speed."""

    def __init__(self, path: str, baud: int, flow: Flow) -> None:
        super().__init__(path)
        self.baud = baud
        self.flow = flow

    def seconds_for(self, count: int) -> float:
        return count * BITS_PER_BYTE / self.baud

    def _prepared(self, opened: int) -> _File:
        try:
            _set_up(opened, self.baud, self.flow)
        except termios.error as error:
            if error.args[0] == errno.ENOTTY:
                raise PrinterError("no_device", permanent=True) from None
            raise PrinterError("offline") from None
        return _SerialFile(opened)


class _File:
    def __init__(self, opened: int) -> None:
        self._file = opened
        self._poll = select.poll()

    def send(self, data: bytes, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        rest = memoryview(data)
        while rest:
            self._wait(select.POLLOUT, deadline)
            with suppress(BlockingIOError):
                rest = rest[os.write(self._file, rest[:PIECE]) :]
        self._drain(deadline)

    def receive(self, timeout: float) -> bytes:
        deadline = time.monotonic() + timeout
        while True:
            self._wait(select.POLLIN, deadline)
            try:
                if heard := os.read(self._file, 64):
                    return heard
            except BlockingIOError:
                pass
            except OSError as error:
                if error.errno == errno.EINVAL:
                    # The printer is unidirectional, so it never sends anything.
                    raise TimeoutError from None
                raise
            # Some USB printers send packets without a byte, again and again.
            time.sleep(PAUSE)

    def finish(self, timeout: float) -> None:
        with suppress(OSError):
            self._drain(time.monotonic() + timeout)

    def drop(self) -> None:
        """Discard unsent bytes after an error, so that they do not delay closing the file."""

    def _drain(self, deadline: float) -> None:
        """Wait until the last piece is sent, because usblp drops it when the file is closed earlier."""
        self._wait(select.POLLOUT, deadline)

    def _wait(self, wanted: int, deadline: float) -> None:
        left = deadline - time.monotonic()
        self._poll.register(self._file, wanted)
        happened = self._poll.poll(max(0.0, left) * 1000) if left > 0 else []
        if not happened:
            raise TimeoutError
        if not happened[0][1] & wanted:
            raise OSError(errno.ENODEV, "the printer is gone")


class _SerialFile(_File):
    def _drain(self, deadline: float) -> None:
        """Wait until the line has sent everything; tcdrain does the same but has no deadline."""
        waiting = array.array("i", [0])
        while True:
            fcntl.ioctl(self._file, termios.TIOCOUTQ, waiting)
            if not waiting[0]:
                return
            if time.monotonic() >= deadline:
                raise TimeoutError
            time.sleep(PAUSE)

    def drop(self) -> None:
        # Otherwise the kernel waits half a minute for a stalled line before it closes the file.
        with suppress(termios.error):
            termios.tcflush(self._file, termios.TCOFLUSH)


def _set_up(opened: int, baud: int, flow: Flow) -> None:
    """Eight bits, no parity, no translation of any byte; without waiting for a carrier or dropping it at the end."""
    control = termios.tcgetattr(opened)[6]
    control[termios.VMIN], control[termios.VTIME] = 1, 0
    speed = getattr(termios, f"B{baud}")
    kind = termios.CS8 | termios.CREAD | termios.CLOCAL | (termios.CRTSCTS if flow == "rts_cts" else 0)
    incoming = termios.IXON if flow == "xon_xoff" else 0
    termios.tcsetattr(opened, termios.TCSANOW, [incoming, 0, kind, 0, speed, speed, control])
    # Bytes that an earlier program left unread must not be taken for an answer.
    termios.tcflush(opened, termios.TCIFLUSH)


_DENIED: Final = frozenset({errno.EACCES, errno.EPERM, errno.EBUSY})
