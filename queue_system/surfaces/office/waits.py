"""Whether what people were told of their wait came true: one day of a branch, by queue and by hour."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...core import hours
from ...core.rights import REPORT_RIGHTS
from ...core.waits.accuracy import Accuracy, Outcome, accuracy
from ...core.waits.announce import SHARE
from ...i18n import dates
from ...i18n.filters import localised
from ...store.database import Tx
from ...store.queries.class_targets import class_targets
from ...store.queries.past_waits import outcomes
from ...store.queries.settings import BranchSettings
from ...web.departments import queues_for
from .frame import InOffice, branch_asked, enter, office_page
from .past_day import past_day_asked

PAGE: Final = "/office/waits"
#: Of fewer people a share says nothing, and could be about one of them.
FEWEST: Final = 10
_AIMS_OVER: Final = timedelta(days=29)

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a table: what it is about in words, how many were told, and how true it was; None where of too few one knows."""

    about: str
    people: int
    found: Accuracy | None

    @property
    def percent(self) -> int:
        """For how many of a hundred people the upper end held; never all where it failed for one."""
        return int(100 * self.found.held) if self.found else 0


async def show(request: Request) -> Response:
    """Yesterday, or an earlier day that the address names; raises Missing("not-found") for any other."""
    here = await enter(request, REPORT_RIGHTS)
    branch = branch_asked(here)
    return await office_page(
        here, "office/waits.html", {"branch": branch} | (await _values(here, branch) if branch else {})
    )


async def _values(here: InOffice, branch: BranchSettings) -> dict[str, Any]:
    """The values of `office/waits.html` for a branch."""
    # The waits of today are not over, and those that are over are the shorter ones.
    asked = past_day_asked(here, branch)
    day = asked.day
    seen = queues_for(here.person, branch, REPORT_RIGHTS)
    told = [one for one in await here.read(_told, branch, day) if one.announced.queue_id in seen]
    by_queue = _grouped(told, lambda one: one.announced.queue_id)
    by_hour = _grouped(
        told, lambda one: one.issued_at.astimezone(branch.zone).replace(minute=0, second=0, microsecond=0)
    )
    return {
        **asked.shown(here),
        "whole": _line("", told),
        "share": int(100 * SHARE),
        "queues": [
            _line(localised(queue.names, here.language), by_queue[queue.id])
            for queue in branch.queues.values()
            if queue.id in by_queue
        ],
        "aims": await here.read(class_targets, branch, day - _AIMS_OVER, day, seen),
        "fewest": FEWEST,
        "hours": [_line(dates.time(at, branch.zone, here.words), by_hour[at]) for at in sorted(by_hour)],
    }


def _told(tx: Tx, branch: BranchSettings, day: date) -> list[Outcome]:
    return outcomes(tx, branch, *hours.day_bounds(day, branch.zone, branch.day_starts))


def _grouped(told: Iterable[Outcome], key: Callable[[Outcome], K]) -> dict[K, list[Outcome]]:
    found: defaultdict[K, list[Outcome]] = defaultdict(list)
    for one in told:
        found[key(one)].append(one)
    return dict(found)


def _line(about: str, told: Sequence[Outcome]) -> Line:
    found = accuracy(told)
    return Line(about, len(told), found if found and found.people >= FEWEST else None)


routes: list[BaseRoute] = [Route(PAGE, show)]
