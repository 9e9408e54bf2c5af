"""Whether an offer supports an appointment or a ticket, and if not, why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import TypeAlias
from uuid import UUID

from .calendars import Calendar, Window
from .hours import days_of, is_over, outing_on, to_instants, windows, working_hours
from .offer import LiveBooking, LiveTicket, Offer, OfferedDevice, past


class Why(StrEnum):
    """Why something is not supported; the first that applies, in this order."""

    SERVICE = "service"  # its service is no longer given on that day
    WALK_IN = "walk_in"  # its service is given without appointments only
    COUNTER = "counter"  # no counter serves its queue on that day
    CLOSED = "closed"  # the day is closed
    HOURS = "hours"  # the day is open, but not at that time
    LANES = "lanes"  # its queue takes fewer appointments at one time
    RESOURCE = "resource"  # there are fewer of something that it needs
    OUTING = "outing"  # fewer visitors can come on the day of an outing
    PLACE = "place"  # it would be at another place
    MEMBER = "member"  # the person, room or vehicle that it has is not there
    OTHER = "other"  # for another reason of the house
    # Two people would meet who must not. Visitors and the log have this word, so it does not say so.
    APART = "not_then"


Instants: TypeAlias = tuple[tuple[datetime, datetime], ...]
# What is scarce, and when: a queue or resource in one tick, or an outing on its day.
Scarce: TypeAlias = tuple[UUID | str, int]


class Support:
    """Answers for one offer; computes the opening of a day once."""

    __slots__ = ("_openings", "_served_until", "_windows", "offer")

    def __init__(self, offer: Offer) -> None:
        self.offer = offer
        self._windows: dict[tuple[UUID, date], Instants] = {}
        self._openings: dict[tuple[UUID, date], Instants] = {}
        self._served_until: dict[UUID, date] = {}
        for counter in offer.counters:
            for queue in counter.queues:
                last = counter.until or date.max
                self._served_until[queue] = max(self._served_until.get(queue, last), last)

    def lost(self, groups: Iterable[Sequence[LiveBooking]]) -> dict[UUID, Why]:
        """The appointments in groups of alike ones (`alike`) that lose their support, by id.

        Where places are short, the newest lose theirs.
        """
        found: dict[UUID, Why] = {}
        others: list[Sequence[LiveBooking]] = []
        for group in groups:
            why = self.why(group[0])
            if why is None:
                others.append(group)
            else:
                found.update((booking.id, why) for booking in group)
        return found | self._over_capacity(others)

    def why(self, booking: LiveBooking) -> Why | None:
        """Why an appointment cannot take place, whatever else is booked; None when it can."""
        service = self.offer.services.get(booking.service)
        day = self._day(booking)
        if service is None or past(service.until, day) or is_over(day, self.offer.calendar, booking.service):
            return Why.SERVICE
        if not service.bookable:
            return Why.WALK_IN
        if not service.elsewhere and not booking.by_video and day > self._served_until.get(service.queue, date.min):
            return Why.COUNTER
        opening = self.opening(booking)
        if any(opens <= booking.starts_at and booking.ends_at <= closes for opens, closes in opening):
            return Why.RESOURCE if any(self._is_away(one, booking) for one in booking.resources) else None
        return Why.HOURS if self._opening_on(booking.service, day) else Why.CLOSED

    def opening(self, booking: LiveBooking) -> Instants:
        """When its service is open on the days whose windows can hold it, UTC; what touches is one stretch."""
        days = days_of(booking.starts_at, self.offer.calendar.zone)
        key = booking.service, days[0]
        if key not in self._openings:
            spans = sorted(span for day in days for span in self._opening_on(booking.service, day))
            self._openings[key] = _joined(spans)
        return self._openings[key]

    def _is_away(self, member: UUID, booking: LiveBooking) -> bool:
        """Whether a member does not work at the time of an appointment; what only counts is never away."""
        if member not in self.offer.members:
            return False
        days = days_of(booking.starts_at, self.offer.calendar.zone)
        spans = _joined(sorted(span for day in days for span in self._working_on(member, day)))
        return not any(opens <= booking.starts_at and booking.ends_at <= closes for opens, closes in spans)

    def why_ticket(self, ticket: LiveTicket) -> Why | None:
        """Why a ticket is not supported: with COUNTER nobody could call it, with the others it can still be served out.

        A day that only ends earlier takes nothing from people in line, because they are served as every evening.
        """
        if ticket.day > self._served_until.get(ticket.queue, date.min):
            return Why.COUNTER
        service = self.offer.services.get(ticket.service)
        if service is None or past(service.until, ticket.day):
            return Why.SERVICE
        return None if self._opening_on(ticket.service, ticket.day) else Why.CLOSED

    def takes_in(self, day: date) -> tuple[str, ...]:
        """The services, by slug, to which people in line can be sent on `day`."""
        return tuple(
            one.slug
            for one in self.offer.services.values()
            if not one.elsewhere and self.why_ticket(LiveTicket(one.id, "", one.id, one.queue, day)) is None
        )

    def idle(self, device: OfferedDevice, day: date) -> bool:
        """Whether a kiosk has no service to give numbers for, or a screen no counter to show, on `day`."""
        if device.kind == "kiosk":
            return not any(one.numbers and not past(one.until, day) for one in self.offer.services.values())
        return not any(
            device.zone in (None, counter.zone) and not past(counter.until, day) for counter in self.offer.counters
        )

    def _over_capacity(self, groups: Sequence[Sequence[LiveBooking]]) -> dict[UUID, Why]:
        """Appointments beyond the places that there are: the newest first, until the others fit."""
        taken: Counter[Scarce] = Counter()
        for group in groups:
            for scarce, _ in self._needs(group[0]):
                taken[scarce] += len(group)
        # Most edits leave enough places, so most appointments need no closer look.
        fewest = {key: self._fewest(key) for key, _ in taken}
        full = {scarce for scarce, count in taken.items() if count > fewest[scarce[0]]}
        if not full:
            return {}
        crowded = [
            one for group in groups if any(scarce in full for scarce, _ in self._needs(group[0])) for one in group
        ]
        found: dict[UUID, Why] = {}
        for booking in sorted(crowded, key=lambda one: (one.made_at, one.id), reverse=True):
            over = next(
                (why for scarce, why in self._needs(booking) if taken[scarce] > self._places(booking, scarce)), None
            )
            if over is not None:
                found[booking.id] = over
                taken.subtract(scarce for scarce, _ in self._needs(booking))
        return found

    def _needs(self, booking: LiveBooking) -> Iterator[tuple[Scarce, Why]]:
        queue = self.offer.services[booking.service].queue
        for tick in booking.ticks:
            yield (queue, tick), Why.LANES
        for resource in booking.resources:
            for tick in booking.ticks:
                yield (resource, tick), Why.RESOURCE
        if self.offer.calendar.outings:
            day = self._day(booking)
            if outing_on(day, self.offer.calendar, booking.service) is not None:
                yield ("outing", day.toordinal()), Why.OUTING

    def _fewest(self, key: UUID | str) -> int:
        """The places of a queue or resource on its worst day; 0 for outings, which have a capacity by day."""
        capacity = None if isinstance(key, str) else self.offer.capacities.get(key)
        return capacity.fewest if capacity else 0

    def _places(self, booking: LiveBooking, scarce: Scarce) -> int:
        key, _ = scarce
        day = self._day(booking)
        if isinstance(key, str):
            outing = outing_on(day, self.offer.calendar, booking.service)
            return outing.capacity if outing else 0
        capacity = self.offer.capacities.get(key)
        return capacity.on(day) if capacity else 0

    def _opening_on(self, service: UUID, day: date) -> Instants:
        return self._instants(windows, service, day)

    def _working_on(self, member: UUID, day: date) -> Instants:
        return self._instants(working_hours, member, day)

    def _instants(self, of: Callable[[date, Calendar, UUID], Iterable[Window]], key: UUID, day: date) -> Instants:
        known = self._windows.get((key, day))
        if known is None:
            calendar = self.offer.calendar
            known = tuple(to_instants(day, window, calendar.zone) for window in of(day, calendar, key))
            self._windows[key, day] = known
        return known

    def _day(self, booking: LiveBooking) -> date:
        return booking.starts_at.astimezone(self.offer.calendar.zone).date()


def alike(bookings: Iterable[LiveBooking]) -> list[list[LiveBooking]]:
    """The appointments in groups that differ in nothing but the visitor: same service, time and places."""
    groups: dict[Hashable, list[LiveBooking]] = {}
    for one in bookings:
        groups.setdefault((one.service, one.starts_at, one.ends_at, one.ticks, one.resources), []).append(one)
    return list(groups.values())


def _joined(spans: Iterable[tuple[datetime, datetime]]) -> Instants:
    """Sorted stretches, joined where a window over midnight meets or overlaps one of the next day."""
    found: list[tuple[datetime, datetime]] = []
    for opens, closes in spans:
        if found and opens <= found[-1][1]:
            opens, closes = found[-1][0], max(found.pop()[1], closes)
        found.append((opens, closes))
    return tuple(found)
