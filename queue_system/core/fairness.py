"""The fairness of a day: how it was called, beside what was promised."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from .replayed import Bypass, Called, Verdict


@dataclass(frozen=True, slots=True)
class ClassPassed:
    """People of a class who were passed by calls of the rule: in how many calls, the longest bypass, what was promised."""

    slug: str
    calls: int
    longest: Bypass
    kept: bool


@dataclass(frozen=True, slots=True)
class Fairness:
    """Calls of some time. `by_hand` counts them by (code of the call, basis or ""); nothing of it is about a person."""

    calls: int
    verdicts: Mapping[Verdict, int]
    by_hand: Mapping[tuple[str, str], int]
    passed: Sequence[ClassPassed]

    @property
    def hand_calls(self) -> int:
        return sum(self.by_hand.values())

    @property
    def promise_kept(self) -> bool:
        return all(one.kept for one in self.passed)


def fairness(calls: Sequence[Called]) -> Fairness:
    """The fairness of these calls; classes by their slugs, the longest bypass first."""
    by_hand = Counter((one.reason.code, str(one.reason.values.get("basis", ""))) for one in calls if one.by_hand)
    found: dict[str, list[Bypass]] = {}
    for call in calls:
        if not call.by_hand:
            for slug, bypass in call.passed.items():
                found.setdefault(slug, []).append(bypass)
    passed = [
        ClassPassed(slug, len(of), max(of, key=_how_far), not any(one.breaks_promise for one in of))
        for slug, of in found.items()
    ]
    passed.sort(key=lambda one: (-one.longest.later, one.slug))
    return Fairness(len(calls), Counter(one.verdict for one in calls), dict(by_hand.most_common()), passed)


def _how_far(bypass: Bypass) -> timedelta:
    return bypass.later
