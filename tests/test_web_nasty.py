"""What no page of ours would ever send: every address answers it with a refusal, never with a fault of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from starlette.routing import BaseRoute, Mount, Route
from starlette.testclient import TestClient

from queue_system.clock import FrozenClock
from queue_system.store.database import Database
from tests.hall import Hall, furnish
from tests.web_hall import another, application, sign_in

NASTY = (
    "a%00b",
    "%ED%A0%80",
    "x" * 300,
    "999999999999999",
    "%D9%A1%D9%A2",
    "2026-13-45",
    "9999-12-31",
    "99991231T2359Z",
    "..%2f..%2fsettings.py",
)
NAMES = ("lang", "day", "before", "kind", "who", "code", "subject", "branch", "next", "u", "instead", "from", "to", "q")


@pytest.fixture
def here(db: Database, db_url: str, tmp_path: Path, clock: FrozenClock) -> Iterator[tuple[TestClient, Hall]]:
    furnish(db).administrator()
    with application(db_url, tmp_path, clock) as found:
        sign_in(found[0], "admin")
        yield found


def pages(routes: Iterable[BaseRoute], before: str = "") -> Iterator[str]:
    for route in routes:
        if isinstance(route, Mount):
            yield from pages(route.routes, before + route.path)
        elif isinstance(route, Route) and "GET" in (route.methods or ()):
            yield before + route.path


def known(path: str) -> str:
    """The address with names that exist, so that the nasty part is read and not only looked up."""
    usual = {"branch": "doha-main", "service": "edu-attest", "counter": "c4", "day": "2026-11-23", "language": "ar"}
    return re.sub(r"\{(\w+)(:\w+)?\}", lambda found: usual.get(found[1], "x"), path)


def test_no_address_fails(here: tuple[TestClient, Hall]) -> None:
    client = here[0]
    failed = []
    for path in pages(client.app.routes):  # type: ignore[attr-defined]
        parts = re.findall(r"\{\w+(?::\w+)?\}", path)
        for nasty in NASTY:
            tried = [known(path.replace(part, nasty)) for part in parts]
            # All at once: what one of them means, another one does not hide.
            tried.append(known(path) + "?" + "&".join(f"{name}={nasty}" for name in NAMES))
            failed += [address for address in tried if client.get(address).status_code >= 500]
    assert failed == []


def test_no_question_fails_the_log(here: tuple[TestClient, Hall]) -> None:
    """One by one: the log is searched in the database with what was typed."""
    tried = [f"/office/audit?{name}={nasty}" for name in NAMES for nasty in NASTY]
    assert [address for address in tried if here[0].get(address).status_code >= 500] == []


HEADERS = (
    {"origin": "http://["},
    {"origin": "http://[::1"},
    {"origin": "null", "cookie": "session=x"},
    {"referer": "http://["},
    {"hx-current-url": "http://[", "hx-request": "true"},
    {"host": "["},
    {"host": "[::1"},
    {"host": "a:99999999"},
    {"host": "a b"},
    {"content-length": "9" * 5000},
    {"accept-language": ",;q=" * 500},
    {"if-none-match": "\x7f"},
    {"authorization": "Bearer " + "x" * 5000},
    {"cookie": "session=" + "%00" * 100},
)


def test_no_header_fails(here: tuple[TestClient, Hall]) -> None:
    stranger = another(here[0])
    del stranger.headers["sec-fetch-site"]
    asked = (("GET", "/"), ("GET", "/desk"), ("POST", "/sign-in"), ("POST", "/counters/doha-main/c4/calls"))
    for headers in HEADERS:
        for method, address in asked:
            answer = stranger.request(method, address, headers=headers)
            assert answer.status_code < 500, (headers, method, address)
