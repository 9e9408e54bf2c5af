"""Reception: numbers and check-in by hand, bookings found again."""

from __future__ import annotations

from ...core.rights import HALL_RIGHTS
from ...web.places import Place
from . import pages, referral

__all__ = ["routes", "staff_places"]

routes = [*pages.routes, *referral.routes]
staff_places = (Place("/reception", "reception.place", HALL_RIGHTS),)
