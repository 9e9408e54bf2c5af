"""What a hall has besides devices: queues, resources, counters."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar, Literal

from ..core.errors import Count
from ..core.waits.last_ticket import LastTicket
from .declared import LARGEST_HALL, LARGEST_POOL, Between, Derived, Kind, Least, Names, Once, Ref
from .faults import Fault
from .terms import QueueTerm, ResourceTerm, Retirable, term_on, terms_mistake


class Queue(Retirable):
    """A number series; several services share one."""

    kind_of_thing: ClassVar[str] = "queue"

    names: Annotated[Names, "its name"]
    prefix: Annotated[str, Ref("letter"), Once("letter"), "a letter of `spoken_prefixes` that begins its numbers"]
    code_style: Annotated[
        Literal["counted", "random"], Kind("code style"), "whether its numbers are counted or random"
    ] = "counted"
    lanes: Annotated[int, Between(1, LARGEST_HALL), Derived(), "bookings that may run at one time"]
    public_lanes: Annotated[int, Between(0, LARGEST_HALL), Derived(), "those of them that the internet may book"]
    last_ticket: Annotated[
        LastTicket,
        Kind("last ticket"),
        "what is done once a number taken now would be called after closing: people are told, or no more numbers are given; "
        "staff may still give one",
    ] = "tell"
    terms: Annotated[tuple[QueueTerm, ...], "other lanes, each from a day on"] = ()

    def mistake(self) -> Fault | None:
        """More lanes can be booked on the internet than exist (checked only if both are written), or terms contradict."""
        if {"lanes", "public_lanes"} <= self.model_fields_set and self.public_lanes > self.lanes:
            values = {"public_lanes": Count(self.public_lanes), "lanes": Count(self.lanes)}
            return Fault("setting-public-lanes", "public_lanes", values)
        return terms_mistake(self.terms)

    def lanes_on(self, day: date) -> tuple[int, int]:
        """The bookings that may run at one time on `day`, and those of them that the internet may book.

        None if it is retired.
        """
        if self.is_retired(day):
            return 0, 0
        if (term := term_on(self.terms, day)) is None:
            return self.lanes, self.public_lanes
        return term.lanes, term.lanes if term.public_lanes is None else term.public_lanes


ResourceKind = Literal["pool", "person", "interpreter", "room", "vehicle", "group"]


class Resource(Retirable):
    """What a booking may need besides a lane: desks that only count, a member with a name, or a group of members.

    A booking takes the same member from its beginning to its end, and people can be told which one (docs/decisions/0030).
    """

    kind_of_thing: ClassVar[str] = "resource"

    names: Annotated[Names, "its name"]
    kind: Annotated[
        ResourceKind,
        Kind("kind of resource"),
        "`pool`: several of a kind that only count; `group`: any one of its members; all others are members",
    ] = "pool"
    pool: Annotated[int, Between(1, LARGEST_POOL), "of a pool: how many are available at one time"] = 1
    terms: Annotated[tuple[ResourceTerm, ...], "of a pool: other numbers, each from a day on"] = ()
    any_of: Annotated[
        tuple[Annotated[str, Ref("resource")], ...],
        Least(0),
        "of a group: its members, in the order in which they are taken",
    ] = ()

    @property
    def is_member(self) -> bool:
        """Whether it is somebody or something of its own, and not a number of things."""
        return self.kind not in ("pool", "group")

    @property
    def is_person(self) -> bool:
        """Whether it is somebody who can go to a visitor."""
        return self.kind in ("person", "interpreter")

    def mistake(self) -> Fault | None:
        """Terms contradict one another, a member is there more than once, or a group has nobody in it."""
        if self.kind != "pool" and (self.pool > 1 or self.terms):
            return Fault("setting-member-once", "pool")
        if (self.kind == "group") != bool(self.any_of):
            return Fault("setting-group-members", "any_of")
        return terms_mistake(self.terms)

    def pool_on(self, day: date) -> int:
        """How many are available at one time on `day`; none of what is retired."""
        if self.is_retired(day):
            return 0
        term = term_on(self.terms, day)
        return term.pool if term else self.pool


class CounterOwn(Retirable):
    """The fields of a counter itself, without its references."""

    kind_of_thing: ClassVar[str] = "counter"

    number: Annotated[int, Between(1, LARGEST_HALL), Once("number"), "the number above it"]
    kind: Annotated[Literal["counter", "room", "desk", "vehicle"], Kind("kind of counter"), "what it is"]
    names: Annotated[Names, "its name"]
    accessible: Annotated[bool, "whether it can be reached in a wheelchair"] = False
    calling_profile: Annotated[
        str | None,
        Ref("calling profile"),
        "the order in which it calls from its queues; the rule among all, when left out",
    ] = None
    department: Annotated[
        str | None,
        Ref("department"),
        "the department that calls here, where counters of several departments call from one queue",
    ] = None


class Counter(CounterOwn):
    """The place that visitors are called to: a counter, room, desk or vehicle."""

    zone: Annotated[str, Ref("zone"), "where it stands"]
    queues: Annotated[
        tuple[Annotated[str, Ref("queue")], ...], "the queues it serves, in the order in which they are served"
    ]
