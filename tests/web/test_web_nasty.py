"""Requests that none of our pages would send: every address refuses them, and none fails with an internal error."""

from __future__ import annotations

import re
import time
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal
from unicodedata import normalize
from uuid import uuid4

import pytest
from starlette.routing import BaseRoute, Mount, Route
from starlette.testclient import TestClient

from queue_system.clock import FrozenClock
from queue_system.store.database import Database
from queue_system.web import kit
from tests.kit.hall import Hall, furnish
from tests.kit.kiosk_hall import pair
from tests.kit.web_hall import another, application, furnished, sign_in

NASTY = (
    "a%00b",
    "%ED%A0%80",
    "x" * 300,
    "999999999999999",
    "%D9%A1%D9%A2",
    "2026-13-45",
    "9999-12-31",
    "99991231T2359Z",
    "..%2f..%2fkit.py",
)
# The usual run asks each page so many of the questions, `-m soak` all of them.
QUESTIONS = 3
NAMES = ("lang", "day", "before", "kind", "who", "code", "subject", "branch", "next", "u", "instead", "from", "to", "q")


@pytest.fixture
def here(db: Database, db_url: str, tmp_path: Path, clock: FrozenClock) -> Iterator[tuple[TestClient, Hall]]:
    furnish(db).administrator()
    with application(db_url, tmp_path, clock) as found:
        sign_in(found[0], "admin")
        yield found


@pytest.fixture
def site(sqlite_template: Path, tmp_path: Path, clock: FrozenClock) -> Iterator[tuple[TestClient, Hall]]:
    """The same on SQLite only, for requests that are refused before they reach a database."""
    with application(furnished(sqlite_template, tmp_path, clock.now()), tmp_path, clock) as found:
        sign_in(found[0], "admin")
        yield found


def pages(routes: Iterable[BaseRoute], before: str = "", method: str = "GET") -> Iterator[str]:
    for route in routes:
        if isinstance(route, Mount):
            yield from pages(route.routes, before + route.path, method)
        elif isinstance(route, Route) and method in (route.methods or ()):
            yield before + route.path


def forms(site: tuple[TestClient, Hall]) -> list[str]:
    """The targets of all forms, for a client who is signed in and has a paired kiosk; programs send JSON."""
    client, hall = site
    client.cookies.set("device-kiosk", pair(hall)[1])
    found = pages(client.app.routes, method="POST")  # type: ignore[attr-defined]
    return [known(path, FILLED) for path in found if not path.startswith(("/api/", "/sign-out"))]


USUAL = {"branch": "doha-main", "service": "edu-attest", "counter": "c4", "day": "2026-11-23", "language": "ar"}
# The fields of our forms, with valid values.
FILLED = USUAL | {"service": "passport-lost", "date": "2026-11-24", "start": "20261124T0700Z", "lang": "ar"}


def known(path: str, names: dict[str, str] = USUAL) -> str:
    """The address with existing names, so that the bad part is processed and not only looked up."""
    return re.sub(r"\{(\w+)(:\w+)?\}", lambda found: names.get(found[1], "x"), path)


@pytest.mark.slow
@pytest.mark.parametrize("most", [QUESTIONS, pytest.param(len(NASTY), marks=pytest.mark.soak)])
def test_no_address_fails(here: tuple[TestClient, Hall], most: int) -> None:
    """Every part of every address with every bad value, and every page with `most` bad questions."""
    client, hall = here
    # The two databases ask each page different questions.
    first = 0 if hall.db.dialect.name == "SQLite" else QUESTIONS
    failed = []
    for number, path in enumerate(pages(client.app.routes)):  # type: ignore[attr-defined]
        parts = re.findall(r"\{\w+(?::\w+)?\}", path)
        tried = [known(path.replace(part, nasty)) for part in parts for nasty in NASTY]
        tried += [f"{known(path)}?{question(number + first + turn)}" for turn in range(most)]
        failed += [address for address in tried if client.get(address).status_code >= 500]
    assert failed == []


def question(turn: int) -> str:
    """All names at once, so that the effect of one does not hide another; each turn gives each name another value."""
    return "&".join(f"{name}={NASTY[(turn + at) % len(NASTY)]}" for at, name in enumerate(NAMES))


@pytest.mark.slow
def test_no_question_fails_the_log(here: tuple[TestClient, Hall]) -> None:
    """One by one, because the log is searched in the database with the typed text."""
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


def test_no_header_fails(site: tuple[TestClient, Hall]) -> None:
    stranger = another(site[0])
    del stranger.headers["sec-fetch-site"]
    asked = (("GET", "/"), ("GET", "/desk"), ("POST", "/sign-in"), ("POST", "/counters/doha-main/c4/calls"))
    for headers in HEADERS:
        for method, address in asked:
            answer = stranger.request(method, address, headers=headers)
            assert answer.status_code < 500, (headers, method, address)


FIELDS = ("name", "contact", "code", "login", "password", "text", "reason", "printer", "key", "request_id", "places")
# A letter with so many marks that normalising takes ten seconds, although it fits a body.
HEAVY = "a" + "\u0301\u0323" * 15_500


def multipart(fields: dict[str, str], parameters: str = "") -> dict[str, Any]:
    """A form in an encoding that only programs use here."""
    head = "--cut\r\nContent-Disposition: form-data; name="
    body = "".join(f'{head}"{name}"\r\n\r\n{value}\r\n' for name, value in fields.items())
    return {
        "content": f"{body}--cut--\r\n".encode(),
        "headers": {"content-type": f"multipart/form-data; boundary=cut{parameters}"},
    }


def test_no_form_makes_the_server_think_for_seconds(
    site: tuple[TestClient, Hall], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the length of what is normalised, because the time of it depends on the processor."""
    longest = 0

    def normalised(form: Literal["NFC", "NFD", "NFKC", "NFKD"], text: str) -> str:
        nonlocal longest
        longest = max(longest, len(text))
        return normalize(form, text)

    monkeypatch.setattr(unicodedata, "normalize", normalised)
    share = HEAVY[: len(HEAVY) // len(FIELDS)]
    assert len(share) > kit.LONGEST_FIELD
    for address in forms(site):
        began = time.process_time()
        answer = site[0].post(address, **multipart(dict.fromkeys(FIELDS, share)))
        assert answer.status_code < 500, address
        assert longest <= kit.LONGEST_FIELD, address
        assert time.process_time() - began < 1, address
    # Some form does normalise, or else nothing was looked at.
    assert longest > 1_000


def test_what_is_too_long_for_any_field_is_refused_in_a_sentence(site: tuple[TestClient, Hall]) -> None:
    answer = site[0].post("/my-booking?lang=en", **multipart({"contact": HEAVY}))
    assert answer.status_code == 422
    assert "The telephone number is wrong" in answer.text
    assert len(answer.text) < 20_000


def test_all_places_of_a_day_are_released_with_one_press(here: tuple[TestClient, Hall]) -> None:
    places = ",".join(str(uuid4()) for _ in range(500))
    assert here[0].post("/office/given-back/doha-main/release", data={"places": places}).status_code == 303


# Codecs of Python that fail on their input, or whose output is not text.
FAILING = ("undefined", "unicode_escape", "raw_unicode_escape")
CHARSETS = (*FAILING, "utf-7", "utf-16", "punycode", "idna", "hex", "", "x" * 99)


def test_no_encoding_of_a_form_fails(site: tuple[TestClient, Hall]) -> None:
    """One form with every encoding, and every form with one, because all forms ask the same guard."""
    client = site[0]
    for address in forms(site):
        for charset in CHARSETS if address == "/my-booking" else FAILING[:1]:
            sent = multipart({"name": "\\ud800"}, f"; charset={charset}")
            assert client.post(address, **sent).status_code < 500, (address, charset)


def test_a_form_is_read_in_the_encoding_of_its_page_alone(site: tuple[TestClient, Hall]) -> None:
    for parameters, status in (
        ("", 422),
        ("; charset=utf-8", 422),
        ('; charset="UTF8"', 422),
        ("; charset=undefined", 400),
        ("; charset=latin-1", 400),
    ):
        assert site[0].post("/my-booking", **multipart({"code": "ض"}, parameters)).status_code == status


BODIES = (
    b"&&==&;%%%",
    b"%ff=%ff",
    b"a" * 60_000,
    b"=",
    b"--cut",
    b"--cut\r\nContent-Disposition: form-data\r\n\r\n\r\n--cut--",
)
KINDS = (
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "multipart/form-data; boundary=",
    "multipart/form-data; boundary=cut",
    "é/é; charset",
    "a" * 9_000,
)


def test_no_broken_form_fails(site: tuple[TestClient, Hall]) -> None:
    for kind in KINDS:
        for body in BODIES:
            answer = site[0].post("/my-booking", content=body, headers={b"content-type": kind.encode()})
            assert answer.status_code < 500, (kind, body)


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("/kiosk/ar/", "/kiosk/ar"),
        ("/my-booking//?lang=en", "/my-booking?lang=en"),
        ("/book/doha-main/%0d%0ax%3fy/", "/book/doha-main/%0D%0Ax%3Fy"),
        ("/api/v1/branches/", "/api/v1/branches"),
        ("/api/v1", "/api/v1/"),
        ("/api/v1/nonsense", None),
        ("/static/0/nonsense", None),
        ("/static/0/nonsense/", None),
        ("//evil.example/", None),
        ("/no-such-page/", None),
    ],
)
def test_a_slash_too_many_leads_to_no_other_host(site: tuple[TestClient, Hall], asked: str, meant: str | None) -> None:
    answer = site[0].get(f"http://testserver{asked}", headers={"host": "evil.example"})
    assert answer.headers.get("location") == meant
    assert answer.status_code == (307 if meant else 404)
