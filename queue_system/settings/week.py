"""Mistakes in opening hours that one look at the rules shows; `core.hours` decides what they mean on a day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import time
from typing import Final

from ..core.calendars import Layer
from ..core.recurrence import may_coincide
from .agenda import HoursRule
from .faults import Fault

#: The layers whose rules must not overlap, because each would open the same time twice.
_WEEKLY: Final = (Layer.REGULAR, Layer.SEASON, Layer.SERVICE)


def hours_faults(rules: Sequence[HoursRule], day_starts: time, week_starts: int) -> Iterator[Fault]:
    """All of them; the field of each begins with the number of its rule, from 0."""
    for index, rule in enumerate(rules):
        if (fault := rule_fault(rule, day_starts)) is not None:
            yield fault.below(index)
        if (fault := overlap(rules[:index], rule, week_starts)) is not None:
            yield fault.below(index)


def rule_fault(rule: HoursRule, day_starts: time) -> Fault | None:
    """What is wrong with one rule in a branch whose business day begins at `day_starts`."""
    if rule.layer is Layer.BREAK:
        return backwards(rule.opens, rule.closes)
    last, stretches = rule.last_ticket, _stretches(rule.opens, rule.closes)
    if last is not None and not any(start <= last <= end for start, end in stretches):
        return Fault("setting-last-ticket", "last_ticket", {"last": last})
    if any(start < day_starts < end for start, end in stretches):
        return Fault("setting-open-at-day-start", "closes", {"day_starts": day_starts})
    return None


def backwards(begins: time, ends: time) -> Fault | None:
    """That something on one day ends before it begins."""
    return Fault("setting-backwards", "closes", {"begins": begins, "ends": ends}) if ends <= begins else None


def overlap(earlier: Iterable[HoursRule], rule: HoursRule, week_starts: int) -> Fault | None:
    """That a rule opens a time which one of the `earlier` rules of its layer opens already."""
    for other in earlier:
        if _of_one_week(other, rule, week_starts) and _share_time(other, rule):
            return Fault("setting-hours-overlap", "opens", {"opens": other.opens})
    return None


def _of_one_week(one: HoursRule, other: HoursRule, week_starts: int) -> bool:
    return (
        one.layer in _WEEKLY
        and (one.layer, one.season, one.service, one.resource)
        == (other.layer, other.season, other.service, other.resource)
        and may_coincide(one, other, week_starts)
    )


def _share_time(one: HoursRule, other: HoursRule) -> bool:
    return bool(set(one.days) & set(other.days)) and any(
        start < other_end and other_start < end
        for start, end in _stretches(one.opens, one.closes)
        for other_start, other_end in _stretches(other.opens, other.closes)
    )


def _stretches(opens: time, closes: time) -> list[tuple[time, time]]:
    return [(opens, closes)] if opens < closes else [(opens, time.max), (time.min, closes)]
