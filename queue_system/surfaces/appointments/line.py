"""An appointment as the pages of a day show it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from ...core.bookings import BookingState
from ...store.queries.appointments import DayOfBookings
from ...store.queries.bookings import BookingView
from ...store.queries.members import members_of
from ...store.queries.settings import BranchSettings, Names


@dataclass(frozen=True, slots=True)
class Line:
    """An appointment in the list. `name` is None where the person may not see it, or the level keeps it off screens.

    `opens`: whether the person may open its page, which then may have no name. `columns` are the slugs of its members, or else of its queue.
    """

    booking: BookingView
    names: Names
    name: str | None
    members: tuple[Names, ...]
    opens: bool
    columns: frozenset[str] = frozenset()


def lines_of(
    branch: BranchSettings,
    found: DayOfBookings,
    seen: Collection[UUID],
    named: Collection[UUID],
    opened: Collection[UUID],
) -> list[Line]:
    """The appointments of the services `seen`, with names for the services `named`, and leading on for those `opened`."""
    known = members_of(branch)
    return [
        Line(
            one,
            branch.services[one.service_id].listed_names,
            _name(branch, one) if one.service_id in named else None,
            tuple(known[had.member].names for had in found.had(one) if had.member in known),
            _opens(one, named, opened),
            _columns(branch, found, one),
        )
        for one in found.bookings
        if one.service_id in seen
    ]


def _opens(booking: BookingView, named: Collection[UUID], opened: Collection[UUID]) -> bool:
    """A time that is only held is no appointment yet, so nobody but those who book has anything to do with it."""
    return booking.service_id in (named if booking.state is BookingState.HELD else opened)


def _columns(branch: BranchSettings, found: DayOfBookings, booking: BookingView) -> frozenset[str]:
    known = members_of(branch)
    if had := found.had(booking):
        return frozenset(known[one.member].slug for one in had if one.member in known)
    queue = branch.queues.get(branch.services[booking.service_id].queue_id)
    return frozenset() if queue is None else frozenset({queue.slug})


def _name(branch: BranchSettings, booking: BookingView) -> str | None:
    return None if branch.services[booking.service_id].confidentiality.discreet else booking.name
