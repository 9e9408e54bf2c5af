"""The published rule of a branch as sentences, in the order in which they concern a visitor.

The sentences are made from the values that the calling rule decides with, so that the notice on the wall always
matches the calls.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeAlias

from .absence import AbsenceRule
from .bookings import CheckInRules
from .dispatch import CallingRules, is_emergency, longest_bypass
from .reasons import SELF_DECLARED

# Classes without evidence to show: they follow from having an appointment or not.
BY_ITSELF = ("none", "booking")

# A length of time, a count, or the slugs of priority classes.
Value: TypeAlias = timedelta | int | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PriorityClass:
    """A class of the branch: its weight, and the evidence it asks for."""

    slug: str
    weight: float
    evidence: str


@dataclass(frozen=True, slots=True)
class Article:
    """One sentence of the rule: its code, and the values to fill in."""

    code: str
    values: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast an ordinary class gathers priority: a minute counts as `factor` minutes of the slowest class.

    Visitors who come more than `promise` later are called later (`dispatch.longest_bypass`); None without a guard.
    """

    slug: str
    factor: float
    promise: timedelta | None


def articles(
    calling: CallingRules,
    check_in: CheckInRules,
    absence: AbsenceRule,
    classes: Sequence[PriorityClass],
    *,
    has_profiles: bool = False,
) -> list[Article]:
    """The rule of a branch, sentence by sentence; `has_profiles`: some counter calls certain queues first."""
    return [
        *_who_is_next(calling, classes),
        *([Article("profiles" if calling.guard is not None else "profiles-unlimited")] if has_profiles else []),
        *_appointments(calling, check_in),
        *_absence(absence, any(is_emergency(one.weight) for one in classes)),
        Article("parked"),
        Article("out-of-turn"),
        Article("log"),
        Article("day-end"),
    ]


def paces(calling: CallingRules, classes: Sequence[PriorityClass]) -> list[Pace]:
    """The ordinary classes, the fastest first."""
    ordinary = [one for one in classes if not is_emergency(one.weight)]
    slowest = min((one.weight for one in ordinary), default=1.0)
    ordinary.sort(key=lambda one: -one.weight)
    return [Pace(one.slug, one.weight / slowest, longest_bypass(one.weight, calling)) for one in ordinary]


def wall_promise(calling: CallingRules, classes: Sequence[PriorityClass]) -> timedelta | None:
    """The promise to everybody: nobody who came so much later is called before, except emergencies; None without a guard.

    It is that to the slowest class, because the others are promised more.
    """
    promises = [row.promise for row in paces(calling, classes)]
    known = [promise for promise in promises if promise is not None]
    return max(known) if known and len(known) == len(promises) else None


def _who_is_next(calling: CallingRules, classes: Sequence[PriorityClass]) -> Iterable[Article]:
    yield Article("waiting")
    ordinary = {one.weight for one in classes if not is_emergency(one.weight)}
    if len(ordinary) > 1:
        yield Article("classes")
        if calling.guard is not None:
            yield Article("guard", {"guard": calling.guard})
    if emergencies := tuple(one.slug for one in classes if is_emergency(one.weight)):
        yield Article("emergency", {"classes": emergencies})
    shown = [one for one in classes if one.evidence not in BY_ITSELF]
    if declared := tuple(one.slug for one in shown if one.evidence.startswith(SELF_DECLARED)):
        yield Article("declared", {"classes": declared})
    if confirmed := tuple(one.slug for one in shown if not one.evidence.startswith(SELF_DECLARED)):
        yield Article("confirmed", {"classes": confirmed})


def _appointments(calling: CallingRules, check_in: CheckInRules) -> Iterable[Article]:
    yield Article("check-in", {"early": timedelta(minutes=check_in.early_min)})
    if calling.call_early:
        yield Article("appointment-early", {"early": calling.call_early})
    else:
        yield Article("appointment")
    yield Article("late", {"grace": timedelta(minutes=check_in.late_grace_min)})


def _absence(absence: AbsenceRule, has_emergencies: bool) -> Iterable[Article]:
    if absence.calls > 1 or absence.after:
        yield Article("passed-over", {"others": absence.others_first})
        if has_emergencies:
            yield Article("emergency-passed-over")
    yield Article("no-show", {"calls": absence.calls, "after": absence.after})
    yield Article("not-before-agreed")
    if absence.rejoins == 0:
        yield Article("no-return")
    elif absence.keeps_place:
        yield Article("return-behind", {"others": absence.others_first})
    else:
        yield Article("return-anew")
    if absence.rejoins:
        yield Article("returns", {"times": absence.rejoins})
