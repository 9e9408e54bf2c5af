"""The time of members: when those that a service needs are free, and which of them a booking gets."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final
from uuid import UUID

from .free_time import FreeTime, in_all, in_any, in_how_many
from .members import Choice, MemberNeed, WhyMember, Wishes, choose, starts, starts_by_need
from .rearranging import NEW, Moves, Placed, make_room

NO_WISHES: Final = Wishes()


@dataclass(frozen=True)
class MemberTime:
    """Some members, in the ticks of `within`: their working time in `open`, and what they are `placed` for.

    `own` are ticks of `open` that only the booking that is being placed may have: it moves, and has them until then. It
    may keep them taken afterwards too, as a place that it gave back, so nobody who makes room can have them.
    """

    within: range
    open: Mapping[UUID, FreeTime]
    placed: Sequence[Placed] = ()
    own: Mapping[UUID, Collection[range]] = field(default_factory=dict)

    @cached_property
    def free(self) -> Mapping[UUID, FreeTime]:
        """The time in which each member has nothing."""
        spans: dict[UUID, list[range]] = {member: [] for member in self.open}
        for one in self.placed:
            if one.member in spans:
                spans[one.member].append(one.span)
        return {member: time.without(spans[member]) for member, time in self.open.items()}

    def places(self, needs: Sequence[MemberNeed], length: int) -> Places:
        """How many visits of `length` ticks can begin at each tick; ticks with none are missing.

        Where members would have to be rearranged, it is one.
        """
        return Places(self, needs, length)

    def choose(
        self, needs: Sequence[MemberNeed], visit: range, wishes: Wishes
    ) -> tuple[tuple[Choice, ...], Moves] | None:
        """A member for each need of a visit, and which other bookings get another one for it; None if that fails."""
        chosen = choose(needs, visit, self.free, wishes)
        if chosen is not None:
            return chosen, {}
        required = [
            replace(need, options=tuple(one for one in need.options if wishes.required(need.key) in (None, one)))
            for need in needs
        ]
        return self.rearranged(required, visit, wishes)

    def after(
        self, booking: UUID, needs: Sequence[MemberNeed], visit: range, chosen: Sequence[Choice], moves: Moves
    ) -> MemberTime:
        """The time once a booking has what was chosen for a visit, and others have made room for it."""
        placed = [*self.placed]
        if moves:
            placed = [replace(one, member=moves[one.key]) if one.key in moves else one for one in placed]
        which = {one.need: one for one in chosen}
        placed += [
            Placed(booking, need.key, one.member, need.span(visit), need.options, one.is_announced)
            for need in needs
            for one in (which[need.key],)
        ]
        after = replace(self, placed=placed)
        if not moves and "free" in self.__dict__:
            # To work it out anew for each of hundreds of bookings would take most of their time.
            free = dict(self.free)
            for need in needs:
                if (member := which[need.key].member) in free:
                    free[member] = free[member].without((need.span(visit),))
            after.__dict__["free"] = free
        return after

    def near(self, first: int, stop: int) -> list[Placed]:
        """Those that could be in the way of something from `first` to `stop`, or of one another when they make room."""
        return [one for span, group in self._stretches if span.start < stop and first < span.stop for one in group]

    def if_rearranged(self, needs: Sequence[MemberNeed], length: int) -> FreeTime:
        """The ticks from which a visit may be possible if others make room; from no other tick it is.

        At each tick of the visit one of those among whom bookings can be exchanged must be free, because an exchange
        leaves as many of them taken as before.
        """
        for_each = [starts(needs, self.open, length, self.within)]
        for need in needs:
            one_free = in_any((self.free[one] for one in self._in_exchange(need.options)), self.within)
            for_each.append(one_free.starts(length + need.after, need.before))
        return in_all(for_each, self.within)

    def _in_exchange(self, options: Collection[UUID]) -> set[UUID]:
        """These members, those who could take over a booking of theirs, those who could take over one of these, and so on."""
        found: set[UUID] = set()
        more = set(options)
        while more:
            found |= more
            more = {other for one in more for other in self._stand_ins.get(one, ())} - found
        return found & self.open.keys()

    @cached_property
    def _stand_ins(self) -> Mapping[UUID, set[UUID]]:
        """Who could take over a booking of a member, where nobody was told which member it will be."""
        # The bookings of a service share their options, so each of these is looked at once for a member.
        known = {(one.member, id(one.options)): one.options for one in self.placed if not one.announced}
        found: dict[UUID, set[UUID]] = {}
        for (member, _), options in known.items():
            found.setdefault(member, set()).update(options)
        return found

    def rearranged(
        self, needs: Sequence[MemberNeed], visit: range, wishes: Wishes = NO_WISHES
    ) -> tuple[tuple[Choice, ...], Moves] | None:
        """A member for each need after others have made room, and who they get in exchange; None if that fails."""
        near = self.near(min(need.span(visit).start for need in needs), max(need.span(visit).stop for need in needs))
        placed = near
        for need in needs:
            found = make_room(need.options, need.span(visit), placed, self.open, self._open_to_others)
            if found is None:
                return None
            member, moves = found
            placed = [replace(one, member=moves.get(one.key, one.member)) for one in placed]
            placed.append(Placed(NEW, need.key, member, need.span(visit), need.options))
        chosen = {one.need: one.member for one in placed if one.booking == NEW}
        if len(chosen) != len(set(chosen.values())):
            return None
        now = {one.key: one.member for one in placed}
        moved = {one.key: now[one.key] for one in near if now[one.key] != one.member}
        return tuple(wishes.choice(need.key, chosen[need.key], WhyMember.ONLY) for need in needs), moved

    @cached_property
    def _open_to_others(self) -> Mapping[UUID, FreeTime]:
        """The working time without `own`."""
        return {member: time.without(self.own.get(member, ())) for member, time in self.open.items()}

    @cached_property
    def _stretches(self) -> list[tuple[range, list[Placed]]]:
        """All that is placed, in stretches of time that do not meet, because nobody in one is in the way in another."""
        found: list[tuple[range, list[Placed]]] = []
        for one in sorted(self.placed, key=lambda one: one.span.start):
            if found and one.span.start < found[-1][0].stop:
                span, group = found.pop()
                group.append(one)
                found.append((range(span.start, max(span.stop, one.span.stop)), group))
            else:
                found.append((one.span, [one]))
        return found


class Places(Mapping[int, int]):
    """How many visits can begin at each tick, worked out where somebody asks: times are offered at few of the ticks.

    To see whether others can make room takes a thousand times as long as to see that nobody has to.
    """

    def __init__(self, time: MemberTime, needs: Sequence[MemberNeed], length: int) -> None:
        self._time, self._needs, self._length = time, needs, length
        self._direct = starts(needs, time.free, length, time.within)
        each = starts_by_need(needs, time.free, length)
        # A visit takes several of a group where people go together.
        self._each = [
            (in_how_many(each[need.key].values()), sum(one.group == need.group for one in needs)) for need in needs
        ]

    def __getitem__(self, tick: int) -> int:
        if self._direct.has(range(tick, tick + 1)):
            return min(_count(digits, tick - self._time.within.start) // takes for digits, takes in self._each)
        if self._others.has(range(tick, tick + 1)):
            visit = range(tick, tick + self._length)
            if self._time.rearranged(self._needs, visit) is not None:
                return 1
        raise KeyError(tick)

    def __iter__(self) -> Iterator[int]:
        return (tick for tick in in_any((self._direct, self._others), self._time.within).ticks() if tick in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    @cached_property
    def _others(self) -> FreeTime:
        """The ticks at which others may make room; none where everybody was told their members."""
        if all(one.announced for one in self._time.placed):
            return FreeTime(self._time.within, 0)
        return self._time.if_rearranged(self._needs, self._length)


def _count(digits: Sequence[int], at: int) -> int:
    """The count at a tick, from the digits of all counts (`in_how_many`)."""
    return sum((digit >> at & 1) << place for place, digit in enumerate(digits))
