"""Services that are open while their branch is closed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from queue_system.core.calendars import EVERY_DAY, Calendar, Closure, Layer, OpeningRule
from queue_system.core.outside import open_alone

SUNDAY = date(2026, 11, 22)
DAYS = [SUNDAY + timedelta(days=ahead) for ahead in range(3)]
COLLECTION = UUID(int=7)
BRANCH = OpeningRule(Layer.REGULAR, EVERY_DAY, time(8), time(14))
OWN = OpeningRule(Layer.SERVICE, EVERY_DAY, time(12), time(14), service_id=COLLECTION)
INSIDE = Calendar(ZoneInfo("Asia/Qatar"), (BRANCH, OWN))


def test_hours_inside_those_of_the_branch_are_not_told() -> None:
    assert open_alone([COLLECTION], DAYS, INSIDE) == []


def test_days_on_which_a_service_stays_open_alike_are_told_together() -> None:
    earlier = replace(INSIDE, rules=(replace(BRANCH, closes=time(13)), OWN))
    (found,) = open_alone([COLLECTION], DAYS, earlier)
    assert (found.service_id, list(found.days)) == (COLLECTION, DAYS)
    assert [window.closes for window in (*found.own, *found.branch)] == [time(14), time(13)]
    assert open_alone([COLLECTION], DAYS, earlier, INSIDE) == [found]
    assert open_alone([COLLECTION], DAYS, earlier, earlier) == []
    # Whose hours they are is no service, but a member.
    assert open_alone([], DAYS, earlier) == []


def test_a_closure_of_the_branch_closes_its_services_too() -> None:
    closed = replace(INSIDE, closures=(Closure(SUNDAY, SUNDAY), Closure(SUNDAY, DAYS[-1], closes=time(13))))
    assert open_alone([COLLECTION], DAYS, closed) == []
