"""The whole line of a hall, read once for all telephones and programs that ask at the same moment."""

from __future__ import annotations

from functools import partial
from typing import Final
from uuid import UUID

from ..store.database import Tx
from ..store.queries.place import LineView, whole_line
from ..store.queries.settings import branch_settings
from .installation import Installation

# The line also changes with time alone, but slowly: an appointment becomes callable.
KEPT_SECONDS: Final = 10


async def everybody(installation: Installation, branch_id: UUID) -> LineView:
    """The line at the newest position of the branch that this node knows, or newer."""
    position, moment = installation.hub.position(branch_id), int(installation.clock.now().timestamp()) // KEPT_SECONDS
    earlier = installation.shared.last(("line", branch_id))
    look = partial(installation.database.read, _read, branch_id, earlier)
    return await installation.shared.get(("line", branch_id), position, moment, look)


def _read(tx: Tx, branch_id: UUID, earlier: LineView | None) -> LineView:
    return whole_line(tx, branch_settings(tx, branch_id), earlier)
