"""A printer at the other end of a TCP connection (port 9100)."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Unpack

from printers.driver import Connection, EscPosPrinter, Habits, PrinterError


class NetworkPrinter(EscPosPrinter):
    """An ESC/POS printer at ``host:port``; ``connect_timeout`` is in seconds."""

    def __init__(self, host: str, port: int = 9100, *, connect_timeout: float = 2.0, **habits: Unpack[Habits]) -> None:
        super().__init__(TcpWay(host, port, connect_timeout), **habits)


class TcpWay:
    """Opens a connection for each slip and each question, because many printers accept only one at a time."""

    def __init__(self, host: str, port: int, connect_timeout: float) -> None:
        self.host = host
        self.port = port
        self.connect_timeout = connect_timeout

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    @contextmanager
    def open(self) -> Iterator[Connection]:
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
            yield _Connection(connected)

    def seconds_for(self, count: int) -> float:  # noqa: ARG002 - a network is as fast as the printer
        return 0.0


class _Connection:
    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected

    def send(self, data: bytes, timeout: float) -> None:
        self._socket.settimeout(timeout)
        self._socket.sendall(data)

    def receive(self, timeout: float) -> bytes:
        self._socket.settimeout(timeout)
        heard = self._socket.recv(64)
        if not heard:
            raise ConnectionResetError
        return heard

    def finish(self, timeout: float) -> None:
        """Close our half and wait for the printer's, because closing at once may discard unread bytes by a reset.

        The wait has a limit, because a printer that sends endlessly would block its worker for ever.
        """
        deadline = time.monotonic() + timeout
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)
            while (left := deadline - time.monotonic()) > 0:
                self.receive(left)
