"""The id of a request leads from the visitor's screen to the log, and its log line identifies nobody."""

from __future__ import annotations

import contextvars
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from queue_system.app import create_app
from queue_system.clock import FrozenClock
from queue_system.configuration import Configuration, read_configuration
from queue_system.store.database import Database
from queue_system.web.observed import NO_ROUTE
from tests.kit.hall import PASSWORD, Hall, enter
from tests.kit.process_log import events
from tests.kit.web_hall import SAME_ORIGIN, furnished, sign_in
from tests.ops.test_logs import CONTACT, NAME, hold, refuse_bookings

PROXY = "10.1.1.1"
FROM_PROXY = "client-7f3a.92"
MADE_HERE = re.compile(r"[0-9a-f]{12}")
HOSTILE = ["", "short", "a" * 65, "id with blanks", 'a"b<script>c', "id\\nfake=1", "معرّف-الطلب", "../../etc/passwd"]


@contextmanager
def reached(
    url: str, folder: Path, clock: FrozenClock, comes_from: str = "192.0.2.7", **settings: Any
) -> Iterator[tuple[TestClient, Hall]]:
    """The application for a client at an address; errors become answers and are not raised."""
    app = create_app(Configuration(database_url=SecretStr(url), data_dir=folder, **settings), clock)
    with TestClient(
        app,
        headers=SAME_ORIGIN,
        client=(comes_from, 50000),
        follow_redirects=False,
        raise_server_exceptions=False,
    ) as client:
        yield client, enter(app.state.installation.database)


@pytest.fixture
def url(sqlite_template: Path, tmp_path: Path, clock: FrozenClock) -> str:
    return furnished(sqlite_template, tmp_path, clock.now())


# ---------------------------------------------------------------- ids


def test_every_answer_carries_an_id_of_its_own(url: str, tmp_path: Path, clock: FrozenClock) -> None:
    with reached(url, tmp_path, clock) as (client, _):
        answers = [
            client.get("/"),
            client.get("/nowhere"),
            client.post("/sign-in", headers={"origin": "https://elsewhere.example", "sec-fetch-site": "cross-site"}),
            client.get("/", headers={"host": "bad host"}),
            client.get("/api/v1/branches"),
        ]
    assert [answer.status_code for answer in answers] == [200, 404, 403, 400, 200]
    ids = [answer.headers["x-request-id"] for answer in answers]
    assert all(MADE_HERE.fullmatch(one) for one in ids)
    assert len(set(ids)) == len(ids)


def test_a_socket_carries_an_id_too(url: str, tmp_path: Path, clock: FrozenClock) -> None:
    with reached(url, tmp_path, clock) as (client, hall):
        token = hall.issue().ticket.token
        with client.websocket_connect(f"/t/{token}/live", headers={"origin": "http://testserver"}) as session:
            given: Any = session.extra_headers
    assert MADE_HERE.fullmatch(dict(given)[b"x-request-id"].decode())


def test_the_id_of_a_trusted_proxy_is_kept_and_that_of_a_stranger_is_not(
    url: str, tmp_path: Path, clock: FrozenClock
) -> None:
    asked = {"x-request-id": FROM_PROXY}
    with reached(url, tmp_path, clock, PROXY, trusted_proxies=PROXY) as (client, _):
        assert client.get("/", headers=asked).headers["x-request-id"] == FROM_PROXY
    with reached(url, tmp_path, clock, trusted_proxies=PROXY) as (client, _):
        assert MADE_HERE.fullmatch(client.get("/", headers=asked).headers["x-request-id"])
    with reached(url, tmp_path, clock, PROXY) as (client, _):
        assert MADE_HERE.fullmatch(client.get("/", headers=asked).headers["x-request-id"])


def test_a_hostile_id_is_replaced_even_if_a_trusted_proxy_passes_it_on(
    url: str, tmp_path: Path, clock: FrozenClock
) -> None:
    with reached(url, tmp_path, clock, PROXY, trusted_proxies=PROXY) as (client, _):
        for hostile in HOSTILE:
            answer = client.get("/", headers=[(b"x-request-id", hostile.encode())])
            assert MADE_HERE.fullmatch(answer.headers["x-request-id"]), hostile
        twice = client.get("/", headers=[("x-request-id", FROM_PROXY), ("x-request-id", "another-one")])
        assert MADE_HERE.fullmatch(twice.headers["x-request-id"])


# ---------------------------------------------------------------- from the screen to the log


def test_a_fault_stands_in_the_log_under_the_number_that_the_person_sees(
    url: str, tmp_path: Path, clock: FrozenClock, said: io.StringIO
) -> None:
    with reached(url, tmp_path, clock) as (client, hall):
        secret = hold(hall, clock.now() + timedelta(days=1))
        refuse_bookings(hall.db)
        page = client.post(f"/b/{secret}/confirmation?lang=en")
        program = client.post(f"/api/v1/bookings/{secret}/confirmation")
    assert (page.status_code, program.status_code) == (500, 500)
    failed = [event for event in events(said) if event["event"] == "request.failed"]
    assert [event["request_id"] for event in failed] == [one.headers["x-request-id"] for one in (page, program)]
    assert f"Number of this fault: <bdi>{failed[0]['request_id']}</bdi>" in page.text.replace(' dir="ltr"', "")
    assert secret not in said.getvalue()


def test_a_refusal_of_the_person_shows_no_number(url: str, tmp_path: Path, clock: FrozenClock) -> None:
    with reached(url, tmp_path, clock) as (client, _):
        page = client.get("/nowhere?lang=en")
    assert page.status_code == 404
    assert page.headers["x-request-id"] not in page.text


def test_a_database_that_fails_under_a_write_is_logged_under_the_request_that_met_it(
    url: str, tmp_path: Path, clock: FrozenClock, said: io.StringIO
) -> None:
    with reached(url, tmp_path, clock) as (client, hall):
        with hall.db.migrating() as connection:
            connection.exec_driver_sql("ALTER TABLE session RENAME TO lost")
        answer = client.post("/sign-in", data={"login": "layla", "password": PASSWORD})
    assert answer.status_code == 503
    down = [event for event in events(said) if event["event"] == "database.unavailable"]
    assert down[-1]["request_id"] == answer.headers["x-request-id"]


def test_work_in_the_threads_of_the_database_knows_the_request_of_its_caller(db: Database) -> None:
    name: contextvars.ContextVar[str] = contextvars.ContextVar("name", default="nobody")
    name.set("mine")
    assert db.write_now(lambda tx: name.get()) == "mine"
    context = contextvars.Context()
    assert context.run(lambda: db.write_now(lambda tx: name.get())) == "nobody"


# ---------------------------------------------------------------- the access log


def test_the_access_log_is_off_until_it_is_asked_for(
    url: str, tmp_path: Path, clock: FrozenClock, said: io.StringIO
) -> None:
    with reached(url, tmp_path, clock) as (client, _):
        client.get("/")
    assert [event for event in events(said) if event["event"].endswith(".ended")] == []


def test_the_access_log_has_a_line_for_each_request(
    url: str, tmp_path: Path, clock: FrozenClock, said: io.StringIO
) -> None:
    with reached(url, tmp_path, clock, access_log=True) as (client, _):
        answer = client.get("/b/AAAA-BBBB-CCCC")
    (line,) = ended(said)
    assert (line["method"], line["route"], line["status"]) == ("GET", "/b/{token}", answer.status_code)
    assert line["request_id"] == answer.headers["x-request-id"]
    assert line["ms"] > 0
    assert line["node"]
    assert line["level"] == "info"


def test_the_access_log_tells_on_nobody(url: str, tmp_path: Path, clock: FrozenClock, said: io.StringIO) -> None:
    with reached(url, tmp_path, clock, access_log=True) as (client, hall):
        secret = hold(hall, clock.now())
        ticket = hall.issue().ticket
        sign_in(client, "layla")
        client.get(f"/b/{secret}?phone=+97444123456")
        client.get(f"/t/{ticket.token}/", headers={"referer": f"http://testserver/b/{secret}"})
        client.get(f"/T/{ticket.token}")
        client.get(f"/reception/doha-main?q={NAME}")
        client.get(f"/api/v1/bookings/{secret}")
        client.get(f"/api/v1/nothing/{secret}")
        client.post("/api/v1/branches/doha-main/bookings", json={"name": NAME, "contact": CONTACT})
        client.put(f"/b/{secret}")
        client.request(f"X-{ticket.code}", "/")
        with client.websocket_connect(f"/t/{ticket.token}/live", headers={"origin": "http://testserver"}):
            pass
    text = said.getvalue()
    assert len(ended(said)) >= 10
    for personal in (secret, ticket.token, NAME, CONTACT, "97444123456", "testclient", "192.0.2.7", "layla"):
        assert personal not in text, personal
    assert {line["route"] for line in ended(said)} >= {"/t/{token}/live", "/b/{token}", NO_ROUTE}


def test_whether_there_is_an_access_log_is_read_from_the_environment() -> None:
    assert read_configuration({}).access_log is False
    assert read_configuration({"QUEUE_ACCESS_LOG": "true"}).access_log is True


def ended(said: io.StringIO) -> list[dict[str, Any]]:
    return [event for event in events(said) if event["event"].endswith(".ended")]
