"""Appointments that staff are about to move: why not, and what was shown, so that nothing else is moved."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID


class WhyNot(StrEnum):
    """Why an appointment can be offered no other time."""

    OVER = "over"  # it has begun, or is over
    OPEN = "open"  # another time is offered already, or a decision on it is missing


@dataclass(frozen=True, slots=True)
class Seen:
    """What a page shows of an appointment before it is moved; instants are aware.

    `offered_at` is the time that is offered in its place. `told` says of each person of it by number how messages reach them,
    and how openly; `stays` are the members that were promised, and `beside` the other parts of its visit, each with its time.
    """

    booking: UUID
    starts_at: datetime
    state: str
    offered_at: datetime | None
    persons: int
    told: tuple[tuple[int, str, str], ...]
    stays: frozenset[UUID]
    beside: tuple[tuple[UUID, datetime], ...]


def fingerprint(seen: Iterable[Seen]) -> str:
    """The fingerprint of what was shown of some appointments, in hex; it has no contact in it that could be guessed."""
    listed = [
        [
            one.booking.hex,
            _in_utc(one.starts_at),
            one.state,
            _in_utc(one.offered_at),
            one.persons,
            one.told,
            sorted(member.hex for member in one.stays),
            sorted((other.hex, _in_utc(at)) for other, at in one.beside),
        ]
        for one in seen
    ]
    return hashlib.sha256(json.dumps(sorted(listed, key=str)).encode()).hexdigest()


def _in_utc(instant: datetime | None) -> str:
    return "" if instant is None else instant.astimezone(UTC).isoformat()
