"""A member is not there for a while, or hands appointments over: what can become of each of them.

Nothing here reads or writes; `store.queries.blocks` finds the appointments, and `actions.blocks` carries out what was
chosen.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from itertools import product
from typing import Final, Protocol
from uuid import UUID

from .errors import Count, Invalid
from .slots import tick_of

LONGEST_NOTE: Final = 100
#: A clock change may lengthen the stretch by an hour.
LONGEST: Final = timedelta(days=90, hours=1)
_AT: Final = "%Y%m%dT%H%MZ"


class BlockReason(StrEnum):
    """Why a member is not there. It is for those who plan, and neither in the log nor in a message."""

    LEAVE = "leave"
    ILLNESS = "illness"
    TRAINING = "training"
    MEETING = "meeting"
    OUTREACH = "outreach"  # work at homes or elsewhere, without an appointment for it
    REPAIR = "repair"
    OTHER = "other"


OF_PEOPLE: Final = (
    BlockReason.ILLNESS,
    BlockReason.LEAVE,
    BlockReason.TRAINING,
    BlockReason.MEETING,
    BlockReason.OUTREACH,
    BlockReason.OTHER,
)
OF_THINGS: Final = (BlockReason.REPAIR, BlockReason.OTHER)


class Remedy(StrEnum):
    """What can become of an appointment."""

    STAND_IN = "stand-in"  # another member at the same time
    NEXT = "next"  # the next free time of the same member is offered
    LATER = "later"  # it goes on the list of what is to be decided
    CANCEL = "cancel"  # it is called off


class Stretch(Protocol):
    """Anything from one aware instant to another."""

    @property
    def starts_at(self) -> datetime: ...
    @property
    def ends_at(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class Absence:
    """The time in which `member` is not there; instants are aware."""

    member: UUID
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Planned:
    """Blocks that are about to be made, as stretches, and those that count no more then, by id."""

    made: tuple[Absence, ...] = ()
    ended: frozenset[UUID] = frozenset()

    @property
    def members(self) -> frozenset[UUID]:
        """Whom the new blocks take away."""
        return frozenset(one.member for one in self.made)


NOTHING_PLANNED: Final = Planned()


@dataclass(frozen=True, slots=True)
class Settling:
    """A way, with the members that stand in, one for each who is not there, or with the time that is offered."""

    way: Remedy
    to: tuple[UUID, ...] = ()
    at: datetime | None = None

    def __str__(self) -> str:
        detail = ",".join(map(str, self.to)) or (f"{self.at.astimezone(UTC):{_AT}}" if self.at else "")
        return f"{self.way}:{detail}" if detail else self.way.value

    @classmethod
    def read(cls, text: str) -> Settling | None:
        """The one that was written so; None for another text."""
        way, _, detail = text.partition(":")
        try:
            found = Remedy(way)
            if found is Remedy.STAND_IN:
                return cls(found, to=tuple(map(UUID, detail.split(","))))
            if found is Remedy.NEXT:
                return cls(found, at=datetime.strptime(detail, _AT).replace(tzinfo=UTC))
        except ValueError:
            return None
        return None if detail else cls(found)


PUT_OFF: Final = Settling(Remedy.LATER)
CALLED_OFF: Final = Settling(Remedy.CANCEL)


@dataclass(frozen=True, slots=True)
class Part:
    """A `member` whom an appointment has for one of its needs during `span`, in ticks, and who is not there.

    `announced`: the visitor was told who it will be. `stand_ins` are free for all of `anew`, in the order of the settings:
    the ticks that a new appointment at that time would take, with the way there and back as it is now. `too_late`: nobody
    else would get there in time.
    """

    need: UUID
    member: UUID
    span: range
    anew: range
    announced: bool
    stand_ins: tuple[UUID, ...]
    too_late: bool = False


@dataclass(frozen=True, slots=True)
class Concerned:
    """An appointment that has some members who are not there, at least one; `starts_at` is in UTC.

    `next_at` is the next free time of the same members. `undecided`: it is on the list of what is to be decided already.
    """

    booking: UUID
    code: str
    service: UUID
    starts_at: datetime
    parts: tuple[Part, ...]
    next_at: datetime | None = None
    undecided: bool = False

    @property
    def announced(self) -> bool:
        """Whether the visitor was told of one of them."""
        return any(one.announced for one in self.parts)

    @property
    def stand_ins(self) -> tuple[tuple[UUID, ...], ...]:
        """Who could stand in for all of them: one for each part, nobody twice, the same people once."""
        whole = product(*(one.stand_ins for one in self.parts))
        return tuple({frozenset(some): some for some in whole if len(set(some)) == len(some)}.values())

    @property
    def ways(self) -> tuple[Settling, ...]:
        """All that can become of it."""
        offered = () if self.next_at is None else (Settling(Remedy.NEXT, at=self.next_at),)
        return (*(Settling(Remedy.STAND_IN, to=one) for one in self.stand_ins), *offered, PUT_OFF, CALLED_OFF)

    def usual(self, allowed: Iterable[Remedy], others: Iterable[tuple[Concerned, Sequence[UUID]]] = ()) -> Settling:
        """The way that nobody need choose. Whoever was promised a person keeps the person, the others keep the time.

        Nobody stands in who does so for one of the `others` at that time.
        """
        order = (Remedy.NEXT, Remedy.LATER) if self.announced else (Remedy.STAND_IN, Remedy.NEXT, Remedy.LATER)
        may, known = frozenset(allowed), list(others)
        ways = (one for way in order if way in may for one in self.ways if one.way is way)
        return next((one for one in ways if not any_twice([*known, (self, one.to)])), PUT_OFF)


def any_twice(chosen: Iterable[tuple[Concerned, Sequence[UUID]]]) -> bool:
    """Whether somebody stands in for two appointments at a time; each with one for each part, or nobody."""
    given: dict[UUID, set[int]] = {}
    for one, to in chosen:
        for part, member in zip(one.parts, to, strict=False):
            taken = given.setdefault(member, set())
            if not taken.isdisjoint(part.anew):
                return True
            taken.update(part.anew)
    return False


def ticks_of(stretch: Stretch, tick_minutes: int) -> range:
    """The ticks of which a stretch takes any part."""
    return range(
        tick_of(stretch.starts_at, tick_minutes), tick_of(stretch.ends_at - timedelta.resolution, tick_minutes) + 1
    )


def check(absence: Absence, today: datetime) -> None:
    """Raise Invalid for a stretch that cannot be blocked; `today` is the instant at which the present day began."""
    if absence.ends_at <= absence.starts_at:
        raise Invalid("block-reversed", "until")
    if absence.starts_at < today:
        raise Invalid("block-past", "from")
    if absence.ends_at - absence.starts_at > LONGEST:
        raise Invalid("block-long", "until")


def read_note(typed: str) -> str:
    """A reason in a few words, in one line, "" for none. Raises Invalid("block-note-long")."""
    text = " ".join(unicodedata.normalize("NFC", typed).split())
    if len(text) > LONGEST_NOTE:
        raise Invalid("block-note-long", "note", limit=Count(LONGEST_NOTE))
    return text


def fingerprint(found: Sequence[Concerned]) -> str:
    """The fingerprint of the appointments that a person has seen, in hex.

    Not of what can become of them, because what is no longer possible is refused only where it was chosen.
    """
    listed = [
        [one.booking.hex, part.need.hex, part.member.hex, one.starts_at.isoformat(), part.span.stop]
        for one in found
        for part in one.parts
    ]
    return sha256(json.dumps(sorted(listed), separators=(",", ":")).encode()).hexdigest()
