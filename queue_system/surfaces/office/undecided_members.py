"""On the list of what is to be decided: the way to somebody who could take an appointment over whose member is away."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlencode
from uuid import UUID

from ...core import hours
from ...core.rights import HAND_OVER_RIGHTS
from ...core.support import Why
from ...store.queries.blocks import blocked_bookings
from ...store.queries.effect import Undecided
from ...store.queries.members import members_of
from ...store.queries.settings import BranchSettings
from ...web.departments import services_for
from .frame import InOffice


async def hand_over_links(here: InOffice, branch: BranchSettings, listed: Iterable[Undecided]) -> dict[UUID, str]:
    """The address of the page on which each of these is handed over, by id; none for those who may not."""
    mine = services_for(here.person, branch, HAND_OVER_RIGHTS)
    wanted = [one.booking for one in listed if one.why is Why.MEMBER and one.booking.service_id in mine]
    if not wanted:
        return {}
    away, known = await here.read(blocked_bookings, branch), members_of(branch)
    found = {}
    for booking in wanted:
        member = known.get(away[booking.id]) if booking.id in away else None
        if member is not None:
            day = hours.business_date(booking.starts_at, branch.zone, branch.day_starts)
            query = urlencode({"member": member.slug, "day": day.isoformat(), "booking": str(booking.id)})
            found[booking.id] = f"/appointments/{branch.slug}/hand-over?{query}"
    return found
