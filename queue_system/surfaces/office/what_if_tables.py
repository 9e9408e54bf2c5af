"""The figures of a played day as tables and plots: as it was beside the changed one, without what is about too few people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from ...core.figures import FEWEST_TIMES
from ...core.simulation.figures import LONG_MIN, CaseFigures, Spread
from ...core.simulation.runs import Compared
from ...core.simulation.variants import Variant
from ...core.tables import FEW, Cell, Column, Row, Table
from ...i18n import dates, isolates
from ...i18n.numerals import to_digits
from ...i18n.words import Words, direction_of
from .figure_plots import Plot, ranges

#: The figures of a whole day, each with what it is multiplied with to be shown.
FIGURES: Final[Mapping[str, float]] = {
    "people": 1,
    "p50": 1,
    "p90": 1,
    "longest": 1,
    "long": 100,
    "at_closing": 1,
    "left": 1,
    "uncalled": 1,
    "overtime": 1,
}
#: Those that a recorded day has; its longest wait is one person's.
_RECORDED: Final = ("people", "p50", "p90", "long")
_COUNTS: Final = ("at_closing", "left", "uncalled")
_REACH: Final = ("whatif.low", "whatif.high")


@dataclass(frozen=True, slots=True)
class Says:
    """The sentences on top."""

    says: str
    between: str
    uncalled: str
    counter: str
    fits: str


def enough(found: Compared, fewest: int) -> bool:
    """Whether enough people came for figures to be shown and to say something."""
    whole = found.recorded.whole
    people = 0.0 if whole is None else whole.people.middle * found.days
    return people >= max(fewest, FEWEST_TIMES) and found.before.whole is not None


def sentences(found: Compared, variant: Variant, changes: str, words: Words) -> Says:
    """What the change does to nine people of ten, which counter is meant, and how well the runs fit the day."""
    before, after = found.before.whole, found.after.whole
    counter, fits = _counter(found, variant, words), _fits(found, words)
    if before is None or after is None:
        return Says(words.text("whatif.says-nobody", changes=changes), "", "", counter, fits)
    was, would = round(before.p90.middle), round(after.p90.middle)
    key = "whatif.says-same" if was == would else "whatif.says"
    low, high = round(after.p90.low), round(after.p90.high)
    uncalled = round(after.uncalled.middle)
    return Says(
        words.text(key, changes=changes, would=dates.minutes(would, words), was=dates.minutes(was, words)),
        words.text("whatif.between", range=dates.minutes_range(low, high, words)),
        words.plural("whatif.says-uncalled", uncalled) if uncalled else "",
        counter,
        fits,
    )


def whole_table(found: Compared, fewest: int, words: Words) -> Table:
    """The figures of the whole day: recorded, as it was in the runs, and changed."""
    rows = []
    for name, factor in FIGURES.items():
        cells: list[Cell] = [words.text(f"whatif.figure-{name}", n=LONG_MIN)]
        for case in (found.recorded, found.before, found.after):
            known = case.whole is not None and (case is not found.recorded or name in _RECORDED)
            spread = getattr(case.whole, name) if known else None
            if spread is None:
                cells.append(None)
            elif name in _COUNTS and 0 < spread.middle < fewest:
                cells.append(FEW)
            else:
                cells.append(_spread(spread, factor, words))
        rows.append(Row(tuple(cells)))
    columns = (
        Column("whatif.figure", "text"),
        Column("whatif.recorded", "text"),
        Column("whatif.as-it-was", "text"),
        Column("whatif.changed", "text"),
    )
    return Table("what-if", "whatif.whole", columns, tuple(rows))


def plots(found: Compared, fewest: int, words: Words) -> list[Plot]:
    """The waits over the day as it was and changed, on one scale, each with its table."""
    tables = [
        _by_hour("what-if-before", "whatif.waits-before", found.before, found, fewest, words),
        _by_hour("what-if-after", "whatif.waits-after", found.after, found, fewest, words),
    ]
    most = max(
        (cell for table in tables for row in table.rows for cell in row.cells[1:] if isinstance(cell, int)), default=0
    )
    legend = ("figures.legend-p50", "figures.legend-p90", "whatif.legend-range")
    mirrored = direction_of(words.language) == "rtl"
    return [ranges(one, one.title, legend, mirrored=mirrored, least=most, reach=_REACH) for one in tables]


def _counter(found: Compared, variant: Variant, words: Words) -> str:
    """Which counter was chosen, and on how many of the days it was closed."""
    if found.chosen is None:
        return ""
    kind = "added" if variant.counters > 0 else "closed" if variant.counters < 0 else "hours"
    says = words.text(f"whatif.counter-{kind}", number=found.chosen)
    if not found.lacking:
        return says
    key = "whatif.lacking-added" if variant.counters > 0 else "whatif.lacking"
    return f"{says} {words.plural(key, found.lacking)}"


def _fits(found: Compared, words: Words) -> str:
    """How far the day as it was, played, is from the recorded one."""
    fit = found.fit()
    if fit is None:
        return ""
    names = ("half", "half_recorded", "half_off", "most", "most_recorded", "most_off")
    return words.text("whatif.fits", **{name: words.number(getattr(fit, name)) for name in names})


def _by_hour(name: str, title: str, case: CaseFigures, found: Compared, fewest: int, words: Words) -> Table:
    """All hours in which anybody comes in either case, so that the plots have the same columns."""
    hours = found.in_order(
        {hour for one in (found.before, found.after) for hour, known in one.hours.items() if known.people >= 1}
    )
    columns = (
        Column("figures.hour", "text"),
        Column("figures.p50", "minutes"),
        Column("figures.p90", "minutes"),
        *(Column(words_of, "minutes") for words_of in _REACH),
    )
    rows = tuple(Row((_hour(hour, words), *_waits(case, hour, found, fewest))) for hour in hours)
    return Table(name, title, columns, rows, fewest=fewest)


def _waits(case: CaseFigures, hour: int, found: Compared, fewest: int) -> Iterable[Cell]:
    """The cells of an hour: withheld where too few came, whether on the day itself or in the runs."""
    known, recorded = case.hours.get(hour), found.recorded.hours.get(hour)
    if known is None or known.people < 1:
        return (None,) * 4
    came = recorded.people * found.days if recorded else 0.0
    if 0 < came < fewest or known.people * found.days < fewest:
        return (FEW,) * 4
    return tuple(round(one) for one in (known.p50.middle, known.p90.middle, known.p90.low, known.p90.high))


def _spread(one: Spread, factor: float, words: Words) -> str:
    low, middle, high = (words.number(round(factor * value)) for value in (one.low, one.middle, one.high))
    return middle if low == high else words.text("whatif.with-range", middle=middle, low=low, high=high)


def _hour(hour: int, words: Words) -> str:
    return isolates.ltr(to_digits(f"{hour:02}:00", words.digits))
