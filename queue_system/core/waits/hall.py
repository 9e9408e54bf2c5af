"""What is known of a hall at one moment and bears on how long its people will wait."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ..calling_profiles import Caller, may_call
from ..dispatch import CallingRules, Waiting


@dataclass(frozen=True, slots=True)
class InLine:
    """A ticket that waits, and the service that it waits for."""

    ticket: Waiting
    service_id: UUID


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit that keeps its counter: its service, and when its visitor was called (UTC)."""

    service_id: UUID
    called_at: datetime


@dataclass(frozen=True, slots=True)
class Away:
    """A time in which a counter calls nobody: a break, or closed for the day where `until` is None (UTC)."""

    since: datetime
    until: datetime | None = None

    def covers(self, at: datetime) -> bool:
        """Whether it is such a time."""
        return self.since <= at and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True)
class Counter:
    """A counter where somebody sits or will sit: the queues that it serves, its visit, when it calls nobody.

    `caller` says what of the counter and its clerk decides whom they may call; None where only the queues do. With a
    calling profile it is taken to call from all of its queues by the rule (docs/decisions/0047), and so it is where
    languages only come first.
    """

    queues: frozenset[UUID]
    visit: Visit | None = None
    away: tuple[Away, ...] = ()
    caller: Caller | None = None

    def may_call(self, ticket: Waiting, at: datetime) -> bool:
        """Whether the counter can ever be given this ticket by "next" from `at` on, if nothing changes."""
        return ticket.queue_id in self.queues and (self.caller is None or may_call(ticket, self.caller, at))


@dataclass(frozen=True, slots=True)
class Arrival:
    """Somebody who will perhaps come: with the probability `chance`, for a booked time or at an instant `at` (UTC).

    Who comes for a booked time (`appointment`) is taken to be there from the moment at which the rule lets appointments be
    called. An arrival without appointment stands for visitors of a class that goes before others.
    """

    queue_id: UUID
    service_id: UUID
    weight: float
    at: datetime
    chance: float
    appointment: bool = True
    skills: frozenset[str] = frozenset()
    language: str = ""


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody who would take a number now: for this queue, in a priority class of this weight.

    With `booked_at` (UTC) it is somebody who comes for an appointment then, and is here now.

    `skills` are those that a clerk needs; `language` is told where clerks call only visitors who speak theirs.
    """

    queue_id: UUID
    weight: float
    skills: frozenset[str] = frozenset()
    language: str = ""
    booked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Hall:
    """A hall at the instant `now` (UTC): who waits, who may come, the counters, the rule by which they call."""

    now: datetime
    rules: CallingRules
    counters: Sequence[Counter]
    waiting: Sequence[InLine]
    arrivals: Sequence[Arrival] = ()
    newcomers: Sequence[Newcomer] = ()
