"""Makes the forecasts of waits of all branches, beside the requests."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog

from ..core.tickets import TAKE_BACK
from ..store.database import Tx
from ..store.queries import line
from ..store.queries.past_waits import LEARNT_FROM, Learnt, learn, outcomes
from ..store.queries.settings import BranchSettings, branch_ids, branch_settings
from ..store.queries.waits import play
from .installation import Installation

FORECAST_EVERY_SECONDS: Final = 1.0
#: A forecast is made after a change, and now and then without one, because waits go by; never more often than this.
AGAIN_SECONDS: Final = 30.0
PAUSE_SECONDS: Final = 3.0
#: What the past says is read anew so often.
LEARN_SECONDS: Final = 600.0

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Progress:
    """How far a branch is: seconds of the monotonic clock, and until when (UTC) the ends of waits were heard of."""

    position: int = -1
    played_at: float = float("-inf")
    learnt: Learnt | None = None
    learnt_at: float = float("-inf")
    heard_until: datetime | None = None


class Forecaster:
    """Keeps what `installation.waits` tells up to date."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._branches: dict[UUID, _Progress] = {}

    async def look(self) -> None:
        """Make the forecasts that are due."""
        for branch_id in (await self._installation.database.read(branch_ids)).values():
            progress = self._branches.setdefault(branch_id, _Progress())
            moved = self._installation.hub.position(branch_id) != progress.position
            if time.monotonic() - progress.played_at < (PAUSE_SECONDS if moved else AGAIN_SECONDS):
                continue
            try:
                await self.renew(branch_id)
            except Exception:
                # A branch that cannot be forecast must not keep the others from it.
                log.exception("waits.failed", branch=str(branch_id))
            progress.played_at = time.monotonic()

    async def renew(self, branch_id: UUID) -> None:
        """Learn from the waits that have ended, and make the forecast of a branch, if a counter is open."""
        database, waits = self._installation.database, self._installation.waits
        progress = self._branches.setdefault(branch_id, _Progress())
        progress.position = self._installation.hub.position(branch_id)
        settings, anybody = await database.read(_at_work, branch_id)
        if not anybody:
            waits.take(branch_id, None)
            return
        if progress.learnt is None or time.monotonic() - progress.learnt_at >= LEARN_SECONDS:
            progress.learnt = await database.read_apart(learn, branch_id)
            progress.learnt_at = time.monotonic()
        # A call can be taken back until then.
        until = self._installation.clock.now() - TAKE_BACK
        # The first time it is the whole past.
        read = database.read_apart if progress.heard_until is None else database.read
        ended = await read(outcomes, settings, progress.heard_until or until - LEARNT_FROM, until)
        progress.heard_until = until
        waits.learn(branch_id, progress.learnt, ended)
        waits.take(branch_id, await database.read_apart(play, branch_id, progress.learnt))


def _at_work(tx: Tx, branch_id: UUID) -> tuple[BranchSettings, bool]:
    """The settings of a branch, and whether any of its counters is open."""
    settings = branch_settings(tx, branch_id)
    return settings, bool(line.open_counters(tx, settings))
