"""What Today does: opens a counter for a free clerk, closes one that was left, stops the numbers of a queue."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias
from urllib.parse import urlencode
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions.counters import Desk, close_counter, open_counter
from ...actions.sessions import SESSION_IDLE
from ...actions.settings import Overtaken
from ...actions.stopping import foreseen_stop, resume_numbers, stop_numbers
from ...core.errors import Denied, Missing, Refused, Stale
from ...core.rights import COUNTER_RIGHTS, DESK_RIGHTS, STOP_RIGHTS
from ...store.database import Tx
from ...store.log import Actor
from ...store.queries.access import StaffView
from ...store.queries.previews import Prospect
from ...store.queries.settings import BranchSettings, CounterView
from ...store.queries.today import free_clerks
from ...web import kit
from ...web.departments import counters_for
from .frame import InOffice, enter

Stopping: TypeAlias = Callable[[Tx, UUID, UUID, Actor, StaffView, Prospect | None], None]

PAGE: Final = "/office/counters/{branch}/{counter}"
QUEUE: Final = "/office/today/{branch}/{queue}"
#: What Today says if the press came too late or is not possible.
SAID: Final = {
    "counter-busy": "today.said-counter-busy",
    "counter-taken": "today.said-counter-taken",
    "changed": "today.said-changed",
    "no-clerk": "today.said-no-clerk",
}


def free_for(tx: Tx, branch: BranchSettings) -> dict[UUID, list[StaffView]]:
    """By counter, the free clerks who may sit there."""
    found: dict[UUID, list[StaffView]] = {counter: [] for counter in branch.counters}
    for clerk in free_clerks(tx, branch, SESSION_IDLE):
        for counter in counters_for(clerk, branch, DESK_RIGHTS):
            found[counter.id].append(clerk)
    return found


async def opening(request: Request) -> Response:
    """Open a counter for the clerk whom the form names."""
    here, branch, counter = await _at_counter(request)
    staff = (await kit.form(request)).get("staff", "")
    free = (await here.read(free_for, branch))[counter.id]
    clerk = next((one.id for one in free if str(one.id) == staff), None)
    return await _press(here, branch, open_counter, counter, clerk, "changed" if staff else "no-clerk")


async def closing(request: Request) -> Response:
    """Close a counter, if the clerk whom the form names still sits there."""
    here, branch, counter = await _at_counter(request)
    return await _press(here, branch, close_counter, counter, _id((await kit.form(request)).get("staff", "")))


async def stopping(request: Request) -> Response:
    """Let a queue give no more numbers today."""
    return await _stop(request, stop_numbers, stopped=True)


async def resuming(request: Request) -> Response:
    """Let a queue give numbers again."""
    return await _stop(request, resume_numbers, stopped=False)


async def _stop(request: Request, action: Stopping, *, stopped: bool) -> Response:
    here = await enter(request, STOP_RIGHTS)
    branch = here.named(request.path_params["branch"])
    queue = next((one.id for one in branch.queues.values() if one.slug == request.path_params["queue"]), None)
    if queue is None:
        raise Missing("queue")
    said = {}
    try:
        # Foreseen, because a hall that gives no more numbers is too full to wait while it is worked out.
        found = await here.read_apart(foreseen_stop, branch.id, queue, stopped=stopped)
        try:
            await here.write_anywhere(action, branch.id, queue, here.actor, here.person, found)
        except Overtaken:
            await here.write_anywhere(action, branch.id, queue, here.actor, here.person, None)
    except Stale:
        said = {"said": "changed"}
    return kit.see_other(f"/office?{urlencode({'branch': branch.slug} | said)}#queues")


async def _press(
    here: InOffice,
    branch: BranchSettings,
    action: Callable[[Tx, Desk], Any],
    counter: CounterView,
    clerk: UUID | None,
    without: str = "changed",
) -> Response:
    """Do it for the clerk; `without` is what Today says if there is none."""
    said = ""
    if clerk is None:
        said = without
    else:
        desk = Desk(branch.id, counter.id, clerk, by=here.actor)
        try:
            await here.at(branch).write(action, desk)
        except Stale:
            said = "changed"
        except Refused as refusal:
            said = refusal.code
    query = {"branch": branch.slug} | ({"said": said} if said else {})
    return kit.see_other(f"/office?{urlencode(query)}#counters")


async def _at_counter(request: Request) -> tuple[InOffice, BranchSettings, CounterView]:
    """Raises Missing, and Denied for a counter of another department."""
    here = await enter(request, COUNTER_RIGHTS)
    branch = here.named(request.path_params["branch"])
    counter = branch.counter(request.path_params["counter"])
    if counter not in counters_for(here.person, branch, COUNTER_RIGHTS):
        raise Denied("not-allowed")
    return here, branch, counter


def _id(sent: str) -> UUID | None:
    try:
        return UUID(sent)
    except ValueError:
        return None


routes: list[BaseRoute] = [
    Route(f"{PAGE}/opening", opening, methods=["POST"]),
    Route(f"{PAGE}/closing", closing, methods=["POST"]),
    Route(f"{QUEUE}/stop", stopping, methods=["POST"]),
    Route(f"{QUEUE}/resume", resuming, methods=["POST"]),
]
