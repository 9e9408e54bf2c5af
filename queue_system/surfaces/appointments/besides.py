"""Other appointments to come of the person of an appointment: warnings, which stop nobody.

While a time is held they are about what was typed, so that whoever books can still say it to the caller.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from ...actions.participants import read_for
from ...actions.said import Said, contact_of
from ...core.errors import Invalid
from ...core.rights import BOOK_RIGHTS
from ...store.queries.bookings import BookingView
from ...store.queries.overlaps import to_come_besides
from ...store.queries.settings import Names
from ...web.booking_warnings import SAME_TIME, warnings_of
from ...web.here import StaffAtBranch

#: The field of a form with the warnings that were shown with it.
WARNED: Final = "warned"


@dataclass(frozen=True, slots=True)
class Besides:
    """Other appointments with the names of their services; `same_service`: one is for the same service, `same_time`: one overlaps."""

    others: tuple[tuple[BookingView, Names], ...]
    same_service: bool
    same_time: bool

    @property
    def shown(self) -> str:
        """What a form says back that it has shown; it names appointments by their ids alone."""
        return " ".join([*(str(one.id) for one, _ in self.others), *([SAME_TIME] if self.same_time else [])])

    def has_more_than(self, shown: str) -> bool:
        """Whether there is a warning that a form had not shown."""
        return not set(self.shown.split()) <= set(shown.split())


async def besides(here: StaffAtBranch, booking: BookingView) -> Besides:
    """The warnings about a booking, of the services that this person books."""
    books = here.services(BOOK_RIGHTS)
    found = [one for one in await here.read(to_come_besides, booking) if one.service_id in books]
    overlaps = any(one.starts_at < booking.ends_at and booking.starts_at < one.ends_at for one in found)
    return Besides(
        tuple((one, here.branch.services[one.service_id].listed_names) for one in found),
        any(one.service_id == booking.service_id for one in found),
        overlaps or SAME_TIME in await warnings_of(here, booking),
    )


def as_typed(here: StaffAtBranch, hold: BookingView, said: Said) -> BookingView:
    """The hold as it would be for whoever was typed; what cannot be read yet is nobody's."""
    service, name, reference, contact = here.branch.services[hold.service_id], "", "", ""
    with suppress(Invalid):
        name, reference = read_for(service, said.name, said.reference)
    with suppress(Invalid):
        contact = contact_of(here.branch, service, said.contact, sure=True, needed=False)
    return replace(hold, name=name, reference=reference, contact=contact)
