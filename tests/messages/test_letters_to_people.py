"""Letters to the people of an appointment go to a mail server on loopback: each says what its recipient may know."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from queue_system.actions import bookings as actions
from queue_system.actions.bookings import HoldOrder
from queue_system.actions.calling_off import call_off
from queue_system.actions.retention import forget_participants
from queue_system.actions.said import Said
from queue_system.clock import FrozenClock
from queue_system.core.bookings import Booker
from queue_system.core.messages import Event
from queue_system.core.participants import Person, Role
from queue_system.core.support import Why
from queue_system.store.database import Database, Tx
from queue_system.store.log import SYSTEM, locked
from queue_system.store.queries.bookings import BookingView, free_days
from queue_system.store.queries.phone_calls import PhoneCallView, phone_calls
from queue_system.store.tables import PhoneCall, table
from tests.kit.hall import furnish
from tests.kit.mail_server import Taken, mail_server
from tests.kit.people import add_role
from tests.kit.web_hall import SAME_ORIGIN, sign_in
from tests.messages.test_sending import ADDRESS, MAIL, NEUTRAL, SENTINELS, Sending, found_in, made, set_level, taint

CALL = table(PhoneCall)
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


def test_whose_letter_about_a_lost_appointment_is_refused_is_called_and_nobody_else(sending: Sending) -> None:
    one = book(sending, Person(Role.COMPANION, NAMES[1], OTHER, way="sms_neutral"))
    letters(sending)
    call_off_with(sending, one, "250 ok", "550 no such user")
    (call,) = calls(sending)
    assert (call.n, call.event, call.other and call.other.contact) == (1, Event.CALLED_OFF, OTHER)
    client, page = staff(sending), f"/appointments/{sending.hall.branch.slug}/calls"
    listed = client.get(page).text
    assert "مرافق" in listed
    assert [mark for mark in (*NAMES, MAIL, OTHER) if mark in listed] == []
    # Who the booking is for is not to be called, so nobody sees their number here.
    assert client.post(f"{page}/{one.id}/contact", data={"n": "0"}).status_code == 404
    shown = client.post(f"{page}/{one.id}/contact", data={"n": "1"}).text
    assert [mark for mark in (*NAMES, MAIL, OTHER) if mark in shown] == [NAMES[1], OTHER]
    assert "رسائل محايدة" in shown
    client.post(f"{page}/{one.id}", data={"n": "0", "reached": "1"})
    assert [known.reached_at for known in calls(sending)] == [None]
    client.post(f"{page}/{one.id}", data={"n": "1", "reached": "1"})
    assert [known.reached_at is None for known in calls(sending)] == [False]


def test_each_whose_letter_is_refused_is_called_until_they_leave_the_appointment(sending: Sending) -> None:
    one = book(sending, Person(Role.COMPANION, NAMES[1], OTHER))
    letters(sending)
    call_off_with(sending, one, "550 no such user", "550 no such user")
    assert [call.n for call in calls(sending)] == [0, 1]
    there = sending.hall.branch.id

    def forget(tx: Tx) -> None:
        with locked(tx, there) as lock:
            forget_participants(lock, [(one.id, 1)])

    sending.hall.db.write_in_now(there, forget)
    assert [call.n for call in calls(sending)] == [0]
    assert sending.hall.db.read_now(lambda tx: tx.scalar(sa.select(sa.func.count()).select_from(CALL))) == 1


def call_off_with(sending: Sending, one: BookingView, *behaviours: str) -> None:
    """Call it off, and send the letters about that to a server that behaves so."""
    branch = sending.hall.branch.id
    sending.hall.db.write_in_now(branch, call_off, branch, one.id, Why.MEMBER, SYSTEM)
    sending.server.behaviours = list(behaviours)
    sending.postman.send_due()


def calls(sending: Sending) -> list[PhoneCallView]:
    return sending.hall.db.read_now(phone_calls, sending.hall.branch)


def staff(sending: Sending) -> TestClient:
    """The browser of somebody who calls visitors."""
    hall = sending.hall
    hall.person("caller", ((hall.branch.id, add_role(hall, "calling", "cancel_bookings", "see_contacts")),))
    client = TestClient(sending.app, base_url=ADDRESS, headers=SAME_ORIGIN, follow_redirects=False)
    sign_in(client, "caller")
    return client


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
