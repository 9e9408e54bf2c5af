"""How somebody may be contacted, in words, on every page that shows how to reach a person."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from ..core import hours
from ..core.bookings import Booker
from ..core.safe_contact import SHOWN, ContactWay, is_to_be_asked
from ..i18n.words import Words
from ..store.queries.bookings import BookingView
from ..store.queries.messages import way_in_force
from ..store.queries.settings import BranchSettings
from .here import AtBranch


@dataclass(frozen=True, slots=True)
class WayInForce:
    """How a person may be contacted, with the note that belongs to it; `chosen` by themselves.

    `shows`: whether staff may see number or address at all. `says`: whether there is anything to observe.
    """

    way: ContactWay
    words: str
    note: str
    chosen: bool

    @property
    def shows(self) -> bool:
        return self.way in SHOWN

    @property
    def says(self) -> bool:
        return self.chosen or self.way is not ContactWay.FULL


def way_of(branch: BranchSettings, words: Words, service_id: UUID, chosen: str | None, note: str) -> WayInForce:
    """How somebody of a service may be contacted who chose this."""
    way = way_in_force(branch, service_id, chosen)
    return WayInForce(way, words.text(f"messages.way-{way.value}"), note if chosen == way else "", chosen == way)


def way_to_show(booking: BookingView) -> str | None:
    """The choice that pages behind the link of an appointment may show.

    Whoever books under the name and contact of another person must not see what that person chose before. Links of appointments
    that staff made are given to that person alone.
    """
    asked_at = booking.contact_asked_at
    here = booking.source == Booker.STAFF or (asked_at is not None and asked_at >= booking.created_at)
    return booking.contact_way if here else None


def asks_again(here: AtBranch, booking: BookingView) -> bool:
    """Whether the visit is today, and whom it is for has not been asked on this day yet as the branch wants it."""
    branch = here.branch
    today = hours.business_date(here.now, branch.zone, branch.day_starts)
    start, end = hours.day_bounds(today, branch.zone, branch.day_starts)
    return (
        start <= booking.starts_at < end
        and booking.erased_at is None
        and is_to_be_asked(branch.safe_contact, booking.contact_asked_at, start)
    )
