"""Numbers under load: no gaps, no duplicates, one ticket for one request. On both databases.

Each test has its negative control: the same load without the protection must show the fault.
"""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from queue_system.actions import tickets
from queue_system.actions.day import close_day
from queue_system.actions.tickets import Issued, TicketOrder
from queue_system.clock import FrozenClock
from queue_system.store import log
from queue_system.store.database import Database, Tx
from queue_system.store.log import SYSTEM, Locked
from queue_system.store.queries import line, place
from queue_system.store.queries.access import devices
from queue_system.store.queries.settings import BranchSettings, QueueView
from queue_system.store.tables import Entry, PrintJob, Series, Ticket, table
from tests.kit.crowd import PATIENCE_SECONDS, Crowd, Work, crowd, drop_unique, meet, unlocked
from tests.kit.hall import Hall

KIOSKS = 16
TICKETS_EACH = 40
NODES = 4


def order(hall: Hall, request_id: str | None = None, printer_id: UUID | None = None) -> TicketOrder:
    return TicketOrder(
        branch_id=hall.branch.id,
        service_id=hall.service("attest-single"),
        language="ar",
        source="kiosk",
        actor=SYSTEM,
        request_id=request_id,
        printer_id=printer_id,
    )


def take(hall: Hall, wanted: TicketOrder) -> Work:
    return lambda node: node.write_in_now(hall.branch.id, tickets.issue_ticket, wanted)


# ---------------------------------------------------------------- numbers


def kiosk_day(hall: Hall) -> Work:
    """One kiosk that issues forty tickets, one after the other; their numbers."""

    def work(node: Database) -> list[int]:
        return [take(hall, order(hall))(node).ticket.number for _ in range(TICKETS_EACH)]

    return work


def test_sixteen_kiosks_give_every_number_once(hall: Hall, db_url: str, clock: FrozenClock) -> None:
    with crowd(db_url, clock, NODES) as people:
        given = people.rush([kiosk_day(hall)] * KIOSKS)
    numbers = sorted(number for kiosk_numbers in given for number in kiosk_numbers)
    assert numbers == list(range(1, KIOSKS * TICKETS_EACH + 1))
    assert all(numbers == sorted(numbers) for numbers in given)
    assert all(verdict.broken_at is None for verdict in hall.db.read_now(log.verify))


@pytest.mark.anyio
async def test_one_server_groups_its_commits_and_gives_every_number_once(hall: Hall) -> None:
    """The same within one process, where waiting writes share transactions."""

    async def one_kiosk() -> list[int]:
        return [
            (await hall.db.write_in(hall.branch.id, tickets.issue_ticket, order(hall))).ticket.number
            for _ in range(TICKETS_EACH)
        ]

    given = await asyncio.gather(*(one_kiosk() for _ in range(KIOSKS)))
    assert sorted(number for numbers in given for number in numbers) == list(range(1, KIOSKS * TICKETS_EACH + 1))


def test_control_numbers_read_without_a_lock_come_twice(
    hall: Hall, db_url: str, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Number tickets as careless programs do: read the last number, add one, write it."""
    hall.issue()
    series = table(Series)
    together = threading.Barrier(NODES)

    def naive_number(branch: Locked, settings: BranchSettings, queue: QueueView, day: Any) -> int:
        tx = branch.tx
        here = (series.c.branch_id == settings.id) & (series.c.queue_id == queue.id) & (series.c.business_date == day)
        number = int(tx.scalar(sa.select(series.c.last_number).where(here))) + 1
        together.wait(PATIENCE_SECONDS)
        tx.execute(sa.update(series).where(here).values(last_number=number))
        return number

    unlocked(monkeypatch)
    drop_unique(hall.db, "ticket", "one_number_a_day")
    with hall.db.migrating() as connection:
        connection.execute(sa.text("DROP INDEX IF EXISTS one_open_code"))
    monkeypatch.setattr(tickets, "_number", naive_number)
    with crowd(db_url, clock, NODES) as people:
        numbers = [issued.ticket.number for issued in people.rush([take(hall, order(hall))] * NODES)]
    assert len(set(numbers)) < len(numbers)


def test_the_key_alone_refuses_a_number_given_twice(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even without lock and series the database refuses a second A001."""
    hall.issue()
    monkeypatch.setattr(tickets, "_number", lambda branch, settings, queue, day: 1)
    with pytest.raises(sa.exc.IntegrityError):
        hall.issue()
    assert [view.number for view in hall.db.read_now(line.open_tickets, hall.branch.id)] == [1]


# ---------------------------------------------------------------- one request, one ticket, one slip


def press_ten_times(hall: Hall, people: Crowd) -> tuple[list[Any], int, int]:
    """Send the same request ten times at once; the outcomes, and the number of tickets and slips afterwards."""
    printer = hall.db.read_now(devices, hall.branch.id, "printer")[0].id
    outcomes = people.rush([take(hall, order(hall, "the-same", printer))] * 10)
    count = hall.db.read_now(
        lambda tx: [tx.scalar(sa.select(sa.func.count()).select_from(table(kind))) for kind in (Ticket, PrintJob)]
    )
    return outcomes, count[0], count[1]


def test_one_request_sent_ten_times_is_one_ticket_and_one_slip(hall: Hall, db_url: str, clock: FrozenClock) -> None:
    with crowd(db_url, clock, 5) as people:
        outcomes, tickets, slips = press_ten_times(hall, people)
    assert (tickets, slips) == (1, 1)
    assert all(isinstance(outcome, Issued) for outcome in outcomes)
    assert len({outcome.ticket.id for outcome in outcomes}) == 1
    assert [outcome.created for outcome in outcomes].count(True) == 1


def test_control_without_lock_and_key_one_request_makes_several(
    hall: Hall, db_url: str, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    hall.issue()
    unlocked(monkeypatch)
    drop_unique(hall.db, "ticket", "one_ticket_a_request")
    with meet(line, "ticket_by_request", 5), crowd(db_url, clock, 5) as people:
        _, tickets, slips = press_ten_times(hall, people)
    assert tickets > 2
    assert slips > 1


def test_without_the_lock_the_key_alone_keeps_it_one_ticket(
    hall: Hall, db_url: str, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the lock the others get an error, but there is no second ticket.

    Each press has its own node, because two that share a transaction would run again after the error, and find the
    ticket.
    """
    hall.issue()
    unlocked(monkeypatch)
    with meet(line, "ticket_by_request", 5), crowd(db_url, clock, 10) as people:
        outcomes, tickets, slips = press_ten_times(hall, people)
    assert (tickets, slips) == (2, 1)
    assert any(isinstance(outcome, sa.exc.IntegrityError) for outcome in outcomes)


# ---------------------------------------------------------------- the first of a new day

OVER_NIGHT = timedelta(hours=22, minutes=50)


def voided(hall: Hall) -> list[str]:
    """The tickets that the log records as closed with their day."""
    entry = table(Entry)
    rows = hall.db.read_now(Tx.rows, sa.select(entry.c.subject).where(entry.c.kind == "ticket.voided"))
    return sorted(row.subject for row in rows)


def test_the_first_numbers_of_a_day_from_many_kiosks_close_the_day_before_once(
    hall: Hall, db_url: str, clock: FrozenClock
) -> None:
    """No periodic task has run since yesterday, and all kiosks are touched at the same moment."""
    yesterday = [hall.issue().ticket for _ in range(5)]
    clock.move(OVER_NIGHT)
    with crowd(db_url, clock, NODES) as people:
        given = people.rush([take(hall, order(hall))] * 8)
    assert sorted(issued.ticket.code for issued in given) == [f"F{number:03d}" for number in range(1, 9)]
    ahead = [hall.db.read_now(place.place, hall.branch, issued.ticket.token).ahead for issued in given]
    assert sorted(-1 if count is None else count for count in ahead) == list(range(8)), "nobody of yesterday is ahead"
    assert voided(hall) == sorted(str(ticket.id) for ticket in yesterday)
    assert len(hall.db.read_now(line.open_tickets, hall.branch.id)) == 8
    assert all(verdict.broken_at is None for verdict in hall.db.read_now(log.verify))


def test_control_without_the_lock_a_day_is_closed_more_than_once(
    hall: Hall, db_url: str, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    yesterday = [hall.issue().ticket for _ in range(5)]
    clock.move(OVER_NIGHT)
    unlocked(monkeypatch)
    with meet(line, "open_tickets", NODES), crowd(db_url, clock, NODES) as people:
        people.rush([lambda node: node.write_in_now(hall.branch.id, close_day, hall.branch.id)] * NODES)
    assert len(voided(hall)) > len(yesterday)
