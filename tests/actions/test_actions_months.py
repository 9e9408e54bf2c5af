"""Months of digests: the same figures as from their days, made anew after a late day; on both databases."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import sqlalchemy as sa

from queue_system.actions.digests import digest_next, write_digests, write_month
from queue_system.clock import FrozenClock
from queue_system.core.digests import DayDigest, Tally
from queue_system.core.figures import Grouped
from queue_system.core.spreads import MOST
from queue_system.store.database import Tx
from queue_system.store.queries.figures import Asked, of_days
from queue_system.store.queries.past_days import Gathered
from queue_system.store.queries.past_months import next_month
from queue_system.store.tables import PartDigest, table
from tests.kit.hall import Hall

FIRST, LAST = date(2026, 8, 10), date(2026, 11, 15)
PARTS = table(PartDigest)


def a_day(day: date, issued: int) -> DayDigest:
    def visits(n: int) -> Tally:
        return Tally({"issued": n, "served": n}, {"language": {"ar": n}}, {"wait": {day.day: n}, "serve": {5: n}})

    return DayDigest(
        day,
        {
            ("attest-single", "walk_in.kiosk"): visits(issued),
            ("civil-extract", "booking.web"): Tally({"due": 2, "arrived": 1, "absent": 1}, {}, {"lead_days": {3: 2}}),
        },
        {(9, "q-attest"): visits(issued - 1), (10, "q-civil"): visits(1)},
        {("class", "walkin"): Tally({}, {}, {"wait": {day.day: issued}}), ("places", "q-civil"): Tally({"booked": 2})},
    )


def write(hall: Hall, *days: DayDigest, seq: int = 1) -> None:
    hall.db.write_in_now(hall.branch.id, write_digests, hall.branch.id, Gathered(seq, days))


def autumn(hall: Hall, clock: FrozenClock) -> None:
    clock.set(datetime(2026, 11, 22, 7, tzinfo=UTC))
    days = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
    write(hall, *(a_day(day, 10 + day.weekday()) for day in days))


def figures(hall: Hall, queues: frozenset[str] | None = None) -> Grouped:
    return hall.db.read_now(of_days, Asked(hall.branch.id, FIRST, LAST, None, queues))


def months(hall: Hall) -> set[date]:
    statement = sa.select(PARTS.c.business_date).where(PARTS.c.span == "month")
    return {row.business_date for row in hall.db.read_now(Tx.rows, statement)}


def digest_all(hall: Hall) -> int:
    done = 0
    while digest_next(hall.db, hall.branch.id):
        done += 1
    return done


def test_months_that_are_over_are_added_up_once_and_say_the_same(hall: Hall, clock: FrozenClock) -> None:
    autumn(hall, clock)
    from_days = figures(hall)
    one_queue = figures(hall, frozenset({"q-civil"}))
    assert from_days.whole.counts["issued"] > 900
    assert from_days.whole.counts["due"] == 2 * from_days.parts["hour"]["10"].counts["issued"]
    assert digest_all(hall) == 3
    # November is not over.
    assert months(hall) == {date(2026, 8, 1), date(2026, 9, 1), date(2026, 10, 1)}
    assert figures(hall) == from_days
    assert figures(hall, frozenset({"q-civil"})) == one_queue
    assert digest_all(hall) == 0


def test_a_wait_of_days_is_in_the_figures_of_its_month_too(hall: Hall, clock: FrozenClock) -> None:
    autumn(hall, clock)
    odd = date(2026, 9, 8)
    forgotten = Tally({"issued": 1, "served": 1}, {}, {"wait": {MOST + 1: 1}})
    write(hall, DayDigest(odd, {}, {(9, "q-attest"): forgotten}), seq=2)
    from_days = figures(hall)
    assert from_days.whole.spreads["wait"][MOST + 1] == 1
    digest_all(hall)
    kept = sa.select(PARTS.c.data).where(PARTS.c.span == "month", PARTS.c.slug == "09/q-attest")
    ways = {type(row.data["spreads"]["wait"]) for row in hall.db.read_now(Tx.rows, kept)}
    assert ways == {str, dict}
    assert figures(hall) == from_days


def test_a_month_is_made_anew_after_a_late_day(hall: Hall, clock: FrozenClock) -> None:
    autumn(hall, clock)
    digest_all(hall)
    before = figures(hall).whole.counts["issued"]
    late = date(2026, 9, 8)
    write(hall, a_day(late, 10 + late.weekday() + 7), seq=2)
    assert months(hall) == {date(2026, 8, 1), date(2026, 10, 1)}
    assert figures(hall).whole.counts["issued"] == before + 7
    assert digest_all(hall) == 1
    assert figures(hall).whole.counts["issued"] == before + 7


def test_a_month_that_was_read_before_a_late_day_is_not_written(hall: Hall, clock: FrozenClock) -> None:
    autumn(hall, clock)
    read = hall.db.read_now(next_month, hall.branch.id)
    assert read is not None
    assert read.first == date(2026, 8, 1)
    write(hall, a_day(date(2026, 8, 20), 30), seq=2)
    hall.db.write_in_now(hall.branch.id, write_month, hall.branch.id, read)
    assert months(hall) == set()
    # The same month as it is now is written.
    again = hall.db.read_now(next_month, hall.branch.id)
    assert again is not None
    assert again.versions != read.versions
    hall.db.write_in_now(hall.branch.id, write_month, hall.branch.id, again)
    assert months(hall) == {date(2026, 8, 1)}
