"""The API for reception: the day's appointments, finding one, checking its visitor in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from queue_system.actions import bookings
from queue_system.actions.bookings import HoldOrder
from queue_system.clock import FrozenClock
from queue_system.store import log
from queue_system.store.log import VISITOR
from queue_system.store.queries.bookings import BookingView
from tests.kit.api_program import EMBASSY, Program
from tests.kit.hall import Hall
from tests.kit.web_hall import application, furnished


@pytest.fixture
def here(sqlite_template: Path, tmp_path: Path, clock: FrozenClock) -> Iterator[tuple[Program, Hall]]:
    with application(furnished(sqlite_template, tmp_path, clock.now()), tmp_path, clock) as (client, hall):
        client.headers.pop("sec-fetch-site")
        yield Program(client).sign_in("rana"), hall


def book(hall: Hall, clock: FrozenClock) -> BookingView:
    """An appointment in an hour."""
    starts_at = clock.now().replace(minute=0) + timedelta(hours=1)
    order = HoldOrder(
        hall.branch.id, hall.service("passport-lost"), starts_at, "سلمى الأتاسي", "salma@example.org", "ar", VISITOR
    )
    held = hall.db.write_in_now(hall.branch.id, bookings.hold_slot, order)
    return hall.db.write_in_now(hall.branch.id, bookings.confirm_booking, hall.branch.id, held.id, VISITOR)


def test_the_day_and_a_name_find_an_appointment_without_telling_whose_it_is(
    here: tuple[Program, Hall], clock: FrozenClock
) -> None:
    program, hall = here
    booked = book(hall, clock)
    today = program.get(f"{EMBASSY}/appointments").body
    found = program.post(f"{EMBASSY}/appointments/search", {"text": "سلمي"}).body
    assert [one["code"] for one in today["appointments"]] == [booked.code]
    assert found["appointments"] == today["appointments"]
    assert not {"name", "contact", "token"} & set(found["appointments"][0])
    [looked_up] = [one for one in hall.db.read_now(log.after, hall.branch.id, 0) if one.kind == "booking.looked_up"]
    assert (looked_up.subject, looked_up.data["by"]) == (str(booked.id), "name")
    assert program.post(f"{EMBASSY}/appointments/search", {"text": "نزار"}).body["appointments"] == []


def test_reception_checks_in_by_the_code(here: tuple[Program, Hall], clock: FrozenClock) -> None:
    program, hall = here
    booked = book(hall, clock)
    assert program.post(f"{EMBASSY}/arrivals", {"code": booked.code}).code == "too-early"
    clock.move(timedelta(minutes=29))
    clock.move(timedelta(minutes=11))
    program = program.sign_in("rana")
    arrived = program.post(f"{EMBASSY}/arrivals", {"code": booked.code.lower()})
    again = program.post(f"{EMBASSY}/arrivals", {"code": booked.code})
    assert arrived.status == 201
    assert arrived.body["token"] == again.body["token"]
    assert program.post(f"{EMBASSY}/arrivals", {"code": "AAAAAAAA"}).code == "code-wrong"


def test_a_clerk_finds_by_code_and_by_nothing_else(here: tuple[Program, Hall], clock: FrozenClock) -> None:
    program, hall = here
    booked = book(hall, clock)
    clerk = program.sign_in("layla")
    assert clerk.post(f"{EMBASSY}/appointments/search", {"text": "سلمى"}).code == "names-not-allowed"
    found = clerk.post(f"{EMBASSY}/appointments/search", {"text": booked.code}).body
    assert [one["code"] for one in found["appointments"]] == [booked.code]
