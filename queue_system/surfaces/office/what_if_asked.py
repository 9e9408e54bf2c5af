"""What a page is asked to play: a day, or several of a weekday, and what is changed in it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Final
from urllib.parse import urlencode

from ...core.hours import turn_of_day
from ...core.simulation.variants import Variant
from ...i18n.words import Words
from ...store.queries.settings import BranchSettings
from .past_day import FARTHEST

PAGE: Final = "/office/what-if"
#: So many weeks back the same weekday is played.
WEEKS: Final = 8
RULES: Final = ("keep", "order", "unguarded")
#: Counters more or fewer that the form offers.
COUNTERS: Final = (-2, -1, 0, 1, 2, 3)
#: The least and the most of each number that can be typed; of a hundred, but for the minutes of the guard.
LIMITS: Final[Mapping[str, tuple[int, int]]] = {"guard": (0, 1440), "walkins": (0, 100), "demand": (10, 300)}
#: The form as it is when nothing was asked yet.
USUAL: Final[Mapping[str, str]] = {
    "span": "day",
    "counters": "1",
    "like": "",
    "opens": "",
    "closes": "",
    "rule": "keep",
    "guard": "",
    "walkins": "",
    "demand": "",
}
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class AskedWhatIf:
    """`typed` is what the form holds, `errors` the words of each mistake in it; `asked` is false where nothing was asked yet.

    `day` is the typed one, yesterday where it is none. With `several` the last days of its weekday up to it are played.
    """

    typed: Mapping[str, str]
    errors: Mapping[str, str]
    asked: bool
    day: date
    several: bool
    more: bool
    variant: Variant

    def address(self, **changed: object) -> str:
        """The address of the same question, or one with other values."""
        kept = {name: value for name, value in {**self.typed, **changed}.items() if value}
        return f"{PAGE}?{urlencode(kept)}"


def asked_what_if(
    query: Mapping[str, str], branch: BranchSettings, today: date, counters: Collection[int], words: Words
) -> AskedWhatIf:
    """Read what an address asks for. `counters` are the numbers that it may name."""
    asked = "counters" in query
    typed = {name: query.get(name, usual).strip() for name, usual in USUAL.items()}
    yesterday = today - _DAY
    typed |= {"branch": branch.slug, "day": query.get("day", "").strip() or yesterday.isoformat()}
    errors: dict[str, str] = {}
    day = _day(typed["day"])
    if day is None or not yesterday - FARTHEST <= day <= yesterday:
        errors["day"] = words.text("whatif.error-day")
    numbers = {name: _number(typed[name], low, high) for name, (low, high) in LIMITS.items()}
    for name, (low, high) in LIMITS.items():
        if typed[name] and numbers[name] is None:
            errors[name] = words.text("whatif.error-number", low=low, high=high)
    times = {name: _time(typed[name]) for name in ("opens", "closes")}
    for name, at in times.items():
        if typed[name] and at is None:
            errors[name] = words.text("whatif.error-time")
    turn = turn_of_day(day or yesterday, branch.calendar, branch.day_starts)
    if _reversed(times["opens"], times["closes"], turn):
        errors["closes"] = words.text("whatif.error-order" if turn > time() else "whatif.error-order-midnight")
    if _number(typed["counters"], min(COUNTERS), max(COUNTERS)) is None:
        typed["counters"] = USUAL["counters"]
    like = _number(typed["like"], min(counters, default=0), max(counters, default=0))
    if like not in counters:
        typed["like"], like = "", None
    typed["rule"] = typed["rule"] if typed["rule"] in RULES else RULES[0]
    demand, walkins = numbers["demand"], numbers["walkins"]
    variant = Variant(
        counters=int(typed["counters"]),
        like=like,
        opens=times["opens"],
        closes=times["closes"],
        in_order=typed["rule"] == "order",
        unguarded=typed["rule"] == "unguarded",
        guard_min=numbers["guard"] if typed["rule"] == "keep" else None,
        walkin_share=None if walkins is None else walkins / 100,
        demand=1.0 if demand is None else demand / 100,
    )
    if asked and not errors and not variant.changes:
        errors["counters"] = words.text("whatif.error-nothing")
    several = typed["span"] == "weeks"
    return AskedWhatIf(typed, errors, asked, day or yesterday, several, query.get("more") == "1", variant)


def in_words(variant: Variant, words: Words) -> str:
    """What a variant changes: «one counter more and 120 % of the people»."""
    found: list[str] = []
    if variant.counters:
        found.append(words.plural("whatif.more" if variant.counters > 0 else "whatif.fewer", abs(variant.counters)))
    elif variant.opens or variant.closes:
        found.append(words.text("whatif.other-hours"))
    if variant.in_order:
        found.append(words.text("whatif.in-order"))
    if variant.unguarded:
        found.append(words.text("whatif.without-guard"))
    if variant.guard_min is not None:
        found.append(words.plural("whatif.with-guard", variant.guard_min))
    if variant.walkin_share is not None:
        found.append(words.text("whatif.with-walkins", n=round(100 * variant.walkin_share)))
    if variant.demand != 1:
        found.append(words.text("whatif.with-demand", n=round(100 * variant.demand)))
    whole = found[0]
    for one in found[1:]:
        whole = words.text("whatif.and", first=whole, second=one)
    return whole


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _time(text: str) -> time | None:
    try:
        at = time.fromisoformat(text)
    except ValueError:
        return None
    # A time with a zone is none of the branch's clock, and cannot be compared with one.
    return at if at.tzinfo is None else None


def _reversed(opens: time | None, closes: time | None, turn: time) -> bool:
    """Whether a counter would close before it opens; times before `turn` are those of the next morning."""
    return opens is not None and closes is not None and (opens < turn, opens) >= (closes < turn, closes)


def _number(text: str, least: int, most: int) -> int | None:
    """A whole number of this range, None for anything else."""
    try:
        number = int(text)
    except ValueError:
        return None
    return number if least <= number <= most else None
