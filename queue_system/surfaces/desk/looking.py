"""Whom "next" would call, for desks that look before they call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ...core.dispatch import Choice, Reason
from ...store.queries.bookings import BookingView
from ...store.queries.desk import DeskView
from ...store.queries.line import TicketView
from ...store.queries.settings import BranchSettings, Names


@dataclass(frozen=True, slots=True)
class Look:
    """Whom "next" would call now; `name` and `agreed` are of the booking, if there is one and the name may be shown."""

    ticket: TicketView
    names: Names
    reason: Reason
    priority: Names | None
    name: str | None
    agreed: datetime | None


def look(view: DeskView, choice: Choice, tickets: Mapping[UUID, TicketView]) -> Look:
    """What is known of the ticket that would be called."""
    ticket, settings = tickets[choice.ticket_id], view.settings
    booking = view.next_booking
    priority = settings.priorities.get(ticket.priority)
    return Look(
        ticket,
        settings.services[ticket.service_id].listed_names,
        choice.reason,
        priority.names if priority else None,
        booked_name(settings, ticket, booking),
        booking.starts_at if booking else None,
    )


def booked_name(settings: BranchSettings, ticket: TicketView | None, booking: BookingView | None) -> str | None:
    """The name of the booking; None without one, or if the service's confidentiality keeps names off screens."""
    if booking is None or ticket is None or booking.erased_at is not None:
        return None
    level = settings.services[ticket.service_id].confidentiality
    return booking.name if level.display == "code" else None
