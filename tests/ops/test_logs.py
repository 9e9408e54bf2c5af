"""The log of the process: each error is in it once, on one line, and without data of visitors."""

from __future__ import annotations

import io
import json
import logging
import sqlite3
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
import structlog
from starlette.testclient import TestClient

from queue_system.actions import bookings
from queue_system.actions.bookings import HoldOrder
from queue_system.clock import FrozenClock
from queue_system.logs import LOGGED, describe
from queue_system.store.database import Database
from queue_system.store.log import VISITOR
from tests.kit.hall import Hall, furnish
from tests.kit.process_log import events
from tests.kit.web_hall import application

NAME, CONTACT = "فلانة السرية", "secret.person@example.org"


def refuse_bookings(db: Database) -> None:
    """Let the database refuse every insert or update of a booking, with the row in its message."""
    with db.migrating() as connection:
        if db.dialect.is_embedded:
            for number, verb in enumerate(("INSERT", "UPDATE")):
                refusal = f"BEFORE {verb} ON booking BEGIN SELECT RAISE(ABORT, 'refused'); END"
                connection.exec_driver_sql(f"CREATE TRIGGER refused_{number} {refusal}")
        else:
            connection.exec_driver_sql("ALTER TABLE booking ADD CONSTRAINT refused CHECK (changes < 0) NOT VALID")


def hold(hall: Hall, starts_at: datetime) -> str:
    """A time held for somebody; its secret."""
    order = HoldOrder(hall.branch.id, hall.service("edu-attest"), starts_at, NAME, CONTACT, "ar", VISITOR)
    return hall.db.write_in_now(hall.branch.id, bookings.hold_slot, order).token


def test_a_fault_in_a_booking_tells_on_nobody(
    db: Database, db_url: str, tmp_path: Path, clock: FrozenClock, said: io.StringIO
) -> None:
    hall = furnish(db)
    starts_at = clock.now() + timedelta(days=1)
    token = hold(hall, starts_at)
    refuse_bookings(db)
    with application(db_url, tmp_path, clock) as (client, _):
        calm = TestClient(client.app, base_url="http://testserver", raise_server_exceptions=False)
        calm.portal = client.portal
        assert calm.post(f"/api/v1/bookings/{token}/confirmation").status_code == 500
        taken = {
            "request_id": "6f1c9f60-6a8c-4a57-9b0f-0d4a4c2f5c11",
            "service": "edu-attest",
            "starts_at": (starts_at + timedelta(hours=1)).isoformat(),
            "name": NAME,
            "contact": CONTACT,
        }
        assert calm.post("/api/v1/branches/doha-main/bookings", json=taken).status_code == 500
    text = said.getvalue()
    failed = [event for event in events(said) if event["event"] == "request.failed"]
    assert failed
    assert failed[0]["route"] == "/api/v1/bookings/{token}/confirmation"
    assert "confirm_booking" in failed[0]["exception"]
    for secret in (NAME, CONTACT, token, json.dumps(NAME)):
        assert secret not in text


def test_libraries_write_one_line_too_and_nothing_twice(said: io.StringIO) -> None:
    error = RuntimeError("lost")
    logging.getLogger("uvicorn.error").error("Exception in ASGI application\n", exc_info=error)
    vars(error)[LOGGED] = True
    logging.getLogger("uvicorn.error").error("Exception in ASGI application\n", exc_info=error)
    (found,) = events(said)
    assert (found["logger"], found["level"]) == ("uvicorn.error", "error")
    assert found["exception"].endswith("RuntimeError: lost")


def test_what_led_to_a_fault_is_told(said: io.StringIO) -> None:
    try:
        try:
            int("Salma Haddad")
        except ValueError as error:
            raise KeyError("priority") from error
    except KeyError as error:
        structlog.get_logger().error("background.failed", exc_info=error)
    (found,) = events(said)
    assert "ValueError: invalid literal for int() with base 10: '…'" in found["exception"]
    assert found["exception"].endswith("KeyError: …")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (sqlite3.IntegrityError("UNIQUE constraint failed: bookings.code"), "UNIQUE constraint failed: bookings.code"),
        (psycopg.errors.InvalidTextRepresentation('invalid input syntax for type uuid: "Salma"'), "22P02"),
        (ValueError(f"no such contact: {CONTACT!r}"), "ValueError: no such contact: '…'"),
        (KeyError("salma"), "KeyError: …"),
        (KeyError(55123456), "KeyError: …"),
        (ValueError("invalid literal for int() with base 10: 'salma'"), "with base 10: '…'"),
        (ValueError("can't read 'salma' or 'O'salma'"), "can't read '…' or '…'"),
        (LookupError('no person "salma"'), "LookupError: no person '…'"),
        (AttributeError("'Ticket' object has no attribute 'name_key'"), "'…' object has no attribute 'name_key'"),
        (sa.exc.StatementError("bad", "SELECT :name", {"name": NAME}, ValueError()), "SELECT :name"),
    ],
)
def test_an_error_is_described_without_what_was_typed(error: Exception, told: str) -> None:
    assert told in describe(error)
    for secret in (NAME, CONTACT, "Salma", "salma", "55123456"):
        assert secret not in describe(error)
