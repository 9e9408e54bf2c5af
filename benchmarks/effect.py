"""The preview of an edit of hours in a branch with 5,000 appointments: what would change, and what would be lost.

Aim: below 400 ms, everything read from the database. The limit beside it is the part that no implementation can avoid: the
bare driver reads the appointments and, for each, the first and last tick of its seats.

The appointments are those of `benchmarks.slots`; the edit closes every day at 12:00.
"""

from __future__ import annotations

import time
from datetime import time as clock_time
from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa

from benchmarks import fixtures, slots
from benchmarks.report import Figure, conclude, percentile
from queue_system.settings.edits import Edit, difference
from queue_system.store.queries.previews import Preview, preview
from queue_system.store.queries.rows import StoredRows
from queue_system.store.queries.settings import branch_settings
from queue_system.store.queries.stored import stored_branch
from queue_system.store.tables import Queue, table
from tests.kit.hall import Hall, edit

ROUNDS: Final = 40
AIM_MS: Final = 400.0


def main() -> None:
    figures: list[Figure] = []
    details: dict[str, Any] = {"bookings": slots.BOOKINGS, "rounds": ROUNDS}
    with fixtures.both_halls() as halls:
        for name, hall, fetch in halls:
            figures += measured(name, hall, fetch, details)
    conclude("effect", figures, **details)


def measured(name: str, hall: Hall, fetch: fixtures.Fetch, details: dict[str, Any]) -> list[Figure]:
    """Book, then in turns: the whole preview, and the bare rows behind it."""
    furnish(hall)
    edits, queries = shorter_days(hall), bare_queries(hall)
    told = previewed(hall, edits)
    lost = sum(len(effect.bookings) for effect in told.effects.values())
    if not told.may_be_saved or not 0 < lost < slots.BOOKINGS:
        raise RuntimeError(f"not the edit that is meant: {told.faults}, {lost} lost")
    details[f"{name} lost"] = lost
    ours, bare = [], []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        previewed(hall, edits)
        middle = time.perf_counter()
        for query in queries:
            fetch(query)
        ours.append((middle - begun) * 1e3)
        bare.append((time.perf_counter() - middle) * 1e3)
    p50 = percentile(ours, 50)
    limit = percentile(bare, 50)
    return [
        Figure(
            f"a preview of hours, {name}, p50",
            p50,
            "ms",
            limit,
            "appointments and seats by the bare driver",
            f"< {AIM_MS:g} ms",
            p50 < AIM_MS,
        ),
        Figure(f"a preview of hours, {name}, p99", percentile(ours, 99), "ms", percentile(bare, 99), "the same"),
    ]


def furnish(hall: Hall) -> None:
    """Lanes for the appointments, as in `benchmarks.slots`, but stored, because the preview reads the settings."""
    queue, service = table(Queue), hall.branch.service(fixtures.SERVICE)
    here = (queue.c.branch_id == hall.branch.id) & (queue.c.id == service.queue_id)
    wide = sa.update(queue).where(here).values(lanes=slots.LANES, public_lanes=slots.LANES)
    edit(hall, lambda tx: tx.execute(wide))
    first = hall.db.clock.now().astimezone(hall.branch.zone).date()
    branch = slots.widened(hall.db.read_now(branch_settings, hall.branch.id))
    slots.book(hall, branch, service, first, first + timedelta(days=slots.DAYS - 1))


def shorter_days(hall: Hall) -> list[Edit]:
    """The edit that closes the branch at noon."""
    before = hall.db.read_now(lambda tx: stored_branch(StoredRows(tx), hall.branch.id))
    noon = clock_time(12)
    after = before.changed(
        hours=tuple(
            rule.changed(closes=noon, last_ticket=None) if rule.layer in ("regular", "season") else rule
            for rule in before.hours
        )
    )
    return list(difference(before, after))


def previewed(hall: Hall, edits: list[Edit]) -> Preview:
    return hall.db.read_now(preview, hall.branch.id, edits)


def bare_queries(hall: Hall) -> tuple[str, str]:
    """The queries of the limit, as text for a driver."""
    branch = hall.branch.id.hex if hall.db.dialect.is_embedded else str(hall.branch.id)
    return (
        f"""SELECT id, code, service_id, starts_at, ends_at, created_at, decision
            FROM booking WHERE branch_id = '{branch}' AND state = 'confirmed'""",
        f"""SELECT booking_id, resource_id, min(tick), max(tick)
            FROM seat WHERE branch_id = '{branch}' AND freed_id IS NULL GROUP BY booking_id, resource_id""",
    )


if __name__ == "__main__":
    main()
