"""The targets of a branch in words, each with its figure and whether it was met."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ...core.figure_parts import Target, targets
from ...core.figures import Shown
from ...core.tables import Cell, Column, Row, Table, Withheld
from ...i18n import isolates
from ...i18n.filters import localised
from ...i18n.words import Words
from ...store.queries.settings import BranchSettings

_COLUMNS: Final = tuple(
    Column(words, "text") for words in ("figures.target", "figures.aim", "figures.figure", "figures.outcome")
)


@dataclass(frozen=True, slots=True)
class MeasuredTarget:
    """A target as a page shows it; `met` is None where too few people came. `above`: more than a range allows."""

    words: str
    aim: str
    figure: str
    met: bool | None
    above: bool = False


def measured_targets(found: Shown, branch: BranchSettings, words: Words, language: str) -> list[MeasuredTarget]:
    """The targets that the branch has; none where its settings name none."""
    aims = branch.targets
    if aims is None:
        return []
    share = None if aims.no_show_max_pct is None else aims.no_show_max_pct / 100
    return [
        _measured(one, branch, words, language)
        for one in targets(found, aims.p90_wait_min or {}, aims.coverage_p90, share, aims.double_bookings)
    ]


def targets_table(measured: list[MeasuredTarget], words: Words) -> Table:
    """The same as a table."""
    rows = (Row((one.words, one.aim, one.figure, words.text(outcome_of(one)))) for one in measured)
    return Table("targets", "figures.targets", _COLUMNS, tuple(rows))


def outcome_of(one: MeasuredTarget) -> str:
    """The key of the words for what became of a target."""
    if one.met is None:
        return "figures.few"
    # A share above its range looks like success, so it is said why it is none.
    return "figures.met" if one.met else "figures.too-careful" if one.above else "figures.not-met"


def _measured(one: Target, branch: BranchSettings, words: Words, language: str) -> MeasuredTarget:
    priority = branch.priorities.get(one.about)
    about = localised(priority.names, language) if priority else one.about
    name = words.text("figures.aim-wait", name=about) if one.aim == "wait" else words.text(f"figures.aim-{one.aim}")
    above = False
    if one.low is not None and one.high is not None:
        above = isinstance(one.figure, int | float) and one.figure > one.high
        aim = words.text("figures.between", low=_bound(one, one.low, words), high=_bound(one, one.high, words))
    else:
        aim = words.text("figures.at-most", most=_bound(one, one.high, words))
    return MeasuredTarget(name, aim, _said(one, one.figure, words), one.met, above)


def _bound(one: Target, figure: Cell, words: Words) -> str:
    """In the direction of the language, because "87٪" alone has no letter that says on which side the sign stands."""
    return isolates.along(_said(one, figure, words), words.direction)


def _said(one: Target, figure: Cell, words: Words) -> str:
    if figure is None or isinstance(figure, Withheld) or not isinstance(figure, int | float):
        return words.text("figures.few")
    if one.aim == "wait":
        return words.plural("common.minutes", int(figure))
    if one.aim == "double":
        return words.number(int(figure))
    return words.text("figures.percent", n=round(100 * figure))
