"""What the settings of a branch offer, and what has been promised on it: the two sides that an effect compares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from .calendars import Calendar


@dataclass(frozen=True, slots=True)
class OfferedService:
    """A service: `bookable` by anybody at all, `numbers` given at kiosks, `elsewhere` where nobody comes to a counter.

    `until` is the last day on which it is given; None without an end.
    """

    id: UUID
    slug: str
    queue: UUID
    bookable: bool = True
    numbers: bool = True
    elsewhere: bool = False
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Capacity:
    """How many appointments a queue or resource takes at one time; `terms` are (first day, places), ascending."""

    slug: str
    terms: tuple[tuple[date, int], ...]
    until: date | None = None

    @property
    def fewest(self) -> int:
        """The places on the worst day."""
        return 0 if self.until else min((places for _, places in self.terms), default=0)

    def on(self, day: date) -> int:
        """The places on a day; 0 before the first term and after the last day."""
        if past(self.until, day):
            return 0
        return next((places for first, places in reversed(self.terms) if first <= day), 0)


@dataclass(frozen=True, slots=True)
class OfferedCounter:
    """A counter, the zone in which it stands and the queues that it serves."""

    slug: str
    zone: UUID
    queues: frozenset[UUID]
    until: date | None = None


@dataclass(frozen=True, slots=True)
class OfferedDevice:
    """A kiosk or a screen; a screen without a zone shows all zones."""

    slug: str
    kind: str
    zone: UUID | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """Services and capacities (of queues and resources) are by id; `members` are those resources that are one of a kind."""

    calendar: Calendar
    services: Mapping[UUID, OfferedService]
    capacities: Mapping[UUID, Capacity]
    counters: tuple[OfferedCounter, ...] = ()
    devices: tuple[OfferedDevice, ...] = ()
    members: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class LiveBooking:
    """A confirmed appointment that is not over, at the time where its visitor is expected; instants in UTC.

    It takes a place of its service's queue, and of each of `resources`, in every tick of `ticks`. `kept`: it was
    promised that it stays although the settings no longer support it; so it counts nowhere. `by_video`: its visitor comes
    nowhere.
    """

    id: UUID
    code: str
    service: UUID
    starts_at: datetime
    ends_at: datetime
    ticks: range
    resources: tuple[UUID, ...]
    made_at: datetime
    kept: bool = False
    by_video: bool = False


@dataclass(frozen=True, slots=True)
class LiveTicket:
    """A ticket that is waiting, parked, called or served."""

    id: UUID
    code: str
    service: UUID
    queue: UUID
    day: date


@dataclass(frozen=True, slots=True)
class Live:
    """All that is promised from `today`, a business day, on."""

    today: date
    bookings: tuple[LiveBooking, ...] = ()
    tickets: tuple[LiveTicket, ...] = ()


def past(until: date | None, day: date) -> bool:
    """Whether something that ends with `until` no longer exists on `day`."""
    return until is not None and day > until
