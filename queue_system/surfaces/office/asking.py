"""What a page says of a request for a second person before it is asked."""

from __future__ import annotations

from uuid import UUID

from markupsafe import Markup

from ...actions.approvals import approvers
from ...core.approvals import DELAY
from ...i18n import dates, filters
from ...store.queries.people import zone_of
from ...web.here import StaffHere


async def alone_until(here: StaffHere, place: UUID, action: str) -> Markup | None:
    """When a request that the person asks now would be carried out because nobody else can approve it; None if somebody can.

    For actions from which nobody would gain a right.
    """
    if await here.read(approvers, place, here.person.id, action, {}):
        return None
    zone = await here.read(zone_of, here.person)
    return filters.bdi(dates.day_time(here.now + DELAY, zone, here.words), "auto")
