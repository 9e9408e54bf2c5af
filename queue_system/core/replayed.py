"""What a replay of calls reads and says: entries of the log, the hall of a moment, and each call with its verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from .calling_profiles import Profile
from .dispatch import CallingRules, Reason
from .facts import Fact


class Verdict(StrEnum):
    """Whether a call is what the rule says; UNKNOWN where the log does not hold enough to say it."""

    REPRODUCED = "reproduced"
    DIFFERS = "differs"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the log; `at` is UTC, and the very instant with which the rule was asked. `actor` is a clerk, or ""."""

    seq: int
    at: datetime
    fact: Fact
    actor: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """A counter: the queues that it serves, and its calling profile."""

    queues: frozenset[UUID]
    profile: Profile | None = None


@dataclass(frozen=True, slots=True)
class Hall:
    """What the settings of a moment say of calling; counters by their numbers, all else by slugs.

    `skills` are those that services need. `looks_at_clerks`: something of a clerk can decide, so that a call has to say it.
    `language_first` is that of `Caller`.
    """

    rules: CallingRules
    weights: Mapping[str, float]
    queues: Mapping[str, UUID]
    counters: Mapping[int, Place]
    profiles: Mapping[str, Profile] = field(default_factory=dict)
    skills: Mapping[str, frozenset[str]] = field(default_factory=dict)
    looks_at_clerks: bool = False
    language_first: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Bypass:
    """How much later somebody came who was called first, and what was promised then (`dispatch.longest_bypass`), if anything."""

    later: timedelta
    promise: timedelta | None

    @property
    def breaks_promise(self) -> bool:
        return self.promise is not None and self.later > self.promise


@dataclass(frozen=True, slots=True)
class Called:
    """A call of the log, and what the rule says: `expected` is the code of a ticket, None for nobody.

    `why` is the rule's reason. `by_hand`: staff chose, so that the rule says another one. `queue` is a slug, "" where the
    log no longer has the number.

    `passed`: by class, those whom the call passed, the furthest of each; nobody is passed by an emergency, and whoever
    missed a call is not passed while others go first.
    """

    seq: int
    at: datetime
    ticket_id: UUID
    code: str
    queue: str
    counter: int
    reason: Reason
    verdict: Verdict
    expected: str | None = None
    why: Reason | None = None
    by_hand: bool = False
    passed: Mapping[str, Bypass] = field(default_factory=dict)

    @property
    def breaks_promise(self) -> bool:
        """Whether a call by the rule passed somebody by more than was promised."""
        return not self.by_hand and any(one.breaks_promise for one in self.passed.values())
