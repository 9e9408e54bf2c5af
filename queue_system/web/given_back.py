"""How many appointments one address may give back, and when the office is told.

Cancelling is always allowed. But an address that gave many appointments back within an hour can book, confirm and move
none for a while. Otherwise one machine could book and cancel all places and so keep them out of the calendar until the
lot returns them. Kept appointments are not counted, because a community centre helps many people from one address.
"""

from __future__ import annotations

from collections import Counter, deque
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from starlette.requests import HTTPConnection

from ..core.errors import TooMany
from .installation import installation_of

WITHIN: Final = timedelta(hours=1)
AT_MOST: Final = 20
# From this number on the office is told.
WORTH_TELLING: Final = 8


class GivenBack:
    """The appointments that each address gave back within the last hour, in the memory of this node."""

    def __init__(self) -> None:
        self._given: dict[str, deque[tuple[datetime, UUID]]] = {}

    def check(self, address: str, now: datetime) -> None:
        """Raise TooMany("too-many", seconds=…) if the address gave AT_MOST appointments back."""
        self._forget_what_is_over(now)
        mine = self._given.get(address, ())
        if len(mine) >= AT_MOST:
            free_at = mine[len(mine) - AT_MOST][0] + WITHIN
            raise TooMany("too-many", seconds=(free_at - now).total_seconds())

    def note(self, address: str, branch_id: UUID, now: datetime) -> None:
        """Count one more appointment of a branch that the address cancelled or moved."""
        self._forget_what_is_over(now)
        self._given.setdefault(address, deque()).append((now, branch_id))

    def most(self, branch_id: UUID, now: datetime) -> int:
        """The largest number that one address gave back at a branch; 0 if it is below WORTH_TELLING."""
        self._forget_what_is_over(now)
        counts = (Counter(branch for _, branch in mine)[branch_id] for mine in self._given.values())
        most = max(counts, default=0)
        return most if most >= WORTH_TELLING else 0

    def _forget_what_is_over(self, now: datetime) -> None:
        for address, mine in list(self._given.items()):
            while mine and mine[0][0] <= now - WITHIN:
                mine.popleft()
            if not mine:
                del self._given[address]


def given_back_of(connection: HTTPConnection) -> GivenBack:
    """The counts of this node."""
    return installation_of(connection).memory(GivenBack)
