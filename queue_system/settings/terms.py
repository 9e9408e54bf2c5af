"""Values that change on a day: what people book into is dated, because appointments behind that day are made today.

The value of the thing itself holds before its first term. Each term holds from its first day until the next begins.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Annotated, TypeVar

from ..core.errors import Count
from .declared import DAY_MIN, LARGEST_HALL, LARGEST_POOL, Between, Declared, Minutes, Thing
from .faults import Fault

T = TypeVar("T", bound="Term")


class Retirable(Thing):
    """A thing that tickets and bookings point at, so that it is retired instead of removed."""

    until: Annotated[
        date | None,
        "its last business day, after which it is retired: nothing new is given for it, and its past stays readable",
    ] = None

    def is_retired(self, day: date) -> bool:
        """Whether its last day was before `day`."""
        return self.until is not None and self.until < day


class Term(Declared):
    """Values that hold from a day on."""

    first: Annotated[date, "the first day"]


class ServiceTerm(Term):
    """How long a visit takes, from a day on."""

    duration_min: Annotated[int, Between(1, DAY_MIN), "minutes that a visit takes"]
    buffer_min: Annotated[Minutes, "minutes that its place stays empty after a visit"] = 0


class QueueTerm(Term):
    """How many bookings of a queue may run at one time, from a day on."""

    lanes: Annotated[int, Between(1, LARGEST_HALL), "bookings that may run at one time"]
    public_lanes: Annotated[
        int | None, Between(0, LARGEST_HALL), "those of them that the internet may book; all when left out"
    ] = None

    def mistake(self) -> Fault | None:
        """More lanes can be booked on the internet than exist."""
        if self.public_lanes is not None and self.public_lanes > self.lanes:
            values = {"public_lanes": Count(self.public_lanes), "lanes": Count(self.lanes)}
            return Fault("setting-public-lanes", "public_lanes", values)
        return None


class ResourceTerm(Term):
    """How many of a resource there are, from a day on."""

    pool: Annotated[int, Between(1, LARGEST_POOL), "how many are available at one time"]


def term_on(terms: Iterable[T], day: date) -> T | None:
    """The term that holds on `day`: the last one that has begun, in whatever order they are; None before the first."""
    return max((term for term in terms if term.first <= day), key=lambda term: term.first, default=None)


def terms_mistake(terms: Sequence[Term]) -> Fault | None:
    """That two terms begin on the same day, so that nobody could say which of them holds."""
    days = [term.first for term in terms]
    for index, day in enumerate(days):
        if day in days[:index]:
            return Fault("setting-term-twice", f"terms.{index}.first", {"first": day})
    return None
