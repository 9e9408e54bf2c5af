"""What a change of settings takes away, for any mixture of offers and promises."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, time, timedelta
from itertools import pairwise
from random import Random
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_system.core.calendars import EVERY_DAY, Calendar, Closure, Layer, OpeningRule
from queue_system.core.changed_days import changed_days
from queue_system.core.effect import Effect, effect, unsupported
from queue_system.core.hours import is_open, windows
from queue_system.core.offer import (
    Capacity,
    Live,
    LiveBooking,
    LiveTicket,
    Offer,
    OfferedCounter,
    OfferedService,
)
from tests.core.test_core_effect import (
    INTERPRETER,
    QUEUES,
    SERVICES,
    TODAY,
    ZONE,
    ZONES,
    booking,
    live,
    offer,
    rule,
    with_rules,
)

HOUR = st.integers(0, 23)
DAYS = st.integers(0, 5).map(lambda ahead: TODAY + timedelta(days=ahead))
# Comparing the hours of a year takes most of the time, and some days have all cases.
SHORTLY = 10
LAST_DAYS = st.one_of(st.none(), DAYS)


@st.composite
def rules(draw: st.DrawFn) -> OpeningRule:
    layer = draw(st.sampled_from([Layer.REGULAR, Layer.SERVICE, Layer.EXCEPTION, Layer.BREAK]))
    return OpeningRule(
        layer,
        draw(st.frozensets(st.integers(0, 6), min_size=1)),
        time(draw(HOUR)),
        time(draw(HOUR)),
        service_id=draw(st.sampled_from(SERVICES)) if layer is Layer.SERVICE else None,
    )


@st.composite
def closures(draw: st.DrawFn) -> Closure:
    first = draw(DAYS)
    whole = st.none() | st.frozensets(st.sampled_from(SERVICES))
    return Closure(first, first + timedelta(days=draw(st.integers(0, 2))), draw(whole))


@st.composite
def capacities(draw: st.DrawFn) -> Capacity:
    terms = draw(st.dictionaries(DAYS, st.integers(0, 3), max_size=2))
    return Capacity("x", ((date.min, draw(st.integers(1, 3))), *sorted(terms.items())), draw(LAST_DAYS))


@st.composite
def offers(draw: st.DrawFn) -> Offer:
    services = {
        key: OfferedService(
            key,
            f"s{key.int}",
            draw(st.sampled_from(QUEUES)),
            bookable=draw(st.integers(0, 4)) > 0,
            elsewhere=draw(st.booleans()),
            until=draw(LAST_DAYS),
        )
        for key in SERVICES
        if draw(st.integers(0, 4))
    }
    counters = tuple(
        OfferedCounter(f"c{at}", ZONES[0], draw(st.frozensets(st.sampled_from(QUEUES))), draw(LAST_DAYS))
        for at in range(draw(st.integers(0, 2)))
    )
    return Offer(
        Calendar(
            ZONE,
            (rule(6, 22), *draw(st.lists(rules(), max_size=3))),
            closures=tuple(draw(st.lists(closures(), max_size=1))),
        ),
        services,
        {key: draw(capacities()) for key in (*QUEUES, INTERPRETER) if draw(st.integers(0, 5))},
        counters,
    )


@st.composite
def promises(draw: st.DrawFn) -> Live:
    made = [
        booking(
            number,
            draw(DAYS),
            time(draw(st.integers(9, 11)), draw(st.sampled_from([0, 30]))),
            service=draw(st.integers(0, 1)),
            slots=draw(st.integers(1, 3)),
            resources=draw(st.sampled_from([(), (INTERPRETER,)])),
        )
        for number in range(draw(st.integers(0, 8)))
    ]
    tickets = [
        LiveTicket(
            UUID(int=50 + at), f"A{at:03}", draw(st.sampled_from(SERVICES)), draw(st.sampled_from(QUEUES)), TODAY
        )
        for at in range(draw(st.integers(0, 3)))
    ]
    return live(*made, tickets=tickets)


def can_be_held(one: LiveBooking, here: Offer) -> bool:
    """The oracle for one appointment: somebody opens the door, and every minute of it is within one opening."""
    day = one.starts_at.astimezone(ZONE).date()
    service = here.services.get(one.service)
    if service is None or not service.bookable or (service.until and day > service.until):
        return False
    staffed = [c for c in here.counters if service.queue in c.queues and (c.until is None or day <= c.until)]
    minutes = (one.ends_at - one.starts_at) // timedelta(minutes=1)
    open_all_along = all(
        is_open(one.starts_at + timedelta(minutes=minute), here.calendar, one.service) for minute in range(minutes)
    )
    return open_all_along and (service.elsewhere or bool(staffed))


def supported(promised: Live, here: Offer) -> set[UUID]:
    """The oracle for all: while a place is overfull, the newest appointment that sits in one goes."""
    rest = [one for one in promised.bookings if can_be_held(one, here)]

    def places(one: LiveBooking, key: UUID) -> int:
        day, capacity = one.starts_at.astimezone(ZONE).date(), here.capacities.get(key)
        if capacity is None or (capacity.until and day > capacity.until):
            return 0
        return [count for first, count in capacity.terms if first <= day][-1]

    while True:
        used = Counter((key, tick) for one in rest for key, tick in seats(one, here))
        overfull = [one for one in rest if any(used[seat] > places(one, seat[0]) for seat in seats(one, here))]
        if not overfull:
            return {one.id for one in rest}
        rest.remove(max(overfull, key=lambda one: one.made_at))


def seats(one: LiveBooking, here: Offer) -> list[tuple[UUID, int]]:
    return [(key, tick) for key in (here.services[one.service].queue, *one.resources) for tick in one.ticks]


def callable_tickets(promised: Live, here: Offer) -> set[UUID]:
    """The oracle for people in line: a counter can call them."""
    return {
        one.id
        for one in promised.tickets
        if any(one.queue in c.queues and (c.until is None or c.until >= TODAY) for c in here.counters)
    }


def supported_tickets(promised: Live, here: Offer) -> set[UUID]:
    """The oracle for people in line: they can be called for something that is given on a day that is not closed."""
    return {
        one.id
        for one in promised.tickets
        if one.id in callable_tickets(promised, here)
        and one.service in here.services
        and (here.services[one.service].until or TODAY) >= TODAY
        and windows(TODAY, here.calendar, one.service)
    }


def lost_tickets(promised: Live, old: Offer, new: Offer) -> set[UUID]:
    return {
        one for holds in (supported_tickets, callable_tickets) for one in holds(promised, old) - holds(promised, new)
    }


@given(offers(), offers(), promises())
def test_exactly_what_the_old_offer_supports_and_the_new_one_does_not_is_listed(
    old: Offer, new: Offer, promised: Live
) -> None:
    found = effect(old, new, promised, SHORTLY)
    assert {one.id for one in found.bookings} == supported(promised, old) - supported(promised, new)
    assert {one.id for one in found.tickets} == lost_tickets(promised, old, new)


@given(st.lists(offers(), min_size=2, max_size=4), promises())
def test_nothing_is_ever_stranded_without_having_been_listed_on_the_way(history: list[Offer], promised: Live) -> None:
    """However many changes follow one another: what the last offer does not support was listed by one of them."""
    first, last = history[0], history[-1]
    effects = [effect(old, new, promised, SHORTLY) for old, new in pairwise(history)]
    listed = {one.id for found in effects for one in found.bookings}
    listed |= {one.id for found in effects for one in found.tickets}
    assert supported(promised, first) - supported(promised, last) <= listed
    assert lost_tickets(promised, first, last) <= listed
    assert set(unsupported(last, promised)) == {one.id for one in promised.bookings} - supported(promised, last)


@given(offers(), promises())
def test_a_change_of_nothing_takes_nothing(here: Offer, promised: Live) -> None:
    assert effect(here, here, promised, SHORTLY) == Effect()


@given(offers(), offers(), promises(), st.randoms(use_true_random=False))
def test_the_fingerprint_is_that_of_the_content_in_any_order(
    old: Offer, new: Offer, promised: Live, lot: Random
) -> None:
    mixed = list(promised.bookings)
    lot.shuffle(mixed)
    again = replace(promised, bookings=tuple(mixed), tickets=promised.tickets[::-1])
    turned = replace(new, services=dict(sorted(new.services.items(), reverse=True)), counters=new.counters[::-1])
    found = effect(old, new, promised, SHORTLY)
    assert effect(old, turned, again, SHORTLY).sha256 == found.sha256
    assert (found == Effect()) == (found.sha256 == Effect().sha256)


def test_the_fingerprint_does_not_depend_on_ids_of_new_things() -> None:
    def with_new(key: UUID) -> Offer:
        service = OfferedService(key, "new", QUEUES[0])
        own = OpeningRule(Layer.SERVICE, EVERY_DAY, time(9), time(11), service_id=key)
        return offer(services=dict(offer().services) | {key: service}, calendar=Calendar(ZONE, (rule(8, 9), own)))

    first, second = (effect(offer(), with_new(UUID(int=key)), live(booking())) for key in (77, 78))
    assert first.sha256 == second.sha256


@pytest.mark.parametrize("change", [{"id": UUID(int=9)}, {"starts_at": booking(1, at=time(14, 30)).starts_at}])
def test_another_loss_has_another_fingerprint(change: dict[str, Any]) -> None:
    short, late = with_rules(rule(8, 13)), booking(1, at=time(14))
    other = replace(late, **change)
    assert effect(offer(), short, live(late)).sha256 != effect(offer(), short, live(other)).sha256


@given(offers(), offers())
def test_the_strip_has_every_day_of_every_service_that_changes_apart(old: Offer, new: Offer) -> None:
    """Services with the same hours are compared once, which must not hide that they change."""
    told = {(one.day, one.service): (one.before, one.after) for one in changed_days(old, new, TODAY, SHORTLY)}
    for day in (TODAY + timedelta(days=offset) for offset in range(SHORTLY)):
        branch = windows(day, old.calendar), windows(day, new.calendar)
        assert told.get((day, None)) == (branch if branch[0] != branch[1] else None)
        for key in old.services.keys() & new.services.keys():
            own = windows(day, old.calendar, key), windows(day, new.calendar, key)
            changes = own if own[0] != own[1] and own != branch else None
            assert told.get((day, old.services[key].slug)) == changes
