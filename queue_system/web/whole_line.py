"""The whole line of a hall, read once for all telephones, screens and programs that ask at the same moment."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Final
from uuid import UUID

from ..store.database import Tx
from ..store.queries.place import LineView, joined, whole_line
from ..store.queries.settings import branch_settings
from .installation import ReadOnlyInstallation

# The line also changes with time alone, but slowly: an appointment becomes callable.
KEPT_SECONDS: Final = 10


async def everybody(installation: ReadOnlyInstallation, branch_id: UUID) -> LineView:
    """The line at the newest position of the branch that this node knows, or newer."""
    # Nothing is awaited if the line is there: three hundred telephones ask after each call.
    shared, key = installation.shared, ("line", branch_id)
    position, now = installation.hub.position(branch_id), installation.clock.now()
    ready: LineView | None = shared.ready(key, position, _moment(now))
    if ready is not None:
        return ready
    # Read before `get` puts the new answer in its place.
    earlier: LineView | None = shared.last(key)
    return await shared.get(
        key, position, _moment(now), partial(_read_or_join, installation, branch_id, position, earlier)
    )


async def _read_or_join(
    installation: ReadOnlyInstallation, branch_id: UUID, position: int, earlier: LineView | None
) -> LineView:
    now = installation.clock.now()
    if earlier is not None and _moment(earlier.read_at) == _moment(now):
        # Most changes are numbers that this node has given; then the line is updated without reading the database.
        appended = installation.hub.recent.between(branch_id, earlier.seq, position)
        line = None if appended is None else joined(earlier, appended, now)
        if line is not None:
            return line
    return await installation.reader.read(_read, branch_id, earlier)


def _moment(at: datetime) -> int:
    return int(at.timestamp()) // KEPT_SECONDS


def _read(tx: Tx, branch_id: UUID, earlier: LineView | None) -> LineView:
    return whole_line(tx, branch_settings(tx, branch_id), earlier)
