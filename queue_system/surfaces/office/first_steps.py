"""First steps: what a branch needs before its doors open, each line done or not yet, by looking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions.authority import administrators
from ...core.calendars import Layer
from ...core.rights import HEALTH_RIGHTS
from ...store.database import Tx
from ...store.queries.access import DeviceView, devices
from ...store.queries.settings import BranchSettings
from ...store.queries.upkeep import last_done
from .frame import enter, office_page

PAGE: Final = "/office/first-steps"
#: Fewer administrators than this, and one forgotten password keeps everybody out.
FEWEST_ADMINISTRATORS: Final = 2
PRINTS: Final = ("ready", "paper_low")


@dataclass(frozen=True, slots=True)
class Step:
    """One line: its words, the page that does it, and whether it is done."""

    words: str
    address: str
    done: bool


@dataclass(frozen=True, slots=True)
class Steps:
    """The steps of the branches that the person sees, and those of the whole installation."""

    branches: tuple[tuple[BranchSettings, tuple[Step, ...]], ...]
    common: tuple[Step, ...]

    @property
    def left(self) -> int:
        """How many are not done yet."""
        every = [*self.common, *(step for _, steps in self.branches for step in steps)]
        return sum(not step.done for step in every)


async def show(request: Request) -> Response:
    """The list; nothing on it can be ticked by hand."""
    here = await enter(request, HEALTH_RIGHTS)
    return await office_page(here, "office/first-steps.html", {"steps": await here.read(_looked, here.branches)})


def _looked(tx: Tx, branches: Sequence[BranchSettings]) -> Steps:
    common = (
        Step("steps.second-administrator", "/office/people", len(administrators(tx)) >= FEWEST_ADMINISTRATORS),
        Step("steps.backup", "/office/health", "backup" in last_done(tx)),
    )
    return Steps(tuple((branch, _of_branch(branch, devices(tx, branch.id))) for branch in branches), common)


def _of_branch(branch: BranchSettings, equipment: Sequence[DeviceView]) -> tuple[Step, ...]:
    served = bool(branch.queues) and all(queue.counters for queue in branch.queues.values())
    paired = {device.kind for device in equipment if device.paired}
    prints = any(device.kind == "printer" and device.status in PRINTS for device in equipment)
    return (
        Step("steps.hours", f"/office/hours/{branch.slug}", _opens(branch)),
        Step("steps.counters", "/office/settings", served),
        Step("steps.kiosk", "/office/devices", "kiosk" in paired),
        Step("steps.screen", "/office/devices", "display" in paired),
        Step("steps.slip", "/office/printers", prints),
    )


def _opens(branch: BranchSettings) -> bool:
    """Whether some rule opens the branch at all."""
    return any(rule.layer is not Layer.BREAK for rule in branch.calendar.rules)


routes: list[BaseRoute] = [Route(PAGE, show)]
