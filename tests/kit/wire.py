"""A minimal HTTP/1.1 client with a persistent connection; it costs a few microseconds for each request.

Load tests and benchmarks use it, because they measure the server and not the client. Of all headers it reads only
Content-Length.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any, NamedTuple, Self


class Answer(NamedTuple):
    """Status and body of a response."""

    status: int
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class WireError(Exception):
    """The connection ended; whether the request was carried out is unknown."""


def request(method: str, path: str, body: Any = None, token: str | None = None, **headers: str) -> bytes:
    """The bytes of a request, which can be sent many times; `body` as JSON, `token` as bearer token."""
    content = b"" if body is None else json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/1.1", "host: 127.0.0.1", "accept-language: en"]
    if token is not None:
        lines.append(f"authorization: Bearer {token}")
    if body is not None:
        lines.append("content-type: application/json")
    if content or method not in ("GET", "DELETE"):
        lines.append(f"content-length: {len(content)}")
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


class Wire:
    """One connection; `address` is a local address to connect from, so that many clients look like many visitors."""

    def __init__(self, port: int, address: str | None = None) -> None:
        self._port = port
        self._address = address
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def send(self, message: bytes) -> Answer:
        """Send the bytes of a request and read the answer; raises WireError when the connection ends."""
        try:
            if self._writer is None:
                here = (self._address, 0) if self._address else None
                self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port, local_addr=here)
            assert self._reader is not None
            self._writer.write(message)
            head = await self._reader.readuntil(b"\r\n\r\n")
            start = head.lower().find(b"content-length:")
            length = int(head[start + 15 : head.index(b"\r\n", start)]) if start >= 0 else 0
            return Answer(int(head[9:12]), await self._reader.readexactly(length))
        except (OSError, asyncio.IncompleteReadError) as error:
            self.close()
            raise WireError(str(error)) from error

    async def ask(self, method: str, path: str, body: Any = None, token: str | None = None) -> Answer:
        return await self.send(request(method, path, body, token))

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
