"""Making room: other bookings change the member of a group, where nobody was told which member it will be.

A group with two members may be full for one booking and have room for both, if the first takes the other member. A
choice that was announced never moves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias
from uuid import UUID

from .free_time import FreeTime, spans_meet

#: The booking that is being placed, which has no id yet.
NEW: Final = UUID(int=0)

#: A booking, one of its needs, and the first tick of the span: a booking that is offered another time has two spans.
Key: TypeAlias = tuple[UUID, UUID, int]
#: The member that a booking gets in place of another.
Moves: TypeAlias = Mapping[Key, UUID]


@dataclass(frozen=True, slots=True)
class Placed:
    """A member that a booking has for one of its needs, during `span`; `options` are those that could stand in.

    `announced`: somebody was told, so it stays.
    """

    booking: UUID
    need: UUID
    member: UUID
    span: range
    options: tuple[UUID, ...]
    announced: bool = False

    @property
    def key(self) -> Key:
        """What tells it from all others."""
        return self.booking, self.need, self.span.start


def make_room(
    options: Sequence[UUID],
    span: range,
    placed: Sequence[Placed],
    open_: Mapping[UUID, FreeTime],
    others: Mapping[UUID, FreeTime] | None = None,
) -> tuple[UUID, Moves] | None:
    """A member of `options` for `span`, and who has to change for it; None where that cannot be done.

    `placed` are the bookings of all members concerned, `open_` their time without the ones in `placed`; `others` is what
    all bookings but NEW may have of it, None for the same. Between
    bookings of the same time this finds a way whenever there is one (augmenting paths, Berge 1957). Between bookings of
    different lengths it may miss one, because to place these as well as possible is NP-hard (Arkin and Silverberg 1987).
    """
    return _Room(placed, open_, open_ if others is None else others).place(options, span)


class _Room:
    """Who has whom while bookings make room; each member's bookings together, because a day may have hundreds."""

    __slots__ = ("_having", "_moves", "_open", "_others")

    def __init__(
        self, placed: Sequence[Placed], open_: Mapping[UUID, FreeTime], others: Mapping[UUID, FreeTime]
    ) -> None:
        self._open = open_
        self._others = others
        self._having: dict[UUID, dict[Key, Placed]] = {}
        for one in placed:
            self._having.setdefault(one.member, {})[one.key] = one
        # Each booking that has moved so far, the member it left, and the one that it has got.
        self._moves: list[tuple[Placed, UUID, UUID]] = []

    def place(self, options: Sequence[UUID], span: range) -> tuple[UUID, Moves] | None:
        member = self._augment(options, span, set(), None)
        if member is None:
            return None
        now = {one.key: (one.member, to) for one, _, to in self._moves}
        return member, {key: to for key, (was, to) in now.items() if to != was}

    def _augment(self, options: Sequence[UUID], span: range, seen: set[UUID], booking: UUID | None) -> UUID | None:
        """A member of `options` that is free for `span` after the bookings in its way have found another one."""
        open_ = self._open if booking in (None, NEW) else self._others
        found = {
            member: self._at(member, span, without=booking)
            for member in options
            if member not in seen
            and member in open_
            and open_[member].has(span)
            and not self._has(booking, member, span)
        }
        # Whoever is free comes first, because an attempt that fails may have marked them as seen.
        for member, in_the_way in sorted(found.items(), key=lambda pair: bool(pair[1])):
            if member in seen or any(one.announced for one in in_the_way):
                continue
            seen.add(member)
            before = len(self._moves)
            if all(self._move(one, member, seen) for one in in_the_way):
                return member
            self._undo(before)
        return None

    def _move(self, one: Placed, member: UUID, seen: set[UUID]) -> bool:
        """Give a booking another one than the `member` that it has now."""
        others = tuple(other for other in one.options if other != member)
        to = self._augment(others, one.span, seen, one.booking)
        if to is None:
            return False
        self._moves.append((one, member, to))
        self._change(one, member, to)
        return True

    def _undo(self, before: int) -> None:
        while len(self._moves) > before:
            one, was, to = self._moves.pop()
            self._change(one, to, was)

    def _change(self, one: Placed, was: UUID, to: UUID) -> None:
        del self._having[was][one.key]
        self._having.setdefault(to, {})[one.key] = one

    def _at(self, member: UUID, span: range, without: UUID | None) -> list[Placed]:
        """The bookings in the way; those with the fewest stand-ins come first, because the others can yield to them."""
        found = (one for one in self._with(member, span) if one.booking != without)
        return sorted(found, key=lambda one: (len(one.options), one.key))

    def _has(self, booking: UUID | None, member: UUID, span: range) -> bool:
        """Whether a booking has the member already, for another need or at its other time."""
        return any(one.booking == booking for one in self._with(member, span))

    def _with(self, member: UUID, span: range) -> Iterator[Placed]:
        return (one for one in self._having.get(member, {}).values() if spans_meet(one.span, span))
