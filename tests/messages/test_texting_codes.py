"""A gateway that takes a request and refuses the number says why with codes of its own, which Apprise's plug-in reads."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from queue_system.core.messages import Outcome
from queue_system.messages.texting import Gateway

# A plug-in of Apprise asks for a module that Python will lose.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

NUMBER = "+97433123456"


@pytest.fixture
def codes(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """What the gateway answers about each number in turn, as Africa's Talking does: 201, and a code for the number."""
    from apprise.plugins.africas_talking import NotifyAfricasTalking

    answers: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            told = {"statusCode": answers.pop(0), "number": NUMBER, "status": "as the code says"}
            said = json.dumps({"SMSMessageData": {"Message": "Sent", "Recipients": [told]}}).encode()
            self.send_response(201)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        here = f"http://127.0.0.1:{server.server_address[1]}/"
        monkeypatch.setattr(NotifyAfricasTalking, "notify_url", dict.fromkeys(NotifyAfricasTalking.notify_url, here))
        try:
            yield answers
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("code", "outcome", "error"),
    [
        (101, Outcome.SENT, None),
        (405, Outcome.LATER, "gateway_credit"),
        # Here it is the name of the sender, and not the credit, as the status of that number would be.
        (402, Outcome.LATER, "gateway"),
        (407, Outcome.LATER, "gateway"),
    ],
)
def test_an_empty_account_is_known_by_the_code_of_the_number(
    codes: list[int], code: int, outcome: Outcome, error: str | None
) -> None:
    codes.append(code)
    assert Gateway("atalk://house@secretkey/{to}").send(NUMBER, "موعدك") == (outcome, error)
