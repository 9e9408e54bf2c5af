"""Each fault of sending is known by its own name: what waits, what is given up at once, and what is done about it."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from queue_system.actions.calling_off import call_off
from queue_system.clock import FrozenClock
from queue_system.core.delivery import ERRORS, GIVE_UP_AFTER, OF_CHANNEL, PAUSES, next_attempt
from queue_system.core.messages import Outcome
from queue_system.core.support import Why
from queue_system.messages.answers import Step, outcome_of
from queue_system.ops.doctor import look_at_channels
from queue_system.store.database import AnyRow, Database
from queue_system.store.log import SYSTEM
from queue_system.store.queries.phone_calls import phone_calls
from queue_system.store.queries.unsent import unsent_messages
from queue_system.store.tables import Message, table
from tests.kit.hall import furnish
from tests.kit.mail_server import MailServer, mail_server
from tests.messages.test_sending import LATER, START, Sending, certificate, made, set_level

__all__ = ["certificate"]

OTHER = "huda@example.org"
PASSWORD = base64.b64encode(b"\0clerk\0word").decode()


@pytest.fixture
def sending(db: Database, db_url: str, clock: FrozenClock, tmp_path: Path) -> Iterator[Sending]:
    furnish(db)
    with mail_server() as server:
        yield made(db_url, clock, tmp_path, server, f"smtp://127.0.0.1:{server.port}")


@pytest.fixture
def guarded(db: Database, db_url: str, clock: FrozenClock, tmp_path: Path) -> Iterator[Sending]:
    """One that signs in."""
    furnish(db)
    with mail_server(password=PASSWORD) as server:
        yield made(db_url, clock, tmp_path, server, f"smtp://clerk:word@127.0.0.1:{server.port}")


# ---------------------------------------------------------------- what an answer means


@pytest.mark.parametrize(
    ("step", "code", "said", "outcome", "error"),
    [
        (Step.RECIPIENT, 550, "5.1.1 The email account does not exist", Outcome.REFUSED, "address"),
        (Step.RECIPIENT, 550, "no such user", Outcome.REFUSED, "address"),
        (Step.RECIPIENT, 556, "5.1.10 null MX", Outcome.REFUSED, "address"),
        (Step.RECIPIENT, 550, "5.2.1 mailbox disabled", Outcome.REFUSED, "address"),
        (Step.RECIPIENT, 452, "4.2.2 over quota\n4.2.2 more", Outcome.LATER, "mailbox_full"),
        (Step.RECIPIENT, 452, "full", Outcome.LATER, "mailbox_full"),
        (Step.RECIPIENT, 552, "5.2.2 full", Outcome.LATER, "mailbox_full"),
        (Step.CONTENT, 552, "5.2.2 full", Outcome.LATER, "mailbox_full"),
        (Step.RECIPIENT, 452, "4.3.1 no space here", Outcome.LATER, "busy"),
        (Step.RECIPIENT, 452, "4.5.3 too many recipients", Outcome.LATER, "busy"),
        (Step.CONTENT, 552, "5.3.4 message too big", Outcome.REFUSED, "too_large"),
        (Step.CONTENT, 552, "message exceeds fixed maximum size", Outcome.REFUSED, "too_large"),
        (Step.SENDER, 552, "5.3.4 too big", Outcome.REFUSED, "too_large"),
        (Step.CONTENT, 452, "not enough space", Outcome.LATER, "busy"),
        (Step.RECIPIENT, 450, "4.2.0 greylisted", Outcome.LATER, "busy"),
        (Step.SENDER, 451, "try later", Outcome.LATER, "busy"),
        (Step.SENDER, 421, "4.7.0 closing", Outcome.LATER, "unreachable"),
        (Step.SENDER, 553, "5.7.1 not your address", Outcome.LATER, "sender"),
        (Step.RECIPIENT, 550, "5.1.8 sender's domain unknown", Outcome.LATER, "sender"),
        (Step.SENDER, 530, "5.7.0 authentication required", Outcome.LATER, "sign_in"),
        (Step.RECIPIENT, 554, "5.7.1 relay access denied", Outcome.REFUSED, "refused"),
        (Step.CONTENT, 554, "5.7.1 looks like spam", Outcome.REFUSED, "refused"),
        (Step.CONTENT, 550, "no", Outcome.REFUSED, "refused"),
        # What only looks like a finer code.
        (Step.RECIPIENT, 550, "5.1.1234 no", Outcome.REFUSED, "address"),
    ],
)
def test_an_answer_of_a_server_is_understood(step: Step, code: int, said: str, outcome: Outcome, error: str) -> None:
    assert outcome_of(step, code, said) == (outcome, error)
    assert error in ERRORS


# ---------------------------------------------------------------- how long is tried


def test_a_channel_that_was_out_for_days_takes_no_attempt_from_a_message() -> None:
    due, now = START, START + timedelta(days=3)
    assert next_attempt(1, due, now, error="busy") == now + PAUSES[0]
    assert next_attempt(len(PAUSES), due, now, error="busy") == now + PAUSES[-1]
    assert next_attempt(len(PAUSES) + 1, due, now, error="busy") is None
    # Whom somebody must call is not waited for longer.
    assert next_attempt(1, due, now, START + timedelta(days=9), "busy") is None


@pytest.mark.parametrize("fault", OF_CHANNEL)
def test_a_fault_of_the_channel_is_waited_for_a_week_and_by_whom_it_concerns_a_day(fault: str) -> None:
    week = START + timedelta(days=7)
    assert next_attempt(0, START, week - timedelta(hours=1), error=fault) is not None
    assert next_attempt(0, START, week, error=fault) is None
    call_before = START + timedelta(days=30)
    assert next_attempt(0, START, START + GIVE_UP_AFTER - timedelta(hours=1), call_before, fault) is not None
    assert next_attempt(0, START, START + GIVE_UP_AFTER, call_before, fault) is None


# ---------------------------------------------------------------- on the wire


def test_a_full_mailbox_is_tried_at_longer_pauses_for_three_days(sending: Sending, clock: FrozenClock) -> None:
    booked = sending.book(starts_at=START + timedelta(days=7))
    for pause in (1, 4, 12, 12, 12, 12, 12, 12):
        sending.server.behaviours = ["552 5.2.2 mailbox full"]
        assert sending.postman.send_due() == 0
        assert sending.server.behaviours == []
        clock.move(timedelta(hours=pause) - timedelta(minutes=1))
        sending.server.behaviours = ["550 too early"]
        assert sending.postman.send_due() == 0
        assert sending.server.behaviours == ["550 too early"]
        clock.move(timedelta(minutes=1))
    sending.server.behaviours = ["552 5.2.2 mailbox full"]
    sending.postman.send_due()
    (given_up,) = sending.hall.db.read_now(unsent_messages, sending.hall.branch.id)
    assert (given_up.code, given_up.error) == (booked.code, "mailbox_full")


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        ("550 5.1.1 no such user", "address"),
        ("end 552 5.3.4 message too big", "too_large"),
        ("end 554 5.7.1 spam", "refused"),
    ],
)
def test_what_will_not_change_is_given_up_at_once_and_holds_up_nothing(
    sending: Sending, behaviour: str, error: str
) -> None:
    sending.server.behaviours = [behaviour]
    sending.book()
    sending.book(OTHER, starts_at=LATER)
    assert sending.postman.send_due() == 1
    assert [one.recipient for one in sending.server.taken] == [OTHER]
    assert [one.error for one in sending.hall.db.read_now(unsent_messages, sending.hall.branch.id)] == [error]


def test_a_letter_above_the_size_that_the_server_takes_is_not_sent(sending: Sending) -> None:
    sending.server.size = 500
    sending.book()
    assert sending.postman.send_due() == 0
    assert [one.error for one in sending.hall.db.read_now(unsent_messages, sending.hall.branch.id)] == ["too_large"]
    sending.server.size = 1_000_000
    sending.book(OTHER, starts_at=LATER)
    assert sending.postman.send_due() == 1


def test_a_refused_sign_in_leaves_every_message_its_attempts_and_the_server_alone(
    guarded: Sending, clock: FrozenClock
) -> None:
    guarded.server.behaviours = ["auth 535 5.7.8 wrong"]
    guarded.book()
    guarded.book(OTHER, starts_at=LATER)
    assert guarded.postman.send_due() == 0
    assert [(one.state, one.attempts, one.error) for one in rows(guarded)] == [("queued", 0, "sign_in")] * 2
    (found,) = guarded.hall.db.read_now(look_at_channels)
    assert (found.level, found.code, found.values) == ("bad", "channel-sign-in", {"count": 2})
    assert "QUEUE_SMTP_URL" in found.text
    # A message that comes meanwhile does not ask the server again, because many wrong passwords lock us out.
    guarded.book("late@example.org", starts_at=LATER + timedelta(hours=1))
    clock.move(timedelta(minutes=14))
    assert guarded.postman.send_due() == 0
    assert guarded.server.connections == 1
    # Days later the password is right: each is sent, as its first attempt.
    clock.move(timedelta(minutes=16))
    assert guarded.postman.send_due() == 3
    assert {one.attempts for one in rows(guarded)} == {1}
    assert guarded.hall.db.read_now(look_at_channels) == []


def test_a_fault_of_the_sign_in_that_passes_is_not_a_wrong_password(guarded: Sending) -> None:
    guarded.server.behaviours = ["auth 454 4.7.0 try later"]
    guarded.book()
    assert guarded.postman.send_due() == 0
    assert [one.error for one in rows(guarded)] == ["unreachable"]


def test_whom_the_branch_must_tell_is_called_although_the_channel_is_to_blame(
    guarded: Sending, clock: FrozenClock
) -> None:
    booked = guarded.book(starts_at=START + timedelta(days=5))
    assert guarded.postman.send_due() == 1
    branch = guarded.hall.branch.id
    guarded.hall.db.write_in_now(branch, call_off, branch, booked.id, Why.CLOSED, SYSTEM)
    for _ in range(26):
        guarded.server.behaviours = ["auth 535 wrong"]
        guarded.postman.send_due()
        clock.move(timedelta(hours=1))
    calls = guarded.hall.db.read_now(phone_calls, guarded.hall.branch)
    assert [(one.booking.id, one.event) for one in calls] == [(booked.id, "called_off")]


def test_a_sender_of_a_branch_that_is_refused_does_not_hold_up_neutral_letters(
    sending: Sending, clock: FrozenClock
) -> None:
    set_level(sending.hall, sms="full")
    sending.server.behaviours = ["from 553 5.7.1 not your address"]
    sending.book()
    sending.book(OTHER, starts_at=LATER)
    assert sending.postman.send_due() == 0
    assert {(one.attempts, one.error) for one in rows(sending)} == {(0, "sender")}
    set_level(sending.hall, sms="neutral", display="code_random")
    sending.book("third@example.org", starts_at=LATER + timedelta(hours=1))
    assert sending.postman.send_due() == 1
    clock.move(timedelta(minutes=15))
    assert sending.postman.send_due() == 2


def test_a_certificate_that_nobody_vouches_for_is_called_a_fault_of_encryption(
    sqlite_url: str, clock: FrozenClock, tmp_path: Path, certificate: tuple[Path, Path]
) -> None:
    key, made_out = certificate
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made_out, key)
    furnish(Database(sqlite_url, clock))
    for implicit in (True, False):
        with mail_server(context, implicit=implicit) as server:
            assert fault_of(sqlite_url, clock, tmp_path, server, implicit=implicit) == "encryption"
            clock.move(timedelta(minutes=15))


def test_a_server_without_encryption_is_not_called_unreachable(
    sqlite_url: str, clock: FrozenClock, tmp_path: Path
) -> None:
    furnish(Database(sqlite_url, clock))
    with mail_server() as server:
        assert fault_of(sqlite_url, clock, tmp_path, server, implicit=False) == "encryption"


def test_a_server_that_is_away_is_called_so(sending: Sending, db_url: str, clock: FrozenClock, tmp_path: Path) -> None:
    with mail_server() as server:
        closed = server.port
    away = made(db_url, clock, tmp_path, server, f"smtp://127.0.0.1:{closed}")
    away.book()
    away.postman.send_due()
    (found,) = away.hall.db.read_now(look_at_channels)
    assert (found.level, found.code) == ("note", "channel-unreachable")


# ---------------------------------------------------------------- inside


def fault_of(url: str, clock: FrozenClock, folder: Path, server: MailServer, *, implicit: bool) -> str:
    """The error of a message that meets this server, with TLS from the first byte (`implicit`) or by STARTTLS."""
    scheme = "smtps" if implicit else "smtp+starttls"
    sending = made(url, clock, folder, server, f"{scheme}://localhost:{server.port}")
    if not rows(sending):
        sending.book()
    assert sending.postman.send_due() == 0
    assert server.taken == []
    (row,) = rows(sending)
    return str(row.error)


def rows(sending: Sending) -> list[AnyRow]:
    """The messages that are no reminders."""
    message = table(Message)
    statement = sa.select(message).where(message.c.event != "reminder").order_by(message.c.created_at, message.c.id)
    return sending.hall.db.read_now(lambda tx: tx.rows(statement))
