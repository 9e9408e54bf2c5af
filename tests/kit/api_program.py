"""A program that uses the API, and checks every answer against the API's own OpenAPI document."""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from openapi_schema_validator import OAS31Validator, oas31_format_checker
from starlette.testclient import TestClient

from queue_system.actions.devices import enrol_device
from queue_system.store import log
from queue_system.store.queries.access import devices
from tests.kit.hall import PASSWORD, Hall, set_branch

BASE = "/api/v1"
EMBASSY = f"{BASE}/branches/doha-main"


@dataclass
class Answer:
    """Status, headers, and the JSON in the body."""

    status: int
    headers: Any
    body: Any

    @property
    def code(self) -> str:
        return str(self.body["code"])

    @property
    def wrong(self) -> dict[str, str]:
        """The error codes by field."""
        return {fault["field"]: fault["code"] for fault in self.body.get("errors", ())}


@dataclass
class Program:
    """Sends requests; `token` is sent as a bearer token. `conform=False` is for addresses that are not documented."""

    client: TestClient
    token: str | None = None
    sent: list[Answer] = field(default_factory=list)

    def get(self, path: str, **rest: Any) -> Answer:
        return self.send("GET", path, **rest)

    def post(self, path: str, body: Any = None, **rest: Any) -> Answer:
        return self.send("POST", path, body, **rest)

    def delete(self, path: str, **rest: Any) -> Answer:
        return self.send("DELETE", path, **rest)

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        raw: bytes | None = None,
        headers: dict[str, str] | None = None,
        conform: bool = True,
        **query: Any,
    ) -> Answer:
        """`path` is complete or below /api/v1; `body` is sent as JSON, `raw` unchanged."""
        path = path if path.startswith("/") else f"{BASE}/{path}"
        given = {"content-type": "application/json"} if body is not None or raw is not None else {}
        given |= {"authorization": f"Bearer {self.token}"} if self.token else {}
        content = raw if raw is not None else json.dumps(body).encode() if body is not None else None
        sent = [(name.encode(), value.encode()) for name, value in (given | (headers or {})).items()]
        answer = self.client.request(method, path, content=content, headers=sent, params=query)
        found = Answer(answer.status_code, answer.headers, answer.json() if answer.content else None)
        if conform:
            self.document.check(method, path, found)
        return found

    def sign_in(self, login: str = "layla") -> Program:
        """A program with the session of a member of staff."""
        answer = self.post("sessions", {"login": login, "password": PASSWORD})
        assert answer.status == 201, answer.body
        return Program(self.client, answer.body["token"])

    def take(self, service: str = "attest-single", **more: Any) -> Answer:
        body = {"request_id": str(uuid.uuid4()), "service": service} | more
        return self.post(f"{EMBASSY}/tickets", body)

    def hold(self, starts_at: str, service: str = "attest-single", **more: Any) -> Answer:
        person = {"name": "سلمى الأتاسي", "contact": f"{uuid.uuid4().hex}@example.org"}
        body = {"request_id": str(uuid.uuid4()), "service": service, "starts_at": starts_at}
        return self.post(f"{EMBASSY}/bookings", body | person | more)

    def slots(self, service: str = "attest-single", **query: Any) -> list[str]:
        """The starts of the times that can be booked."""
        answer = self.get(f"{EMBASSY}/services/{service}/slots", **query)
        assert answer.status == 200, answer.body
        return [slot["starts_at"] for day in answer.body["days"] for slot in day["slots"]]

    @cached_property
    def document(self) -> Description:
        # Every application of a run describes the same API, and describing it takes as long as ten answers.
        address = str(self.client.base_url)
        if address not in _described:
            _described[address] = Description(self.client.get(f"{BASE}/openapi.json").json())
        return _described[address]


class Description:
    """An OpenAPI 3.1 document that checks answers."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document

    def check(self, method: str, path: str, answer: Answer) -> None:
        """Check status, media type and body against the declared operation."""
        operation = self.operation(method, path)
        assert operation is not None, f"nobody documents {method} {path}"
        self.judge(operation, answer)

    def judge(self, operation: dict[str, Any], answer: Answer) -> None:
        """The same for a known operation."""
        declared = operation["responses"].get(str(answer.status))
        assert declared is not None, f"{operation['operationId']} never answers {answer.status}: {answer.body}"
        assert [name for name in declared.get("headers", ()) if name not in answer.headers] == []
        if "content" not in declared:
            assert answer.body is None
            return
        media = answer.headers["content-type"]
        assert list(declared["content"]) == [media], media
        # References start at the root of the document, so the components must be included.
        schema = declared["content"][media]["schema"] | {"components": self.document["components"]}
        validator = OAS31Validator(schema, format_checker=oas31_format_checker)
        assert [error.message for error in validator.iter_errors(answer.body)] == []

    def operation(self, method: str, path: str) -> dict[str, Any] | None:
        """The operation behind an address."""
        for template, methods in self.document["paths"].items():
            if re.fullmatch(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(BASE + template)), path):
                found: dict[str, Any] | None = methods.get(method.lower())
                return found
        return None


_described: dict[str, Description] = {}


def allow_remote_tickets(hall: Hall) -> None:
    """Let the branch give numbers to remote programs too."""
    set_branch(hall, remote_tickets=True)


def kiosk_token(hall: Hall) -> str:
    """The token of the branch's first kiosk."""
    kiosk = hall.db.read_now(devices, hall.branch.id, "kiosk")[0]
    return hall.db.write_now(enrol_device, hall.branch.id, kiosk.id)


def facts(hall: Hall) -> dict[Any, int]:
    """The length of each branch's log; if it has not changed, nothing was written."""
    return hall.db.read_now(log.positions)
