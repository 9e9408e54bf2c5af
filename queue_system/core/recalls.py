"""A visitor who was called is called again after a pause, and not without end, by the branch's own rule."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from .errors import Count, Refused


@dataclass(frozen=True, slots=True)
class RecallRule:
    """`pause` is the time between two calls of a visitor who is awaited; after `limit` calls in a row there is no recall."""

    pause: timedelta
    limit: int

    def is_used_up(self, calls: int) -> bool:
        """Whether a visitor who was called so often in a row is called no more without leaving the counter."""
        return calls >= self.limit

    def still_pausing(self, called_at: datetime, now: datetime) -> timedelta:
        """How long to wait until the next call is possible; zero where it is."""
        gone = now - called_at
        # A clock that was set back must not stop the calls for an hour.
        return self.pause - gone if timedelta() <= gone < self.pause else timedelta()

    def require(self, code: str, calls: int, called_at: datetime, now: datetime) -> None:
        """Raises Refused("recall-limit") after the last call, and Refused("recall-too-soon") within the pause."""
        if self.is_used_up(calls):
            raise Refused("recall-limit", code=code, calls=Count(calls))
        rest = self.still_pausing(called_at, now)
        if rest:
            # Rounded up, because a press after the seconds that were said must not come too soon again.
            raise Refused("recall-too-soon", code=code, seconds=Count(-(-rest // timedelta(seconds=1))))
