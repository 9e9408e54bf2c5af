"""Appointments that staff are about to move: where to, why not, and what was shown, so that nothing else is moved."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from uuid import UUID


class To(StrEnum):
    """Where several appointments are to go."""

    DAY = "day"  # to another day, at the same times of day where these are free, else at the nearest
    MINUTES = "minutes"  # so much later, or earlier
    FIRST = "first"  # to the first free times from a day on


@dataclass(frozen=True, slots=True)
class Aim:
    """Where several appointments are to go: `day` is for DAY and FIRST, `by` for MINUTES."""

    to: To
    day: date
    by: timedelta = timedelta()


class WhyNot(StrEnum):
    """Why no new time is found for an appointment."""

    OVER = "over"  # it has begun, or is over
    OPEN = "open"  # another time is offered already, or a decision on it is missing
    CLOSED = "closed"  # its service is not given on that day
    SOON = "soon"  # the new time begins before its visitor could answer
    NEAR = "near"  # the new time meets its present one, and both have to be held
    MEMBER = "member"  # whom its visitor was promised is not free; somebody else is
    FULL = "full"  # nothing is free


@dataclass(frozen=True, slots=True)
class Seen:
    """What a page shows of an appointment before it is moved; instants are aware.

    `offered_at` is the time that is offered in its place. `way` is how whom it is for may be contacted, and `told` says of each
    person of it by number how messages reach them, and how openly. `stays` are the members that were promised, and `beside` the
    other parts of its visit, each with its time.
    """

    booking: UUID
    starts_at: datetime
    state: str
    offered_at: datetime | None
    persons: int
    way: str
    told: tuple[tuple[int, str, str], ...]
    stays: frozenset[UUID]
    beside: tuple[tuple[UUID, datetime], ...]


def fingerprint(seen: Seen) -> str:
    """The fingerprint of what was shown of an appointment, in hex; it has no contact in it that could be guessed."""
    listed = [
        seen.booking.hex,
        _in_utc(seen.starts_at),
        seen.state,
        _in_utc(seen.offered_at),
        seen.persons,
        seen.way,
        seen.told,
        sorted(member.hex for member in seen.stays),
        sorted((other.hex, _in_utc(at)) for other, at in seen.beside),
    ]
    return hashlib.sha256(json.dumps(listed).encode()).hexdigest()


def _in_utc(instant: datetime | None) -> str:
    return "" if instant is None else instant.astimezone(UTC).isoformat()
