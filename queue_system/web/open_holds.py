"""How many times one address may hold at once without confirming them.

A rate limit on holds would hit crowds, because thousands of telephones share the few addresses of a mobile network. So
open holds are limited: a hold that is confirmed or given back makes room at once, and one address can block only few
times by holding them and never confirming.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

from ..core.bookings import BookingState, held_until
from ..core.errors import Refused, TooMany
from ..store.queries.bookings import BookingView, held_among
from .booking_warnings import warnings_of
from .given_back import given_back_of
from .here import AtBranch
from .installation import Installation
from .limits import address_of, limits_of

AT_ONCE: Final = 20
SWEEP_EVERY: Final = timedelta(minutes=1)
# Refusals that reveal appointments with the same contact.
TELLING: Final = frozenset({"booking-limit", "booking-given-back", "booking-persons"})


class OpenHolds:
    """The holds of each address, in the memory of this node; their present state is in the database."""

    def __init__(self) -> None:
        self._held: dict[str, dict[UUID, _Held]] = {}
        self._swept_at: datetime | None = None

    async def hold(
        self,
        installation: Installation,
        address: str,
        branch_id: UUID,
        count: int,
        work: Callable[[], Awaitable[Sequence[BookingView]]],
    ) -> Sequence[BookingView]:
        """Do `work`, which holds `count` times; raises TooMany("too-many", seconds=…) if `address` would hold over AT_ONCE."""
        now = installation.clock.now()
        self._forget_what_is_over(address, now)
        if len(self._held.get(address, {})) + count > AT_ONCE:
            await self._forget_what_was_settled(installation, address)
        mine = self._held.setdefault(address, {})
        if len(mine) + count > AT_ONCE:
            first = min(held.until for held in mine.values())
            raise TooMany("too-many", seconds=(first - now).total_seconds())
        # Counted before the holds exist, so that many requests at the same moment cannot evade the limit.
        asked = [uuid4() for _ in range(count)]
        mine.update((one, _Held(branch_id, held_until(now), is_asked_for=True)) for one in asked)
        try:
            bookings = await work()
        finally:
            for one in asked:
                mine.pop(one, None)
        for booking in bookings:
            if booking.state is BookingState.HELD and booking.held_until is not None:
                mine[booking.id] = _Held(branch_id, booking.held_until)
        return bookings

    def _forget_what_is_over(self, address: str, now: datetime) -> None:
        """Of this address; of all only once a minute, because in an opening there are thousands."""
        places = [address] if address in self._held else []
        if self._swept_at is None or not self._swept_at <= now < self._swept_at + SWEEP_EVERY:
            self._swept_at, places = now, list(self._held)
        for place in places:
            mine = self._held[place]
            for booking_id in [one for one, held in mine.items() if held.until <= now]:
                del mine[booking_id]
            if not mine:
                del self._held[place]

    async def _forget_what_was_settled(self, installation: Installation, address: str) -> None:
        """Forget the holds that were confirmed or given back, here or at another node."""
        mine = self._held[address]
        for branch_id in {held.branch_id for held in mine.values()}:
            known = {one for one, held in mine.items() if held.branch_id == branch_id and not held.is_asked_for}
            still = await installation.database.read(held_among, branch_id, known)
            for booking_id in known - still:
                mine.pop(booking_id, None)


@dataclass(frozen=True, slots=True)
class _Held:
    branch_id: UUID
    until: datetime
    # Whether the hold is counted but not in the database yet.
    is_asked_for: bool = False


async def within_limit(here: AtBranch, work: Callable[[], Awaitable[BookingView]]) -> tuple[BookingView, list[str]]:
    """Do `work`, which holds a time for the client; returns the booking, and codes of warnings about it.

    As `all_within_limit`.
    """

    async def alone() -> tuple[BookingView]:
        return (await work(),)

    (booking,), warnings = await all_within_limit(here, 1, alone)
    return booking, warnings


async def all_within_limit(
    here: AtBranch, count: int, work: Callable[[], Awaitable[Sequence[BookingView]]]
) -> tuple[Sequence[BookingView], list[str]]:
    """Do `work`, which holds `count` times for the client; returns the bookings, and codes of warnings about them.

    Refusals and warnings that reveal other appointments of the same contact are counted, also for requests at the same
    moment. Raises what `work` raises, and TooMany("too-many", seconds=…).
    """
    limits, address = limits_of(here.connection), address_of(here.connection)
    limits.check("booking-limits", address)
    given_back_of(here.connection).check(address, here.now)
    limits.take("holds", address)
    holds = here.installation.memory(OpenHolds)
    warnings: list[str] = []

    async def in_turn() -> Sequence[BookingView]:
        async with limits.attempt_in_turn("booking-limits", address) as tell:
            try:
                bookings = await work()
            except Refused as refusal:
                if refusal.code in TELLING:
                    tell()
                raise
            for booking in bookings:
                warnings.extend(await warnings_of(here, booking))
            if warnings:
                tell()
            return bookings

    return await holds.hold(here.installation, address, here.branch.id, count, in_turn), warnings
