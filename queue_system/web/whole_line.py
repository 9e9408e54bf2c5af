"""The whole line of a hall, read once for all telephones and programs that ask at the same moment."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Final
from uuid import UUID

from ..store.database import Tx
from ..store.queries.place import LineView, joined, whole_line
from ..store.queries.settings import branch_settings
from .installation import Installation

# The line also changes with time alone, but slowly: an appointment becomes callable.
KEPT_SECONDS: Final = 10


async def everybody(installation: Installation, branch_id: UUID) -> LineView:
    """The line at the newest position of the branch that this node knows, or newer."""
    position, moment = installation.hub.position(branch_id), _moment(installation.clock.now())
    # Read before `get` puts the new answer in its place.
    earlier: LineView | None = installation.shared.last(("line", branch_id))
    look = partial(_look, installation, branch_id, position, earlier)
    return await installation.shared.get(("line", branch_id), position, moment, look)


async def _look(installation: Installation, branch_id: UUID, position: int, earlier: LineView | None) -> LineView:
    now = installation.clock.now()
    if earlier is not None and _moment(earlier.read_at) == _moment(now):
        # Most changes are numbers that were given here, and then the line needs no look into the database.
        appended = installation.hub.recent.between(branch_id, earlier.seq, position)
        line = None if appended is None else joined(earlier, appended, now)
        if line is not None:
            return line
    return await installation.database.read(_read, branch_id, earlier)


def _moment(at: datetime) -> int:
    return int(at.timestamp()) // KEPT_SECONDS


def _read(tx: Tx, branch_id: UUID, earlier: LineView | None) -> LineView:
    return whole_line(tx, branch_settings(tx, branch_id), earlier)
