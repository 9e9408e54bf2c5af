"""People in line in the effect of a change, case by case; `test_core_effect.py` has the properties."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from queue_system.core.calendars import EVERY_DAY, Calendar, Closure, Layer, OpeningRule
from queue_system.core.effect import Effect, effect
from queue_system.core.offer import Live, LiveTicket, Offer, OfferedCounter, OfferedService
from queue_system.core.support import Why

ZONE = ZoneInfo("Europe/Berlin")
TODAY = date(2027, 3, 28)
YESTERDAY = TODAY - timedelta(days=1)
QUEUES, SERVICES = (UUID(int=1), UUID(int=2)), (UUID(int=11), UUID(int=12))
FIRST = LiveTicket(UUID(int=5), "A001", SERVICES[0], QUEUES[0], TODAY)
SECOND = LiveTicket(UUID(int=6), "B001", SERVICES[1], QUEUES[1], TODAY)


def offer(closes: int = 16, last_day: date | None = None, closure: Closure | None = None, **changes: Any) -> Offer:
    """Two services, each with a queue and a counter; the first may have a last day."""
    hours = (OpeningRule(Layer.REGULAR, EVERY_DAY, time(8), time(closes)),)
    plain = Offer(
        calendar=Calendar(ZONE, hours, closures=(closure,) if closure else ()),
        services={
            SERVICES[0]: OfferedService(SERVICES[0], "s0", QUEUES[0], until=last_day),
            SERVICES[1]: OfferedService(SERVICES[1], "s1", QUEUES[1]),
        },
        capacities={},
        counters=tuple(OfferedCounter(f"c{at}", UUID(int=21), frozenset({queue})) for at, queue in enumerate(QUEUES)),
    )
    return replace(plain, **changes)


def change(old: Offer, new: Offer) -> Effect:
    return effect(old, new, Live(TODAY, tickets=(FIRST, SECOND)), 1)


def lost(new: Offer, old: Offer | None = None) -> list[tuple[str, Why]]:
    return [(one.code, one.why) for one in change(old or offer(), new).tickets]


def test_they_are_listed_when_no_counter_can_call_them() -> None:
    assert lost(offer(counters=offer().counters[1:])) == [("A001", Why.COUNTER)]


def test_they_are_listed_when_their_service_has_ended_but_not_on_its_last_day() -> None:
    assert lost(offer(last_day=YESTERDAY)) == [("A001", Why.SERVICE)]
    assert lost(offer(last_day=TODAY)) == []


def test_they_are_listed_when_today_is_closed_but_not_when_it_only_ends_earlier() -> None:
    assert lost(offer(closure=Closure(TODAY, TODAY, frozenset({SERVICES[1]})))) == [("B001", Why.CLOSED)]
    assert lost(offer(closes=9)) == []


def test_who_is_served_all_the_same_is_listed_again_when_nobody_can_call_them() -> None:
    ended = offer(last_day=YESTERDAY)
    nobody = replace(ended, counters=ended.counters[1:])
    assert lost(nobody, ended) == [("A001", Why.COUNTER)]
    assert lost(nobody, nobody) == []


def test_they_can_be_sent_to_what_is_given_today() -> None:
    assert change(offer(), offer(counters=offer().counters[1:])).takes_in == ("s1",)
    assert change(offer(), offer(counters=())).takes_in == ()
    assert change(offer(), offer()).takes_in == ()
