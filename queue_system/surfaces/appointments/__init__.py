"""The book of appointments for staff: days and weeks, booking for a visitor, one appointment, who is away or kept apart."""

from __future__ import annotations

from starlette.routing import BaseRoute

from ...core.rights import DAY_RIGHTS
from ...web.places import Place
from . import (
    accounts,
    apart,
    away,
    calls,
    common_time,
    contact,
    day,
    hand_over,
    invitations,
    new,
    one,
    paper,
    people,
    together,
    visits,
    week,
)

__all__ = ["routes", "staff_places"]

# In this order, because the name of a page could be read as that of an appointment.
routes: list[BaseRoute] = [
    *day.routes,
    *week.routes,
    *paper.routes,
    *common_time.routes,
    *together.routes,
    *apart.routes,
    *away.routes,
    *hand_over.routes,
    *calls.routes,
    *new.routes,
    *visits.routes,
    *invitations.routes,
    *accounts.routes,
    *one.routes,
    *people.routes,
    *contact.routes,
]
staff_places = (Place("/appointments", "appointments.place", DAY_RIGHTS),)
