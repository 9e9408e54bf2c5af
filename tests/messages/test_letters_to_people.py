"""Letters to the people of an appointment go to a mail server on loopback: each says what its recipient may know."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from queue_system.actions import bookings as actions
from queue_system.actions.bookings import HoldOrder
from queue_system.actions.said import Said
from queue_system.clock import FrozenClock
from queue_system.core.bookings import Booker
from queue_system.core.participants import Person, Role
from queue_system.store.database import Database
from queue_system.store.log import SYSTEM
from queue_system.store.queries.bookings import BookingView, free_days
from tests.kit.hall import furnish
from tests.kit.mail_server import Taken, mail_server
from tests.messages.test_sending import MAIL, NEUTRAL, SENTINELS, Sending, found_in, made, set_level, taint

OTHER = "basel@example.org"
NAMES = ("SENTINEL-SALMA", "SENTINEL-BASEL")


@pytest.fixture
def sending(db: Database, db_url: str, clock: FrozenClock, tmp_path: Path) -> Iterator[Sending]:
    furnish(db)
    with mail_server() as server:
        yield made(db_url, clock, tmp_path, server, f"smtp://127.0.0.1:{server.port}")


def test_only_whom_it_was_booked_for_gets_the_code_and_nobody_learns_of_the_others(sending: Sending) -> None:
    set_level(sending.hall, sms="full")
    booked = book(sending, Person(Role.OTHER_SIDE, NAMES[1], OTHER))
    secrets = (f"{booked.code[:4]} {booked.code[4:]}", booked.token, "/my-booking", *NAMES)
    first, second = letters(sending)
    assert (first.recipient, second.recipient) == (MAIL, OTHER)
    assert found_in(first, secrets) == [secrets[0], "/my-booking"]
    assert found_in(second, secrets) == []
    assert found_in(second, ("في الاستقبال",)) != []


def test_whoever_wants_neutral_messages_gets_these_whatever_the_service_allows(sending: Sending) -> None:
    set_level(sending.hall, sms="full")
    taint(sending)
    book(sending, Person(Role.COMPANION, NAMES[1], OTHER, way="sms_neutral"))
    first, second = letters(sending)
    assert "SENTINEL-SERVICE" in found_in(first, SENTINELS)
    assert second.sender == NEUTRAL
    assert found_in(second, (*SENTINELS, *NAMES)) == []


def test_of_a_protected_service_only_whoever_asked_for_it_gets_a_neutral_letter(sending: Sending) -> None:
    set_level(sending.hall, display="none", sms="opt_in_only")
    taint(sending)
    booked = book(sending, Person(Role.COMPANION, NAMES[1], OTHER), way="sms_neutral")
    branch = sending.hall.branch.id
    sending.hall.db.write_in_now(branch, actions.cancel_booking, branch, booked.id, SYSTEM, Booker.STAFF)
    found = letters(sending)
    assert [one.recipient for one in found] == [MAIL]
    for one in found:
        assert one.sender == NEUTRAL
        assert found_in(one, (*SENTINELS, *NAMES)) == []


def book(sending: Sending, other: Person, way: str = "") -> BookingView:
    hall = sending.hall
    service, day = hall.branch.service("travel-doc"), date(2026, 11, 26)
    (found,) = hall.db.read_now(free_days, hall.branch, service, day, day, public=False)
    order = HoldOrder(hall.branch.id, service.id, found.slots[0].start, "", "", "ar", SYSTEM, booker=Booker.STAFF)
    held = hall.db.write_in_now(hall.branch.id, actions.hold_slot, order)
    said = Said(NAMES[0], MAIL, "ar", others=(other,), way=way)
    return hall.db.write_in_now(hall.branch.id, actions.confirm_booking, hall.branch.id, held.id, SYSTEM, said)


def letters(sending: Sending) -> list[Taken]:
    sending.postman.send_due()
    return sorted(sending.server.taken, key=lambda one: one.recipient != MAIL)
