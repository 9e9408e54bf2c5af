"""Silent emergency calls by programs: who needs help now, a call of one's own, that somebody comes, and that it is over."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from starlette.requests import Request

from ...actions import alarms
from ...core.rights import ALARM_RIGHTS
from ...web.alarms import Shown, alarm_values
from ...web.at_counter import at_counter
from ...web.here import StaffAtBranch, staff_at_branch
from . import models
from .operation import Key, Operation
from .values import Nothing

CALLS: Final = "/branches/{branch}/counters/{counter}/alarms"


async def list_alarms(request: Request, _asked: Nothing) -> models.Alarms:
    return await _alarms(await staff_at_branch(request, ALARM_RIGHTS))


async def call(request: Request, _asked: Nothing) -> models.Alarms:
    """At once, because only whoever makes a program knows how its person is asked."""
    here = await at_counter(request)
    await here.write(alarms.raise_alarm, here.desk())
    return await _alarms(here)


async def come(request: Request, _asked: Nothing) -> models.Alarms:
    here = await staff_at_branch(request, ALARM_RIGHTS)
    counter = here.branch.counter(request.path_params["counter"])
    await here.do(alarms.answer_alarm, counter.id, here.person.id, here.actor)
    return await _alarms(here)


async def end(request: Request, _asked: Nothing) -> models.Alarms:
    here = await staff_at_branch(request, ALARM_RIGHTS)
    counter = here.branch.counter(request.path_params["counter"])
    await here.do(alarms.end_alarm, counter.id, here.actor)
    return await _alarms(here)


async def _alarms(here: StaffAtBranch) -> models.Alarms:
    found: list[Shown] = (await alarm_values(here, here.branch))["alarms"] or []
    return models.Alarms(
        branch=here.branch.slug,
        alarms=[
            models.Alarm(
                counter=one.counter.slug,
                number=one.counter.number,
                by=one.alarm.name,
                raised_at=one.alarm.raised_at.astimezone(here.branch.zone),
                coming=one.alarm.coming,
                own=one.own,
                unseen=one.unseen,
            )
            for one in found
        ],
    )


def _operation(
    method: str, path: str, words: str, handler: Callable[[Request, Any], Awaitable[Any]], **rest: Any
) -> Operation:
    return Operation(method, path, words, handler, models.Alarms, key=Key.STAFF, **rest)


operations = [
    _operation("GET", "/branches/{branch}/alarms", "api.list-alarms", list_alarms),
    _operation("POST", CALLS, "api.raise-alarm", call),
    _operation("POST", f"{CALLS}/answers", "api.answer-alarm", come, refusals=(409,)),
    _operation("DELETE", CALLS, "api.end-alarm", end),
]
