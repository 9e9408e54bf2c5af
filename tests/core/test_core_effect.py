"""What a change of settings takes away: every loss is listed, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from queue_system.core.calendars import EVERY_DAY, Calendar, Closure, Layer, OpeningRule, Outing, Season
from queue_system.core.decisions import DecidedBy
from queue_system.core.effect import effect, unsupported
from queue_system.core.offer import (
    Capacity,
    Live,
    LiveBooking,
    LiveTicket,
    Offer,
    OfferedCounter,
    OfferedDevice,
    OfferedService,
)
from queue_system.core.support import Why

ZONE = ZoneInfo("Europe/Berlin")
# Sunday; the Monday after it is an ordinary day.
TODAY = date(2027, 3, 28)
TICK = 30
QUEUES = (UUID(int=1), UUID(int=2))
INTERPRETER = UUID(int=3)
SERVICES = (UUID(int=11), UUID(int=12))
ZONES = (UUID(int=21), UUID(int=22))
EVER = ((date.min, 2),)


def rule(opens: int = 8, closes: int = 16, **more: Any) -> OpeningRule:
    return OpeningRule(Layer.REGULAR, EVERY_DAY, time(opens), time(closes), **more)


def offer(**changes: Any) -> Offer:
    """Two services, each with a queue, two lanes and a counter; open from 8 to 16 every day."""
    plain = Offer(
        calendar=Calendar(ZONE, (rule(),)),
        services={
            key: OfferedService(key, f"s{at}", queue)
            for at, (key, queue) in enumerate(zip(SERVICES, QUEUES, strict=True))
        },
        capacities={
            QUEUES[0]: Capacity("q0", EVER),
            QUEUES[1]: Capacity("q1", EVER),
            INTERPRETER: Capacity("interpreter", ((date.min, 1),)),
        },
        counters=(
            OfferedCounter("c0", ZONES[0], frozenset(QUEUES[:1])),
            OfferedCounter("c1", ZONES[1], frozenset(QUEUES[1:])),
        ),
        devices=(OfferedDevice("k", "kiosk"), OfferedDevice("d0", "display", ZONES[0]), OfferedDevice("d", "display")),
    )
    return replace(plain, **changes)


def booking(
    number: int = 1,
    day: date = date(2027, 3, 29),
    at: time = time(10),
    *,
    service: int = 0,
    slots: int = 1,
    resources: tuple[UUID, ...] = (),
    kept: bool = False,
) -> LiveBooking:
    """Appointment number `number`, which is also the order in which they were made."""
    starts = datetime.combine(day, at, ZONE).astimezone(UTC)
    first = int(starts.timestamp()) // 60 // TICK
    return LiveBooking(
        id=UUID(int=1000 + number),
        code=f"B{number:03}",
        service=SERVICES[service],
        starts_at=starts,
        ends_at=starts + timedelta(minutes=TICK * slots),
        ticks=range(first, first + slots),
        resources=resources,
        made_at=datetime(2027, 1, 1, tzinfo=UTC) + timedelta(minutes=number),
        kept=kept,
    )


def live(*bookings: LiveBooking, tickets: Sequence[LiveTicket] = ()) -> Live:
    return Live(TODAY, bookings, tuple(tickets))


def lost(new: Offer, *bookings: LiveBooking, old: Offer | None = None) -> dict[str, Why]:
    return {one.code: one.why for one in effect(old or offer(), new, live(*bookings)).bookings}


def with_rules(*rules: OpeningRule, **more: Any) -> Offer:
    return offer(calendar=Calendar(ZONE, rules, **more))


def with_service(**changes: Any) -> Offer:
    plain = offer()
    return replace(
        plain, services=dict(plain.services) | {SERVICES[0]: replace(plain.services[SERVICES[0]], **changes)}
    )


def with_capacity(key: UUID, *terms: tuple[date, int], until: date | None = None) -> Offer:
    plain = offer()
    return replace(plain, capacities=dict(plain.capacities) | {key: Capacity("x", terms, until)})


# ---------------------------------------------------------------- single losses, each with its reason


def test_hours_that_end_earlier_strand_the_appointments_behind_them() -> None:
    early, late, across = booking(1, at=time(12)), booking(2, at=time(13)), booking(3, at=time(12, 30), slots=2)
    assert lost(with_rules(rule(8, 13)), early, late, across) == {"B002": Why.HOURS, "B003": Why.HOURS}


def test_a_closed_day_strands_its_own_appointments_and_says_that_it_is_closed() -> None:
    monday, tuesday = booking(1), booking(2, date(2027, 3, 30))
    closed = with_rules(rule(), closures=(Closure(date(2027, 3, 29), date(2027, 3, 29)),))
    assert lost(closed, monday, tuesday) == {"B001": Why.CLOSED}


def test_a_closure_of_one_service_leaves_the_other() -> None:
    closure = Closure(date(2027, 3, 29), date(2027, 3, 29), frozenset({SERVICES[1]}))
    assert lost(with_rules(rule(), closures=(closure,)), booking(1), booking(2, service=1)) == {"B002": Why.CLOSED}


def test_an_appointment_may_run_from_one_opening_into_the_next_one_that_touches_it() -> None:
    night = OpeningRule(Layer.REGULAR, frozenset({0}), time(22), time(6))
    morning = OpeningRule(Layer.REGULAR, frozenset({1}), time(6), time(9))
    assert unsupported(with_rules(night, morning), live(booking(1, date(2027, 3, 30), time(5, 30), slots=2))) == {}
    apart = replace(morning, opens=time(6, 30))
    assert lost(
        with_rules(night, apart), booking(1, date(2027, 3, 30), time(5, 30), slots=2), old=with_rules(night, morning)
    ) == {"B001": Why.HOURS}


def test_a_season_that_begins_a_day_later_strands_only_what_it_no_longer_holds() -> None:
    """Ramadan shifted by a day: the evening hours of its first day are gone, and begin a day later."""
    evening = OpeningRule(Layer.SEASON, EVERY_DAY, time(18), time(22), season="ramadan")

    def announced(first: date) -> Offer:
        return with_rules(rule(), evening, seasons=(Season("ramadan", first, date(2027, 4, 10)),))

    before, after = announced(date(2027, 4, 1)), announced(date(2027, 4, 2))
    first, second = booking(1, date(2027, 4, 1), time(19)), booking(2, date(2027, 4, 2), time(19))
    found = effect(before, after, live(first, second))
    assert [(one.code, one.why) for one in found.bookings] == [("B001", Why.HOURS)]
    assert [(one.day, one.service, one.decided.by) for one in found.days] == [
        (date(2027, 4, 1), None, DecidedBy.REGULAR)
    ]


def test_a_retired_service_strands_what_is_booked_after_its_last_day() -> None:
    on_it, after_it = booking(1, date(2027, 4, 2)), booking(2, date(2027, 4, 3))
    assert lost(with_service(until=date(2027, 4, 2)), on_it, after_it) == {"B002": Why.SERVICE}
    assert lost(offer(services={}), on_it) == {"B001": Why.SERVICE}


def test_a_service_that_can_only_be_walked_into_has_no_appointments() -> None:
    assert lost(with_service(bookable=False), booking(1), booking(2, service=1)) == {"B001": Why.WALK_IN}


def test_a_queue_whose_last_counter_goes_strands_its_appointments_unless_nobody_comes_to_a_counter() -> None:
    ends = OfferedCounter("c0", ZONES[0], frozenset(QUEUES[:1]), until=date(2027, 4, 1))
    late = booking(1, date(2027, 4, 2))
    assert lost(offer(counters=(ends, offer().counters[1])), booking(2), late) == {"B001": Why.COUNTER}
    by_phone = replace(with_service(elsewhere=True), counters=())
    assert lost(by_phone, late, old=with_service(elsewhere=True)) == {}


def test_a_visit_by_video_needs_no_counter_and_those_at_its_time_do() -> None:
    both = [booking(1), replace(booking(2), by_video=True)]
    assert lost(offer(counters=()), *both) == {"B001": Why.COUNTER}
    assert lost(offer(counters=()), *reversed(both)) == {"B001": Why.COUNTER}


def test_fewer_lanes_strand_the_newest_appointments_of_a_time() -> None:
    three = [booking(number, at=time(10)) for number in (1, 2, 3)]
    other = booking(4, at=time(11))
    wide = with_capacity(QUEUES[0], (date.min, 3))
    assert lost(offer(), *three, other, old=wide) == {"B003": Why.LANES}
    from_april = with_capacity(QUEUES[0], (date.min, 3), (date(2027, 4, 1), 1))
    april = [booking(number, date(2027, 4, 1)) for number in (5, 6)]
    assert lost(from_april, *three, *april, old=wide) == {"B006": Why.LANES}


def test_the_newest_gives_way_only_while_places_are_short() -> None:
    """The long and newest appointment is one too many at two times; without it, all others fit."""
    first, second, long = booking(1, at=time(10)), booking(2, at=time(10, 30)), booking(3, at=time(10), slots=2)
    assert lost(with_capacity(QUEUES[0], (date.min, 1)), first, second, long) == {"B003": Why.LANES}


def test_a_smaller_pool_strands_the_newest_that_need_it() -> None:
    both = [booking(number, resources=(INTERPRETER,)) for number in (1, 2)]
    old = with_capacity(INTERPRETER, (date.min, 2))
    assert lost(offer(), *both, booking(3, service=1), old=old) == {"B002": Why.RESOURCE}
    gone = with_capacity(INTERPRETER, (date.min, 2), until=date(2027, 3, 28))
    assert lost(gone, *both, old=old) == {"B001": Why.RESOURCE, "B002": Why.RESOURCE}


def test_an_appointment_that_is_lost_anyway_takes_no_place_from_others() -> None:
    long, short = booking(1, at=time(12, 30), slots=2), booking(2, at=time(12, 30))
    new = replace(with_rules(rule(8, 13)), capacities=with_capacity(QUEUES[0], (date.min, 1)).capacities)
    assert lost(new, long, short) == {"B001": Why.HOURS}


def test_a_service_that_moves_to_another_queue_takes_places_there() -> None:
    moved, there = booking(9), [booking(number, service=1) for number in (1, 2)]
    assert lost(with_service(queue=QUEUES[1]), moved, *there) == {"B009": Why.LANES}


def test_an_outing_takes_its_visitors_elsewhere_and_no_more_than_it_can() -> None:
    day = date(2027, 3, 29)
    away = Outing(day, time(8), time(16), {"en": "Town hall"}, 1)
    out = with_rules(rule(), outings=(away,))
    both = booking(1), booking(2, at=time(11))
    assert lost(out, *both) == {"B001": Why.PLACE, "B002": Why.OUTING}
    elsewhere = with_rules(rule(), outings=(replace(away, place={"en": "School"}),))
    assert lost(elsewhere, booking(1), old=out) == {"B001": Why.PLACE}
    assert lost(offer(), booking(1), old=out) == {"B001": Why.PLACE}


def test_what_was_lost_before_the_change_is_not_listed_again() -> None:
    short = with_rules(rule(8, 13))
    assert lost(with_rules(rule(8, 12)), booking(1, at=time(14)), old=short) == {}
    assert unsupported(short, live(booking(1, at=time(14)))) == {booking(1).id: Why.HOURS}


def test_a_kept_appointment_counts_nowhere_and_is_listed_again_only_if_more_is_taken() -> None:
    short = with_rules(rule(8, 13))
    kept = booking(3, at=time(14), kept=True)
    assert unsupported(short, live(kept)) == {}
    assert lost(short, kept, old=short) == {}
    assert lost(replace(short, devices=()), kept, old=short) == {}
    assert lost(with_rules(rule(8, 12)), kept, old=short) == {"B003": Why.HOURS}
    assert lost(with_service(until=date(2027, 3, 28)), kept, old=short) == {"B003": Why.SERVICE}
    two = booking(1), booking(2)
    assert lost(offer(), *two, booking(4, kept=True)) == {}
    assert unsupported(offer(), live(*two, booking(4, kept=True))) == {}


def test_kiosks_and_screens_with_nothing_left_are_listed() -> None:
    plain = offer()
    no_numbers = {key: replace(one, numbers=False) for key, one in plain.services.items()}
    new = offer(services=no_numbers, counters=plain.counters[1:])
    assert [(one.kind, one.slug) for one in effect(plain, new, live()).devices] == [("display", "d0"), ("kiosk", "k")]
    assert effect(new, new, live()).devices == ()


def test_days_name_services_only_where_these_change_apart_from_the_branch() -> None:
    own = OpeningRule(Layer.SERVICE, EVERY_DAY, time(9), time(11), service_id=SERVICES[0])
    old, new = with_rules(rule(), own), with_rules(rule(8, 15), own)
    monday = [one for one in effect(old, new, live()).days if one.day == date(2027, 3, 29)]
    assert [(one.service, one.before[0].end, one.after[0].end) for one in monday] == [(None, 16 * 60, 15 * 60)]
    later = with_rules(rule(), replace(own, closes=time(12)))
    assert {one.service for one in effect(old, later, live()).days} == {"s0"}
