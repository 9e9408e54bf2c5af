"""The clerk's desk: call, serve, send on."""

from __future__ import annotations

from ...core.rights import DESK_RIGHTS
from ...web.places import Place
from . import alarms, pages

__all__ = ["routes", "staff_places"]

routes = [*pages.routes, *alarms.routes]
staff_places = (Place("/desk", "desk.place", DESK_RIGHTS),)
