"""Where everybody in a hall stands, read once for all who ask about the same moment: telephones, programs."""

from __future__ import annotations

from functools import partial
from typing import Final
from uuid import UUID

from ..store.database import Tx
from ..store.queries.place import LineView, whole_line
from ..store.queries.settings import branch_settings
from .installation import Installation

# With time alone the line changes slowly: an appointment may be called from now on.
KEPT_SECONDS: Final = 10


async def everybody(installation: Installation, branch_id: UUID) -> LineView:
    """The line at the branch's position as this node knows it, or newer."""
    position, moment = installation.hub.position(branch_id), int(installation.clock.now().timestamp()) // KEPT_SECONDS
    earlier = installation.shared.last(("line", branch_id))
    look = partial(installation.database.read, _read, branch_id, earlier)
    return await installation.shared.get(("line", branch_id), position, moment, look)


def _read(tx: Tx, branch_id: UUID, earlier: LineView | None) -> LineView:
    return whole_line(tx, branch_settings(tx, branch_id), earlier)
