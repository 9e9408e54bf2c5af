"""Silent emergency calls on the pages of the staff of a branch: who sees them, and what the strip shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from ..core.rights import ALARM_RIGHTS
from ..store.queries.access import StaffView
from ..store.queries.alarms import AlarmView, open_alarms
from ..store.queries.settings import BranchSettings, CounterView
from .here import StaffHere

STRIP: Final = "alarms/_alarms.html"


@dataclass(frozen=True, slots=True)
class Shown:
    """A call for help with its counter; `own`: by the person who looks, whose screen others may see, too."""

    alarm: AlarmView
    counter: CounterView
    own: bool


async def alarm_values(here: StaffHere, branch: BranchSettings | None) -> dict[str, Any]:
    """What a page that includes `alarms/_alarms.html` needs; an empty strip for whoever may not see these calls."""
    if branch is None or not here.person.may_any(ALARM_RIGHTS, branch.id):
        return {"alarms": None}
    return {"alarms": shown(await here.read(open_alarms, branch.id), branch, here.person)}


def shown(alarms: list[AlarmView], branch: BranchSettings, person: StaffView) -> list[Shown]:
    """The calls as this person sees them."""
    return [
        Shown(one, branch.counters[one.counter_id], one.staff_id == person.id)
        for one in alarms
        if one.counter_id in branch.counters
    ]
