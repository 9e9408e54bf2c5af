"""Facts about counters: clerks open and close them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from .base import Fact
from .fields import AwayReason, CounterId, Moment, Number, PersonId


@dataclass(frozen=True, slots=True)
class CounterFact(Fact):
    """What happened at a counter; `number` is the one that visitors see."""

    subject: CounterId
    number: Number


@dataclass(frozen=True, slots=True)
class CounterOpened(CounterFact):
    """`instead_of`: the clerk who had left the counter open and has no live session any more.

    `for_clerk`: the clerk who sits there, if somebody else opened it.
    """

    kind: ClassVar[str] = "counter.opened"
    instead_of: PersonId | None = None
    for_clerk: PersonId | None = None

    def data(self) -> dict[str, Any]:
        # As entries of the log were written before anybody could open a counter for somebody else.
        found = CounterFact.data(self)
        if self.for_clerk is None:
            del found["for_clerk"]
        return found

    def variant(self) -> Literal["", "instead", "for"]:
        if self.for_clerk:
            return "for"
        return "instead" if self.instead_of else ""


@dataclass(frozen=True, slots=True)
class CounterPaused(CounterFact):
    """The open counter calls nobody for some time; the clerk expects to be back at `until`."""

    kind: ClassVar[str] = "counter.paused"
    reason: AwayReason
    until: Moment


@dataclass(frozen=True, slots=True)
class CounterResumed(CounterFact):
    """The counter calls again."""

    kind: ClassVar[str] = "counter.resumed"


@dataclass(frozen=True, slots=True)
class CounterClosed(CounterFact):
    kind: ClassVar[str] = "counter.closed"


@dataclass(frozen=True, slots=True)
class AlarmRaised(CounterFact):
    """Somebody at the counter has called colleagues for help, silently."""

    kind: ClassVar[str] = "counter.alarm_raised"


@dataclass(frozen=True, slots=True)
class AlarmAnswered(CounterFact):
    """A colleague comes to help."""

    kind: ClassVar[str] = "counter.alarm_answered"


@dataclass(frozen=True, slots=True)
class AlarmOver(CounterFact):
    """The call for help is over."""

    kind: ClassVar[str] = "counter.alarm_over"
