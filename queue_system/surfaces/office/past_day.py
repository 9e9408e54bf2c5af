"""One past day of a branch, which the address of a page names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from ...core.errors import Missing
from ...i18n import dates
from ...store.queries.settings import BranchSettings
from ...web.access import in_service
from .frame import InOffice

#: No page goes further back.
FARTHEST: Final = timedelta(days=3_660)
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class PastDay:
    """A day that is over. The day before has a page too, and the day `after` where it is over as well."""

    day: date
    after: date | None

    def shown(self, here: InOffice) -> Mapping[str, Any]:
        """The values of `office/_past_day.html`."""
        return {
            "branches": in_service(here.branches, here.now),
            "day": self.day,
            "day_words": dates.day(self.day, here.words),
            "before": self.day - _DAY,
            "after": self.after,
        }


def past_day_asked(here: InOffice, branch: BranchSettings) -> PastDay:
    """The day that the address names, else yesterday; raises Missing("not-found") for one that is none, or not over."""
    yesterday = branch.timetable.business_date(here.now) - _DAY
    day = read_day(here.request.query_params.get("day", ""), yesterday)
    if not yesterday - FARTHEST <= day <= yesterday:
        raise Missing("not-found")
    return PastDay(day, day + _DAY if day < yesterday else None)


def read_day(text: str, otherwise: date) -> date:
    """A day as addresses write it; `otherwise` for no text. Raises Missing("not-found") for what is no day."""
    try:
        return date.fromisoformat(text) if text else otherwise
    except ValueError:
        raise Missing("not-found") from None
