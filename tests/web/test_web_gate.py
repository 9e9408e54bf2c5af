"""The gate before every request: response headers, forged requests, endless bodies, sockets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from starlette.requests import HTTPConnection
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from queue_system.actions import devices
from queue_system.app import create_app
from queue_system.clock import FrozenClock
from queue_system.configuration import Configuration
from queue_system.ops.serving import uvicorn_configuration
from queue_system.store.database import Database, Tx
from queue_system.store.queries import access
from queue_system.store.schema import METADATA
from queue_system.web.limits import address_of
from queue_system.web.security import LARGEST_BODY
from tests.conftest import SUNDAY_MORNING
from tests.kit.hall import PASSWORD, Hall
from tests.kit.web_hall import SAME_ORIGIN, another, application, furnished, sign_in

PUBLIC = "https://queue.example.org"
PROXY = "10.0.0.9"
SITTING = "/counters/doha-main/c4/sitting"
LEAVING = "/counters/doha-main/c4/leaving"
NAMED = {"login": "layla", "password": PASSWORD}


@pytest.fixture(scope="module")
def shared(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[TestClient, Hall, TestClient]]:
    """One application for all requests that change nothing, and a clerk who is signed in there."""
    clock, folder = FrozenClock(SUNDAY_MORNING), tmp_path_factory.mktemp("gate")
    with application(furnished(sqlite_template, folder, clock.now()), folder, clock) as (client, hall):
        clerk = another(client)
        sign_in(clerk, "layla")
        yield client, hall, clerk


@pytest.fixture
def client(shared: tuple[TestClient, Hall, TestClient]) -> TestClient:
    """A browser of an anonymous client."""
    return another(shared[0])


@pytest.fixture
def hall(shared: tuple[TestClient, Hall, TestClient]) -> Hall:
    return shared[1]


@pytest.fixture
def clerk(shared: tuple[TestClient, Hall, TestClient]) -> TestClient:
    """The browser in which a clerk is signed in."""
    found = another(shared[0])
    found.cookies.update(shared[2].cookies)
    return found


@pytest.fixture
def url(sqlite_template: Path, tmp_path: Path, clock: FrozenClock) -> str:
    """A separate installation."""
    return furnished(sqlite_template, tmp_path, clock.now())


@pytest.fixture
def broken(url: str, tmp_path: Path, clock: FrozenClock) -> Iterator[TestClient]:
    """The browser of an installation with an invalid row in its database."""
    with application(url, tmp_path, clock) as (client, hall):
        break_the_branch(hall)
        yield calm(client)


# ---------------------------------------------------------------- what every answer carries


@pytest.mark.parametrize(
    ("method", "address", "status"),
    [
        ("GET", "/", 200),
        ("HEAD", "/", 200),
        ("GET", "STYLE", 200),
        ("GET", "/healthz", 200),
        ("GET", "/api/v1/openapi.json", 200),
        ("GET", "/desk", 303),
        ("GET", "/desk/", 307),
        ("GET", "/no-such-page", 404),
        ("GET", "/static/0/no-such-style.css", 404),
        ("GET", "/static/0/..%2f..%2fkit.py", 404),
        ("GET", "/api/v1/no-such-thing", 404),
        ("POST", "/healthz", 405),
        ("DELETE", "/desk", 405),
        ("DELETE", "/api/v1/branches", 405),
        ("POST", "TOO-LARGE", 413),
        ("POST", "CROSS-SITE", 403),
        ("POST", "/sign-in", 422),
    ],
)
def test_every_answer_carries_the_headers(client: TestClient, method: str, address: str, status: int) -> None:
    headers: dict[str, str] = {}
    content: bytes | None = None
    if address == "STYLE":
        address = client.get("/sign-in").text.split('rel="stylesheet" href="')[1].split('"')[0]
    elif address == "TOO-LARGE":
        address, content = "/sign-in", b"a" * (LARGEST_BODY + 1)
    elif address == "CROSS-SITE":
        address, headers = "/sign-in", {"sec-fetch-site": "cross-site"}
    answer = client.request(method, address, headers=headers, content=content)
    assert answer.status_code == status
    assert_guarded(answer)
    if address.startswith("/static/") and status == 200:
        assert "immutable" in answer.headers["cache-control"]


def test_a_file_of_another_version_is_not_kept(client: TestClient) -> None:
    """An old node may be asked for a file of the new version's page; what it gives must not stay in the browser."""
    address = client.get("/sign-in").text.split('rel="stylesheet" href="')[1].split('"')[0]
    digest, name = address.split("/")[-2:]
    assert "immutable" in client.get(f"/static/{digest}/{name}").headers["cache-control"]
    other = client.get(f"/static/{'0' * len(digest)}/{name}")
    assert (other.status_code, other.headers["cache-control"]) == (200, "no-store")


@pytest.mark.parametrize("address", ["/book/doha-main", "/api/v1/branches"])
def test_a_fault_carries_them_too(broken: TestClient, address: str) -> None:
    answer = broken.get(address)
    assert answer.status_code == 500
    assert_guarded(answer)


def assert_guarded(answer: Any) -> None:
    given = answer.headers
    parts = [part.strip() for part in given["content-security-policy"].split(";")]
    policy = dict(part.split(" ", 1) for part in parts if part)
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert "unsafe" not in given["content-security-policy"]
    assert given["x-content-type-options"] == "nosniff"
    assert given["x-frame-options"] == "DENY"
    assert given["referrer-policy"] == "same-origin"
    assert given["cross-origin-opener-policy"] == given["cross-origin-resource-policy"] == "same-origin"
    assert "camera=()" in given["permissions-policy"]
    assert "strict-transport-security" not in given
    assert "server" not in given
    if given.get("content-type", "").startswith(("text/html", "application/problem+json")):
        assert given["cache-control"] == "no-store"


def test_over_tls_browsers_are_told_to_stay_there(url: str, tmp_path: Path, clock: FrozenClock) -> None:
    with application(url, tmp_path, clock, PUBLIC) as (client, hall):
        break_the_branch(hall)
        answers = [calm(client).get(address) for address in ("/sign-in", "/no-such-page", "/desk", "/book/doha-main")]
        assert [answer.status_code for answer in answers] == [200, 404, 303, 500]
        for answer in answers:
            # For this host name only, not for its subdomains.
            assert answer.headers["strict-transport-security"] == "max-age=63072000"


def test_a_fault_is_a_page_that_says_what_to_do_and_shows_nothing_of_the_inside(broken: TestClient) -> None:
    answer = broken.get("/book/doha-main", headers={"accept-language": "en"})
    assert answer.status_code == 500
    assert "fault on our side" in answer.text
    assert '<html lang="en" dir="ltr"' in answer.text
    for inside in ("Traceback", "Nowhere", "queue_system", "ZoneInfo"):
        assert inside not in answer.text
    problem = broken.get("/api/v1/branches", headers={"accept-language": "en"}).json()
    assert (problem["status"], problem["code"]) == (500, "fault")
    assert "Nowhere" not in json.dumps(problem)


def test_an_application_whose_database_cannot_be_read_still_says_so(
    url: str, tmp_path: Path, clock: FrozenClock
) -> None:
    """Before the first page the organisation's name is unknown, so the error page must do without it."""
    with application(url, tmp_path, clock) as (client, hall):
        assert client.get("/healthz").json() == {"status": "ok"}
        rename_tables(hall, "organisation", "branch")
        answer = calm(client).get("/", headers={"accept-language": "en"})
        assert answer.status_code == 503
        assert "cannot reach its database" in answer.text
        assert_guarded(answer)
        health = client.get("/healthz")
        assert (health.status_code, health.json()["status"]) == (503, "unavailable")
        rename_tables(hall, "gone_organisation", "gone_branch")
        assert client.get("/").status_code == 200


# ---------------------------------------------------------------- forged requests

FOREIGN: list[dict[str, str]] = [
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": "nonsense"},
    {"sec-fetch-site": "cross-site", "origin": "http://testserver"},
    {"origin": "https://evil.example"},
    {"origin": "https://testserver"},
    {"origin": "http://testserver:8080"},
    {"origin": "http://testserver.evil.example"},
    {"origin": "http://evil.example#http://testserver"},
    {"origin": "null"},
    {"origin": ""},
]
OWN: list[dict[str, str]] = [
    {"sec-fetch-site": "same-origin"},
    {"sec-fetch-site": "none"},
    {"origin": "http://testserver"},
]


@pytest.mark.parametrize("headers", [*FOREIGN, {}], ids=repr)
def test_a_forged_request_does_nothing(clerk: TestClient, hall: Hall, headers: dict[str, str]) -> None:
    before = everything(hall.db)
    # Without both headers only the cookie shows that a browser sends this.
    answer = bare(clerk).post(SITTING, headers=headers)
    assert answer.status_code == 403
    assert answer.headers["content-type"].startswith("text/plain")
    assert everything(hall.db) == before


@pytest.mark.parametrize("headers", FOREIGN, ids=repr)
def test_nobody_is_signed_in_from_elsewhere(client: TestClient, hall: Hall, headers: dict[str, str]) -> None:
    before = everything(hall.db)
    page = bare(client).post("/sign-in", data=NAMED, headers=headers)
    assert page.status_code == 403
    assert "set-cookie" not in page.headers
    program = client.post("/api/v1/sessions", json=NAMED, headers={**headers, "accept-language": "en"})
    assert (program.status_code, program.json()["code"]) == (403, "cross-site")
    assert program.headers["content-type"] == "application/problem+json"
    assert everything(hall.db) == before


@pytest.mark.parametrize("headers", OWN, ids=repr)
def test_our_own_pages_are_let_in(clerk: TestClient, hall: Hall, headers: dict[str, str]) -> None:
    before = everything(hall.db)
    assert bare(clerk).post(SITTING, headers=headers).status_code == 303
    assert everything(hall.db) != before
    assert clerk.post(LEAVING, headers=headers).status_code == 303


def test_a_program_without_cookies_is_let_in(client: TestClient) -> None:
    answer = bare(client).post("/api/v1/sessions", json=NAMED)
    assert answer.status_code == 201
    assert answer.json()["token"]


def test_a_public_address_is_the_only_origin(url: str, tmp_path: Path, clock: FrozenClock) -> None:
    with application(url, tmp_path, clock, PUBLIC) as (client, hall):
        inside = bare(client)
        # The address that the proxy uses.
        inside.base_url = "http://10.0.0.5:8000"
        before = everything(hall.db)
        for origin in (
            "http://queue.example.org",
            "https://queue.example.org:8443",
            "https://queue.example.org.evil.example",
            "http://10.0.0.5:8000",
        ):
            assert inside.post("/sign-in", data=NAMED, headers={"origin": origin}).status_code == 403
        assert everything(hall.db) == before
        assert inside.post("/sign-in", data=NAMED, headers={"origin": PUBLIC}).status_code == 303


@pytest.mark.parametrize(
    ("comes_from", "own", "foreign"),
    [
        (PROXY, PUBLIC, "http://queue.example.org"),
        (PROXY, PUBLIC, "https://evil.example"),
        # A client that is not a trusted proxy cannot set the scheme or host.
        ("192.0.2.7", "http://queue.example.org", PUBLIC),
    ],
)
def test_only_a_trusted_proxy_says_how_the_visitor_came(
    url: str, tmp_path: Path, clock: FrozenClock, comes_from: str, own: str, foreign: str
) -> None:
    with behind_proxy(url, tmp_path, clock, comes_from) as client:
        forwarded = {"host": "queue.example.org", "x-forwarded-proto": "https"}
        assert client.post("/sign-in", data=NAMED, headers={**forwarded, "origin": foreign}).status_code == 403
        assert client.post("/sign-in", data=NAMED, headers={**forwarded, "origin": own}).status_code == 303


@pytest.mark.parametrize(("comes_from", "others_are_refused"), [(PROXY, False), ("192.0.2.7", True)])
def test_limits_count_the_visitor_and_not_the_proxy(
    url: str, tmp_path: Path, clock: FrozenClock, comes_from: str, others_are_refused: bool
) -> None:
    with behind_proxy(url, tmp_path, clock, comes_from) as client:

        def asked_by(visitor: str) -> int:
            client.cookies.clear()
            return client.get("/pair?kind=display", headers={"x-forwarded-for": visitor}).status_code

        while asked_by("203.0.113.4") != 429:
            pass
        assert (asked_by("203.0.113.5") == 429) is others_are_refused


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        # A subscriber of IPv6 has a whole network, and would otherwise never reach a limit.
        ("2001:db8:1:2::7", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::7", "2001:db8:1:3::7", False),
        ("::ffff:203.0.113.4", "203.0.113.4", True),
        ("::ffff:203.0.113.4", "::ffff:203.0.113.5", False),
    ],
)
def test_limits_count_whoever_has_the_addresses(one: str, other: str, same: bool) -> None:
    def key(address: str) -> str:
        return address_of(HTTPConnection({"type": "http", "client": (address, 4000)}))

    assert (key(one) == key(other)) is same


# ---------------------------------------------------------------- bodies


@pytest.mark.parametrize("said", [True, False], ids=["content-length", "chunked"])
@pytest.mark.parametrize("address", ["/sign-in", "/my-booking", "/api/v1/sessions"])
def test_a_body_that_is_too_large_is_cut_off(client: TestClient, hall: Hall, address: str, said: bool) -> None:
    before = everything(hall.db)
    size = LARGEST_BODY + 1024

    def pieces() -> Iterator[bytes]:
        yield from (b"a" * 1024 for _ in range(size // 1024))

    kind = "application/json" if address.startswith("/api/") else "application/x-www-form-urlencoded"
    answer = client.post(address, content=b"a" * size if said else pieces(), headers={"content-type": kind})
    assert answer.status_code == 413
    if kind == "application/json":
        assert answer.json()["code"] == "too-large"
    assert everything(hall.db) == before


def test_a_body_of_the_largest_size_is_read(client: TestClient) -> None:
    content = b"login=&password=".ljust(LARGEST_BODY, b"a")
    kind = {"content-type": "application/x-www-form-urlencoded"}
    assert client.post("/sign-in", content=content, headers=kind).status_code == 422


@pytest.mark.parametrize("length", ["-1", "1e3", "\u00b2", "ten", "", "1, 2"])
def test_a_length_that_is_no_number_is_refused(client: TestClient, length: str) -> None:
    headers = [(b"content-length", length.encode("latin-1"))]
    assert client.post("/sign-in", content=b"login=layla", headers=headers).status_code == 413


# ---------------------------------------------------------------- sockets


def test_a_screen_hears_from_its_own_page_only(client: TestClient, hall: Hall) -> None:
    cookie = {"cookie": f"device-display={paired(hall, 'display')}"}
    stranger = bare(client)
    before = everything(hall.db)
    for origin in ("https://evil.example", "https://testserver", "http://testserver:81", "null", ""):
        assert closed(stranger, "/display/live", {**cookie, "origin": origin}) == 4403
    # A browser that sends the cookie also sends the origin of its page.
    assert closed(stranger, "/display/live", cookie) == 4403
    assert everything(hall.db) == before
    with stranger.websocket_connect("/display/live", headers={**cookie, "origin": "http://testserver"}) as socket:
        assert json.loads(socket.receive_text())["type"] == "board"


def test_a_program_follows_with_its_token_and_not_without(client: TestClient, hall: Hall) -> None:
    token = paired(hall, "display")
    stranger = bare(client)
    assert closed(stranger, "/display/live", {}) == 4401
    with stranger.websocket_connect("/display/live", headers={"authorization": f"Bearer {token}"}) as socket:
        assert json.loads(socket.receive_text())["type"] == "board"


def test_sockets_know_the_public_address(url: str, tmp_path: Path, clock: FrozenClock) -> None:
    with application(url, tmp_path, clock, PUBLIC) as (client, hall):
        cookie = {"cookie": f"__Host-display={paired(hall, 'display')}"}
        stranger = bare(another(client))
        assert closed(stranger, "/display/live", {**cookie, "origin": "http://queue.example.org"}) == 4403
        with stranger.websocket_connect("/display/live", headers={**cookie, "origin": PUBLIC}) as socket:
            assert json.loads(socket.receive_text())["type"] == "board"


# ---------------------------------------------------------------- inside


def bare(client: TestClient) -> TestClient:
    """The same browser without the headers that say where its requests come from."""
    del client.headers["sec-fetch-site"]
    return client


def calm(client: TestClient) -> TestClient:
    """Another browser of the same application, for which an internal error is an answer, as in production."""
    other = TestClient(
        client.app,
        base_url=str(client.base_url),
        headers=SAME_ORIGIN,
        follow_redirects=False,
        raise_server_exceptions=False,
    )
    other.portal = client.portal
    return other


@contextmanager
def behind_proxy(url: str, folder: Path, clock: FrozenClock, comes_from: str) -> Iterator[TestClient]:
    """A browser whose requests come from an address, through uvicorn's own handling of proxies."""
    settings = Configuration(database_url=SecretStr(url), data_dir=folder, trusted_proxies=PROXY)
    config = uvicorn_configuration(create_app(settings, clock))
    config.load()
    with TestClient(config.loaded_app, client=(comes_from, 50000), follow_redirects=False) as client:
        yield client


def closed(client: TestClient, address: str, headers: dict[str, str]) -> int:
    """The code with which a socket is closed before anything was sent."""
    with pytest.raises(WebSocketDisconnect) as refused, client.websocket_connect(address, headers=headers) as live:
        live.receive_text()
    return refused.value.code


def paired(hall: Hall, kind: str) -> str:
    """The token of a device of the hall."""
    device = hall.db.read_now(access.devices, hall.branch.id, kind)[0]
    return hall.db.write_in_now(hall.branch.id, devices.enrol_device, hall.branch.id, device.id)


def break_the_branch(hall: Hall) -> None:
    """A real error: a JSON column whose value is not JSON."""
    branch = sa.text("UPDATE branch SET languages = 'nonsense', config_version = config_version + 1 WHERE id = :id")
    with hall.db.migrating() as connection:
        connection.execute(branch, {"id": hall.branch.id.hex})
    assert hall.db.read_now(lambda tx: tx.scalar(sa.text("SELECT count(*) FROM branch WHERE languages = 'nonsense'")))


def rename_tables(hall: Hall, *names: str) -> None:
    """Rename tables away, or back, so that every read fails as on a missing database."""
    with hall.db.migrating() as connection:
        for name in names:
            other = name.removeprefix("gone_") if name.startswith("gone_") else f"gone_{name}"
            connection.execute(sa.text(f"ALTER TABLE {name} RENAME TO {other}"))


def everything(db: Database) -> dict[str, Any]:
    """Every row of every table."""
    return db.read_now(_everything)


def _everything(tx: Tx) -> dict[str, Any]:
    tables = METADATA.tables.items()
    return {name: sorted(repr(tuple(row)) for row in tx.rows(sa.select(table))) for name, table in tables}
