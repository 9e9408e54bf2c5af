"""A gateway of text messages on loopback that speaks SMSEagle's protocol over HTTP, and misbehaves when it is told to."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class TextGateway:
    """What it has taken, as (token, number, text), and the behaviours of the next ones: an HTTP status such as "500", or
    "silent": no answer."""

    port: int = 0
    taken: list[tuple[str, str, str]] = field(default_factory=list)
    behaviours: list[str] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)

    def address(self, token: str = "house") -> str:
        """What the configuration calls it."""
        return f"smseagle://{token}@127.0.0.1:{self.port}/{{to}}"


@contextmanager
def text_gateway() -> Iterator[TextGateway]:
    """A running gateway."""
    state = TextGateway()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["params"]
            behaviour = state.behaviours.pop(0) if state.behaviours else ""
            if not behaviour.isdigit():
                state.taken.append((asked["access_token"], asked["to"], asked["message"]))
            if behaviour == "silent":
                state.closing.wait(30)
                return
            said = b'{"result": [{"message_id": 1, "status": "ok"}]}'
            self.send_response(int(behaviour) if behaviour.isdigit() else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        state.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield state
        finally:
            state.closing.set()
            server.shutdown()
            thread.join()
