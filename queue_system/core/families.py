"""Numbers that are called as one: which of them stands in line for all, and where.

Nobody is called sooner by joining. The number of the lightest class stands in line, from the latest anchor of all: V grows
with the weight and with the wait, so at every moment its V is at most that of each member, and whoever is passed by the
group would have been passed by each of them. So the promise of the rule holds for everybody else as it did before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Member:
    """A number with the weight of its class and its own anchor."""

    ticket_id: UUID
    weight: float
    anchor_at: datetime


def leader(members: Sequence[Member]) -> Member:
    """The member that stands in line for all: the lightest, of equal ones the last to come."""
    return max(members, key=lambda one: (-one.weight, one.anchor_at, one.ticket_id))


def stands_from(members: Sequence[Member]) -> datetime:
    """The instant from which the waiting of all counts."""
    return max(one.anchor_at for one in members)
