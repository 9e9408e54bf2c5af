"""Two hundred screens in one event loop: WebSocket clients (RFC 6455) that need almost no processor time.

They read unmasked text messages of one frame each, answer pings, and send nothing else, as our screens do. A full
library costs a tenth of a millisecond for each message; with 200 screens the benchmark would measure the library.
"""

from __future__ import annotations

import asyncio
import base64
import secrets
import time
from typing import Final

TEXT: Final = 0x81
CLOSE: Final = 0x88
PING: Final = 0x89
PONG: Final = 0x8A
PATIENCE_SECONDS: Final = 20.0


class Wall:
    """Many screens. `expect` says what each of them shall receive; its result is when the last one has it."""

    def __init__(self) -> None:
        self.screens: list[Screen] = []
        self._marker = b""
        self._missing = 0
        self._filled: asyncio.Future[float] | None = None

    async def hang(self, port: int, path: str, headers: dict[str, str]) -> None:
        """Connect one more screen."""
        loop = asyncio.get_running_loop()
        _, screen = await loop.create_connection(lambda: Screen(self), "127.0.0.1", port)
        key = base64.b64encode(secrets.token_bytes(16)).decode()
        lines = [
            f"GET {path} HTTP/1.1",
            f"host: 127.0.0.1:{port}",
            "connection: Upgrade",
            "upgrade: websocket",
            "sec-websocket-version: 13",
            f"sec-websocket-key: {key}",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]
        screen.transport.write("\r\n".join(lines).encode() + b"\r\n\r\n")
        async with asyncio.timeout(PATIENCE_SECONDS):
            await screen.open
        self.screens.append(screen)

    def expect(self, marker: bytes) -> asyncio.Future[float]:
        """The moment (perf_counter) at which the last screen has a message with `marker`."""
        self._marker = marker
        self._missing = len(self.screens)
        for screen in self.screens:
            screen.waiting = True
        self._filled = asyncio.get_running_loop().create_future()
        return self._filled

    def close(self) -> None:
        for screen in self.screens:
            screen.transport.close()

    def arrived(self, screen: Screen, message: bytes) -> None:
        screen.last = message
        if not screen.first.done():
            screen.first.set_result(None)
        if screen.waiting and self._marker in message:
            screen.waiting = False
            self._missing -= 1
            if not self._missing and self._filled is not None:
                self._filled.set_result(time.perf_counter())

    def lost(self) -> None:
        if self._filled is not None and not self._filled.done():
            self._filled.set_exception(ConnectionError("a screen was disconnected"))


class Screen(asyncio.Protocol):
    """One connection."""

    transport: asyncio.Transport

    def __init__(self, wall: Wall) -> None:
        self._wall = wall
        self._buffer = bytearray()
        self.open: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.first: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waiting = False
        self.last = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self.open.done():
            head, found, rest = self._buffer.partition(b"\r\n\r\n")
            if not found:
                return
            if not head.startswith(b"HTTP/1.1 101"):
                self.open.set_exception(ConnectionError(head.decode()))
                return
            self._buffer = bytearray(rest)
            self.open.set_result(None)
        while self._frame():
            pass

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio names it
        if not self.open.done():
            self.open.set_exception(ConnectionError("refused"))
        self._wall.lost()

    def _frame(self) -> bool:
        """Take one frame out of the buffer; False if none is complete."""
        if len(self._buffer) < 2:
            return False
        length, start = self._buffer[1], 2
        if length > 125:
            start = 4 if length == 126 else 10
            length = int.from_bytes(self._buffer[2:start])
        if len(self._buffer) < start + length:
            return False
        kind, message = self._buffer[0], bytes(self._buffer[start : start + length])
        del self._buffer[: start + length]
        if kind == TEXT:
            self._wall.arrived(self, message)
        elif kind == PING:
            # A client must mask its frames; a mask of zeros leaves the content unchanged.
            self.transport.write(bytes([PONG, 0x80 | length]) + bytes(4) + message)
        elif kind == CLOSE:
            self.transport.close()
        return True
