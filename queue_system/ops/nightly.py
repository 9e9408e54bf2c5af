"""The work of the night: backups, deleting what was kept long enough. Each task is done once a night, by one node.

Each node looks every minute (`Nightly.look`). A night's work is due after the last branch's day is over
(`core/nights.py`), or as soon as a node runs again after that. A task that fails is tried again at the next look, five
times in all; `doctor` and the office then show it, and so does the log of the organisation.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import structlog

from ..actions.upkeep import begin, done, failed, is_abandoned, may_begin
from ..core.errors import DomainError, Unavailable
from ..store.database import Database
from ..store.queries import upkeep
from ..store.tables import ORGANISATION

LOOK_EVERY_SECONDS: Final = 60.0
PING_SECONDS: Final = 10.0
PING: Final = "ping"

log = structlog.get_logger(__name__)

#: What came of a task: numbers, or the name of a file; nothing personal, because they are stored and shown.
Figures = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Task:
    """A piece of the night's work. `name` is one of `core.facts.fields.Upkeep`; `work` gets the date of the night.

    `work` may be begun again after it was interrupted anywhere, so it does what is left.
    """

    name: str
    work: Callable[[date], Awaitable[Figures]]


class Nightly:
    """Does the tasks in their order. After a night whose tasks are all done, `ping_url` is asked for, if there is one.

    So a service outside, which expects that, tells somebody when a night's work is missing. It is sent no data.
    """

    def __init__(self, database: Database, node: str, tasks: Sequence[Task], ping_url: str = "") -> None:
        self._database = database
        self._node = node
        self._tasks = tuple(tasks)
        self._ping = Task(PING, lambda _: _ask(ping_url)) if ping_url else None

    async def look(self) -> None:
        """Do what is due and not done; errors of a task are noted and do not keep the others from being done."""
        night = await self._database.read(upkeep.night)
        for task in self._tasks:
            await self._do(task, night)
        if self._ping is not None:
            known = await self._database.read(upkeep.of_night, night)
            if all(task.name in known and known[task.name].state == "done" for task in self._tasks):
                await self._do(self._ping, night)

    async def _do(self, task: Task, night: date) -> None:
        known = (await self._database.read(upkeep.of_night, night)).get(task.name)
        now = self._database.clock.now()
        if known is not None and is_abandoned(known, now):
            await self._database.write_in(ORGANISATION, failed, task.name, night, known.attempts, "abandoned")
        if not may_begin(known, now):
            return
        attempt = await self._database.write_in(ORGANISATION, begin, task.name, night, self._node)
        if attempt is None:
            return
        try:
            figures = await task.work(night)
        except asyncio.CancelledError:
            # The node stops; the next one that looks begins anew.
            await self._database.write_in(ORGANISATION, failed, task.name, night, attempt, "stopped")
            raise
        except Exception as error:
            code = error.code if isinstance(error, DomainError) else type(error).__name__
            log.exception("upkeep.failed", task=task.name, night=night.isoformat(), attempt=attempt, code=code)
            await self._database.write_in(ORGANISATION, failed, task.name, night, attempt, code)
        else:
            await self._database.write_in(ORGANISATION, done, task.name, night, attempt, figures)


async def _ask(url: str) -> Figures:
    # Imported here, because most installations ask nobody and the library takes long to load.
    import httpx2

    try:
        async with httpx2.AsyncClient(timeout=PING_SECONDS) as client:
            (await client.get(url)).raise_for_status()
    except httpx2.HTTPError:
        # Without its cause, whose text has the address, which is a secret.
        raise Unavailable("ping-failed") from None
    return {}
