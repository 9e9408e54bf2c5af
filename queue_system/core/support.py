"""Whether an offer supports an appointment or a ticket, and if not, why."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from itertools import chain
from typing import Final, TypeAlias
from uuid import UUID

from .calendars import Calendar, Outing, Window
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
# What is scarce: a queue, a resource, or places on outings, whose ticks are days.
Scarce: TypeAlias = UUID | str
OUTING: Final = "outing"


class Support:
    """Answers for one offer; computes the opening of a day once."""

    __slots__ = ("_days", "_joined", "_out_on", "_outings", "_served_until", "_whys", "_windows", "offer")

    def __init__(self, offer: Offer) -> None:
        self.offer = offer
        self._windows: dict[tuple[UUID, date], Instants] = {}
        self._joined: dict[tuple[UUID, date], Instants] = {}
        self._out_on = {outing.day for outing in offer.calendar.outings}
        self._outings: dict[tuple[UUID, date], Outing | None] = {}
        self._days: dict[datetime, tuple[date, date]] = {}
        self._whys: dict[tuple[UUID, datetime, datetime, bool], Why | None] = {}
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

    def in_reach(self, bookings: Iterable[LiveBooking], wanted: Collection[UUID]) -> list[LiveBooking]:
        """Those of some appointments that can decide whether the `wanted` ones, by id, have their places; these among them.

        That is everybody in their stretches of time, which end where nobody has a place; and who goes on the same outings.
        """
        stretches: list[list[LiveBooking]] = []
        ends = 0
        for one in sorted(bookings, key=lambda one: one.ticks.start):
            if not stretches or one.ticks.start >= ends:
                stretches.append([])
            stretches[-1].append(one)
            ends = max(ends, one.ticks.stop)
        days = [{self.day(one) for one in group if self.outing(one) is not None} for group in stretches]
        found = [any(one.id in wanted for one in group) for group in stretches]
        out: set[date] = set()
        while more := set[date]().union(*(of for of, is_in in zip(days, found, strict=True) if is_in)) - out:
            out |= more
            found = [is_in or not out.isdisjoint(of) for of, is_in in zip(days, found, strict=True)]
        return [one for group, is_in in zip(stretches, found, strict=True) if is_in for one in group]

    def why(self, booking: LiveBooking) -> Why | None:
        """Why an appointment cannot take place, whatever else is booked; None when it can."""
        at = booking.service, booking.starts_at, booking.ends_at, booking.by_video
        if at not in self._whys:
            self._whys[at] = self._why_then(booking)
        why = self._whys[at]
        if why is None:
            for one in booking.resources:
                if self._is_away(one, booking):
                    return Why.RESOURCE
        return why

    def opening(self, booking: LiveBooking) -> Instants:
        """When its service is open on the days whose windows can hold it, UTC; what touches is one stretch."""
        return self._stretches(self._opening_on, booking.service, booking)

    def outing(self, booking: LiveBooking) -> Outing | None:
        """The outing on which its service is given on its day."""
        day = self.day(booking)
        if day not in self._out_on:
            return None
        at = booking.service, day
        if at not in self._outings:
            self._outings[at] = outing_on(day, self.offer.calendar, booking.service)
        return self._outings[at]

    def _why_then(self, booking: LiveBooking) -> Why | None:
        """`why`, whatever members it has; the same for all of a service at one time."""
        service = self.offer.services.get(booking.service)
        day = self.day(booking)
        if service is None or past(service.until, day) or is_over(day, self.offer.calendar, booking.service):
            return Why.SERVICE
        if not service.bookable:
            return Why.WALK_IN
        if not service.elsewhere and not booking.by_video and day > self._served_until.get(service.queue, date.min):
            return Why.COUNTER
        if _within(self.opening(booking), booking):
            return None
        return Why.HOURS if self._opening_on(booking.service, day) else Why.CLOSED

    def _is_away(self, member: UUID, booking: LiveBooking) -> bool:
        """Whether a member does not work at the time of an appointment; what only counts is never away."""
        return member in self.offer.members and not _within(self._stretches(self._working_on, member, booking), booking)

    def _stretches(self, on: Callable[[UUID, date], Instants], key: UUID, booking: LiveBooking) -> Instants:
        """The time of a service or member on the days whose windows can hold an appointment; what touches is one stretch."""
        days = self._days_of(booking)
        known = self._joined.get((key, days[0]))
        if known is None:
            known = self._joined[key, days[0]] = _joined(sorted(span for day in days for span in on(key, day)))
        return known

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
        spans: defaultdict[Scarce, list[range]] = defaultdict(list)
        for group in groups:
            for scarce, ticks, _ in self._needs(group[0]):
                spans[scarce] += [ticks] * len(group)
        # All of one thing are counted at once, which takes a tenth of the time of counting each tick by itself.
        taken = {scarce: Counter(chain.from_iterable(found)) for scarce, found in spans.items()}
        # Most edits leave enough places, so most appointments need no closer look.
        full: dict[Scarce, set[int]] = {}
        for scarce, counts in taken.items():
            fewest = self._fewest(scarce)
            if max(counts.values(), default=0) > fewest:
                full[scarce] = {tick for tick, count in counts.items() if count > fewest}
        crowded = [one for group in groups if self._is_crowded(group[0], full) for one in group] if full else []
        found: dict[UUID, Why] = {}
        for booking in sorted(crowded, key=lambda one: (one.made_at, one.id), reverse=True):
            needs = [(scarce, ticks, why) for scarce, ticks, why in self._needs(booking) if scarce in full]
            over = (why for scarce, ticks, why in needs if self._is_over(booking, scarce, ticks, taken[scarce]))
            if (why := next(over, None)) is not None:
                found[booking.id] = why
                for scarce, ticks, _ in needs:
                    taken[scarce].subtract(ticks)
        return found

    def too_few(self, before: Support, booking: LiveBooking, taken: Mapping[Scarce, Counter[int]]) -> Why | None:
        """Why an appointment is one too many since the offer `before`, although it could take place; None where it is not.

        `taken` are all places that are taken, by tick; of outings, by day (`date.toordinal`). What has as many places as
        before takes as many people as before.
        """
        were = {scarce: before._places(booking, scarce) for scarce, _, _ in before._needs(booking)}
        for scarce, ticks, why in self._needs(booking):
            are_fewer = scarce not in were or self._places(booking, scarce) < were[scarce]
            if are_fewer and scarce in taken and self._is_over(booking, scarce, ticks, taken[scarce]):
                return why
        return None

    def release(self, booking: LiveBooking, taken: Mapping[Scarce, Counter[int]]) -> None:
        """Count the places of an appointment as taken no more, where its service is still known."""
        if booking.service in self.offer.services:
            for scarce, ticks, _ in self._needs(booking):
                if scarce in taken:
                    taken[scarce].subtract(ticks)

    def _needs(self, booking: LiveBooking) -> Iterator[tuple[Scarce, range, Why]]:
        """What an appointment takes a place of, and in which ticks; of an outing, on its day."""
        yield self.offer.services[booking.service].queue, booking.ticks, Why.LANES
        for resource in booking.resources:
            yield resource, booking.ticks, Why.RESOURCE
        if self.outing(booking) is not None:
            day = self.day(booking).toordinal()
            yield OUTING, range(day, day + 1), Why.OUTING

    def _is_crowded(self, booking: LiveBooking, full: Mapping[Scarce, set[int]]) -> bool:
        return any(scarce in full and not full[scarce].isdisjoint(ticks) for scarce, ticks, _ in self._needs(booking))

    def _is_over(self, booking: LiveBooking, scarce: Scarce, ticks: range, taken: Mapping[int, int]) -> bool:
        places = self._places(booking, scarce)
        return any(taken[tick] > places for tick in ticks)

    def _fewest(self, scarce: Scarce) -> int:
        """The places of a queue or resource on its worst day; 0 for outings, which have a capacity by day."""
        capacity = None if isinstance(scarce, str) else self.offer.capacities.get(scarce)
        return capacity.fewest if capacity else 0

    def _places(self, booking: LiveBooking, scarce: Scarce) -> int:
        day = self.day(booking)
        if isinstance(scarce, str):
            outing = self.outing(booking)
            return outing.capacity if outing else 0
        capacity = self.offer.capacities.get(scarce)
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

    def day(self, booking: LiveBooking) -> date:
        """The local date of an appointment."""
        return self._days_of(booking)[0]

    def _days_of(self, booking: LiveBooking) -> tuple[date, date]:
        """`days_of` its beginning, which many others have too."""
        known = self._days.get(booking.starts_at)
        if known is None:
            known = self._days[booking.starts_at] = days_of(booking.starts_at, self.offer.calendar.zone)
        return known


def alike(bookings: Iterable[LiveBooking]) -> list[list[LiveBooking]]:
    """The appointments in groups that differ in nothing but the visitor: same service, time, places and way to meet."""
    groups: dict[Hashable, list[LiveBooking]] = {}
    for one in bookings:
        key = (one.service, one.starts_at, one.ends_at, one.ticks, one.resources, one.by_video)
        groups.setdefault(key, []).append(one)
    return list(groups.values())


def _within(open_: Instants, booking: LiveBooking) -> bool:
    starts, ends = booking.starts_at, booking.ends_at
    for opens, closes in open_:  # noqa: SIM110 (asked of every member of thousands of appointments)
        if opens <= starts and ends <= closes:
            return True
    return False


def _joined(spans: Iterable[tuple[datetime, datetime]]) -> Instants:
    """Sorted stretches, joined where a window over midnight meets or overlaps one of the next day."""
    found: list[tuple[datetime, datetime]] = []
    for opens, closes in spans:
        if found and opens <= found[-1][1]:
            opens, closes = found[-1][0], max(found.pop()[1], closes)
        found.append((opens, closes))
    return tuple(found)
