"""After their time, names and contacts are nowhere: not in a table, not in the file of the database, not in its WAL."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from uuid_utils.compat import uuid7

from queue_system.actions.erasure import erase_person
from queue_system.actions.retention import tidy_everywhere
from queue_system.clock import FrozenClock
from queue_system.core.bookings import BookingState
from queue_system.store import log, schema
from queue_system.store.database import Database, Tx
from queue_system.store.log import SYSTEM
from queue_system.store.queries.bookings import booking_by_id
from queue_system.store.tables import Booking, BookingInvitation, HomeVisit, Participant, StaffNote, table
from tests.kit.hall import Hall, furnish

BOOKING, PARTICIPANT = table(Booking), table(Participant)
# Marks that occur in nothing else: in a name, in a telephone number, in an address, in the id of a program's request.
NAME, NUMBER, ADDRESS, REQUEST = "زمرّدة", "97455098", "smaragd", "req-opal"
MARKS = (NAME, NUMBER, ADDRESS, REQUEST)
MANY = 600


def fill(hall: Hall, clock: FrozenClock) -> list[UUID]:
    """Many bookings of the last days, written in a random order, so that the pages of the file split and move rows."""
    source = random.Random(7)
    rows: list[dict[str, Any]] = []
    for number in range(MANY):
        starts_at = clock.now() - timedelta(days=source.randint(1, 5), minutes=source.randint(0, 300))
        rows.append(
            {
                "branch_id": hall.branch.id,
                "id": UUID(int=source.getrandbits(128)),
                "code": f"C{number:07}",
                "state": source.choice([BookingState.FULFILLED, BookingState.NO_SHOW, BookingState.CANCELLED]).value,
                "service_id": hall.service("civil-extract"),
                "starts_at": starts_at,
                "ends_at": starts_at + timedelta(minutes=10),
                "name": f"{NAME} {'حسن ' * source.randint(1, 12)}{number}",
                "contact": source.choice([f"+{NUMBER}{number:03}", f"{ADDRESS}.{number}@example.org"]),
                "language": "ar",
                "source": "api",
                "created_at": starts_at - timedelta(days=3),
                "confirmed_at": starts_at - timedelta(days=3),
                "ended_at": starts_at,
                "changes": 0,
                "issued_number": f"{REQUEST}/{number}",
                "request_id": f"{REQUEST}-{number}",
                "token": f"t{number}",
            }
        )
    source.shuffle(rows)
    for row in rows:
        hall.db.write_in_now(hall.branch.id, Tx.execute, sa.insert(BOOKING), row)
    return [row["id"] for row in rows]


def add_companions(hall: Hall, booking_ids: list[UUID]) -> None:
    person = {"role": "companion", "name": f"{NAME} حسن", "reference": f"{REQUEST}/7", "contact": f"+{NUMBER}"}
    known = {"contact_way": "call_at_time", "contact_note": NAME, "contact_asked_at": hall.db.clock.now()}
    rows = [{"branch_id": hall.branch.id, "booking_id": one, "n": 1, **person, **known} for one in booking_ids]
    hall.db.write_now(Tx.execute, sa.insert(PARTICIPANT), rows)


def add_places(hall: Hall, booking_ids: list[UUID]) -> None:
    visits = [{"branch_id": hall.branch.id, "booking_id": one, "address": f"{NAME} 7"} for one in booking_ids]
    hall.db.write_now(Tx.execute, sa.insert(table(HomeVisit)), visits)
    hall.db.write_now(Tx.execute, sa.update(BOOKING).values(channel="video", video_room=f"{REQUEST}-room"))


def add_notes(hall: Hall, booking_ids: list[UUID]) -> None:
    note = {"branch_id": hall.branch.id, "rule": "restricted", "text": f"{NAME} 7", "written_at": hall.db.clock.now()}
    hall.db.write_now(
        Tx.execute, sa.insert(table(StaffNote)), [note | {"id": uuid7(), "booking_id": one} for one in booking_ids]
    )


def invite(hall: Hall, clock: FrozenClock, name: str = NAME, contact: str = f"+{NUMBER}") -> None:
    """Somebody who was invited, has the contact of the bookings, and has to answer today."""
    row = {"branch_id": hall.branch.id, "id": uuid7(), "service_id": hall.service("passport-lost"), "name": name}
    asked = {"contact": contact, "language": "ar", "persons": 1}
    times = {"answer_until": clock.now(), "created_at": clock.now()}
    hall.db.write_now(Tx.execute, sa.insert(table(BookingInvitation)), row | asked | times)


def in_tables(tx: Tx) -> list[str]:
    """The columns of all tables that hold a mark."""
    found = []
    for rows in schema.METADATA.sorted_tables:
        for column in rows.c:
            text = sa.cast(column, sa.Text)
            holds = sa.or_(*(text.contains(mark) for mark in MARKS))
            if tx.scalar(sa.select(sa.func.count()).select_from(rows).where(holds)):
                found.append(f"{rows.name}.{column.name}")
    return found


def in_files(database: Database) -> list[str]:
    """The files of the embedded database that hold a mark, with the mark."""
    file = database.file
    assert file is not None
    parts = [Path(f"{file}{end}") for end in ("", "-wal", "-journal", "-shm")]
    bytes_of = {part.name: part.read_bytes() for part in parts if part.exists()}
    return [f"{name}: {mark}" for name, text in bytes_of.items() for mark in MARKS if mark.encode() in text]


def test_nothing_personal_remains_after_its_time(hall: Hall, clock: FrozenClock) -> None:
    ids = fill(hall, clock)
    add_companions(hall, ids)
    add_places(hall, ids)
    add_notes(hall, ids)
    invite(hall, clock)
    of_booking = [f"booking.{one}" for one in ("name", "contact", "issued_number", "request_id", "video_room")]
    of_others = [f"participant.{column}" for column in ("name", "reference", "contact", "contact_note")]
    elsewhere = ["home_visit.address", "staff_note.text", "booking_invitation.name", "booking_invitation.contact"]
    assert sorted(hall.db.read_now(in_tables)) == sorted([*of_booking, *of_others, *elsewhere])
    clock.move(timedelta(days=hall.branch.retention_days.booking_personal_data + 1))
    gone = tidy_everywhere(hall.db)
    assert gone["names"] == MANY + 1
    assert hall.db.read_now(in_tables) == []
    assert {one.broken_at for one in hall.db.read_now(log.verify)} == {None}
    if hall.db.dialect.is_embedded:
        assert in_files(hall.db) == []


def test_a_file_is_searched_as_it_must_be(sqlite_hall: Hall, clock: FrozenClock) -> None:
    """Without overwriting, the same search finds what was deleted: so it is able to find."""
    fill(sqlite_hall, clock)
    assert {found.split(": ")[1] for found in in_files(sqlite_hall.db)} == set(MARKS)
    with sqlite_hall.db.migrating() as connection:
        connection.exec_driver_sql("PRAGMA secure_delete=OFF")
        connection.execute(sa.update(BOOKING).values(name="", contact="", issued_number="", request_id=None))
    assert sqlite_hall.db.read_now(in_tables) == []
    assert in_files(sqlite_hall.db)
    sqlite_hall.db.scrub(thorough=True)
    assert in_files(sqlite_hall.db) == []


def test_one_person_who_was_erased_is_in_no_file(sqlite_hall: Hall, clock: FrozenClock) -> None:
    hall = sqlite_hall
    ids = fill(hall, clock)[:1]
    add_companions(hall, ids)
    add_notes(hall, ids)
    mine = hall.db.read_now(booking_by_id, hall.branch.id, ids[0])
    invite(hall, clock, mine.name, mine.contact)
    hall.db.write_now(Tx.execute, sa.delete(BOOKING).where(BOOKING.c.id.not_in(ids)))
    hall.db.write_now(erase_person, hall.branch.id, ids[0], SYSTEM)
    hall.db.scrub(thorough=True)
    assert in_files(hall.db) == []


@pytest.fixture
def sqlite_hall(sqlite_url: str, clock: FrozenClock) -> Hall:
    return furnish(Database(sqlite_url, clock))
