"""The checks of the soak notice what they are for: broken programs, in a short form, and spoilt rows. On both databases."""

from __future__ import annotations

import contextlib
from datetime import date, datetime
from typing import Final
from uuid import UUID

import pytest
import sqlalchemy as sa

from queue_system.actions import bookings, outbox
from queue_system.actions.bookings import HoldOrder
from queue_system.actions.message_rows import row_of
from queue_system.actions.outbox import claim_message, report_message
from queue_system.clock import FrozenClock
from queue_system.core.bookings import BookingState
from queue_system.core.messages import Level, Outcome
from queue_system.messages import letter
from queue_system.store.database import AnyRow, Database, Tx
from queue_system.store.log import VISITOR, Locked
from queue_system.store.queries.bookings import BookingView
from queue_system.store.tables import Booking, BookingMember, Seat, table
from tests.kit.book_rush import Acknowledged, lost, wrong_letters
from tests.kit.crowd import Work, crowd, meet, unlocked
from tests.kit.hall import Hall
from tests.kit.joint_house import JOINT, joint_house, times
from tests.kit.legal_aid import member
from tests.kit.member_log import faults

pytestmark = pytest.mark.slow

SENDS: Final = frozenset({Level.FULL, Level.MINIMAL})
WORKERS: Final = 2
KILLED: Final = frozenset({13, 17})
SENDERS: Final = letter.House("https://queue.house.example", "a@house.example", "n@neutral.example", b"secret")
HAS, SEAT = table(BookingMember), table(Seat)


class PowerCut(Exception):
    """The program ends here."""


@pytest.fixture
def house(db: Database) -> Hall:
    """A house where two have joint appointments, in which nothing is wrong."""
    hall = joint_house(db)
    hall.db.sends = SENDS
    for number in range(2):
        confirmed(hall, number)
    assert hall.db.read_now(faults, hall.branch) == []
    return hall


# ---------------------------------------------------------------- broken programs


@pytest.mark.parametrize("answers_first", [False, True])
def test_a_program_that_answers_before_it_has_committed_is_noticed(house: Hall, *, answers_first: bool) -> None:
    """Both are killed in the middle of two transactions of ten."""
    acknowledged: Acknowledged = {}
    begun: dict[int, str] = {}

    def book(tx: Tx, number: int, at: datetime) -> BookingView:
        held = bookings.hold_slot(tx, order(house, number, at))
        begun[number] = held.token
        if answers_first:
            acknowledged[held.token] = BookingState.HELD, held.starts_at
        if number in KILLED:
            raise PowerCut
        return held

    for number, at in enumerate(times(house, JOINT)[::4][:10], 10):
        with contextlib.suppress(PowerCut):
            held = house.db.write_in_now(house.branch.id, book, number, at)
            acknowledged[held.token] = BookingState.HELD, held.starts_at
    assert len(begun) == 10
    found = house.db.read_now(lost, house.branch.id, acknowledged)
    assert {one.split()[0] for one in found} == ({begun[number] for number in KILLED} if answers_first else set())
    assert all(one.endswith("is None") for one in found)


@pytest.mark.parametrize("compares", [True, False])
def test_a_program_that_claims_messages_without_comparing_is_noticed(
    house: Hall, db_url: str, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch, *, compares: bool
) -> None:
    unlocked(monkeypatch)
    if not compares:
        monkeypatch.setattr(outbox, "take", take_whatever_it_is_by_now)
    letters: list[bytes] = []
    with meet(outbox, "due_messages", WORKERS), crowd(db_url, clock, WORKERS) as workers:
        for node in workers.nodes:
            node.sends = SENDS
        outcomes = workers.rush([send_all(house, letters)] * WORKERS)
    assert outcomes == [None] * WORKERS
    found = house.db.read_now(wrong_letters, house.branch.id, letters)
    twice = [one for one in found if "is sent and went out 2 times" in one]
    assert bool(twice) == (not compares)


# ---------------------------------------------------------------- spoilt rows


def test_a_booking_that_is_gone_is_noticed(house: Hall) -> None:
    one = confirmed(house, 5)
    acknowledged: Acknowledged = {one.token: (BookingState.CONFIRMED, one.starts_at)}
    assert house.db.read_now(lost, house.branch.id, acknowledged) == []
    house.db.write_now(delete, one.id)
    (said,) = house.db.read_now(lost, house.branch.id, acknowledged)
    assert said.endswith("is None")


def test_a_member_that_a_second_booking_has_at_the_same_time_is_noticed(house: Hall) -> None:
    cemil = member(house, "cemil")
    seat = house.db.read_now(Tx.rows, sa.select(SEAT).where(SEAT.c.resource_id == cemil))[0]
    # Another lane, because the key of the table refuses the same one.
    house.db.write_now(Tx.execute, sa.insert(SEAT).values(seat._asdict() | {"lane": seat.lane + 1}))
    assert house.db.read_now(faults, house.branch) == [f"cemil is taken 2 times in tick {seat.tick}"]


def test_a_need_without_a_member_is_noticed(house: Hall) -> None:
    one = confirmed(house, 5)
    gone = (HAS.c.booking_id == one.id) & (HAS.c.need_id == member(house, "rooms"))
    house.db.write_now(Tx.execute, sa.delete(HAS).where(gone))
    assert house.db.read_now(faults, house.branch) == [
        f"{one.code} does not have one member for each need over the whole time"
    ]


def test_one_member_for_two_needs_is_noticed(house: Hall) -> None:
    """Dalia is a lawyer and an adviser, so she serves each of both needs, and not both at once."""
    one = confirmed(house, 5)
    for need in ("lawyers", "advisers"):
        give(house, one, need, "dalia")
    assert house.db.read_now(faults, house.branch) == [f"{one.code} has one member for two needs"]


def test_a_member_that_does_not_serve_the_need_is_noticed(house: Hall) -> None:
    one = confirmed(house, 5)
    has = {row.member_id for row in house.db.read_now(Tx.rows, sa.select(HAS).where(HAS.c.booking_id == one.id))}
    give(house, one, "interpreters", next(slug for slug in ("amal", "basel") if member(house, slug) not in has))
    assert house.db.read_now(faults, house.branch) == [f"{one.code} has a member that does not serve the need"]


# ---------------------------------------------------------------- inside


def order(house: Hall, number: int, at: datetime) -> HoldOrder:
    contact = f"visitor{number}@example.org"
    return HoldOrder(house.branch.id, house.service(JOINT), at, "سلمى الحسن", contact, "ar", VISITOR)


def confirmed(house: Hall, number: int) -> BookingView:
    """A joint appointment when everybody is free, each on a day of its own."""
    at = next(at for at in times(house) if at.date() not in taken_days(house))
    held = house.db.write_in_now(house.branch.id, bookings.hold_slot, order(house, number, at))
    return house.db.write_in_now(house.branch.id, bookings.confirm_booking, house.branch.id, held.id, VISITOR)


def taken_days(house: Hall) -> set[date]:
    rows = house.db.read_now(Tx.rows, sa.select(table(Booking).c.starts_at))
    return {row.starts_at.date() for row in rows}


def send_all(house: Hall, letters: list[bytes]) -> Work:
    """A worker that sends what is due, as the postman does."""
    here = house.branch.id

    def work(node: Database) -> None:
        while one := node.write_in_now(here, claim_message, here):
            letters.append(letter.letter_of(one, house.branch, SENDERS, node.clock.now()).content.as_bytes())
            node.write_in_now(here, report_message, here, one.id, one.attempt, Outcome.SENT)

    return work


def take_whatever_it_is_by_now(lock: Locked, job: AnyRow) -> bool:
    """A claim that does not look whether another worker has it."""
    lock.tx.execute(row_of(lock, job).values(state="claimed", attempts=job.attempts + 1))
    return True


def delete(tx: Tx, booking_id: UUID) -> None:
    """Remove a booking and everything that refers to it."""
    own = table(Booking)
    for other in own.metadata.sorted_tables[::-1]:
        for key in other.foreign_keys:
            if key.column.table is own and key.column.name == "id":
                tx.execute(sa.delete(other).where(key.parent == booking_id))
    tx.execute(sa.delete(own).where(own.c.id == booking_id))


def give(house: Hall, one: BookingView, need: str, slug: str) -> None:
    """Let a booking have this member for a need, whoever it had, and nobody else for it."""
    mine = (HAS.c.booking_id == one.id) & (HAS.c.need_id == member(house, need))
    (had,) = house.db.read_now(Tx.rows, sa.select(HAS).where(mine))
    new = member(house, slug)
    house.db.write_now(Tx.execute, sa.update(HAS).where(mine).values(member_id=new))
    seats = (SEAT.c.booking_id == one.id) & (SEAT.c.resource_id == had.member_id)
    takes = (SEAT.c.booking_id == one.id) & (SEAT.c.resource_id == new)
    if house.db.read_now(Tx.rows, sa.select(SEAT).where(takes)):
        if had.member_id != new:
            house.db.write_now(Tx.execute, sa.delete(SEAT).where(seats))
    else:
        house.db.write_now(Tx.execute, sa.update(SEAT).where(seats).values(resource_id=new))
