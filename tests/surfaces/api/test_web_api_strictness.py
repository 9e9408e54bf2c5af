"""Refusals of the API: every wrong request gets a clear 4xx in one form, and changes nothing."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from queue_system.clock import FrozenClock
from tests.conftest import SUNDAY_MORNING
from tests.kit.api_program import BASE, EMBASSY, Program, allow_remote_tickets, facts
from tests.kit.hall import Hall
from tests.kit.web_hall import application, furnished

TICKETS = f"{EMBASSY}/tickets"
GOOD = {"request_id": "0f8b6a52-6a0e-4c0b-9f67-1f1d4a7d5c11", "service": "attest-single"}


@pytest.fixture(scope="module")
def running(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TestClient, Hall]]:
    """One application for all tests, because refused requests leave nothing behind."""
    folder, clock = tmp_path_factory.mktemp("api"), FrozenClock(SUNDAY_MORNING)
    with application(furnished(sqlite_template, folder, clock.now()), folder, clock) as (client, hall):
        client.headers.pop("sec-fetch-site")
        allow_remote_tickets(hall)
        yield client, hall


@pytest.fixture
def hall(running: tuple[TestClient, Hall]) -> Hall:
    return running[1]


@pytest.fixture(scope="module")
def program(running: tuple[TestClient, Hall]) -> Program:
    return Program(running[0])


def test_the_good_request_is_good(program: Program, hall: Hall) -> None:
    """The negative control: each refused request below differs from this one in one thing."""
    before = facts(hall)
    assert program.post(TICKETS, GOOD | {"request_id": str(uuid.uuid4())}).status == 201
    assert facts(hall) != before


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"request_id": None}, {"request_id": "type"}),
        ({"request_id": 7}, {"request_id": "type"}),
        ({"request_id": "short"}, {"request_id": "format"}),
        ({"request_id": "x" * 65}, {"request_id": "format"}),
        ({"request_id": "x" * 16 + "\n"}, {"request_id": "format"}),
        ({"request_id": "x" * 16 + "\0"}, {"request_id": "format"}),
        ({"service": ""}, {"service": "length"}),
        ({"service": "x" * 81}, {"service": "length"}),
        ({"service": ["attest-single"]}, {"service": "type"}),
        ({"service": {"slug": "attest-single"}}, {"service": "type"}),
        ({"service": 10**400}, {"service": "type"}),
        ({"slip": "true"}, {"slip": "type"}),
        ({"slip": 1}, {"slip": "type"}),
        ({"language": "AR"}, {"language": "format"}),
        ({"priority": "vip"}, {"priority": "unknown"}),
        ({"__proto__": {}, "a": 1}, {"__proto__": "unknown", "a": "unknown"}),
        ({"": 1}, {"": "unknown"}),
    ],
)
def test_fields_are_what_they_are_declared_to_be(
    program: Program, hall: Hall, change: dict[str, Any], wrong: dict[str, str]
) -> None:
    before = facts(hall)
    answer = program.post(TICKETS, GOOD | change)
    assert answer.status == 422, answer.body
    assert (answer.code, answer.wrong) == ("fields-wrong", wrong)
    assert facts(hall) == before


def test_what_is_missing_is_named(program: Program, hall: Hall) -> None:
    answer = program.post(TICKETS)
    assert answer.wrong == {"request_id": "missing", "service": "missing"}
    assert program.post(TICKETS, {}).wrong == answer.wrong


@pytest.mark.parametrize(
    "starts_at",
    [
        "2026-11-23",
        "2026-11-23T09:00:00",
        "2026-11-23 09:00:00+03:00",
        "2026-11-23T09:00:00+0300",
        "2026-11-23T25:00:00Z",
        "2026-02-30T09:00:00Z",
        "1732352400",
        1732352400,
        0,
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
        "٢٠٢٦-١١-٢٣T09:00:00Z",
        "tomorrow",
        None,
        True,
    ],
)
def test_instants_are_written_out_with_their_offset(program: Program, hall: Hall, starts_at: object) -> None:
    before = facts(hall)
    body = {**GOOD, "starts_at": starts_at, "name": "سلمى الأتاسي", "contact": "salma@example.org"}
    answer = program.post(f"{EMBASSY}/bookings", body)
    assert (answer.status, list(answer.wrong)) == (422, ["starts_at"])
    assert facts(hall) == before


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"7",
        b" ",
        b'{"request_id": NaN}',
        b'{"request_id": Infinity}',
        b'{"request_id": -Infinity}',
        json.dumps(GOOD).encode("utf-16"),
        b"\xef\xbb\xbf" + json.dumps(GOOD).encode(),
        json.dumps(GOOD).encode()[:-1] + b', "service": "attest-single"}',
        json.dumps(GOOD).encode()[:-1] + b', "more": {"a": 1, "a": 2}}',
        json.dumps(GOOD).encode() + b"x",
        b'{"service": "\xff\xfe"}',
        b'{"service": "\xed\xa0\x80"}',
        b'{"service": "\\ud800", "request_id": "0123456789abcdef"}',
        b'{"service": "a\nb"}',
        b"[" * 60_000,
        b'{"a":' * 10_000,
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
        b'{"a": ' + b"9" * 60_000 + b"}",
        b"\x00",
        b"request_id=0123456789abcdef&service=attest-single",
    ],
    ids=lambda raw: repr(raw[:24]) + str(len(raw)),
)
def test_what_is_no_sound_json_is_refused(program: Program, hall: Hall, raw: bytes) -> None:
    before = facts(hall)
    answer = program.post(TICKETS, raw=raw)
    assert (answer.status, answer.code) == (400, "json-wrong")
    assert facts(hall) == before


def test_nesting_that_can_be_read_is_still_no_field(program: Program, hall: Hall) -> None:
    raw = json.dumps(GOOD).encode()[:-1] + b', "more": ' + b"[" * 50 + b"]" * 50 + b"}"
    assert program.post(TICKETS, raw=raw).wrong == {"more": "unknown"}


@pytest.mark.parametrize(
    "media", ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", "multipart/form-data", ""]
)
def test_other_media_types_are_refused(program: Program, hall: Hall, media: str) -> None:
    before = facts(hall)
    answer = program.post(TICKETS, GOOD, headers={"content-type": media})
    assert (answer.status, answer.code) == (415, "media-type")
    assert facts(hall) == before


@pytest.mark.parametrize("media", ["application/json; charset=utf-8", "Application/JSON"])
def test_the_media_type_may_have_parameters(program: Program, hall: Hall, media: str) -> None:
    body = GOOD | {"request_id": str(uuid.uuid4())}
    assert program.post(TICKETS, body, headers={"content-type": media}).status == 201


def test_a_body_that_is_too_large_is_refused_with_and_without_its_length(
    program: Program, running: tuple[TestClient, Hall], hall: Hall
) -> None:
    before = facts(hall)
    raw = json.dumps(GOOD | {"more": "x" * 70_000}).encode()
    answer = program.post(TICKETS, raw=raw)
    assert (answer.status, answer.code) == (413, "too-large")
    pieces = running[0].post(TICKETS, content=iter([raw]), headers={"content-type": "application/json"})
    assert (pieces.status_code, pieces.json()["code"]) == (413, "too-large")
    assert facts(hall) == before


@pytest.mark.parametrize(("method", "path"), [("PATCH", TICKETS), ("GET", TICKETS), ("PUT", f"{BASE}/branches")])
def test_other_methods_are_refused_and_the_right_ones_named(program: Program, method: str, path: str) -> None:
    answer = program.send(method, path, conform=False)
    assert (answer.status, answer.code) == (405, "method-not-allowed")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["allow"]


def test_all_methods_of_an_address_are_named(program: Program) -> None:
    answer = program.send("PATCH", f"{BASE}/bookings/x", conform=False)
    assert {method.strip() for method in answer.headers["allow"].split(",")} == {"GET", "HEAD", "DELETE"}


@pytest.mark.parametrize("path", [f"{BASE}/nothing", "/api/v2/branches", "/api/", f"{BASE}/branches/a%2Fb/services"])
def test_unknown_addresses_are_not_found(program: Program, path: str) -> None:
    answer = program.get(path, conform=False)
    assert (answer.status, answer.headers["content-type"]) == (404, "application/problem+json")


def test_unknown_questions_are_refused(program: Program, hall: Hall) -> None:
    assert program.get("branches", page="2").wrong == {"page": "unknown"}
    before = facts(hall)
    assert program.post(TICKETS, GOOD, force="1").wrong == {"force": "unknown"}
    assert facts(hall) == before


def test_messages_come_in_the_asked_language(program: Program) -> None:
    path = "branches/nowhere/services"
    arabic = program.get(path, headers={"accept-language": "ar-SY,en;q=0.5"})
    english = program.get(path, headers={"accept-language": "en"})
    assert arabic.headers["content-language"] == "ar"
    assert arabic.body["detail"] != english.body["detail"]
    assert program.get(path, lang="ar").body == arabic.body
    assert program.get(path).body == english.body
    fault = program.post(TICKETS, {}, lang="ar").body["errors"][0]
    assert fault["detail"] == "هذا الحقل مطلوب."


@pytest.mark.parametrize(
    "headers",
    [{"origin": "https://elsewhere.example"}, {"sec-fetch-site": "cross-site"}, {"cookie": "session=x"}],
)
def test_a_browser_on_another_site_changes_nothing(program: Program, hall: Hall, headers: dict[str, str]) -> None:
    before = facts(hall)
    answer = program.post(TICKETS, GOOD, headers=dict(headers))
    assert (answer.status, answer.code) == (403, "cross-site")
    assert facts(hall) == before


def test_many_faults_are_not_all_listed(program: Program, hall: Hall) -> None:
    answer = program.post(TICKETS, GOOD | {f"field-{number}" + "x" * 200: 1 for number in range(100)})
    assert len(answer.body["errors"]) == 20
    assert all(len(fault["field"]) <= 80 for fault in answer.body["errors"])


def test_answers_are_never_kept(program: Program, hall: Hall) -> None:
    taken = program.post(TICKETS, GOOD | {"request_id": str(uuid.uuid4())})
    assert taken.headers["cache-control"] == "no-store"
    assert program.get("branches/nowhere/services").headers["cache-control"] == "no-store"
