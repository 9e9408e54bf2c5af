"""The fairness of a past day of a branch, to be read and printed: every call computed again, beside the promise."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...core import fairness
from ...core.fairness import ClassPassed, Fairness
from ...core.reasons import OUT_OF_TURN
from ...core.replayed import Called, Verdict
from ...core.rights import REPORT_RIGHTS
from ...i18n import dates
from ...i18n.filters import localised
from ...store.database import Tx
from ...store.queries.replays import replayed_days
from ...store.queries.settings import BranchSettings, branch_settings
from ...web.access import in_service
from ...web.departments import queues_for
from ...web.rules import wall_promise
from .frame import InOffice, enter, office_page
from .past_day import past_day_asked

PAGE: Final = "/office/fairness"
#: A smaller number could be about one person, and is not shown.
FEWEST: Final = 10
_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class ByHand:
    """Calls by hand of one reason; `calls` is None where they are too few to be shown."""

    reason: str
    calls: int | None


@dataclass(frozen=True, slots=True)
class Passed:
    """A class in words: how late the last one came who was called before somebody of it, None of too few; whether kept."""

    name: str
    longest: str | None
    promise: str | None
    kept: bool


async def show(request: Request) -> Response:
    """Yesterday, or an earlier day that the address names; raises Missing("not-found") for any other."""
    here = await enter(request, REPORT_RIGHTS)
    slug = request.query_params.get("branch", "")
    branch = here.named(slug) if slug else next(iter(in_service(here.branches, here.now)), None)
    values = {"branch": branch} | (await _values(here, branch) if branch else {})
    return await office_page(here, "office/fairness.html", values)


async def _values(here: InOffice, branch: BranchSettings) -> dict[str, Any]:
    """The values of `office/fairness.html` for a branch."""
    asked = past_day_asked(here, branch)
    day = asked.day
    seen = {branch.queues[queue].slug for queue in queues_for(here.person, branch, REPORT_RIGHTS)}
    calls = await here.read_apart(_calls, branch.id, day)
    found = fairness.fairness([one for one in calls if one.queue in seen])
    return {
        **asked.shown(here),
        "command": f"queue-system replay calls --branch {branch.slug} --from {day} --to {day}",
        "promise": wall_promise(branch, here.words),
        "found": found,
        "enough": found.calls >= FEWEST,
        "by_hand": found.hand_calls if found.hand_calls >= FEWEST or not found.hand_calls else None,
        "fewest": FEWEST,
        "hand_reasons": list(_by_hand(found, here)),
        "passed": list(_passed(found.passed, branch, here)),
        "verdicts": {verdict.value: found.verdicts.get(verdict, 0) for verdict in Verdict},
    }


def _calls(tx: Tx, branch_id: Any, day: date) -> list[Called]:
    return replayed_days(tx, branch_settings(tx, branch_id), day, day)


def _by_hand(found: Fairness, here: InOffice) -> Iterable[ByHand]:
    for (code, basis), calls in found.by_hand.items():
        words = f"audit.basis.{basis}" if basis in OUT_OF_TURN else f"audit.reason.{code}"
        yield ByHand(here.words.text(words), calls if calls >= FEWEST else None)


def _passed(found: Iterable[ClassPassed], branch: BranchSettings, here: InOffice) -> Iterable[Passed]:
    for one in found:
        known = branch.priorities.get(one.slug)
        promise = one.longest.promise
        yield Passed(
            localised(known.names, here.language) if known else one.slug,
            dates.minutes(one.longest.later // _MINUTE, here.words) if one.calls >= FEWEST else None,
            # Rounded up as on the wall.
            None if promise is None else dates.minutes(-(-promise // _MINUTE), here.words),
            one.kept,
        )


routes: list[BaseRoute] = [Route(PAGE, show)]
