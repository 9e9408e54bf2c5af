"""A visitor who was called and is not here is passed over, or becomes a no-show, by the branch's own rule."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

OTHERS_FIRST: Final = 1


class FollowUp(StrEnum):
    """What staff do about a person whom nothing has to be told."""

    MISSED = "missed"  # an appointment was missed, and somebody sees whether all is well


def is_followed_up(action: str | None) -> bool:
    """Whether staff see to whoever missed an appointment, by the rule of the branch."""
    return action == "staff_safe_follow_up"


@dataclass(frozen=True, slots=True)
class AbsenceRule:
    """The rule of a branch. A no-show needs `calls` missed in a row, the first of them at least `after` ago.

    Until then "not here" passes the visitor over: the place is kept, and the visitor is called again after
    `others_first` others. `rejoins`: how often a no-show who comes back may join the line again, None for always;
    `keeps_place`: whether the old place counts then.
    """

    calls: int
    after: timedelta
    others_first: int = OTHERS_FIRST
    rejoins: int | None = None
    keeps_place: bool = False

    def is_no_show(self, calls: int, first_called_at: datetime, agreed: datetime | None, now: datetime) -> bool:
        """Whether "not here" at `now` is a no-show: `calls` in a row, the first of them at `first_called_at`."""
        return calls >= self.calls and now >= self.no_show_from(first_called_at, agreed)

    def no_show_from(self, first_called_at: datetime, agreed: datetime | None) -> datetime:
        """The earliest instant of a no-show; it is not before the `agreed` time, because visitors need not come earlier."""
        return max(first_called_at + self.after, agreed or first_called_at)
