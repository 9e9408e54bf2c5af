"""The book of appointments for staff: a day, a week, a day on paper, booking for a visitor, one appointment, who is kept apart."""

from __future__ import annotations

from starlette.routing import BaseRoute

from ...core.rights import DAY_RIGHTS
from ...web.places import Place
from . import apart, common_time, day, new, one, paper, people, together, week

__all__ = ["routes", "staff_places"]

# In this order, because the name of a page could be read as that of an appointment.
routes: list[BaseRoute] = [
    *day.routes,
    *week.routes,
    *paper.routes,
    *common_time.routes,
    *together.routes,
    *apart.routes,
    *new.routes,
    *one.routes,
    *people.routes,
]
staff_places = (Place("/appointments", "appointments.place", DAY_RIGHTS),)
