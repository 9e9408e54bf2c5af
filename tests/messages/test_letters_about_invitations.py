"""Whom an invitation's letter may reach gets the link from a mail server on loopback. On both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa

from queue_system.actions.booking_invitations import InvitationOrder, invite_guest, withdraw_invitation
from queue_system.actions.retention import forget_invitations
from queue_system.clock import FrozenClock
from queue_system.core.booking_invitations import personal_link
from queue_system.store.database import Database, Tx
from queue_system.store.log import SYSTEM, locked
from queue_system.store.queries import audit
from queue_system.store.queries.invitation_letters import Delivery, letters_of
from queue_system.store.tables import Message, table
from tests.kit.hall import furnish
from tests.kit.mail_server import mail_server
from tests.kit.services import set_service
from tests.messages.test_sending import ADDRESS, NEUTRAL, SENTINELS, Sending, body, found_in, made, set_level, taint

GUEST, NAME = "rana@example.org", "SENTINEL-RANA"
SERVICE = "passport-lost"
LAST = date(2026, 11, 29)


@pytest.fixture
def sending(db: Database, db_url: str, clock: FrozenClock, tmp_path: Path) -> Iterator[Sending]:
    furnish(db)
    with mail_server() as server:
        found = made(db_url, clock, tmp_path, server, f"smtp://127.0.0.1:{server.port}")
        found.hall = set_service(found.hall, SERVICE, policy="invite", mode="invite")
        yield found


def test_the_letter_has_the_personal_link_and_the_last_day(sending: Sending) -> None:
    set_level(sending.hall, sms="full")
    one = invite(sending)
    assert delivery(sending, one) is Delivery.WAITING
    assert sending.postman.send_due() == 1
    assert sending.postman.send_due() == 0
    (taken,) = sending.server.taken
    assert taken.recipient == GUEST
    branch = sending.hall.branch
    link = personal_link(ADDRESS, branch.key, sending.app.state.installation.secret, one)
    text = body(taken.message, "plain")
    assert link in text
    assert "٢٩" in text or "29" in text
    assert f'href="{link}"' in body(taken.message, "html")
    assert found_in(taken, (NAME,)) == []
    assert delivery(sending, one) is Delivery.SENT
    assert told(sending, "booking.invitation_sent")
    rows = sending.hall.db.read_now(lambda tx: tx.rows(sa.select(table(Message))))
    assert GUEST not in str(rows)
    assert link.rpartition("=")[2] not in str(rows)


def test_of_a_discreet_service_the_letter_names_nothing_and_has_no_link(sending: Sending) -> None:
    set_level(sending.hall, sms="neutral", display="code_random")
    taint(sending)
    invite(sending)
    assert sending.postman.send_due() == 1
    (taken,) = sending.server.taken
    assert taken.sender == NEUTRAL
    assert found_in(taken, (*SENTINELS, NAME, ADDRESS, "/invitation", "house.example")) == []


@pytest.mark.parametrize(("sms", "contact"), [("opt_in_only", GUEST), ("full", "+97455512345"), ("full", "")])
def test_whom_nothing_may_reach_gets_no_letter(sending: Sending, sms: str, contact: str) -> None:
    set_level(sending.hall, sms=sms)
    one = invite(sending, contact)
    assert delivery(sending, one) is None
    assert sending.postman.send_due() == 0


def test_a_withdrawn_invitation_and_one_that_is_over_are_not_sent(sending: Sending, clock: FrozenClock) -> None:
    set_level(sending.hall, sms="full")
    one, other, db, here = invite(sending), invite(sending), sending.hall.db, sending.hall.branch.id
    db.write_in_now(here, withdraw_invitation, here, one, SYSTEM)
    assert delivery(sending, one) is Delivery.VOID
    clock.move(timedelta(days=30))
    assert sending.postman.send_due() == 0
    assert delivery(sending, other) is Delivery.VOID


def test_a_refused_address_is_given_up_with_its_reason(sending: Sending) -> None:
    set_level(sending.hall, sms="full")
    sending.server.behaviours = ["550 no such user"]
    one = invite(sending)
    assert sending.postman.send_due() == 0
    letter = sending.hall.db.read_now(letters_of, sending.hall.branch.id, [one])[one]
    assert (letter.delivery, letter.error) == (Delivery.FAILED, "address")
    assert told(sending, "booking.invitation_unsent")


def test_a_connection_lost_at_the_end_is_tried_once_more(sending: Sending, clock: FrozenClock) -> None:
    set_level(sending.hall, sms="full")
    sending.server.behaviours = ["cut", "cut"]
    one = invite(sending)
    sending.postman.send_due()
    clock.move(timedelta(minutes=1))
    sending.postman.send_due()
    clock.move(timedelta(days=1))
    assert sending.postman.send_due() == 0
    assert delivery(sending, one) is Delivery.MAYBE
    assert len({taken.message["Message-ID"] for taken in sending.server.taken}) == 1


def test_whoever_is_forgotten_leaves_no_letter(sending: Sending) -> None:
    set_level(sending.hall, sms="full")
    one, here = invite(sending), sending.hall.branch.id

    def forget(tx: Tx) -> None:
        with locked(tx, here) as lock:
            forget_invitations(lock, [one])

    sending.hall.db.write_in_now(here, forget)
    assert delivery(sending, one) is None


def invite(sending: Sending, contact: str = GUEST) -> UUID:
    hall = sending.hall
    order = InvitationOrder(hall.service(SERVICE), NAME, contact, "ar", LAST)
    return hall.db.write_in_now(hall.branch.id, invite_guest, hall.branch.id, order, SYSTEM)


def delivery(sending: Sending, one: UUID) -> Delivery | None:
    found = sending.hall.db.read_now(letters_of, sending.hall.branch.id, [one]).get(one)
    return found.delivery if found else None


def told(sending: Sending, kind: str) -> bool:
    found = sending.hall.db.read_now(audit.entries, sending.hall.branch.id, audit.Wanted(kind=kind), 5)
    return bool(found)
