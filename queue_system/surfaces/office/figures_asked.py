"""Which days and which time a page of figures is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal, get_args
from urllib.parse import urlencode

from ...core.errors import Missing
from ...core.figures import TIMES, Time
from .past_day import FARTHEST, read_day

PAGE: Final = "/office/figures"
_DAY: Final = timedelta(days=1)
_WEEK: Final = timedelta(days=7)

Stretch = Literal["today", "yesterday", "week", "month", "range"]
STRETCHES: Final[tuple[Stretch, ...]] = get_args(Stretch)
#: What is shown where only whole weeks and months are: days could be taken away from each other, and few came in one.
WHOLE_STRETCHES: Final[tuple[Stretch, ...]] = ("week", "month")


@dataclass(frozen=True, slots=True)
class AskedFigures:
    """The days, `last` included, and which of the times the tables show."""

    branch: str
    stretch: Stretch
    first: date
    last: date
    time: Time

    def address(self, page: str = "", **changed: object) -> str:
        """The address of the page, or of one below it, with the same question; `changed` replaces parts of it."""
        mine: dict[str, object] = {"branch": self.branch, "stretch": self.stretch, "time": self.time}
        if self.stretch in ("week", "month", "range"):
            mine |= {"first": self.first, "last": self.last}
        return f"{PAGE}{page}?{urlencode({name: value for name, value in (mine | changed).items() if value})}"

    @property
    def before(self) -> str:
        """The address of as many days, or of the month, before; "" for today."""
        if self.stretch == "today":
            return ""
        if self.stretch == "month":
            return self._at("month", (self.first - _DAY).replace(day=1), self.first - _DAY)
        length = self.last - self.first + _DAY
        return self._at(_kind(length, self.stretch), self.first - length, self.last - length)

    def after(self, yesterday: date) -> str:
        """The address of what follows; "" where that is not over."""
        if self.last >= yesterday or self.stretch == "today":
            return ""
        first = self.last + _DAY
        if self.stretch == "month":
            return self._at("month", first, _month_end(first))
        length = self.last - self.first + _DAY
        return self._at(_kind(length, self.stretch), first, self.last + length)

    def _at(self, stretch: Stretch, first: date, last: date) -> str:
        return self.address(stretch=stretch, first=first, last=last)


def asked_figures(
    query: Mapping[str, str], branch: str, today: date, week_starts: int, *, whole: bool = False
) -> AskedFigures:
    """What an address asks for; raises Missing("not-found") for days that are none, not over, or backwards.

    A week and a month are those of `first`, else the present ones as far as they are over. With `whole` they are the last
    ones that are over, and nothing else is shown.
    """
    stretch, time = query.get("stretch", "month" if whole else "yesterday"), query.get("time", "wait")
    if stretch not in (WHOLE_STRETCHES if whole else STRETCHES) or time not in TIMES:
        raise Missing("not-found")
    yesterday = last_over(stretch, today, week_starts) if whole else today - _DAY
    first, last = (read_day(query.get(name, ""), yesterday) for name in ("first", "last"))
    if not today - FARTHEST <= first <= today:
        raise Missing("not-found")
    if stretch == "today":
        first = last = today
    elif stretch == "yesterday":
        first = last = yesterday
    elif stretch == "week":
        first -= timedelta(days=(first.weekday() - week_starts) % 7)
        last = min(first + _WEEK - _DAY, yesterday)
    elif stretch == "month":
        first = first.replace(day=1)
        last = min(_month_end(first), yesterday)
    if not first <= last <= (today if stretch == "today" else yesterday):
        raise Missing("not-found")
    return AskedFigures(branch, stretch, first, last, time)


def month_of(branch: str, first: date) -> AskedFigures:
    """A whole month that is over, by its first day."""
    return AskedFigures(branch, "month", first, _month_end(first), "wait")


def last_over(stretch: str, today: date, week_starts: int) -> date:
    """The last day of the newest week or month that is over."""
    if stretch == "month":
        return today.replace(day=1) - _DAY
    return today - timedelta(days=(today.weekday() - week_starts) % 7 + 1)


def _kind(length: timedelta, stretch: Stretch) -> Stretch:
    return "range" if stretch in ("range", "yesterday") or length != _WEEK else "week"


def _month_end(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - _DAY
