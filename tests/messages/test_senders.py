"""A branch has a sender and an address for answers of its own, on letters to a mail server on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from queue_system.clock import FrozenClock
from queue_system.configuration import ConfigurationError, read_configuration
from queue_system.ops.doctor import look_at_senders
from queue_system.store.database import Database
from tests.kit.hall import furnish, set_branch
from tests.kit.mail_server import mail_server
from tests.messages.test_sending import NEUTRAL, SENDER, Sending, body, found_in, made, set_level

OWN = "SENTINEL-front@house.example"
REPLIES = "SENTINEL-answers@elsewhere.example"


@pytest.fixture
def sending(db: Database, db_url: str, clock: FrozenClock, tmp_path: Path) -> Iterator[Sending]:
    furnish(db)
    with mail_server() as server:
        yield made(db_url, clock, tmp_path, server, f"smtp://127.0.0.1:{server.port}")


def test_letters_come_from_the_branch_and_answers_go_to_it(sending: Sending) -> None:
    set_level(sending.hall, sms="full")
    set_branch(sending.hall, mail_from=OWN, reply_to=REPLIES)
    sending.book()
    sending.postman.send_due()
    (taken,) = sending.server.taken
    letter = taken.message
    assert taken.sender == letter["From"].addresses[0].addr_spec == OWN
    assert letter["Reply-To"].addresses[0].addr_spec == REPLIES
    assert REPLIES in body(letter, "plain")
    assert "ولا أحد يقرأ الردود" not in body(letter, "plain")


def test_a_sender_that_the_relay_may_not_use_stays_unused(sending: Sending) -> None:
    set_level(sending.hall, sms="full")
    set_branch(sending.hall, mail_from="front@elsewhere.example")
    sending.book()
    sending.postman.send_due()
    (taken,) = sending.server.taken
    assert taken.sender == taken.message["From"].addresses[0].addr_spec == SENDER
    assert taken.message["Reply-To"] is None
    assert "ولا أحد يقرأ الردود" in body(taken.message, "plain")
    (found,) = sending.hall.db.read_now(look_at_senders, frozenset({"house.example"}))
    assert (found.code, found.values["sender"]) == ("sender-not-used", "front@elsewhere.example")
    assert sending.hall.db.read_now(look_at_senders, frozenset({"elsewhere.example"})) == []


def test_a_domain_is_one_domain_in_either_form(sending: Sending) -> None:
    set_level(sending.hall, sms="full")
    set_branch(sending.hall, mail_from="front@عيادة.example")
    machine = "عيادة.example".encode("idna").decode()
    named = read_configuration({}, mail_from=SENDER, mail_from_domains=machine.upper())
    assert sending.hall.db.read_now(look_at_senders, named.sender_domains) == []


def test_a_neutral_letter_has_neither(sending: Sending) -> None:
    set_level(sending.hall, display="code_random", sms="neutral")
    set_branch(sending.hall, mail_from=OWN, reply_to=REPLIES)
    sending.book()
    sending.postman.send_due()
    (taken,) = sending.server.taken
    assert taken.sender == NEUTRAL
    assert taken.message["Reply-To"] is None
    assert found_in(taken, ("SENTINEL", "house.example", "elsewhere.example")) == []


def test_a_further_domain_is_a_domain() -> None:
    named = read_configuration({}, mail_from=SENDER, mail_from_domains="clinic.example, Sub.example.org")
    assert named.sender_domains == {"house.example", "clinic.example", "sub.example.org"}
    with pytest.raises(ConfigurationError, match=r"QUEUE_MAIL_FROM_DOMAINS: .* is no domain"):
        read_configuration({}, mail_from_domains="a@b.example")
