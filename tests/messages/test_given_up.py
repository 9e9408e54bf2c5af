"""What staff do about messages that were given up: send them again, see to them, say what came of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa

from queue_system.actions import bookings
from queue_system.actions.calling_off import call_off
from queue_system.actions.given_up import send_again, settle, take_over
from queue_system.actions.phone_calls import tick
from queue_system.clock import FrozenClock
from queue_system.core.bookings import Booker
from queue_system.core.errors import Refused, Stale
from queue_system.core.messages import Settled
from queue_system.core.support import Why
from queue_system.store.database import Database, Tx
from queue_system.store.log import SYSTEM
from queue_system.store.queries import audit
from queue_system.store.queries.phone_calls import PhoneCallView, phone_calls
from queue_system.store.queries.unsent import UnsentMessage, unsent_messages
from queue_system.store.tables import Booking, table
from tests.kit.hall import furnish
from tests.kit.mail_server import mail_server
from tests.messages.test_sending import LATER, START, Sending, made, set_level

NO_SUCH = "550 no such user"


@pytest.fixture
def sending(db: Database, db_url: str, clock: FrozenClock, tmp_path: Path) -> Iterator[Sending]:
    furnish(db)
    with mail_server() as server:
        yield made(db_url, clock, tmp_path, server, f"smtp://127.0.0.1:{server.port}")


@pytest.fixture
def chief(sending: Sending) -> UUID:
    return sending.hall.administrator("chief")


def test_a_message_is_sent_again_once_under_the_same_id(sending: Sending, chief: UUID) -> None:
    one = given_up(sending)
    again(sending, one, chief)
    # A second press finds nothing to send again.
    with pytest.raises(Stale, match="message-settled"):
        again(sending, one, chief)
    assert unsent(sending) == []
    assert sending.postman.send_due() == 1
    assert sending.postman.send_due() == 0
    (letter,) = sending.server.taken
    assert str(one.id) in letter.message["Message-ID"]
    assert facts(sending, "message.retried") == [{"code": one.code, "event": "confirmed"}]


def test_what_is_refused_again_comes_back_to_whoever_sent_it(sending: Sending, chief: UUID) -> None:
    again(sending, given_up(sending), chief)
    sending.server.behaviours = [NO_SUCH]
    assert sending.postman.send_due() == 0
    assert [one.owner for one in unsent(sending)] == [chief]


def test_a_busy_server_is_tried_again_after_the_first_day_is_over(
    sending: Sending, clock: FrozenClock, chief: UUID
) -> None:
    one = given_up(sending)
    clock.move(timedelta(hours=25))
    again(sending, one, chief)
    sending.server.behaviours = ["450 busy"]
    assert sending.postman.send_due() == 0
    assert unsent(sending) == []
    clock.move(timedelta(hours=1))
    assert sending.postman.send_due() == 1


def test_nothing_is_sent_again_that_a_newer_message_has_told(sending: Sending, chief: UUID) -> None:
    one = given_up(sending)
    booking, branch = one.booking_id, sending.hall.branch.id
    sending.hall.db.write_in_now(branch, bookings.change_booking, branch, booking, LATER, SYSTEM, Booker.STAFF)
    with pytest.raises(Refused, match="message-newer"):
        again(sending, one, chief)
    assert sending.postman.send_due() == 1
    with pytest.raises(Refused, match="message-told"):
        again(sending, one, chief)
    assert sending.postman.send_due() == 0
    assert len(sending.server.taken) == 1


def test_a_reminder_that_arrived_tells_of_the_appointment_too(
    sending: Sending, clock: FrozenClock, chief: UUID
) -> None:
    one = given_up(sending)
    clock.set(one.starts_at - timedelta(hours=20))
    assert sending.postman.send_due() == 1
    with pytest.raises(Refused, match="message-told"):
        again(sending, one, chief)


def test_a_corrected_contact_gets_it_and_one_that_is_not_to_be_written_to_does_not(
    sending: Sending, chief: UUID
) -> None:
    one = given_up(sending)
    rewrite(sending, contact="right@example.org")
    again(sending, one, chief)
    assert sending.postman.send_due() == 1
    assert [taken.recipient for taken in sending.server.taken] == ["right@example.org"]
    other = given_up(sending, at=LATER)
    rewrite(sending, contact_way="none")
    with pytest.raises(Refused, match="message-no-way"):
        again(sending, other, chief)
    assert [known.id for known in unsent(sending)] == [other.id]


def test_what_is_no_longer_true_is_not_sent_again(sending: Sending, chief: UUID) -> None:
    one = given_up(sending)
    rewrite(sending, state="cancelled")
    with pytest.raises(Refused, match="message-untrue"):
        again(sending, one, chief)


def test_one_person_sees_to_a_message(sending: Sending, chief: UUID) -> None:
    one, other = given_up(sending), sending.hall.administrator("deputy")
    take(sending, one, chief)
    with pytest.raises(Stale, match="message-taken"):
        take(sending, one, other)
    assert [known.owner for known in unsent(sending)] == [chief]
    take(sending, one, other, instead_of=chief)
    assert [known.owner for known in unsent(sending)] == [other]
    assert [fact["owner"] for fact in facts(sending, "message.taken")] == [str(other), str(chief)]


@pytest.mark.parametrize("how", Settled)
def test_a_message_that_is_done_leaves_the_list_and_so_does_the_call(sending: Sending, how: Settled) -> None:
    one = called_off(sending)
    assert len(open_calls(sending)) == 1
    done(sending, one, how)
    assert (unsent(sending), open_calls(sending)) == ([], [])
    assert [fact["how"] for fact in facts(sending, "message.settled")] == [how.value]
    with pytest.raises(Stale, match="message-settled"):
        done(sending, one, how)


def test_whoever_was_reached_by_telephone_needs_no_message(sending: Sending) -> None:
    one, branch = called_off(sending), sending.hall.branch.id
    sending.hall.db.write_in_now(branch, tick, branch, one.booking_id, 0, SYSTEM, reached=False)
    assert [known.id for known in unsent(sending)] == [one.id]
    sending.hall.db.write_in_now(branch, tick, branch, one.booking_id, 0, SYSTEM, reached=True)
    assert unsent(sending) == []


def test_whoever_gets_the_message_after_all_is_not_called(sending: Sending, chief: UUID) -> None:
    again(sending, called_off(sending), chief)
    assert len(open_calls(sending)) == 1
    assert sending.postman.send_due() == 1
    assert open_calls(sending) == []


def given_up(sending: Sending, at: datetime = START) -> UnsentMessage:
    """The confirmation of an appointment that the mail server has refused for its address."""
    set_level(sending.hall, sms="full")
    sending.server.behaviours = [NO_SUCH]
    booking = sending.book(starts_at=at)
    sending.postman.send_due()
    return next(one for one in unsent(sending) if one.booking_id == booking.id)


def called_off(sending: Sending) -> UnsentMessage:
    """The same of a message that the branch has called an appointment off."""
    booking, branch = sending.book(), sending.hall.branch.id
    sending.postman.send_due()
    sending.hall.db.write_in_now(branch, call_off, branch, booking.id, Why.MEMBER, SYSTEM)
    sending.server.behaviours = [NO_SUCH]
    sending.postman.send_due()
    (found,) = unsent(sending)
    return found


def rewrite(sending: Sending, **values: str) -> None:
    """What is stored of all appointments."""
    sending.hall.db.write_now(Tx.execute, sa.update(table(Booking)).values(**values))


def again(sending: Sending, one: UnsentMessage, owner: UUID) -> None:
    branch = sending.hall.branch.id
    sending.hall.db.write_in_now(branch, send_again, branch, one.id, owner, SYSTEM)


def take(sending: Sending, one: UnsentMessage, owner: UUID, instead_of: UUID | None = None) -> None:
    branch = sending.hall.branch.id
    sending.hall.db.write_in_now(branch, take_over, branch, one.id, owner, SYSTEM, instead_of=instead_of)


def done(sending: Sending, one: UnsentMessage, how: Settled) -> None:
    branch = sending.hall.branch.id
    sending.hall.db.write_in_now(branch, settle, branch, one.id, how, SYSTEM)


def unsent(sending: Sending) -> list[UnsentMessage]:
    return sending.hall.db.read_now(unsent_messages, sending.hall.branch.id)


def open_calls(sending: Sending) -> list[PhoneCallView]:
    return [one for one in sending.hall.db.read_now(phone_calls, sending.hall.branch) if one.reached_at is None]


def facts(sending: Sending, kind: str) -> list[dict[str, object]]:
    """What the log says of a kind, the newest first."""
    return [
        dict(one.data)
        for one in sending.hall.db.read_now(audit.entries, sending.hall.branch.id, audit.Wanted(kind=kind), 9)
    ]
