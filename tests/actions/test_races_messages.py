"""Workers of several nodes race for one message, and a message is put in line twice. On both databases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from uuid_utils.compat import uuid7

from queue_system.actions import bookings, outbox
from queue_system.actions.bookings import HoldOrder
from queue_system.actions.message_rows import row_of
from queue_system.actions.outbox import ClaimedMessage, claim_message, report_message
from queue_system.clock import FrozenClock
from queue_system.core.messages import Event, Level, Outcome
from queue_system.store.database import AnyRow, Database, Tx
from queue_system.store.log import VISITOR, Locked
from queue_system.store.queries.bookings import free_days
from queue_system.store.tables import Message, table
from tests.kit.crowd import Work, crowd, drop_unique, meet, unlocked
from tests.kit.hall import Hall

pytestmark = pytest.mark.slow

NODES = 8
SENDS = frozenset({Level.FULL, Level.MINIMAL})
SERVICE = "civil-extract"
MESSAGE = table(Message)


@pytest.fixture
def sending(hall: Hall) -> Hall:
    """The hall of an installation with a mail server, with an appointment whose confirmation is due."""
    hall.db.sends = SENDS
    day = hall.db.clock.now().date() + timedelta(days=4)
    (found,) = hall.db.read_now(free_days, hall.branch, hall.branch.service(SERVICE), day, day)
    order = HoldOrder(
        hall.branch.id, hall.service(SERVICE), found.slots[0].start, "سامر الحموي", "samer@example.org", "ar", VISITOR
    )
    held = hall.db.write_in_now(hall.branch.id, bookings.hold_slot, order)
    hall.db.write_in_now(hall.branch.id, bookings.confirm_booking, hall.branch.id, held.id, VISITOR)
    return hall


def test_eight_workers_of_eight_nodes_claim_one_message_once(sending: Hall, db_url: str, clock: FrozenClock) -> None:
    assert [one.event for one in race(sending, db_url, clock)] == [Event.CONFIRMED]
    assert sent_by_now(sending) == [("confirmed", "claimed", 1), ("reminder", "queued", 0)]


def test_without_the_lock_the_compare_and_set_alone_lets_one_have_it(
    sending: Hall, db_url: str, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    unlocked(monkeypatch)
    with meet(outbox, "due_messages", NODES):
        assert [one.event for one in race(sending, db_url, clock)] == [Event.CONFIRMED]


def test_control_without_the_compare_and_set_it_is_sent_by_several(
    sending: Hall, db_url: str, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    unlocked(monkeypatch)
    monkeypatch.setattr(outbox, "take", take_whatever_it_is_by_now)
    with meet(outbox, "due_messages", NODES):
        claimed = race(sending, db_url, clock)
    assert len(claimed) == NODES
    assert len({one.id for one in claimed}) == 1


def test_a_claim_that_has_run_out_is_taken_over_by_one_of_eight(
    sending: Hall, db_url: str, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    (first,) = race(sending, db_url, clock)
    clock.move(timedelta(minutes=6))
    unlocked(monkeypatch)
    with meet(outbox, "due_messages", NODES):
        (second,) = race(sending, db_url, clock)
    assert (second.id, second.attempt) == (first.id, 2)


def test_a_second_reminder_after_the_same_message_is_refused_by_the_database(sending: Hall, clock: FrozenClock) -> None:
    with pytest.raises(sa.exc.IntegrityError):
        remind_again(sending)
    clock.move(timedelta(days=3, hours=20))
    assert told(sending).count("reminder") == 1


def test_control_without_that_key_people_are_reminded_twice(sending: Hall, clock: FrozenClock) -> None:
    drop_unique(sending.db, "message", "one_message_an_event")
    remind_again(sending)
    clock.move(timedelta(days=3, hours=20))
    assert told(sending).count("reminder") == 2


# ---------------------------------------------------------------- inside


def race(hall: Hall, db_url: str, clock: FrozenClock) -> list[ClaimedMessage]:
    """What workers of all nodes get who look for a message at the same moment."""
    with crowd(db_url, clock, NODES) as workers:
        for node in workers.nodes:
            node.sends = SENDS
        outcomes: list[Any] = workers.rush([claim(hall.branch.id)] * NODES)
    assert [one for one in outcomes if one is not None and not isinstance(one, ClaimedMessage)] == []
    return [one for one in outcomes if one is not None]


def claim(branch_id: UUID) -> Work:
    def work(node: Database) -> ClaimedMessage | None:
        return node.write_in_now(branch_id, claim_message, branch_id)

    return work


def take_whatever_it_is_by_now(lock: Locked, job: AnyRow) -> bool:
    """A claim that does not look whether another worker has it."""
    lock.tx.execute(row_of(lock, job).values(state="claimed", attempts=job.attempts + 1))
    return True


def remind_again(hall: Hall) -> None:
    reminder = hall.db.read_now(Tx.rows, sa.select(MESSAGE).where(MESSAGE.c.event == "reminder"))[0]
    hall.db.write_now(Tx.execute, sa.insert(MESSAGE).values(reminder._asdict() | {"id": uuid7()}))


def told(hall: Hall) -> list[str]:
    """Send all that is due; returns the events."""
    found = []
    while one := claim(hall.branch.id)(hall.db):
        here = hall.branch.id
        hall.db.write_in_now(here, report_message, here, one.id, one.attempt, Outcome.SENT)
        found.append(one.event.value)
    return found


def sent_by_now(hall: Hall) -> list[tuple[str, str, int]]:
    rows = hall.db.read_now(Tx.rows, sa.select(MESSAGE).order_by(MESSAGE.c.due_at, MESSAGE.c.event))
    return [(row.event, row.state, row.attempts) for row in rows]
