"""Members: named persons, rooms, vehicles and interpreters, one of whom a booking takes for all of its time.

A lane of a queue only counts, so a booking may use another one in each tick. A member is somebody or something that
people are told of, so it stays the same from the first tick to the last, travel and buffer included. What a service
needs is a member or a group, any member of which will do.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from .free_time import FreeTime, in_all, in_any


class WhyMember(StrEnum):
    """Why this member of a group was chosen; the first that tells it from the others, in this order."""

    ASKED = "asked"  # whoever booked asked for it
    ONLY = "only"  # no other is free at that time
    KNOWN = "known"  # the visitor had it the last time
    FEWEST_GROUPS = "fewest_groups"  # others can stand in for more needs, so they are kept for these
    LEAST_BOOKED = "least_booked"  # it has the least booked time on that day
    ORDER = "order"  # it comes first in the order of the settings
    STAND_IN = "stand_in"  # staff gave it the appointment of another


@dataclass(frozen=True, slots=True)
class MemberNeed:
    """One member of `options`, in the order of the settings; `key` is the group, or the member if only one will do.

    The member is taken `before` and `after` ticks longer than the visit lasts, for the way there and back.
    """

    key: UUID
    options: tuple[UUID, ...]
    before: int = 0
    after: int = 0

    def span(self, visit: range) -> range:
        """The ticks for which the member is taken by a visit."""
        return range(visit.start - self.before, visit.stop + self.after)


@dataclass(frozen=True, slots=True)
class Choice:
    """The member that a booking takes for one of its needs, and why this one."""

    need: UUID
    member: UUID
    why: WhyMember


@dataclass(frozen=True, slots=True)
class Wishes:
    """What decides between members that are free.

    `asked` is the member that somebody wants, by need; `known` are the members of the visitor's last visit; `groups`
    says how many needs of the branch a member can serve; `booked` how many ticks around the visit it has taken.
    """

    asked: Mapping[UUID, UUID] = field(default_factory=dict)
    known: Collection[UUID] = ()
    groups: Mapping[UUID, int] = field(default_factory=dict)
    booked: Mapping[UUID, int] = field(default_factory=dict)


def starts(needs: Sequence[MemberNeed], free: Mapping[UUID, FreeTime], length: int, within: range) -> FreeTime:
    """The ticks from which each need has a member of its own that is free for `length` ticks and its travel."""
    each = starts_by_need(needs, free, length)
    possible = in_all((in_any(members.values(), within) for members in each.values()), within)
    options = [option for need in needs for option in need.options]
    if len(options) == len(set(options)):
        return possible
    # One member could be counted for two needs, so each time that is left is looked at by itself.
    bits = 0
    for tick in possible.ticks():
        at = {
            need: [member for member, time in members.items() if time.has(range(tick, tick + 1))]
            for need, members in each.items()
        }
        if _assigned(needs, at) is not None:
            bits |= 1 << (tick - within.start)
    return FreeTime(within, bits)


def starts_by_need(
    needs: Sequence[MemberNeed], free: Mapping[UUID, FreeTime], length: int
) -> dict[UUID, dict[UUID, FreeTime]]:
    """The ticks from which each member is free for `length` ticks and its travel, by key of the need and member."""
    return {
        need.key: {one: free[one].starts(length + need.after, need.before) for one in need.options if one in free}
        for need in needs
    }


def choose(
    needs: Sequence[MemberNeed], visit: range, free: Mapping[UUID, FreeTime], wishes: Wishes
) -> tuple[Choice, ...] | None:
    """A member for each need, no member twice; None where somebody is missing.

    A member that was asked for is taken or nobody is, because the person who books has said a name.
    """
    at: dict[UUID, list[UUID]] = {}
    for need in needs:
        asked = wishes.asked.get(need.key)
        options = need.options if asked is None else tuple(one for one in need.options if one == asked)
        open_ = [one for one in options if one in free and free[one].has(need.span(visit))]
        at[need.key] = sorted(open_, key=lambda one: _rank(one, wishes))
    chosen = _assigned(needs, at)
    if chosen is None:
        return None
    return tuple(Choice(need.key, chosen[need.key], _why(need, chosen, at[need.key], wishes)) for need in needs)


def _rank(member: UUID, wishes: Wishes) -> tuple[bool, int, int]:
    """Sorting is stable, so members of equal rank stay in the order of the settings."""
    return member not in wishes.known, wishes.groups.get(member, 1), wishes.booked.get(member, 0)


def _why(need: MemberNeed, chosen: Mapping[UUID, UUID], at: Sequence[UUID], wishes: Wishes) -> WhyMember:
    member = chosen[need.key]
    others = [one for one in at if one not in chosen.values()]
    if need.key in wishes.asked:
        return WhyMember.ASKED
    if not others:
        return WhyMember.ONLY
    if member in wishes.known:
        return WhyMember.KNOWN
    mine = _rank(member, wishes)
    next_ = min(_rank(one, wishes) for one in others)
    if mine[1] < next_[1]:
        return WhyMember.FEWEST_GROUPS
    return WhyMember.LEAST_BOOKED if mine[1:] < next_[1:] else WhyMember.ORDER


def _assigned(needs: Sequence[MemberNeed], at: Mapping[UUID, Sequence[UUID]]) -> dict[UUID, UUID] | None:
    """A member of `at` for each need, no member twice, the first ones where possible (Kuhn's augmenting paths)."""
    taken_by: dict[UUID, UUID] = {}

    def place(need: UUID, seen: set[UUID]) -> bool:
        for member in at[need]:
            if member in seen:
                continue
            seen.add(member)
            if member not in taken_by or place(taken_by[member], seen):
                taken_by[member] = need
                return True
        return False

    if not all(place(need.key, set()) for need in needs):
        return None
    return {need: member for member, need in taken_by.items()}
