"""Who is told of a month's report: of each once, from when they asked on; on both databases."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest
import sqlalchemy as sa

from queue_system.actions import report_readers, staff
from queue_system.clock import FrozenClock
from queue_system.core.errors import Missing
from queue_system.store.database import Tx
from queue_system.store.log import SYSTEM
from queue_system.store.queries import monthly_reports
from queue_system.store.tables import ReportReader, Staff, table
from tests.actions.test_actions_months import a_day, autumn, digest_all, write
from tests.kit.crowd import Work, crowd, meet, unlocked
from tests.kit.hall import Hall

READER, STAFF = table(ReportReader), table(Staff)
OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)


def told(hall: Hall, who: UUID) -> date | None:
    return hall.db.read_now(monthly_reports.unseen_month, hall.branch.id, who)


def readers(hall: Hall) -> int:
    return len(hall.db.read_now(Tx.rows, sa.select(READER.c.staff_id)))


def november_is_over(hall: Hall, clock: FrozenClock) -> None:
    write(hall, *(a_day(date(2026, 11, day), 12) for day in range(16, 31)))
    clock.set(clock.now().replace(month=12, day=2))
    digest_all(hall)


def test_months_are_listed_once_their_digest_is_written(hall: Hall, clock: FrozenClock) -> None:
    assert hall.db.read_now(monthly_reports.months_ready, hall.branch.id) == []
    assert hall.db.read_now(monthly_reports.newest_month, hall.branch.id) is None
    autumn(hall, clock)
    digest_all(hall)
    ready = [OCTOBER, date(2026, 9, 1), date(2026, 8, 1)]
    assert hall.db.read_now(monthly_reports.months_ready, hall.branch.id) == ready
    assert hall.db.read_now(monthly_reports.newest_month, hall.branch.id) == OCTOBER


def test_whoever_asks_is_told_of_the_next_month_until_they_open_it(hall: Hall, clock: FrozenClock) -> None:
    autumn(hall, clock)
    digest_all(hall)
    me, other = hall.person("me"), hall.person("other")
    hall.db.write_now(report_readers.follow, hall.branch.id, me)
    # What was ready before is no news.
    assert told(hall, me) is None
    november_is_over(hall, clock)
    assert (told(hall, me), told(hall, other)) == (NOVEMBER, None)
    # An older report is not the one that they were told of.
    hall.db.write_now(report_readers.note_seen, hall.branch.id, me, OCTOBER)
    assert told(hall, me) == NOVEMBER
    for _ in range(2):
        hall.db.write_now(report_readers.note_seen, hall.branch.id, me, NOVEMBER)
        assert told(hall, me) is None
    # A late fact makes the month anew, and nobody is told twice.
    write(hall, a_day(date(2026, 11, 20), 30), seq=2)
    digest_all(hall)
    assert told(hall, me) is None
    with pytest.raises(Missing):
        hall.db.write_now(report_readers.note_seen, hall.branch.id, me, date(2027, 1, 1))


def test_whoever_stops_is_told_no_more_and_may_begin_again(hall: Hall, clock: FrozenClock) -> None:
    me = hall.person("me")
    for _ in range(2):
        hall.db.write_now(report_readers.follow, hall.branch.id, me)
    assert readers(hall) == 1
    autumn(hall, clock)
    digest_all(hall)
    # There was none when they asked, so the first one is news.
    assert told(hall, me) == OCTOBER
    for _ in range(2):
        hall.db.write_now(report_readers.stop_following, hall.branch.id, me)
    assert (told(hall, me), readers(hall)) == (None, 0)
    hall.db.write_now(report_readers.follow, hall.branch.id, me)
    assert told(hall, me) is None


def test_it_goes_with_the_account(hall: Hall) -> None:
    me = hall.person("guest", ())
    hall.db.write_now(report_readers.follow, hall.branch.id, me)
    hall.db.write_now(lambda tx: tx.execute(sa.update(STAFF).where(STAFF.c.id == me).values(password="")))
    hall.db.write_now(staff.remove_staff, "guest", SYSTEM)
    assert readers(hall) == 0


def follow_twice(hall: Hall) -> list[Work]:
    me = hall.person("me")
    return [lambda node: node.write_now(report_readers.follow, hall.branch.id, me)] * 2


def test_two_windows_at_once_begin_once(hall: Hall, db_url: str, clock: FrozenClock) -> None:
    works = follow_twice(hall)
    with crowd(db_url, clock, 2) as people:
        assert people.rush(works) == [None, None]
    assert readers(hall) == 1


def test_without_the_lock_one_of_them_fails(
    hall: Hall, db_url: str, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    works = follow_twice(hall)
    unlocked(monkeypatch)
    with crowd(db_url, clock, 2) as people, meet(report_readers, "is_reader", 2):
        answers = people.rush(works)
    assert sum(isinstance(one, Exception) for one in answers) == 1
    assert readers(hall) == 1
