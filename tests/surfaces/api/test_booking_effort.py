"""Booking through the API is few statements, because in an opening two thousand people do it within seconds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from queue_system.clock import FrozenClock
from tests.kit.api_program import EMBASSY, Program
from tests.kit.counted_statements import counted_statements
from tests.kit.web_hall import application, furnished

DAY = "2026-11-23"


@pytest.fixture
def program(sqlite_template: Path, tmp_path: Path, clock: FrozenClock) -> Iterator[Program]:
    with application(furnished(sqlite_template, tmp_path, clock.now()), tmp_path, clock) as (client, _):
        client.headers.pop("sec-fetch-site")
        yield Program(client)


def test_a_booking_is_few_statements(program: Program) -> None:
    looked, held, confirmed = (
        min(len(one) for one in found) for found in zip(*map(booked, [program] * 3), strict=True)
    )
    # The branch, and the seats that are taken.
    assert looked <= 2
    # Eight of the action and its seats; branches, and whether the person has another appointment then at each.
    assert held <= 14
    # Branch and booking, eleven of the action, and the same question.
    assert confirmed <= 16


def booked(program: Program) -> tuple[list[str], list[str], list[str]]:
    """The statements of the free times of a day, of a hold, and of its confirmation."""
    service = "attest-single"
    with counted_statements() as looked:
        day = program.get(f"{EMBASSY}/services/{service}/slots", **{"from": DAY, "to": DAY}).body["days"][0]
    start = day["slots"][0]["starts_at"]
    number = start[11:16].replace(":", "-")
    wanted = {"service": service, "starts_at": start, "name": "سلمى", "contact": f"a{number}@example.org"}
    wanted |= {"request_id": f"request-of-{number}"}
    with counted_statements() as held:
        token = program.post(f"{EMBASSY}/bookings", wanted).body["token"]
    with counted_statements() as confirmed:
        assert program.post(f"/api/v1/bookings/{token}/confirmation", {}).status == 200
    return looked, held, confirmed
