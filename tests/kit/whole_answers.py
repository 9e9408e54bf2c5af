"""Makes Starlette's test client pass each answer on as a whole.

    client = whole_answers(TestClient(app))

Starlette passes an answer on piece by piece and changes threads seven times for each, which takes more processor time
than most of our pages. Here the client gets the answer when the application has finished it. Sockets are unchanged.

    first, second = answers_to_all(client, [client.build_request("GET", "/"), client.build_request("GET", "/desk")])

Each request of a client still changes threads twice, and the client looks for redirections and cookies. Where thousands
are sent and only their answers count, `answers_to_all` leaves this out, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote

import anyio
import httpx2
from starlette.testclient import TestClient
from starlette.types import Message


def whole_answers(client: TestClient) -> TestClient:
    """Change the client, and return it."""
    client._transport = _Whole(client._transport)
    return client


def answers_to_all(client: TestClient, requests: Sequence[httpx2.Request]) -> list[httpx2.Response]:
    """What the application of a client of `whole_answers` answers to each; one request after the other, as they are."""
    transport = client._transport
    assert isinstance(transport, _Whole)
    return transport.answers(requests)


class _Whole(httpx2.BaseTransport):
    def __init__(self, pieces: Any) -> None:
        self._pieces = pieces

    def close(self) -> None:
        self._pieces.close()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        if request.url.scheme in ("ws", "wss"):
            answer: httpx2.Response = self._pieces.handle_request(request)
            return answer
        content = request.read()
        with self._pieces.portal_factory() as portal:
            answered: httpx2.Response = portal.call(self._answer, request, content)
            return answered

    def answers(self, requests: Sequence[httpx2.Request]) -> list[httpx2.Response]:
        contents = [request.read() for request in requests]
        with self._pieces.portal_factory() as portal:
            answered: list[httpx2.Response] = portal.call(self._answers, requests, contents)
        for answer in answered:
            answer.read()
        return answered

    async def _answers(self, requests: Sequence[httpx2.Request], contents: Sequence[bytes]) -> list[httpx2.Response]:
        return [await self._answer(request, content) for request, content in zip(requests, contents, strict=True)]

    async def _answer(self, request: httpx2.Request, content: bytes) -> httpx2.Response:
        """What the application answers; raises what it raises, unless the client is told not to."""
        started: list[Message] = []
        body = bytearray()
        asked, answered = False, anyio.Event()

        async def receive() -> Message:
            nonlocal asked
            if asked:
                await answered.wait()
                return {"type": "http.disconnect"}
            asked = True
            return {"type": "http.request", "body": content}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                assert not started, "an answer has one start"
                started.append(message)
            elif message["type"] == "http.response.body":
                assert started, "an answer starts with its start"
                assert not answered.is_set(), "an answer has one end"
                body.extend(message.get("body", b""))
                if not message.get("more_body", False):
                    answered.set()

        try:
            await self._pieces.app(self._scope(request), receive, send)
        except Exception:
            if self._pieces.raise_server_exceptions:
                raise
        if not started:
            assert not self._pieces.raise_server_exceptions, "the application answers nothing"
            return httpx2.Response(500, request=request)
        return httpx2.Response(
            started[0]["status"],
            headers=started[0].get("headers", []),
            stream=httpx2.ByteStream(b"" if request.method == "HEAD" else bytes(body)),
            request=request,
        )

    def _scope(self, request: httpx2.Request) -> dict[str, Any]:
        url = request.url
        return {
            "type": "http",
            "http_version": "1.1",
            "method": request.method,
            "path": unquote(url.path),
            "raw_path": url.raw_path.split(b"?", 1)[0],
            "root_path": self._pieces.root_path,
            "scheme": url.scheme,
            "query_string": url.query,
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            "client": self._pieces.client,
            "server": [url.raw_host.decode("ascii"), url.port or {"http": 80, "https": 443}[url.scheme]],
            "extensions": {},
            "state": self._pieces.app_state.copy(),
        }
