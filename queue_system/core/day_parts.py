"""What a day's digest says besides services and hours: classes, counters, places, and the waits that were told.

* `class`: of each priority class, the spread `wait` of the visits that were called.
* `counter`: minutes that it was open and that somebody was served there, and how many were served. A counter is the place of one
  person for a day, so these are figures of staff.
* `places`, of each queue: minutes of capacity planned (open windows of its bookable services, times its lanes), booked and
  attended; places that were given back, and those of them that somebody else booked; appointments beyond the lanes.
* `told`: to how many a wait was told, and for how many of them its upper end held (`core.waits.accuracy`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from .digests import Happening, Tally, Visit, minutes, state_after, times_of
from .facts import tickets
from .facts.counters import CounterClosed, CounterOpened
from .tickets import TicketState

KINDS_OF_COUNTERS: Final = (CounterOpened.kind, CounterClosed.kind)

#: The part, "class", "counter", "places" or "told", and its row.
PartKey: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Placed:
    """A booking that was not cancelled before: when it is, whether its person came, and how many minutes it takes."""

    queue: str
    starts_at: datetime
    ends_at: datetime
    came: bool


@dataclass(frozen=True, slots=True)
class Places:
    """What a queue planned for a day: minutes, lanes; places given back, and how many of these were booked again."""

    planned: int
    lanes: int
    freed: int
    reused: int


def day_parts(
    visits: Sequence[Visit],
    sittings: Sequence[Happening],
    counters: Mapping[str, str],
    placed: Sequence[Placed],
    places: Mapping[str, Places],
) -> dict[PartKey, Tally]:
    """All parts of a day. `sittings` are the facts about counters, with the id of each as `counter`; `counters` their slugs."""
    found: dict[PartKey, Tally] = {}
    for part, tallies in (
        ("class", _classes(visits)),
        ("counter", _counters(visits, sittings, counters)),
        ("places", _places(placed, places)),
        ("told", _told(visits)),
    ):
        found |= {(part, row): tally for row, tally in tallies.items()}
    return found


def open_times(sittings: Iterable[Happening], until: datetime) -> dict[str, timedelta]:
    """How long each counter was open, by its id; one that nobody closed was open until the last that happened there."""
    since: dict[str, datetime] = {}
    found: defaultdict[str, timedelta] = defaultdict(timedelta)
    for fact in sittings:
        counter = str(fact.data["counter"])
        if counter in since:
            found[counter] += max(fact.at - since.pop(counter), timedelta())
        if fact.kind == CounterOpened.kind:
            since[counter] = fact.at
    for counter, at in since.items():
        found[counter] += max(until - at, timedelta())
    return dict(found)


def beyond_lanes(spans: Iterable[tuple[datetime, datetime]], lanes: int) -> int:
    """How many of some appointments begin while as many others run as there are lanes."""
    running: list[datetime] = []
    beyond = 0
    for starts_at, ends_at in sorted(spans):
        running = [end for end in running if end > starts_at]
        if len(running) >= lanes:
            beyond += 1
        else:
            running.append(ends_at)
    return beyond


def _classes(visits: Iterable[Visit]) -> dict[str, Tally]:
    found: dict[str, dict[int, int]] = {}
    for visit in visits:
        times = times_of(visit)
        if times.first_call is not None:
            spread = found.setdefault(visit.priority, {})
            at = minutes(times.waiting)
            spread[at] = spread.get(at, 0) + 1
    return {row: Tally({}, {}, {"wait": spread}) for row, spread in found.items()}


def _counters(visits: Iterable[Visit], sittings: Sequence[Happening], counters: Mapping[str, str]) -> dict[str, Tally]:
    served: defaultdict[str, timedelta] = defaultdict(timedelta)
    ended: defaultdict[str, int] = defaultdict(int)
    last = max((fact.at for fact in sittings), default=None)
    for visit in visits:
        at: tuple[str, datetime] | None = None
        for fact in visit.facts:
            after = state_after(fact)
            if after is None:
                continue
            last = fact.at if last is None else max(last, fact.at)
            if at is not None:
                served[at[0]] += max(fact.at - at[1], timedelta())
                at = None
            counter = str(fact.data.get("counter") or "")
            if fact.kind == tickets.TicketServed.kind and counter:
                ended[counter] += 1
            if after is TicketState.SERVING and counter:
                at = (counter, fact.at)
    opened = open_times(sittings, last) if last is not None else {}
    return {
        slug: Tally(
            {"open_min": minutes(opened.get(one, timedelta())), "serve_min": minutes(served[one]), "served": ended[one]}
        )
        for one, slug in counters.items()
        if one in opened or served[one]
    }


def _places(placed: Sequence[Placed], places: Mapping[str, Places]) -> dict[str, Tally]:
    found = {}
    for queue, one in places.items():
        mine = [booking for booking in placed if booking.queue == queue]
        counts = {
            "planned_min": one.planned,
            "booked": len(mine),
            "attended": sum(booking.came for booking in mine),
            "booked_min": sum(map(_minutes_of, mine)),
            "attended_min": sum(_minutes_of(booking) for booking in mine if booking.came),
            "freed": one.freed,
            "reused": one.reused,
            "beyond": beyond_lanes([(booking.starts_at, booking.ends_at) for booking in mine], one.lanes),
        }
        if any(counts.values()):
            found[queue] = Tally({name: count for name, count in counts.items() if count})
    return found


def _told(visits: Iterable[Visit]) -> dict[str, Tally]:
    told = [visit.held for visit in visits if visit.held is not None]
    return {"": Tally({"told": len(told), "held": sum(told)})} if told else {}


def _minutes_of(booking: Placed) -> int:
    return minutes(booking.ends_at - booking.starts_at)
