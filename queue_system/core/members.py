"""Members: named persons, rooms, vehicles and interpreters, one of whom a booking takes for all of its time.

A lane of a queue only counts, so a booking may use another one in each tick. A member is somebody or something that
people are told of, so it stays the same from the first tick to the last, travel and buffer included. What a service
needs is a member or a group, any member of which will do.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from .free_time import FreeTime, in_all, in_any


class WhyMember(StrEnum):
    """Why this member of a group was chosen; the first that tells it from the others, in this order."""

    ASKED = "asked"  # whoever booked asked for it
    ONLY = "only"  # no other is free at that time
    KNOWN = "known"  # the visitor had it the last time
    STAYS = "stays"  # the appointment had it before it was moved
    FEWEST_GROUPS = "fewest_groups"  # others can stand in for more needs, so they are kept for these
    LEAST_BOOKED = "least_booked"  # it has the least booked time on that day
    ORDER = "order"  # it comes first in the order of the settings
    STAND_IN = "stand_in"  # staff gave it the appointment of another


@dataclass(frozen=True, slots=True)
class MemberNeed:
    """One member of `options`, in the order of the settings; `key` is the group, or the member if only one will do.

    The member is taken `before` and `after` ticks longer than the visit lasts, for the way there and back. `beside`: it is
    one more member of the group with this key, because several go together.
    """

    key: UUID
    options: tuple[UUID, ...]
    before: int = 0
    after: int = 0
    beside: UUID | None = None

    @property
    def group(self) -> UUID:
        """The group or member that is asked for."""
        return self.beside or self.key

    def span(self, visit: range) -> range:
        """The ticks for which the member is taken by a visit."""
        return range(visit.start - self.before, visit.stop + self.after)


@dataclass(frozen=True, slots=True)
class Choice:
    """The member that a booking takes for one of its needs, and why this one.

    `announced_at`: when somebody was told of it, where the booking has moved with a member that was promised.
    """

    need: UUID
    member: UUID
    why: WhyMember
    announced_at: datetime | None = None

    @property
    def is_announced(self) -> bool:
        """Whether somebody was told of it, as whoever asked for it was."""
        return self.announced_at is not None or self.why is WhyMember.ASKED


@dataclass(frozen=True, slots=True)
class Present:
    """The member that a booking has now for one of its needs, for the ticks of `span`, travel included.

    It is promised, if somebody was told of it at `announced_at`.
    """

    member: UUID
    why: WhyMember
    span: range
    announced_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Wishes:
    """What decides between members that are free.

    `asked` is the member that somebody wants, by need; `known` are the members of the visitor's last visit. `present`
    has by need whom a booking has that moves; in `stays` are those who must not change with it, unless another is
    asked for. `groups` says how many needs of the branch a member can serve; `booked` how many ticks around the visit it
    has taken.
    """

    asked: Mapping[UUID, UUID] = field(default_factory=dict)
    known: Collection[UUID] = ()
    present: Mapping[UUID, Present] = field(default_factory=dict)
    stays: Mapping[UUID, UUID] = field(default_factory=dict)
    groups: Mapping[UUID, int] = field(default_factory=dict)
    booked: Mapping[UUID, int] = field(default_factory=dict)

    def required(self, need: UUID) -> UUID | None:
        """The only member that will do for a need; not one that should stay and is asked for beside it now."""
        stays = self.stays.get(need)
        return self.asked.get(need) or (None if stays in self.asked.values() else stays)

    def has(self, need: UUID, member: UUID) -> bool:
        """Whether the booking that moves has the member already."""
        return need in self.present and self.present[need].member == member

    def choice(self, need: UUID, member: UUID, why: WhyMember) -> Choice:
        """A choice, which says once more what was promised."""
        if need in self.asked:
            why = WhyMember.ASKED
        elif self.required(need) is not None:
            why = WhyMember.STAYS
        if not self.has(need, member):
            return Choice(need, member, why)
        now = self.present[need]
        # Who was asked for once is asked for at the next time, too.
        kept = now.why if (why, now.why) == (WhyMember.STAYS, WhyMember.ASKED) else why
        return Choice(need, member, kept, now.announced_at)


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

    A member that was asked for or promised is taken or nobody is, because somebody has said the name.
    """
    at: dict[UUID, list[UUID]] = {}
    for need in needs:
        required = wishes.required(need.key)
        options = need.options if required is None else tuple(one for one in need.options if one == required)
        open_ = [one for one in options if one in free and free[one].has(need.span(visit))]
        at[need.key] = sorted(open_, key=lambda one: _rank(need, one, wishes))
    chosen = _assigned(needs, at)
    if chosen is None:
        return None
    return tuple(wishes.choice(need.key, chosen[need.key], _why(need, chosen, at[need.key], wishes)) for need in needs)


def _rank(need: MemberNeed, member: UUID, wishes: Wishes) -> tuple[bool, bool, int, int]:
    """Sorting is stable, so members of equal rank stay in the order of the settings.

    Whom the visitor has met comes before whom a moving booking has, because nobody was told of the latter.
    """
    return (
        member not in wishes.known,
        not wishes.has(need.key, member),
        wishes.groups.get(member, 1),
        wishes.booked.get(member, 0),
    )


def _why(need: MemberNeed, chosen: Mapping[UUID, UUID], at: Sequence[UUID], wishes: Wishes) -> WhyMember:
    member = chosen[need.key]
    others = [one for one in at if one not in chosen.values()]
    if not others:
        return WhyMember.ONLY
    if member in wishes.known:
        return WhyMember.KNOWN
    if wishes.has(need.key, member):
        return WhyMember.STAYS
    _, _, *mine = _rank(need, member, wishes)
    _, _, *next_ = min(_rank(need, one, wishes) for one in others)
    if mine[0] < next_[0]:
        return WhyMember.FEWEST_GROUPS
    return WhyMember.LEAST_BOOKED if mine < next_ else WhyMember.ORDER


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
