"""The digest of a business day: numbers that outlive the tickets and bookings that they were counted from.

A digest holds no ids of people, tickets or bookings. Its figures, after docs/glossary.md:

* A visit is *waiting* in the state of that name, from its arrival or its anchor, whichever is later; a parked visit
  does not wait, and one that is handed on waits again. `wait` spreads the sums of the visits that were called,
  `wait_uncalled` those of the visits that never were.
* `walk`: from the last call to the start of serving, once for each start. `serve`: all time in the state serving.
* `late`: of visits with an appointment, from the booked time to the first call, 0 if called before.
* `house`: from arrival to the end, without the time between a no-show and the return; served visits and no-shows.
* `lead_days`: of bookings, the days from the booking to the appointment.
* issued = served + missed + left + voided, once the day is over. *missed* visits were called and did not come, *voided*
  ones were still waiting at the close, *called* ones were called at least once. *unmet* are those of the served visits
  whose outcome is one of the branch's own after which the visitor has not got what they came for.
* due = arrived + absent: bookings that were not cancelled before and lead to the hall. *agreed* bookings do not lead
  there (a telephone call, a visit elsewhere), so nobody knows whether they took place unless staff record it. What staff
  record counts as arrived or absent, or as *excused* or *cancelled_by_us*, which are neither. Whoever has neither number nor
  record is absent where their queue gave numbers on that day, and *not_recorded* where it gave none, or staff recorded
  others of the same service.

A spread is a sparse histogram: whole minutes (or days) → how many. Two digests are added number by number, so the
digest of a month is the sum of its days, and a quantile of it is exact to the minute.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from .attendance import PRESENT, Attendance
from .bookings import BookingState
from .facts import families, tickets
from .tickets import TicketState

#: The state that a ticket is in after each kind of fact; a kind that is missing changes no state.
_STATES: Final[Mapping[str, TicketState]] = {
    tickets.TicketIssued.kind: TicketState.WAITING,
    tickets.TicketCalled.kind: TicketState.CALLED,
    tickets.TicketRecalled.kind: TicketState.CALLED,
    tickets.TicketStarted.kind: TicketState.SERVING,
    tickets.TicketServed.kind: TicketState.SERVED,
    tickets.TicketSkipped.kind: TicketState.WAITING,
    tickets.TicketNoShow.kind: TicketState.NO_SHOW,
    tickets.TicketParked.kind: TicketState.PARKED,
    tickets.TicketResumed.kind: TicketState.WAITING,
    tickets.TicketReturned.kind: TicketState.WAITING,
    tickets.TicketTransferred.kind: TicketState.WAITING,
    tickets.TicketLeft.kind: TicketState.LEFT,
    tickets.TicketVoided.kind: TicketState.VOID,
    families.TicketJoined.kind: TicketState.VOID,
    families.TicketSplit.kind: TicketState.WAITING,
}
#: The counts of what happened to visits, however often it happened to one.
_EVENTS: Final[Mapping[str, str]] = {
    tickets.TicketRecalled.kind: "recalls",
    tickets.TicketParked.kind: "parked",
    tickets.TicketReturned.kind: "returned",
    tickets.TicketTransferred.kind: "transfers",
    tickets.TicketTakenBack.kind: "taken_back",
}
#: The count of each last state of a visit.
_ENDS: Final[Mapping[TicketState, str]] = {
    TicketState.SERVED: "served",
    TicketState.NO_SHOW: "missed",
    TicketState.LEFT: "left",
    TicketState.VOID: "voided",
}
_NOTHING: Final = timedelta()


@dataclass(frozen=True, slots=True)
class Happening:
    """A fact about a ticket: its kind, its instant, its data as the log keeps them."""

    kind: str
    at: datetime
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Visit:
    """A ticket of the day with all its facts, oldest first; slugs for service and queue, instants in UTC.

    `queue` is that of its number, `local_hour` the hour of its arrival on the branch's clock. `booked_at` is the time
    of its appointment, None without one. `priority` is its class, `held` whether the wait was no longer than what was told, None
    where nobody knows.
    """

    service: str
    queue: str
    channel: str
    language: str
    local_hour: int
    state: TicketState
    issued_at: datetime
    anchor_at: datetime
    booked_at: datetime | None
    outcome: str | None
    facts: tuple[Happening, ...]
    priority: str = ""
    held: bool | None = None
    # The settings say that after this outcome the visitor has not got what they came for.
    unmet: bool = False


@dataclass(frozen=True, slots=True)
class Appointment:
    """A confirmed booking of the day. `in_hall` is whether its service is given in the hall; `came`: it has a ticket.

    `recorded` is what staff recorded about it, None where they did not. `by_hand`: they recorded somebody of its service on
    this day, so that whoever has neither record nor ticket was not absent, but forgotten. `by_number`: its queue gave numbers on
    this day; where it gave none, nobody knows who came.
    """

    service: str
    channel: str
    state: BookingState
    in_hall: bool
    came: bool
    lead_days: int
    recorded: Attendance | None = None
    by_hand: bool = False
    by_number: bool = True


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts by name; words by family, such as languages, with how often each; spreads by name (module docstring)."""

    counts: Mapping[str, int] = field(default_factory=dict)
    words: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    spreads: Mapping[str, Mapping[int, int]] = field(default_factory=dict)

    def plus(self, other: Tally) -> Tally:
        """The tally of both together."""
        return Tally(
            _added(self.counts, other.counts),
            {name: _added(self.words.get(name, {}), other.words.get(name, {})) for name in {*self.words, *other.words}},
            {
                name: _added(self.spreads.get(name, {}), other.spreads.get(name, {}))
                for name in {*self.spreads, *other.spreads}
            },
        )


@dataclass(frozen=True, slots=True)
class DayDigest:
    """The tallies of a business day by (service, channel), by (local hour of arrival, queue), and of its other parts.

    `parts` are those of `core.day_parts`, by part and row.
    """

    day: date
    services: Mapping[tuple[str, str], Tally]
    hours: Mapping[tuple[int, str], Tally]
    parts: Mapping[tuple[str, str], Tally] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Times:
    """How long a visit took. `first_call` is None if it was never called; `house_until` if it has no such end."""

    waiting: timedelta
    serving: timedelta
    away: timedelta
    walks: tuple[timedelta, ...]
    first_call: datetime | None
    house_until: datetime | None


def digest(day: date, visits: Iterable[Visit], appointments: Iterable[Appointment]) -> DayDigest:
    """Fold the visits and appointments of a day."""
    services: dict[tuple[str, str], Tally] = {}
    hours: dict[tuple[int, str], Tally] = {}
    for visit in visits:
        tally = _of_visit(visit)
        _add(services, (visit.service, visit.channel), tally)
        _add(hours, (visit.local_hour, visit.queue), tally)
    for appointment in appointments:
        _add(services, (appointment.service, appointment.channel), _of_appointment(appointment))
    return DayDigest(day, services, hours)


def quantile(spread: Mapping[int, int], share: float) -> int | None:
    """The nearest-rank quantile of a spread (`share` 0 … 1); None of an empty one."""
    left = share * sum(spread.values())
    for value in sorted(spread):
        left -= spread[value]
        if left <= 0:
            return value
    return None


def times_of(visit: Visit) -> Times:
    """Follow a visit through its facts."""
    state: TicketState | None = None
    since = visit.issued_at
    spent = dict.fromkeys((TicketState.WAITING, TicketState.SERVING, TicketState.NO_SHOW), _NOTHING)
    walks: list[timedelta] = []
    first_call: datetime | None = None
    last_call: datetime | None = None
    for fact in visit.facts:
        after = state_after(fact)
        if after is None:
            continue
        if state in spent:
            begun = max(since, visit.anchor_at) if state is TicketState.WAITING else since
            spent[state] += max(fact.at - begun, _NOTHING)
        if fact.kind in (tickets.TicketCalled.kind, tickets.TicketRecalled.kind):
            first_call, last_call = first_call or fact.at, fact.at
        elif fact.kind == tickets.TicketStarted.kind and last_call is not None:
            walks.append(max(fact.at - last_call, _NOTHING))
        elif fact.kind == tickets.TicketTakenBack.kind and after not in (TicketState.CALLED, TicketState.SERVING):
            # The only call was a mistake, so nobody was called.
            first_call = None if first_call == last_call else first_call
        state, since = after, fact.at
    ended = state in (TicketState.SERVED, TicketState.NO_SHOW)
    return Times(
        waiting=spent[TicketState.WAITING],
        serving=spent[TicketState.SERVING],
        away=spent[TicketState.NO_SHOW],
        walks=tuple(walks),
        first_call=first_call,
        house_until=since if ended else None,
    )


def state_after(fact: Happening) -> TicketState | None:
    """The state that a ticket is in after a fact; None after one that changes no state."""
    if fact.kind == tickets.TicketTakenBack.kind:
        return TicketState(fact.data["to_state"])
    return _STATES.get(fact.kind)


def minutes(span: timedelta) -> int:
    """Whole minutes, rounded down."""
    return span // timedelta(minutes=1)


def _of_visit(visit: Visit) -> Tally:
    times = times_of(visit)
    counts = {"issued": 1}
    if visit.state in _ENDS:
        counts[_ENDS[visit.state]] = 1
    if times.first_call is not None:
        counts["called"] = 1
    if visit.unmet:
        counts["unmet"] = 1
    for fact in visit.facts:
        if fact.kind in _EVENTS:
            counts[_EVENTS[fact.kind]] = counts.get(_EVENTS[fact.kind], 0) + 1
    spans: dict[str, list[timedelta]] = {"wait" if times.first_call else "wait_uncalled": [times.waiting]}
    if times.walks:
        spans["walk"] = list(times.walks)
        spans["serve"] = [times.serving]
    if times.house_until is not None:
        spans["house"] = [times.house_until - visit.issued_at - times.away]
    if visit.booked_at is not None and times.first_call is not None:
        spans["late"] = [max(times.first_call - visit.booked_at, _NOTHING)]
    words = {"language": {visit.language: 1}}
    if visit.outcome:
        words["outcome"] = {visit.outcome: 1}
    return Tally(counts, words, {name: _spread(map(minutes, found)) for name, found in spans.items()})


def _of_appointment(appointment: Appointment) -> Tally:
    if appointment.state is BookingState.CANCELLED:
        counts = {"cancelled": 1}
    elif appointment.recorded is not None and not appointment.came:
        # Whoever was excused, or sent away by us, did not stay away.
        present = appointment.recorded in PRESENT
        due = present or appointment.recorded is Attendance.ABSENT
        counts = {"due": 1, "arrived" if present else "absent": 1} if due else {appointment.recorded.value: 1}
    elif not appointment.in_hall:
        counts = {"agreed": 1}
    elif not appointment.came and (appointment.by_hand or not appointment.by_number):
        counts = {"not_recorded": 1}
    else:
        counts = {"due": 1, "arrived" if appointment.came else "absent": 1}
    return Tally(counts, {}, {"lead_days": {appointment.lead_days: 1}})


def _add(tallies: dict[Any, Tally], key: Any, tally: Tally) -> None:
    tallies[key] = tallies[key].plus(tally) if key in tallies else tally


def _added(one: Mapping[Any, int], other: Mapping[Any, int]) -> dict[Any, int]:
    return {key: one.get(key, 0) + other.get(key, 0) for key in {**one, **other}}


def _spread(values: Iterable[int]) -> dict[int, int]:
    found: dict[int, int] = {}
    for value in values:
        found[value] = found.get(value, 0) + 1
    return found
