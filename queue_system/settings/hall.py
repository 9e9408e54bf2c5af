"""What a hall has besides devices: queues, resources, counters."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from ..core.errors import Count
from .declared import Between, Derived, Kind, Names, Once, Ref, Thing
from .faults import Fault

LARGEST_HALL = 999


class Queue(Thing):
    """A number series; several services share one."""

    kind_of_thing: ClassVar[str] = "queue"

    names: Annotated[Names, "its name"]
    prefix: Annotated[str, Ref("letter"), Once("letter"), "a letter of `spoken_prefixes` that begins its numbers"]
    code_style: Annotated[
        Literal["counted", "random"], Kind("code style"), "whether its numbers are counted or random"
    ] = "counted"
    lanes: Annotated[int, Between(1, LARGEST_HALL), Derived(), "bookings that may run at one time"]
    public_lanes: Annotated[int, Between(0, LARGEST_HALL), Derived(), "those of them that the internet may book"]

    def mistake(self) -> Fault | None:
        """More lanes can be booked on the internet than exist; checked only if both are written."""
        if {"lanes", "public_lanes"} <= self.model_fields_set and self.public_lanes > self.lanes:
            values = {"public_lanes": Count(self.public_lanes), "lanes": Count(self.lanes)}
            return Fault("setting-public-lanes", "public_lanes", values)
        return None


class Resource(Thing):
    """What a booking may need besides a lane: an interpreter, a desk, a room."""

    kind_of_thing: ClassVar[str] = "resource"

    names: Annotated[Names, "its name"]
    pool: Annotated[int, Between(1, 10_000), "how many are available at one time"]


class CounterOwn(Thing):
    """The fields of a counter itself, without its references."""

    kind_of_thing: ClassVar[str] = "counter"

    number: Annotated[int, Between(1, LARGEST_HALL), Once("number"), "the number above it"]
    kind: Annotated[Literal["counter", "room", "desk", "vehicle"], Kind("kind of counter"), "what it is"]
    names: Annotated[Names, "its name"]
    accessible: Annotated[bool, "whether it can be reached in a wheelchair"] = False


class Counter(CounterOwn):
    """The place that visitors are called to: a counter, room, desk or vehicle."""

    zone: Annotated[str, Ref("zone"), "where it stands"]
    queues: Annotated[
        tuple[Annotated[str, Ref("queue")], ...], "the queues it serves, in the order in which they are served"
    ]
