"""Whether people of a priority class are called within the longest wait that is aimed at; it never changes the order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

_NONE = timedelta(0)


@dataclass(frozen=True, slots=True)
class ClassWait:
    """A wait that is over: its class, how long it was, and whether it ended with a call or its person had gone."""

    priority: str
    waited: timedelta
    called: bool


@dataclass(frozen=True, slots=True)
class Aim:
    """How the waits of a class met its target: `within` of `people` were called in time."""

    priority: str
    target: timedelta
    people: int
    within: int

    @property
    def percent(self) -> int:
        """The share that was called in time; never all where one was not."""
        return 100 * self.within // self.people if self.people else 0


def waited(issued_at: datetime, agreed_at: datetime | None, ended_at: datetime) -> timedelta:
    """How long somebody waited: from the number, or from the agreed time where that was later; never below 0."""
    return max(_NONE, ended_at - max(issued_at, agreed_at or issued_at))


def measured(waits: Iterable[ClassWait], priority: str, target: timedelta) -> Aim:
    """The waits of a class against its target. Whoever had gone before the target was over says nothing."""
    told = [one for one in waits if one.priority == priority and (one.called or one.waited > target)]
    return Aim(priority, target, len(told), sum(one.waited <= target for one in told))
