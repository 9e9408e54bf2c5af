"""Other appointments to come of the person of an appointment: warnings, which stop nobody.

While a time is held they are about what was typed, so that whoever books can still say it to the caller.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from ...actions.participants import read_for
from ...actions.said import Said, contact_of
from ...core.bookings import BookingState
from ...core.errors import Invalid
from ...core.rights import BOOK_RIGHTS, MOVE_RIGHTS
from ...store.queries.bookings import BookingView
from ...store.queries.overlaps import placed_besides, to_come_besides
from ...store.queries.settings import Names
from ...store.queries.standing import against_one_more
from ...web.booking_warnings import SAME_TIME, warnings_of
from ...web.errors import message
from ...web.here import StaffAtBranch

#: The field of a form with the warnings that were shown with it.
WARNED: Final = "warned"


@dataclass(frozen=True, slots=True)
class Besides:
    """Other appointments with the names of their services: `others` to come, and `at_once`, those that overlap.

    `same_service`: one of them is for the same service. `same_time`: one overlaps, perhaps one that may not be named. Discreet
    services are in `at_once` alone, because nobody can come to two appointments at once (decision 0012).

    `limit` says why the house gives this person no further appointment, which a confirmation would refuse; "" where it may.
    """

    others: tuple[tuple[BookingView, Names], ...]
    same_service: bool
    same_time: bool
    at_once: tuple[tuple[BookingView, Names], ...] = ()
    limit: str = ""

    @property
    def shown(self) -> str:
        """What a form says back that it has shown; it names appointments by their ids alone."""
        return " ".join(
            [*(str(one.id) for one, _ in (*self.others, *self.at_once)), *([SAME_TIME] if self.same_time else [])]
        )

    def has_more_than(self, shown: str) -> bool:
        """Whether there is a warning that a form had not shown."""
        return not set(self.shown.split()) <= set(shown.split())


async def besides(here: StaffAtBranch, booking: BookingView) -> Besides:
    """The warnings about a booking, of the services that this person books."""
    books = here.services(BOOK_RIGHTS)
    found = [one for one in await here.read(to_come_besides, booking) if one.service_id in books]
    at_once = await _at_once(here, booking, books)
    refusal = await here.read(against_one_more, here.branch, booking) if booking.state is BookingState.HELD else None
    return Besides(
        _named(here, found),
        any(one.service_id == booking.service_id for one in found),
        bool(at_once) or SAME_TIME in await warnings_of(here, booking),
        _named(here, at_once),
        message(refusal, here.words) if refusal else "",
    )


async def besides_at(here: StaffAtBranch, booking: BookingView, starts_at: datetime, ends_at: datetime) -> Besides:
    """The warnings about giving an appointment another time: what its person has at that very time.

    Whoever moves appointments but does not book is told that there is something, and not what.
    """
    there = replace(booking, starts_at=starts_at, ends_at=ends_at)
    books = here.services(BOOK_RIGHTS)
    found = await _at_once(here, there, books | here.services(MOVE_RIGHTS))
    same_time = bool(found) or SAME_TIME in await warnings_of(here, there)
    return Besides((), same_service=False, same_time=same_time, at_once=_named(here, found, books))


async def at_once_of_all(here: StaffAtBranch, parts: Iterable[BookingView]) -> Besides:
    """What the people of a visit have at the times of its parts, besides the visit; nothing else of it warns."""
    found = [await besides(here, one) for one in parts]
    others = {one.id: (one, names) for each in found for one, names in each.at_once}
    same_time = any(each.same_time for each in found)
    return Besides((), same_service=False, same_time=same_time, at_once=tuple(others.values()))


def _named(
    here: StaffAtBranch, found: Iterable[BookingView], among: Collection[UUID] | None = None
) -> tuple[tuple[BookingView, Names], ...]:
    services = here.branch.services
    return tuple(
        (one, services[one.service_id].listed_names) for one in found if among is None or one.service_id in among
    )


async def _at_once(here: StaffAtBranch, booking: BookingView, told: Collection[UUID]) -> list[BookingView]:
    found = await here.read(placed_besides, booking, told)
    return [one for one in found if one.starts_at < booking.ends_at and booking.starts_at < one.ends_at]


def as_typed(here: StaffAtBranch, hold: BookingView, said: Said) -> BookingView:
    """The hold as it would be for whoever was typed; what cannot be read yet is nobody's."""
    service, name, reference, contact = here.branch.services[hold.service_id], "", "", ""
    with suppress(Invalid):
        name, reference = read_for(service, said.name, said.reference)
    with suppress(Invalid):
        contact = contact_of(here.branch, service, said.contact, sure=True, needed=False)
    return replace(hold, name=name, reference=reference, contact=contact)
