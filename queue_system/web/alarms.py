"""Silent emergency calls on the pages of the staff of a branch: who sees them, and what the strip shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from ..core.rights import ALARM_RIGHTS
from ..live.open_pages import OpenPages
from ..store.queries.access import StaffView
from ..store.queries.alarms import AlarmView, open_alarms
from ..store.queries.settings import BranchSettings, CounterView
from .here import StaffHere

STRIP: Final = "alarms/_alarms.html"


@dataclass(frozen=True, slots=True)
class Shown:
    """A call for help with its counter; `own`: by the person who looks, whose screen others may see, too.

    `unseen`: an own call to which nobody comes yet, while no page of a colleague is open here. `today`: made on this day.
    """

    alarm: AlarmView
    counter: CounterView
    own: bool
    unseen: bool
    today: bool


async def alarm_values(here: StaffHere, branch: BranchSettings | None) -> dict[str, Any]:
    """What a page that includes `alarms/_alarms.html` needs; an empty strip for whoever may not see these calls."""
    if branch is None or not here.person.may_any(ALARM_RIGHTS, branch.id):
        return {"alarms": None}
    found = await here.read(open_alarms, branch.id)
    return {"alarms": shown(found, branch, here.person, here.installation.memory(OpenPages), here.now)}


def shown(
    alarms: list[AlarmView], branch: BranchSettings, person: StaffView, pages: OpenPages, now: datetime
) -> list[Shown]:
    """The calls as this person sees them."""
    others = pages.is_open_to_others(branch.id, person.id)
    today = now.astimezone(branch.zone).date()
    return [
        Shown(
            one,
            branch.counters[one.counter_id],
            own=(own := one.staff_id == person.id),
            unseen=own and one.coming is None and not others,
            today=one.raised_at.astimezone(branch.zone).date() == today,
        )
        for one in alarms
        if one.counter_id in branch.counters
    ]
