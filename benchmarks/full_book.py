"""A house whose book is full: 30 members, ten hours a day, 500 appointments on one day and thousands around it.

The forum's office in Istanbul gets 25 workers, three interpreters and two rooms. Everybody is booked by the half hour. On
FULL_DAY every worker has an appointment at each of the twenty half hours; on the other days of two months 60 % of them.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from queue_system.core.slots import tick_of
from queue_system.settings.edits import Edit
from queue_system.store.database import Database, Tx
from queue_system.store.queries.settings import BranchSettings
from queue_system.store.tables import Booking, BookingMember, OpeningHours, Seat, table
from tests.kit.hall import Hall, edit, enter, furnish
from tests.kit.legal_aid import member, save

WORKERS, INTERPRETERS, ROOMS = 25, 3, 2
OPENS, CLOSES = time(8), time(18)
HALF_HOUR: Final = timedelta(minutes=30)
BOOKINGS_A_DAY: Final = WORKERS * 20
DAYS: Final = 60
FILLED: Final = 0.6
#: Takes a worker; takes a worker and an interpreter; takes a worker and a room.
ALONE, TWO, ROOM = "join-forum", "bureaucracy", "assoc-compliance"
NEEDS: Final = {ALONE: ["workers"], TWO: ["workers", "interpreters"], ROOM: ["workers", "rooms"]}


def full_book(db: Database, ahead: int | None = None) -> tuple[Hall, date]:
    """The house, booked for the days `ahead`, and its day with 500 appointments."""
    hall = furnish(db, "forum", "istanbul")
    edit(hall, lambda tx: _ten_hours(tx, hall.branch.id))
    hall = save(enter(db, "istanbul"), *_edits(hall.branch))
    today = db.clock.now().astimezone(hall.branch.zone).date()
    days = [day for n in range(1, (ahead or DAYS) + 1) if (day := today + timedelta(days=n)).weekday() < 4]
    _book(hall, days)
    return hall, days[2]


def _ten_hours(tx: Tx, branch: UUID) -> None:
    rules = table(OpeningHours)
    tx.execute(sa.delete(rules).where(rules.c.branch_id == branch, rules.c.layer != "regular"))
    tx.execute(sa.update(rules).where(rules.c.branch_id == branch).values(opens=OPENS, closes=CLOSES, last_ticket=None))


def _edits(branch: BranchSettings) -> Iterator[Edit]:
    people = {
        "workers": ("person", [f"worker-{number:02}" for number in range(WORKERS)]),
        "interpreters": ("interpreter", [f"interpreter-{number}" for number in range(INTERPRETERS)]),
        "rooms": ("room", [f"room-{number}" for number in range(ROOMS)]),
    }
    for group, (kind, slugs) in people.items():
        for slug in slugs:
            yield Edit("resource", slug, None, {"names": {"ar": slug, "en": slug}, "kind": kind})
        yield Edit("resource", group, None, {"names": {"ar": group, "en": group}, "kind": "group", "any_of": slugs})
    for slug, wanted in NEEDS.items():
        known = branch.service(slug)
        before = {"needs": [branch.resources[one].slug for one in known.resources], "duration_min": known.duration_min}
        yield Edit("service", slug, before, {"needs": wanted, "duration_min": 30})
    queue = branch.queue_of(branch.service(ALONE))
    was = {"lanes": queue.lanes, "public_lanes": queue.public_lanes}
    yield Edit("queue", queue.slug, was, {"lanes": WORKERS, "public_lanes": WORKERS})


def _book(hall: Hall, days: list[date]) -> None:
    """Store the appointments as the actions would."""
    chance, branch = random.Random(1), hall.branch
    workers = [member(hall, f"worker-{number:02}") for number in range(WORKERS)]
    interpreters = [member(hall, f"interpreter-{number}") for number in range(INTERPRETERS)]
    bookings: list[dict[str, Any]] = []
    members: list[dict[str, Any]] = []
    seats: list[dict[str, Any]] = []
    for day in days:
        for half in range(20):
            at = datetime.combine(day, OPENS, branch.zone) + half * HALF_HOUR
            for lane, worker in enumerate(workers):
                if day != days[2] and chance.random() > FILLED:
                    continue
                service = TWO if lane < INTERPRETERS else ALONE
                has = {member(hall, "workers"): worker}
                if service == TWO:
                    has[member(hall, "interpreters")] = interpreters[lane]
                row = _row(branch, branch.service(service).id, at, len(bookings), hall.db.clock.now())
                ticks = range(tick_of(at, branch.tick_minutes), tick_of(at + HALF_HOUR, branch.tick_minutes))
                bookings.append(row)
                members += [_member_row(branch, row["id"], need, who, ticks) for need, who in has.items()]
                queue = branch.service(service).queue_id
                taken = [(queue, lane + 1), *((who, 1) for who in has.values())]
                seats += [
                    {"branch_id": branch.id, "resource_id": what, "tick": tick, "lane": n, "booking_id": row["id"]}
                    for what, n in taken
                    for tick in ticks
                ]
    for rows, into in ((bookings, Booking), (members, BookingMember), (seats, Seat)):
        hall.db.write_now(Tx.execute, sa.insert(table(into)), rows)
    if not hall.db.dialect.is_embedded:
        # PostgreSQL does this by itself a minute after such a change.
        with hall.db.migrating() as connection:
            connection.execute(sa.text("ANALYZE"))


def _row(branch: BranchSettings, service: UUID, at: datetime, number: int, now: datetime) -> dict[str, Any]:
    return {
        "branch_id": branch.id,
        "id": uuid7(),
        "code": f"Z{number:06}",
        "state": "confirmed",
        "service_id": service,
        "starts_at": at,
        "ends_at": at + HALF_HOUR,
        "name": "سلمى الحسن",
        "contact": f"+90555{number:07d}",
        "language": "ar",
        "source": "web",
        "created_at": now,
        "confirmed_at": now,
        "changes": 0,
        "request_id": f"request-{number:06}",
        "token": f"{branch.key}{number:020}",
    }


def _member_row(branch: BranchSettings, booking: UUID, need: UUID, who: UUID, ticks: range) -> dict[str, Any]:
    return {
        "branch_id": branch.id,
        "booking_id": booking,
        "need_id": need,
        "first_tick": ticks.start,
        "stop_tick": ticks.stop,
        "member_id": who,
        "why": "order",
        "announced_at": None,
    }
