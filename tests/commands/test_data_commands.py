"""`queue-system tidy` and `queue-system erase`."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa

from queue_system.clock import SystemClock
from queue_system.core.bookings import new_code
from queue_system.store.database import Database, Tx
from queue_system.store.queries import upkeep
from queue_system.store.queries.bookings import BookingView, booking_by_id
from queue_system.store.tables import Booking, table
from tests.kit.command_line import Run, opened
from tests.kit.hall import enter

BOOKING = UUID(int=7)
CODE = new_code(random.Random(7))


@pytest.fixture
def installed(run: Run, folder: Path) -> Iterator[Database]:
    run.load("embassy")
    database = opened(folder)
    yield database
    database.close()


def booked(database: Database, starts_at: datetime, state: str) -> None:
    hall = enter(database)
    row = {
        "branch_id": hall.branch.id,
        "id": BOOKING,
        "code": CODE,
        "state": state,
        "service_id": hall.service("civil-extract"),
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(minutes=10),
        "name": "هالة الحسن",
        "contact": "hala@example.org",
        "language": "ar",
        "source": "web",
        "created_at": starts_at - timedelta(days=1),
        "confirmed_at": starts_at - timedelta(days=1),
        "ended_at": starts_at,
        "changes": 0,
        "token": "t-1",
    }
    database.write_now(Tx.execute, sa.insert(table(Booking)), row)


def read(database: Database) -> BookingView:
    return database.read_now(booking_by_id, enter(database).branch.id, BOOKING)


def test_tidy_says_before_what_it_does(run: Run, installed: Database) -> None:
    booked(installed, SystemClock().now() - timedelta(days=40), "fulfilled")
    said = run("tidy", "--preview")
    assert (said.code, "doha-main: 1 bookings lose name and contact" in said.out) == (0, True)
    assert read(installed).name
    assert "1 bookings lose name and contact" in run("tidy").out
    assert read(installed).name == ""
    assert installed.read_now(upkeep.last_done)["tidy"].figures["names"] == 1
    assert "nothing goes" in run("tidy").out
    assert run("audit", "verify").code == 0


def test_a_person_is_erased_by_code_and_contact(run: Run, installed: Database) -> None:
    booked(installed, SystemClock().now() - timedelta(days=2), "fulfilled")
    wrong = run("erase", CODE, "--contact", "other@example.org", "--yes")
    assert wrong.code == 1
    said = run("erase", CODE, "--contact", "hala@example.org", "--yes")
    assert (said.code, "Receipt: " in said.out) == (0, True)
    assert "هالة" not in said.out
    assert read(installed).contact == ""
    assert run("audit", "verify").code == 0
