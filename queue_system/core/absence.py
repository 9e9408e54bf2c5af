"""A visitor who was called and is not here: passed over, or a no-show, by the branch's own rule."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

OTHERS_FIRST: Final = 1


@dataclass(frozen=True, slots=True)
class AbsenceRule:
    """What a branch sets. A no-show needs `calls` in a row and that the first of them is `after` ago.

    Before that "not here" passes the visitor over, who keeps the place and is called again once `others_first`
    have been called. `rejoins`: how often a no-show who comes after all is let into the line again, None for
    always; `keeps_place` is whether the old place counts then.
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
        """Before this instant nobody is a no-show: nobody has to be here before the time that was `agreed`."""
        return max(first_called_at + self.after, agreed or first_called_at)
