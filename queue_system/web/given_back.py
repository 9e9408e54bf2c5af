"""How many appointments one address may give back, and when the office is told.

Cancelling is always allowed. But an address that gave many appointments back within an hour can book, confirm and move
none for a while. Otherwise one machine could book and cancel all places and so keep them out of the calendar until the
lot returns them. Kept appointments are not counted, because a community centre helps many people from one address.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from starlette.requests import HTTPConnection

from ..core.errors import TooMany
from ..core.persons import given_back_times
from ..store.queries.bookings import BookingView
from .installation import installation_of

WITHIN: Final = timedelta(hours=1)
AT_MOST: Final = 20
# From this number on the office is told.
WORTH_TELLING: Final = 8


class Given(NamedTuple):
    """A place that was given back."""

    at: datetime
    branch_id: UUID
    booking_id: UUID
    together_id: UUID | None


class GivenBack:
    """The places that each address gave back within the last hour, in the memory of this node."""

    def __init__(self) -> None:
        self._given: dict[str, deque[Given]] = {}

    def check(self, address: str, now: datetime) -> None:
        """Raise TooMany("too-many", seconds=…) if the address gave AT_MOST places back; each part of a visit is one."""
        self._forget_what_is_over(now)
        mine = self._given.get(address, ())
        if len(mine) >= AT_MOST:
            free_at = mine[len(mine) - AT_MOST].at + WITHIN
            raise TooMany("too-many", seconds=(free_at - now).total_seconds())

    def note(self, address: str, booking: BookingView, now: datetime) -> None:
        """Count one more place of a booking that the address cancelled or moved."""
        self._forget_what_is_over(now)
        self._given.setdefault(address, deque()).append(Given(now, booking.branch_id, booking.id, booking.together_id))

    def most(self, branch_id: UUID, now: datetime) -> int:
        """The most appointments that one address gave back at a branch, a visit once; 0 if that is below WORTH_TELLING."""
        self._forget_what_is_over(now)
        most = max((_at_branch(branch_id, mine) for mine in self._given.values()), default=0)
        return most if most >= WORTH_TELLING else 0

    def _forget_what_is_over(self, now: datetime) -> None:
        for address, mine in list(self._given.items()):
            while mine and mine[0].at <= now - WITHIN:
                mine.popleft()
            if not mine:
                del self._given[address]


def _at_branch(branch_id: UUID, given: Iterable[Given]) -> int:
    return given_back_times((one.booking_id, one.together_id) for one in given if one.branch_id == branch_id)


def given_back_of(connection: HTTPConnection) -> GivenBack:
    """The counts of this node."""
    return installation_of(connection).memory(GivenBack)
