"""What a change of settings does to what was promised: appointments, people in line, open days, devices.

Pure: the old and the new offer and the live appointments and tickets go in, the losses come out. Nothing that was lost
before the change is listed again.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from hashlib import sha256
from typing import Any
from uuid import UUID

from .changed_days import AHEAD_DAYS, ChangedDay, changed_days
from .offer import Live, LiveBooking, LiveTicket, Offer
from .support import Scarce, Support, Why, alike


@dataclass(frozen=True, slots=True)
class LostBooking:
    """An appointment that the new settings do not support; `service` is a slug, instants are UTC.

    `starts_at` is the offered time where another place has been offered and is not answered yet.
    """

    id: UUID
    code: str
    service: str
    starts_at: datetime
    ends_at: datetime
    why: Why


@dataclass(frozen=True, slots=True)
class LostTicket:
    """An open ticket that is no longer supported; `service` and `queue` are slugs, as they were before."""

    id: UUID
    code: str
    service: str
    queue: str
    why: Why


@dataclass(frozen=True, slots=True)
class IdleDevice:
    """A kiosk without a service that gives numbers, or a screen in a zone without a counter."""

    slug: str
    kind: str


@dataclass(frozen=True)
class Effect:
    """All that a change takes away, and the days whose hours it changes; each part in a fixed order.

    `takes_in` are the services, by slug, to which people in line can be sent after the change; none if nobody need be.
    """

    bookings: tuple[LostBooking, ...] = ()
    tickets: tuple[LostTicket, ...] = ()
    days: tuple[ChangedDay, ...] = ()
    devices: tuple[IdleDevice, ...] = ()
    takes_in: tuple[str, ...] = ()

    @property
    def listed(self) -> tuple[UUID, ...]:
        """The appointments and tickets that are lost."""
        return (*(one.id for one in self.bookings), *(one.id for one in self.tickets))

    @property
    def takes_nothing(self) -> bool:
        """Whether no appointment, ticket or device loses its support, so that there is nothing to decide."""
        return not (self.bookings or self.tickets or self.devices)

    @cached_property
    def sha256(self) -> str:
        """The fingerprint of the effect, in hex.

        Without ids of settings, because a preview gives new things other ids than the save does.
        """
        people = {
            "bookings": [[one.id.hex, one.starts_at.isoformat(), one.why.value] for one in self.bookings],
            "tickets": [[one.id.hex, one.why.value] for one in self.tickets],
        }
        return _fingerprint({**self._offered(), **people})

    @cached_property
    def offered_sha256(self) -> str:
        """The fingerprint of what changes for everybody, whoever has booked or come; in hex."""
        return _fingerprint(self._offered())

    def _offered(self) -> dict[str, Any]:
        return {
            "days": [_day_for_json(one) for one in self.days],
            "devices": [[one.kind, one.slug] for one in self.devices],
        }


def effect(old: Offer, new: Offer, live: Live, days: int = AHEAD_DAYS, first: date | None = None) -> Effect:
    """What `live` loses when the offer `old` becomes `new`; hours are compared for so many `days`, from `first` or today on."""
    before, after = Support(old), Support(new)
    lost = lost_tickets(before, after, live.tickets)
    return Effect(
        bookings=tuple(sorted(_lost_bookings(before, after, live), key=lambda one: (one.starts_at, one.code))),
        tickets=lost,
        days=changed_days(old, new, first or live.today, days),
        devices=tuple(sorted(_idle_devices(before, after, live.today), key=lambda one: (one.kind, one.slug))),
        takes_in=after.takes_in(live.today) if lost else (),
    )


def lost_holds(
    old: Offer, new: Offer, holds: Iterable[LiveBooking], taken: Mapping[Scarce, Counter[int]]
) -> dict[UUID, Why]:
    """The holds, times that somebody is just about to confirm, that the change from `old` to `new` takes away, by id.

    `taken` as in `Support.too_few`. The newest go first, and before any appointment, because nothing was promised yet.
    """
    before, after = Support(old), Support(new)
    left = {scarce: Counter(counts) for scarce, counts in taken.items()}
    found: dict[UUID, Why] = {}
    for hold in sorted(holds, key=lambda one: (one.made_at, one.id), reverse=True):
        why = after.why(hold)
        if why is None and _is_sent_elsewhere(before, after, hold):
            why = Why.PLACE
        if why is None:
            why = after.too_few(before, hold, left)
        if why is not None:
            found[hold.id] = why
            after.release(hold, left)
    return found


def unsupported(offer: Offer, live: Live) -> Mapping[UUID, Why]:
    """The live appointments that the present offer does not support and that nobody promised to keep, by id."""
    return Support(offer).lost(alike(one for one in live.bookings if not one.kept))


def _lost_bookings(before: Support, after: Support, live: Live) -> Iterator[LostBooking]:
    counted = [one for one in live.bookings if not one.kept]
    lost_after = after.lost(alike(counted))
    # Most changes take nothing from most appointments, so it need not be asked of these whether they had it before.
    elsewhere = {one.id: Why.PLACE for one in counted if _is_sent_elsewhere(before, after, one)}
    taken = lost_after.keys() | elsewhere
    lost_before = before.lost(alike(before.in_reach(counted, taken))) if taken else {}
    for booking in live.bookings:
        if booking.kept:
            why = _promise_broken(before, after, booking)
        elif booking.id in lost_before:
            why = None
        else:
            why = lost_after.get(booking.id) or elsewhere.get(booking.id)
        if why is not None:
            yield LostBooking(
                id=booking.id,
                code=booking.code,
                service=_slug(before.offer, after.offer, booking.service),
                starts_at=booking.starts_at,
                ends_at=booking.ends_at,
                why=why,
            )


def _promise_broken(before: Support, after: Support, booking: LiveBooking) -> Why | None:
    """Why a kept appointment must be decided again: the change takes more away than was known when it was promised."""
    was, now = before.why(booking), after.why(booking)
    if now is None or (was is now and before.opening(booking) == after.opening(booking)):
        return None
    return now


def _is_sent_elsewhere(before: Support, after: Support, booking: LiveBooking) -> bool:
    """Whether the visitor would come to the wrong place, because an outing begins, ends or goes elsewhere."""
    was, now = before.outing(booking), after.outing(booking)
    if was is now:
        return False
    service = after.offer.services.get(booking.service)
    if service is None or service.elsewhere or booking.by_video:
        return False
    return (was and was.place) != (now and now.place)


def lost_tickets(before: Support, after: Support, tickets: Iterable[LiveTicket]) -> tuple[LostTicket, ...]:
    """The tickets among these that are supported before and not after, in a fixed order."""
    return tuple(sorted(_lost_tickets(before, after, tickets), key=lambda one: (one.code, one.id)))


def _lost_tickets(before: Support, after: Support, tickets: Iterable[LiveTicket]) -> Iterator[LostTicket]:
    for ticket in tickets:
        was, why = before.why_ticket(ticket), after.why_ticket(ticket)
        # What is served out is lost once more with the last counter that could call it.
        if why is not None and (was is None or (why is Why.COUNTER and was is not why)):
            yield LostTicket(
                id=ticket.id,
                code=ticket.code,
                service=_slug(before.offer, after.offer, ticket.service),
                queue=_queue_slug(before.offer, after.offer, ticket),
                why=why,
            )


def _idle_devices(before: Support, after: Support, today: date) -> Iterator[IdleDevice]:
    idle_before = {device.slug for device in before.offer.devices if before.idle(device, today)}
    for device in after.offer.devices:
        if device.slug not in idle_before and after.idle(device, today):
            yield IdleDevice(device.slug, device.kind)


def _slug(old: Offer, new: Offer, service_id: UUID) -> str:
    found = old.services.get(service_id) or new.services.get(service_id)
    return found.slug if found else ""


def _queue_slug(old: Offer, new: Offer, ticket: LiveTicket) -> str:
    found = old.capacities.get(ticket.queue) or new.capacities.get(ticket.queue)
    return found.slug if found else ""


def _fingerprint(canonical: Mapping[str, Any]) -> str:
    return sha256(json.dumps(canonical, separators=(",", ":"), sort_keys=True).encode()).hexdigest()


def _day_for_json(one: ChangedDay) -> list[Any]:
    spans = [[[window.start, window.end, window.last] for window in side] for side in (one.before, one.after)]
    return [one.day.isoformat(), one.service or "", *spans]
