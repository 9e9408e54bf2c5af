"""What holds of the hours of every calendar that can be written."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time, timedelta
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from queue_system.core.alike_days import AlikeDays
from queue_system.core.calendars import EVERY_DAY, Calendar, Closure, Layer, OpeningRule, Outing, Season
from queue_system.core.decisions import decided_by
from queue_system.core.hours import windows

DOHA = ZoneInfo("Asia/Qatar")
FIRST = date(2027, 1, 1)
DAY = timedelta(days=1)
SERVICES = [UUID(int=1), UUID(int=2)]

clock = st.times(time(0), time(23, 59)).map(
    lambda at: at.replace(minute=at.minute - at.minute % 5, second=0, microsecond=0)
)
days = st.integers(0, 40).map(lambda ahead: FIRST + timedelta(days=ahead))
some_services = st.none() | st.frozensets(st.sampled_from(SERVICES), min_size=1)


@st.composite
def rules(draw: st.DrawFn) -> OpeningRule:
    layer = draw(st.sampled_from(Layer))
    place = draw(st.none() | st.integers(1, 5))
    return OpeningRule(
        layer,
        draw(st.frozensets(st.integers(0, 6), min_size=1)),
        draw(clock),
        draw(clock),
        draw(st.none() | clock),
        "ramadan" if layer is Layer.SEASON else None,
        draw(st.sampled_from(SERVICES)) if layer is Layer.SERVICE else draw(st.sampled_from([None, SERVICES[0]])),
        draw(st.none() | days),
        draw(st.none() | days),
        every_weeks=1 if place else draw(st.integers(1, 3)),
        anchor=FIRST,
        in_month=place,
        opens_anyway=layer is Layer.EXCEPTION and draw(st.booleans()),
    )


@st.composite
def closures(draw: st.DrawFn) -> Closure:
    first = draw(days)
    closes, opens = draw(st.none() | clock), draw(st.none() | clock)
    if closes is not None and opens is not None and opens < closes:
        closes, opens = opens, closes
    length = timedelta(days=draw(st.integers(0, 5)))
    return Closure(first, first + length, draw(some_services), closes=closes, opens=opens)


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    start = draw(days)
    return Calendar(
        DOHA,
        tuple(draw(st.lists(rules(), min_size=1, max_size=6))),
        (Season("ramadan", start, start + timedelta(days=draw(st.integers(0, 20)))),),
        tuple(draw(st.lists(closures(), max_size=3))),
        week_starts=draw(st.integers(0, 6)),
        ends=draw(st.dictionaries(st.sampled_from(SERVICES), days)),
    )


asked = st.sampled_from([None, *SERVICES])


@given(calendar=calendars(), day=days, service=asked)
def test_windows_are_in_order_and_apart(calendar: Calendar, day: date, service: UUID | None) -> None:
    found = windows(day, calendar, service)
    assert all(window.start < window.end and window.last <= window.end for window in found)
    assert all(one.end < other.start for one, other in pairwise(found))


@given(calendar=calendars(), day=days, service=asked, closed=st.builds(Closure, days, days))
def test_a_closure_wins_over_every_rule_that_does_not_open_anyway(
    calendar: Calendar, day: date, service: UUID | None, closed: Closure
) -> None:
    plain = replace(calendar, rules=tuple(replace(rule, opens_anyway=False) for rule in calendar.rules))
    found = windows(day, replace(plain, closures=(*plain.closures, closed)), service)
    assert found == (() if closed.first <= day <= closed.last else windows(day, plain, service))


@given(calendar=calendars(), day=days, service=asked, opens=clock, closes=clock)
def test_an_exception_that_opens_anyway_wins_over_every_closure(
    calendar: Calendar, day: date, service: UUID | None, opens: time, closes: time
) -> None:
    anyway = OpeningRule(
        Layer.EXCEPTION, EVERY_DAY, opens, closes, service_id=service, first=day, last=day, opens_anyway=True
    )
    others = tuple(rule for rule in calendar.rules if rule.layer is not Layer.EXCEPTION)
    alone = replace(calendar, rules=(*others, anyway), ends={})
    found = windows(day, alone, service)
    assert found == windows(day, replace(alone, closures=()), service)
    assert found or any(rule.layer is Layer.BREAK for rule in others)


@given(calendar=calendars(), ahead=st.integers(-10, 50))
def test_a_season_that_moves_by_a_day_changes_its_first_and_last_day_only(calendar: Calendar, ahead: int) -> None:
    (season,) = calendar.seasons
    later = replace(season, first=season.first + DAY, last=season.last + DAY)
    moved, day = replace(calendar, seasons=(later,)), FIRST + timedelta(days=ahead)
    for service in (None, *SERVICES):
        if day not in (season.first, later.last):
            assert windows(day, calendar, service) == windows(day, moved, service)
    without = replace(calendar, seasons=())
    assert windows(season.first, moved) == windows(season.first, without)
    assert windows(later.last, calendar) == windows(later.last, without)


@given(calendar=calendars(), day=days)
def test_a_service_has_no_hours_after_its_last_day(calendar: Calendar, day: date) -> None:
    for service, last in calendar.ends.items():
        still = windows(day, replace(calendar, ends={}), service)
        assert windows(day, calendar, service) == (still if day <= last else ())


@given(
    calendar=calendars(),
    outings=st.lists(
        st.builds(Outing, days, clock, clock, capacity=st.just(9), place=st.just({}), service_ids=some_services),
        max_size=2,
    ),
)
def test_days_that_are_worked_out_together_are_as_each_of_them_alone(calendar: Calendar, outings: list[Outing]) -> None:
    calendar = replace(calendar, outings=tuple(one for one in outings if one.opens < one.closes))
    together = AlikeDays(calendar)
    for day in (FIRST + timedelta(days=ahead) for ahead in range(50)):
        for service in (None, *SERVICES):
            assert together.windows(day, service) == windows(day, calendar, service)
            assert together.decided_by(day, service) == decided_by(day, calendar, service)
