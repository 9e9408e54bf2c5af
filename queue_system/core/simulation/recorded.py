"""A past day from the facts of its tickets and counters, as `core.simulation.hall.Day`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final
from uuid import UUID

from ..digests import Happening, Visit, times_of
from ..dispatch import CallingRules
from ..facts import tickets
from ..facts.counters import CounterClosed, CounterOpened, CounterPaused
from ..tickets import TicketState
from .hall import MINUTE, NEVER, TICK, Day, Desk, Person, Stage, Waited, ticks
from .holds import Hold, Place, gaps_of, holds_of, note_absences

_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Known:
    """What the settings say: queues and services by slug, weights by class, counters by id; the usual minutes of a service.

    `booked_weight` is that of whoever comes in time for an appointment.
    """

    rules: CallingRules
    queues: Mapping[str, UUID]
    services: Mapping[str, UUID]
    weights: Mapping[str, float]
    counters: Mapping[str, Place]
    usual: Mapping[UUID, float]
    ordinary_weight: float = 1.0
    booked_weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Missed:
    """An appointment for which nobody came."""

    queue_id: UUID
    service_id: UUID
    weight: float
    starts_at: datetime


def day_of(
    day: date,
    bounds: tuple[datetime, datetime],
    zone: tzinfo,
    closes: datetime | None,
    visits: Sequence[Visit],
    sittings: Sequence[Happening],
    missed: Iterable[Missed],
    known: Known,
    turn: time = time(),
) -> Day | None:
    """The day between two instants, planned to end at `closes`; None if no counter was open, as far as facts tell. `turn` as in `Day`.

    `sittings` are the facts about counters, breaks included, with the id of each as `counter`.
    """
    starts = bounds[0].astimezone(zone).replace(minute=0, second=0, microsecond=0).astimezone(UTC)
    holds = {id(visit): list(holds_of(visit)) for visit in visits}
    everything = [hold for found in holds.values() for hold in found]
    gaps, breaks = gaps_of(everything, known.counters)
    by_counter = dict(_desks(starts, sittings, everything, breaks, known.counters))
    desks = list(by_counter.values())
    if not desks:
        return None
    closings = {counter: starts + desk.closes * TICK for counter, desk in by_counter.items()}
    note_absences(holds.values(), known.counters, closings, known.queues)
    length = int((bounds[1] - starts) // timedelta(hours=1)) + 1
    hours = tuple((starts + timedelta(hours=n)).astimezone(zone).hour for n in range(length))
    found = [(visit, _person(visit, holds[id(visit)], starts, known)) for visit in visits]
    return Day(
        day=day,
        starts=starts,
        zone=zone,
        hours=hours,
        closes=max(desk.closes for desk in desks) if closes is None else ticks(closes - starts),
        rules=known.rules,
        people=tuple(sorted((one for _, one in found if one is not None), key=lambda one: one.there)),
        desks=tuple(sorted(desks, key=lambda desk: desk.number)),
        absent=tuple(_absent(one, starts, known) for one in missed),
        gaps=tuple(gaps) or (0.0,),
        waited=tuple(_waited(visit, one) for visit, one in found if one is not None and holds[id(visit)]),
        ordinary_weight=known.ordinary_weight,
        booked_weight=known.booked_weight,
        turn=turn,
    )


def _desks(
    starts: datetime,
    sittings: Iterable[Happening],
    holds: Iterable[Hold],
    breaks: Mapping[str, list[tuple[datetime, datetime]]],
    counters: Mapping[str, Place],
) -> Iterator[tuple[str, Desk]]:
    """The counters that were open, by their ids, with the times in which they called nobody."""
    facts: defaultdict[str, list[Happening]] = defaultdict(list)
    for fact in sittings:
        facts[str(fact.data["counter"])].append(fact)
    called: defaultdict[str, list[Hold]] = defaultdict(list)
    for hold in holds:
        called[hold.counter].append(hold)
    for counter, place in counters.items():
        mine = sorted(called[counter], key=lambda one: one.begun)
        opened = [fact.at for fact in facts[counter] if fact.kind == CounterOpened.kind]
        begins = [*opened, *(hold.begun for hold in mine[:1])]
        if not begins:
            continue
        opens = min(begins)
        if mine and opened and mine[0].in_line.at <= opens:
            # Somebody waited already, so work began with the first call.
            opens = mine[0].begun
        paused, closed = _away(facts[counter])
        closes = max([*([closed] if closed else []), *(hold.until or hold.begun for hold in mine), opens])
        spans = [*paused, *breaks.get(counter, ())]
        away = tuple(sorted((ticks(since - starts), ticks(until - starts)) for since, until in spans if until < closes))
        yield counter, Desk(place.number, place.queues, ticks(opens - starts), ticks(closes - starts), away, len(mine))


def _away(facts: Iterable[Happening]) -> tuple[list[tuple[datetime, datetime]], datetime | None]:
    """When a counter was open and called nobody, or was closed for a time; and when it was closed for good, if it was."""
    away: list[tuple[datetime, datetime]] = []
    since: datetime | None = None
    closed: datetime | None = None
    for fact in facts:
        if fact.kind in (CounterPaused.kind, CounterClosed.kind):
            since = since or fact.at
        elif since is not None:
            away.append((since, fact.at))
            since = None
        closed = fact.at if fact.kind == CounterClosed.kind else closed if fact.kind != CounterOpened.kind else None
    return away, closed


def _person(visit: Visit, holds: Sequence[Hold], starts: datetime, known: Known) -> Person | None:
    """Somebody who came to be served; None for a number that was taken away, or is called with another one, and where the
    settings do not have the queue or the service any more.
    """
    if visit.state is TicketState.VOID and not _ended_with_the_day(visit):
        return None
    stages = _stages(visit, holds, known)
    if stages is None:
        return None
    there, anchor = ticks(visit.issued_at - starts), ticks(visit.anchor_at - starts)
    gave_up = visit.state is TicketState.LEFT and not holds and visit.facts
    return Person(
        there=there,
        since=max(there, anchor),
        anchor=anchor,
        weight=known.weights.get(visit.priority, 1.0),
        stages=stages,
        appointment=visit.booked_at is not None,
        patience=ticks(visit.facts[-1].at - visit.issued_at) if gave_up else NEVER,
    )


def _ended_with_the_day(visit: Visit) -> bool:
    last = next((fact for fact in reversed(visit.facts) if fact.kind == tickets.TicketVoided.kind), None)
    return last is not None and last.data.get("reason") == "day-over"


def _stages(visit: Visit, holds: Sequence[Hold], known: Known) -> tuple[Stage, ...] | None:
    found: list[Stage] = []
    before: Hold | None = None
    for hold in holds:
        queue, service = known.queues.get(hold.queue), known.services.get(hold.service)
        if queue is None or service is None or hold.until is None:
            return None
        after = 0.0
        if before is not None and before.until is not None:
            after = max(0.0, ticks(hold.in_line.at - before.until)) - before.gap
        found.append(
            Stage(
                queue,
                service,
                ticks(hold.until - hold.begun) + hold.gap,
                after,
                hold.ends,
                missed=hold.missed,
                others_first=hold.in_line.others_first,
                afresh=hold.in_line.afresh,
                away=ticks(hold.away),
            )
        )
        before = hold
    if not found:
        issued = next((fact.data for fact in visit.facts if fact.kind == tickets.TicketIssued.kind), {})
        queue = known.queues.get(str(issued.get("queue", visit.queue)))
        service = known.services.get(visit.service)
        if queue is None or service is None:
            return None
        found.append(Stage(queue, service, known.usual[service] * MINUTE, called=False))
    return tuple(found)


def _absent(one: Missed, starts: datetime, known: Known) -> Person:
    at = ticks(one.starts_at - starts)
    stage = Stage(one.queue_id, one.service_id, known.usual[one.service_id] * MINUTE, called=False)
    return Person(at, at, at, one.weight, (stage,), appointment=True)


def _waited(visit: Visit, one: Person) -> Waited:
    return Waited(one.stages[0].queue_id, visit.local_hour, times_of(visit).waiting / _MINUTE)
