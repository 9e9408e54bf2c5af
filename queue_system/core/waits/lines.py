"""Forecasts for lines of which only the numbers on the screen are known: how many wait, and who is being served.

Nothing is known of single visitors, and counters may serve several lines. So a wait is the number of people in line over
the pace of the line (`pace`), corrected by earlier errors (`correction`), and it ends when the line usually stops moving.
Each forecast uses only what was seen before it.
"""

from __future__ import annotations

import statistics
from collections import defaultdict, deque
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from .correction import Quantile, corrected, error_of
from .pace import Pace

#: How long a step of a line counts for its pace of today.
RECENT: Final = timedelta(hours=3)
#: The pace of earlier days counts as so many minutes seen today, and that of the office as so many of the line's own.
TRUST_MIN: Final = 60.0
#: What is left of the weight of earlier days after one more day.
FADE: Final = 0.8
#: Expected of an office of which nothing is known: one person in twelve minutes.
UNKNOWN_RATE: Final = 1 / 12
#: So many numbers at once are a new series or a correction, and not that many calls.
JUMP: Final = 50
#: Two looks further apart say nothing of the pace between them.
GAP: Final = timedelta(minutes=30)
#: A line may move this much longer than usual, and while people wait it moves for this much more at least.
LATER_MIN: Final = 10.0
AT_LEAST_MIN: Final = 20.0

_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Look:
    """What the screen of a line shows at a local time: who waits, and the number being served, None when none is."""

    at: datetime
    office: str
    line: str
    waiting: int
    serving: int | None


@dataclass(frozen=True, slots=True)
class Expected:
    """The wait of whoever is last in line, in minutes: its median, and a bound for nine people of ten."""

    median: float
    upper: float


@dataclass(frozen=True, slots=True)
class _Step:
    """What happened between two looks while somebody waited: people called, and minutes."""

    at: datetime
    called: int
    minutes: float


@dataclass(frozen=True, slots=True)
class _Promise:
    """A forecast that is still to be compared: made at `at`, true when `until` is served; `raw` is uncorrected."""

    at: datetime
    until: int
    raw: float


@dataclass(slots=True)
class _Known:
    """What earlier days say: the pace, and the minutes of the day at which a line moved for the last time."""

    pace: Pace = field(default_factory=Pace)
    ends: list[float] = field(default_factory=list)


@dataclass(slots=True)
class _Today:
    """What today says of a line."""

    day: date
    pace: Pace = field(default_factory=Pace)
    steps: deque[_Step] = field(default_factory=deque)
    promises: list[_Promise] = field(default_factory=list)
    last: Look | None = None
    moved: float | None = None


class LineForecasts:
    """Forecasts for the lines of many offices, from looks at their screens in the order of time."""

    def __init__(self) -> None:
        self._today: dict[tuple[str, str], _Today] = {}
        self._lines: defaultdict[tuple[str, str], _Known] = defaultdict(_Known)
        self._offices: defaultdict[str, _Known] = defaultdict(_Known)
        self._everywhere = Pace()
        self._median = Quantile(share=0.5, value=0.0, step=0.001, own_step=0.02, pull=0.002)
        self._upper = Quantile(share=0.9, value=0.7, step=0.002, own_step=0.02, pull=0.005)

    def see(self, look: Look) -> Expected | None:
        """Learn from a look, and say how long whoever is last in line will wait.

        None where nobody waits, or where no number is served.
        """
        key = look.office, look.line
        today = self._today.get(key)
        if today is None or today.day != look.at.date():
            if today is not None:
                self._remember(key, today)
            today = self._today[key] = _Today(look.at.date())
        if look.serving is None:
            return None
        self._advance(key, today, look, look.serving)
        if look.waiting < 1:
            return None
        left = self._left(key, look)
        raw = min(look.waiting / self._rate(key, today), left)
        today.promises.append(_Promise(look.at, look.serving + look.waiting, raw))
        median = min(corrected(raw, self._median.of(key)), left)
        return Expected(median, max(median, corrected(raw, self._upper.of(key))))

    def _advance(self, key: tuple[str, str], today: _Today, look: Look, serving: int) -> None:
        """Count the step since the last look, and learn from the forecasts that have come true."""
        last, today.last = today.last, look
        if last is not None and last.serving is not None:
            called = serving - last.serving
            if called < 0 or called >= JUMP:
                # A new series of numbers: what was promised for the old one is never seen to come true.
                today.steps.clear()
                today.promises.clear()
            if called > 0:
                today.moved = _of_day(look.at)
            if last.waiting and 0 <= called < JUMP and look.at - last.at < GAP:
                step = _Step(look.at, called, (look.at - last.at) / _MINUTE)
                today.steps.append(step)
                today.pace.add(step.called, step.minutes)
        while today.steps and look.at - today.steps[0].at > RECENT:
            today.steps.popleft()
        for promise in today.promises:
            if promise.until <= serving:
                error = error_of((look.at - promise.at) / _MINUTE, promise.raw)
                self._median.learn(key, error)
                self._upper.learn(key, error)
        today.promises = [promise for promise in today.promises if promise.until > serving]

    def _rate(self, key: tuple[str, str], today: _Today) -> float:
        """People a minute: today's pace, leaning on that of earlier days, on the office's, on that of all."""
        everywhere = self._everywhere.rate(UNKNOWN_RATE, TRUST_MIN)
        office = self._offices[key[0]].pace.rate(everywhere, TRUST_MIN)
        before = self._lines[key].pace.rate(office, TRUST_MIN)
        recent = Pace(sum(step.called for step in today.steps), sum(step.minutes for step in today.steps))
        return recent.rate(before, TRUST_MIN)

    def _left(self, key: tuple[str, str], look: Look) -> float:
        """The minutes for which the line will go on moving; endless where no earlier day says when it stops."""
        ends = self._lines[key].ends or self._offices[key[0]].ends
        if not ends:
            return float("inf")
        return max(AT_LEAST_MIN, statistics.median(ends) + LATER_MIN - _of_day(look.at))

    def _remember(self, key: tuple[str, str], today: _Today) -> None:
        """Add a day that is over to what is known."""
        line, office = self._lines[key], self._offices[key[0]]
        line.pace.fade(FADE)
        for pace in (line.pace, office.pace, self._everywhere):
            pace.add(today.pace.called, today.pace.minutes)
        if today.moved is not None:
            line.ends.append(today.moved)
            office.ends.append(today.moved)


def _of_day(at: datetime) -> float:
    """Minutes since midnight on the wall clock."""
    return at.hour * 60 + at.minute
