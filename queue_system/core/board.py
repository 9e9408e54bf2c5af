"""What a screen shows: the newest call, the last calls, how many people wait in each queue.

A screen hangs in public. A service whose confidentiality says `display: none` does not exist for it: no code,
no counter, no count. A discreet one (`code_random`) is called by its code and the counter's number alone.

The board comes out the same from the log, with `fold`, as from the tables (`store/queries/board.py`): both
end in `Board.of`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, NamedTuple

from .facts import Fact
from .facts.families import TicketJoined, TicketSplit
from .facts.tickets import (
    TicketCalled,
    TicketIssued,
    TicketLeft,
    TicketNoShow,
    TicketParked,
    TicketRecalled,
    TicketResumed,
    TicketReturned,
    TicketServed,
    TicketSkipped,
    TicketStarted,
    TicketTakenBack,
    TicketTransferred,
    TicketVoided,
)
from .tickets import TicketState

LAST_CALLS: Final = 7

# A call is over once its visitor stands in line again, or has left: showing it would send somebody to a counter
# that does not wait for them. After a missed call it stays, because that visitor is still looking for it.
CALL_HOLDS: Final = frozenset({TicketState.CALLED, TicketState.SERVING, TicketState.SERVED, TicketState.NO_SHOW})


@dataclass(frozen=True, slots=True)
class Scope:
    """The calls and queues that one screen shows, by slugs; `counters` are ids.

    `queues` are those whose number of waiting people is shown, in this order. Calls for `services_here` are shown for
    every counter, because their visitors may wait here. `hidden_services` never appear. Codes of `hidden_series`
    (queues that give numbers to hidden services only) never appear either, even after a transfer, because the
    letter alone would reveal the service. `discreet_services` appear without their names, and calls for
    `unspoken_services` are not read out.
    """

    counters: frozenset[str]
    queues: tuple[str, ...]
    services_here: frozenset[str] = frozenset()
    hidden_services: frozenset[str] = frozenset()
    hidden_series: frozenset[str] = frozenset()
    discreet_services: frozenset[str] = frozenset()
    unspoken_services: frozenset[str] = frozenset()

    def hides(self, service: str, series: str) -> bool:
        """Whether a ticket of `service`, numbered in the queue `series`, stays off the screen."""
        return service in self.hidden_services or series in self.hidden_series


class Place(NamedTuple):
    """Where waiting people are counted: the queue they stand in, the one that numbered them, their service."""

    queue: str
    series: str
    service: str


@dataclass(frozen=True, slots=True)
class Called:
    """The newest call of a ticket while the call is valid, with the values that decide whether it may be shown."""

    seq: int
    at: datetime
    code: str
    counter: str
    again: bool
    series: str
    service: str


@dataclass(frozen=True, slots=True)
class Call:
    """A call on the screen; `seq` is its place in the log, `again` a repeated call, `discreet` one without names,
    `spoken` one that may be read out."""

    seq: int
    at: datetime
    code: str
    counter: str
    again: bool
    discreet: bool
    spoken: bool = True


@dataclass(frozen=True, slots=True)
class Board:
    """The last calls, newest first, each visitor once; people waiting by queue, in the order of the queues."""

    calls: tuple[Call, ...]
    waiting: tuple[tuple[str, int], ...]

    @classmethod
    def of(cls, called: Iterable[Called], waiting: Mapping[Place, int], scope: Scope, since: datetime) -> Board:
        """The board of a screen. `called` has each ticket at most once; calls before `since` are of another day."""
        shown = [call for call in called if shows(call, scope, since)]
        shown.sort(key=lambda call: call.seq, reverse=True)
        counts: Counter[str] = Counter()
        for place, count in waiting.items():
            if not scope.hides(place.service, place.series):
                counts[place.queue] += count
        return cls(
            tuple(
                Call(
                    call.seq,
                    call.at,
                    call.code,
                    call.counter,
                    call.again,
                    discreet=call.service in scope.discreet_services,
                    spoken=call.service not in scope.unspoken_services,
                )
                for call in shown[:LAST_CALLS]
            ),
            tuple((queue, counts[queue]) for queue in scope.queues),
        )


def shows(call: Called, scope: Scope, since: datetime) -> bool:
    """Whether a call belongs on the screen."""
    is_here = call.counter in scope.counters or call.service in scope.services_here
    return call.at >= since and is_here and not scope.hides(call.service, call.series)


class Entry(NamedTuple):
    """A fact in the log of a branch."""

    seq: int
    at: datetime
    fact: Fact


def fold(entries: Iterable[Entry], scope: Scope, since: datetime, first_day: date) -> Board:
    """The board that follows from the log of a branch, read from its first entry.

    Tickets of a business date before `first_day` belong to a session that is over, also where no fact says so yet.
    """
    tickets: dict[str, _Tracked] = {}
    for entry in entries:
        if isinstance(entry.fact, TicketIssued):
            tickets[entry.fact.subject] = _Tracked(
                entry.fact.code,
                entry.fact.queue,
                entry.fact.queue,
                entry.fact.service,
                date.fromisoformat(entry.fact.business_date),
            )
        elif (ticket := tickets.get(entry.fact.subject)) is not None:
            ticket.follow(entry)
    waiting = Counter(
        Place(ticket.queue, ticket.series, ticket.service)
        for ticket in tickets.values()
        if ticket.state is TicketState.WAITING and ticket.business_date >= first_day
    )
    return Board.of(_calls_of(tickets.values()), waiting, scope, since)


@dataclass(slots=True)
class _Tracked:
    """The state of a ticket after the facts so far."""

    code: str
    series: str
    queue: str
    service: str
    business_date: date
    state: TicketState = TicketState.WAITING
    called: Entry | None = field(default=None)

    def follow(self, entry: Entry) -> None:
        fact = entry.fact
        if isinstance(fact, TicketCalled | TicketRecalled):
            self.called = entry
        elif isinstance(fact, TicketTransferred):
            self.queue, self.service = fact.to_queue, fact.to_service
        elif isinstance(fact, TicketTakenBack):
            self.queue, self.service, self.state = fact.queue, fact.service, TicketState(fact.to_state)
        self.state = _STATE_AFTER.get(type(fact), self.state)


_STATE_AFTER: Final[dict[type[Fact], TicketState]] = {
    TicketCalled: TicketState.CALLED,
    TicketRecalled: TicketState.CALLED,
    TicketStarted: TicketState.SERVING,
    TicketServed: TicketState.SERVED,
    TicketSkipped: TicketState.WAITING,
    TicketNoShow: TicketState.NO_SHOW,
    TicketParked: TicketState.PARKED,
    TicketResumed: TicketState.WAITING,
    TicketReturned: TicketState.WAITING,
    TicketTransferred: TicketState.WAITING,
    TicketLeft: TicketState.LEFT,
    TicketVoided: TicketState.VOID,
    TicketJoined: TicketState.VOID,
    TicketSplit: TicketState.WAITING,
}


def _calls_of(tracked: Iterable[_Tracked]) -> Iterator[Called]:
    for ticket in tracked:
        if ticket.called is None or ticket.state not in CALL_HOLDS:
            continue
        seq, at, fact = ticket.called
        if isinstance(fact, TicketCalled | TicketRecalled):
            again = isinstance(fact, TicketRecalled)
            yield Called(seq, at, ticket.code, fact.counter, again, ticket.series, ticket.service)
