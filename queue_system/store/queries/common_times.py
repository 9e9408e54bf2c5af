"""Times at which one visit to several services, one after another, can begin, within two months; for staff and for the public."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import groupby, islice
from typing import Final
from uuid import UUID

from ...core import common_time, slots
from ...core.common_time import Segment
from ...core.free_time import FreeTime, in_any
from ...core.members import MemberNeed
from ...core.slots import EPOCH, ServicePlan, tick_of
from ..database import Tx
from .appointments import LOOK_AHEAD
from .bookings import free_days, plan_on
from .members import free_time, members_of
from .settings import BranchSettings, Names, ServiceView

NOON: Final = 12


@dataclass(frozen=True, slots=True)
class Step:
    """A part of a visit: a service, and the members that are wanted for it, by need."""

    service: ServiceView
    asked: Mapping[UUID, UUID] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WantedTimes:
    """From when on, an aware instant; how near to `at`; `half` is "morning", "afternoon" or "" for any time of the day.

    Between two parts of the visit are at most `gap_min` minutes. `public`: within the limits of those who book themselves.
    """

    since: datetime
    at: datetime | None = None
    half: str = ""
    gap_min: int = 0
    public: bool = False


@dataclass(frozen=True, slots=True)
class Scarce:
    """What makes people wait for days: without it the visit could begin at `first`."""

    names: Names
    first: datetime


@dataclass(frozen=True, slots=True)
class CommonTimes:
    """When each part begins: visits near the wish, and the first at all. `scarce`: the one thing that makes people wait."""

    near: tuple[tuple[datetime, ...], ...]
    first: tuple[tuple[datetime, ...], ...]
    scarce: Scarce | None


def common_times(tx: Tx, settings: BranchSettings, steps: Sequence[Step], wish: WantedTimes) -> CommonTimes:
    """The times for a visit of these parts."""
    search = _Search(tx, settings, steps, wish)
    starts = search.starts()
    at = None if wish.at is None else tick_of(wish.at, settings.tick_minutes)
    near, first = common_time.proposals(starts, at)
    return CommonTimes(
        tuple(search.visit(tick) for tick in near),
        tuple(search.visit(tick) for tick in first),
        search.scarce(first[0] if first else None),
    )


def visit_at(
    tx: Tx, settings: BranchSettings, steps: Sequence[Step], wish: WantedTimes, start: datetime
) -> tuple[datetime, ...]:
    """When each part begins if the first begins at `start`; empty where the visit cannot begin then any more."""
    search = _Search(tx, settings, steps, wish)
    tick = tick_of(start, settings.tick_minutes)
    return search.visit(tick) if search.starts().has(range(tick, tick + 1)) else ()


def scarce_for(tx: Tx, settings: BranchSettings, step: Step, begin: datetime, first: datetime | None) -> Scarce | None:
    """What makes people wait for one service, of which `first` is the first free time from `begin` on."""
    plan = plan_on(settings, step.service, begin.astimezone(settings.zone).date())
    if not plan.members and len(plan.resources) == 1:
        return None
    search = _Search(tx, settings, [step], WantedTimes(begin))
    return search.scarce(None if first is None else tick_of(first, settings.tick_minutes))


@dataclass(frozen=True, slots=True)
class _Spell:
    """Days in a row on which the parts take the same: terms of services, queues and resources may begin between them."""

    days: Sequence[date]
    plans: Sequence[ServicePlan]
    segments: Sequence[Segment]


class _Search:
    """The free time of everybody and everything that a visit needs, read once."""

    def __init__(self, tx: Tx, settings: BranchSettings, steps: Sequence[Step], wish: WantedTimes) -> None:
        self._tx, self._settings, self._steps, self._wish = tx, settings, steps, wish
        first = wish.since.astimezone(settings.zone).date()
        end = wish.since + LOOK_AHEAD
        self._ticks = range(tick_of(wish.since, settings.tick_minutes), tick_of(end, settings.tick_minutes))
        spells = _spells(settings, steps, [first + timedelta(days=n) for n in range(LOOK_AHEAD.days + 1)])
        needs = {need.key: need for _, plans in spells for plan in plans for need in plan.members}
        self._free = free_time(tx, settings, list(needs.values()), self._ticks) if needs else {}
        self._gap = wish.gap_min // settings.tick_minutes
        self._spells = [self._spell(days, plans) for days, plans in spells]

    def starts(self) -> FreeTime:
        found = [common_time.common_starts(one.segments, self._free, self._gap) for one in self._spells]
        return in_any(found, self._ticks)

    def visit(self, tick: int) -> tuple[datetime, ...]:
        """The instants at which the parts begin, the first at `tick`."""
        day = self._day(tick)
        segments = next(one.segments for one in self._spells if day in one.days)
        begins = common_time.beginnings(segments, self._free, tick, self._gap)
        return tuple(self._instant(one) for one in begins)

    def scarce(self, first: int | None) -> Scarce | None:
        """The member or pool without which the visit could begin on an earlier day than it can, or at all."""
        tried = [each for one in self._spells for each in (*self._without_members(one), *self._without_pools(one))]
        found = min(tried, key=lambda one: one[0], default=None)
        if found is None or (first is not None and self._day(found[0]) >= self._day(first)):
            return None
        return Scarce(found[1], self._instant(found[0]))

    def _spell(self, days: Sequence[date], plans: Sequence[ServicePlan]) -> _Spell:
        asked = [slots.only_asked(plan, step.asked) for plan, step in zip(plans, self._steps, strict=True)]
        by_plan = dict(zip(asked, self._steps, strict=True))
        opens = {plan: self._may_start(step, plan, days) for plan, step in by_plan.items()}
        segments = [
            Segment(plan.members, self._length(asked, index), self._in_half(opens[plan]) if index == 0 else opens[plan])
            for index, plan in enumerate(asked)
        ]
        return _Spell(days, asked, segments)

    def _without_members(self, spell: _Spell) -> Iterator[tuple[int, Names]]:
        found = common_time.scarcest(spell.segments, self._free, self._gap)
        if found is not None and found.first_without is not None:
            need = next(one for one in spell.segments[found.segment].needs if one.key == found.need)
            yield found.first_without, self._names(need)

    def _without_pools(self, spell: _Spell) -> Iterator[tuple[int, Names]]:
        for index, (step, plan) in enumerate(zip(self._steps, spell.plans, strict=True)):
            for pool in plan.resources:
                if pool.resource_key in self._settings.resources:
                    rest = tuple(one for one in plan.resources if one is not pool)
                    opens = self._may_start(step, replace(plan, resources=rest), spell.days)
                    segments = list(spell.segments)
                    segments[index] = replace(segments[index], may_start=self._in_half(opens) if index == 0 else opens)
                    starts = common_time.common_starts(segments, self._free, self._gap)
                    names = self._settings.resources[pool.resource_key].names
                    yield from ((tick, names) for tick in islice(starts.ticks(), 1))

    def _names(self, need: MemberNeed) -> Names:
        """The name of a group, or of the members one of whom is needed."""
        if need.group in self._settings.resources:
            return self._settings.resources[need.group].names
        return members_of(self._settings)[need.options[0]].names

    def _length(self, plans: Sequence[ServicePlan], index: int) -> int:
        """The ticks of a part, work after it included; and the ways there and back where the next needs the same member."""
        plan = plans[index]
        length = slots.ticks_needed(plan, self._settings.tick_minutes)
        if index + 1 < len(plans):
            length += _way(plan.members, plans[index + 1].members)
        return length

    def _may_start(self, step: Step, plan: ServicePlan, within: Sequence[date]) -> FreeTime:
        """The ticks of these days at which a part can begin, whoever is there."""
        without = replace(plan, members=())
        days = free_days(
            self._tx, self._settings, step.service, within[0], within[-1], public=self._wish.public, plan=without
        )
        bits, tick = 0, self._settings.tick_minutes
        for day in days:
            for slot in day.slots:
                at = tick_of(slot.start, tick)
                if at in self._ticks:
                    bits |= 1 << (at - self._ticks.start)
        return FreeTime(self._ticks, bits)

    def _in_half(self, opens: FreeTime) -> FreeTime:
        """Those that begin in the half of the day that is wanted."""
        if not self._wish.half:
            return opens
        bits = 0
        for at in opens.ticks():
            if (self._local(at).hour < NOON) == (self._wish.half == "morning"):
                bits |= 1 << (at - opens.within.start)
        return FreeTime(opens.within, bits)

    def _day(self, tick: int) -> date:
        return self._local(tick).date()

    def _local(self, tick: int) -> datetime:
        return self._instant(tick).astimezone(self._settings.zone)

    def _instant(self, tick: int) -> datetime:
        return EPOCH + timedelta(minutes=tick * self._settings.tick_minutes)


def _spells(
    settings: BranchSettings, steps: Sequence[Step], days: Sequence[date]
) -> list[tuple[list[date], list[ServicePlan]]]:
    """The days in a row on which each part takes the same, and what that is."""
    services = {step.service.id: step.service for step in steps}
    plans = {day: {key: plan_on(settings, one, day) for key, one in services.items()} for day in days}
    return [
        (list(some), [which[step.service.id] for step in steps]) for which, some in groupby(days, plans.__getitem__)
    ]


def _way(first: Collection[MemberNeed], then: Collection[MemberNeed]) -> int:
    """The ticks that a member which may be in both parts needs between them."""
    return max(
        (one.after + other.before for one in first for other in then if not set(one.options).isdisjoint(other.options)),
        default=0,
    )
