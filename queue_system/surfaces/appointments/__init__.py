"""The book of appointments for staff: days, bookings for visitors, one appointment, a series, who is away or kept apart."""

from __future__ import annotations

from starlette.routing import BaseRoute

from ...core.rights import DAY_RIGHTS
from ...web.places import Place
from . import (
    accounts,
    apart,
    attendance,
    away,
    calls,
    common_time,
    contact,
    day,
    hand_over,
    helping,
    invitations,
    move,
    moves,
    new,
    notes,
    one,
    own_views,
    paper,
    people,
    plans,
    series,
    series_change,
    series_new,
    together,
    typo,
    visits,
    week,
)

__all__ = ["routes", "staff_places"]

# In this order, because the name of a page could be read as that of an appointment.
routes: list[BaseRoute] = [
    *day.routes,
    *week.routes,
    *paper.routes,
    *own_views.routes,
    *common_time.routes,
    *together.routes,
    *apart.routes,
    *away.routes,
    *plans.routes,
    *hand_over.routes,
    *moves.routes,
    *calls.routes,
    *attendance.routes,
    *new.routes,
    *visits.routes,
    *invitations.routes,
    *helping.routes,
    *accounts.routes,
    *series.routes,
    *series_change.routes,
    *one.routes,
    *move.routes,
    *people.routes,
    *contact.routes,
    *notes.routes,
    *typo.routes,
    *series_new.routes,
]
staff_places = (Place("/appointments", "appointments.place", DAY_RIGHTS),)
