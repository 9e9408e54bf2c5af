"""The only place that reads the clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """A source of the present instant; passed as an argument everywhere, so that tests can choose the time."""

    def now(self) -> datetime:
        """The present instant, timezone-aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds on a clock that never goes back, to measure durations."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


class ShiftedClock:
    """The machine's clock moved by a fixed step, for a demonstration whose hall is open at any hour."""

    def __init__(self, step: timedelta) -> None:
        self.step = step
        self._clock = SystemClock()

    def now(self) -> datetime:
        return self._clock.now() + self.step

    def monotonic(self) -> float:
        return self._clock.monotonic()


class FrozenClock:
    """A clock that stands still until it is moved."""

    def __init__(self, at: datetime) -> None:
        if at.tzinfo is None:
            raise ValueError("a frozen clock needs an aware instant")
        self._now = at.astimezone(UTC)
        self._monotonic = 0.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def move(self, step: timedelta) -> None:
        """Go forward, or back like a clock that was set; the monotonic clock only goes forward."""
        self._now += step
        self._monotonic += max(0.0, step.total_seconds())

    def set(self, at: datetime) -> None:
        """Jump to an instant."""
        self.move(at.astimezone(UTC) - self._now)
