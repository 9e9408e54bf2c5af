"""Plots of a table, as the numbers of which `office/_plots.html` draws SVG. The axis runs in the direction of the page.

A figure that is withheld, or that there is not, leaves its place empty: the table beside it says which of both it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ...core.tables import Cell, Row, Table

WIDTH: Final = 480
HEIGHT: Final = 220
# Room for the numbers of the axis at one side, and for what the marks are about below.
_SIDE: Final = 44
_FOOT: Final = 30
_HEAD: Final = 22
_STEPS: Final = (1, 2, 5, 10, 15, 20, 30, 60, 100, 120, 200, 250, 500, 1000, 2000, 5000, 10_000, 50_000, 100_000)
_MOST_LINES: Final = 4
# Of more marks than this only some have words below, because they would lie over each other.
_MOST_WORDS: Final = 12
_FILL: Final = 0.7


@dataclass(frozen=True, slots=True)
class Mark:
    """A bar from `top` to `bottom`, and a dot or a line across it at `at`; each None where there is no figure.

    `reach` is where the upper end of the bar may be, from its highest to its lowest.
    """

    x: float
    width: float
    top: float | None
    bottom: float | None
    at: float | None
    words: str
    middle: float
    address: str
    reach: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the axis, with its number."""

    y: float
    number: int


@dataclass(frozen=True, slots=True)
class Plot:
    """`numbers_at` is where the numbers of the axis end; `shape`: "range" is a bar with a dot, "count" one from the ground."""

    name: str
    title: str
    legend: tuple[str, ...]
    shape: str
    marks: tuple[Mark, ...]
    lines: tuple[Line, ...]
    numbers_at: float
    table: Table


@dataclass(frozen=True, slots=True)
class Bar:
    """A row of a plot of names: a bar from `start` that is `length` long, a mark at `at`, of a hundred; and its figure in words."""

    words: str
    start: float | None
    length: float
    at: float | None
    figure: Cell
    more: Cell
    address: str


@dataclass(frozen=True, slots=True)
class Bars:
    """As a plot, with a line for each row, for names that are longer than a column is wide."""

    name: str
    title: str
    legend: tuple[str, ...]
    bars: tuple[Bar, ...]
    table: Table


def counts(table: Table, title: str, legend: tuple[str, str], *, mirrored: bool) -> Plot:
    """How many there were, and the part of them that was served as the darker one: the first two numbers of the table."""
    spans = [(0.0, _number(row.cells[1]), _number(row.cells[2])) for row in table.rows]
    return _plot(table, title, legend, "count", spans, mirrored)


def ranges(
    table: Table,
    title: str,
    legend: tuple[str, ...],
    *,
    mirrored: bool,
    least: float = 0,
    reach: tuple[str, str] | None = None,
) -> Plot:
    """From the median, a dot, to the 90th percentile of the table's times, which may be anywhere between the columns `reach`.

    The axis goes up to `least` at the least, so that two plots can be compared.
    """
    p50, p90 = _columns(table, "figures.p50", "figures.p90")
    spans = [(_number(row.cells[p50]), _number(row.cells[p90]), _number(row.cells[p50])) for row in table.rows]
    low, high = _columns(table, *reach) if reach else (None, None)
    reaches = [
        None if low is None or high is None else (_number(row.cells[low]), _number(row.cells[high]))
        for row in table.rows
    ]
    return _plot(table, title, legend, "range", spans, mirrored, least, reaches)


def name_ranges(table: Table, title: str, legend: tuple[str, str], *, mirrored: bool) -> Bars:
    """The same with a line for each row."""
    p50, p90 = _columns(table, "figures.p50", "figures.p90")
    most = max((_number(row.cells[p90]) or 0 for row in table.rows), default=0) or 1
    return Bars(
        table.name,
        title,
        legend,
        tuple(
            Bar(
                str(row.cells[0]),
                *_along(_number(row.cells[p50]), _number(row.cells[p90]), most, mirrored),
                row.cells[p50],
                row.cells[p90],
                row.address,
            )
            for row in table.rows
        ),
        table,
    )


def _along(
    low: float | None, high: float | None, most: float, mirrored: bool
) -> tuple[float | None, float, float | None]:
    """Start, length and mark of a bar, of a hundred."""
    if low is None or high is None:
        return None, 0, None
    start, end = 100 * low / most, 100 * high / most
    return (100 - end if mirrored else start), max(end - start, 0.5), (100 - start if mirrored else start)


def _plot(
    table: Table,
    title: str,
    legend: tuple[str, ...],
    shape: str,
    spans: Sequence[tuple[float | None, float | None, float | None]],
    mirrored: bool,
    least: float = 0,
    reaches: Sequence[tuple[float | None, float | None] | None] = (),
) -> Plot:
    ends = [high for _, high, _ in spans] + [one[1] for one in reaches if one]
    most = max([least, *(end or 0 for end in ends)]) or 1
    step = next((one for one in _STEPS if most / one <= _MOST_LINES), _STEPS[-1])
    top = step * -(-int(most) // step) if most > step else step
    top = top if top >= most else top + step
    room = (WIDTH - _SIDE) / max(len(table.rows), 1)
    # Every n-th has words, and the first of all.
    every = -(-len(table.rows) // _MOST_WORDS)

    def y(value: float | None) -> float | None:
        return None if value is None else round(HEIGHT - _FOOT - (HEIGHT - _FOOT - _HEAD) * value / top, 1)

    def mark(place: int, row: Row) -> Mark:
        low, high, at = spans[place]
        from_start = _SIDE + room * (place + (1 - _FILL) / 2)
        x = WIDTH - from_start - room * _FILL if mirrored else from_start
        words = str(row.cells[0]) if place % every == 0 else ""
        known = high is not None and low is not None
        ends = (reaches[place] if reaches else None) or (None, None)
        return Mark(
            round(x, 1),
            round(room * _FILL, 1),
            y(high) if known else None,
            y(low) if known else None,
            y(at),
            words,
            round(x + room * _FILL / 2, 1),
            row.address,
            None if ends[0] is None or ends[1] is None else (y(ends[1]) or 0.0, y(ends[0]) or 0.0),
        )

    return Plot(
        table.name + "-" + shape,
        title,
        legend,
        shape,
        tuple(mark(place, row) for place, row in enumerate(table.rows)),
        tuple(Line(y(at) or 0.0, at) for at in range(0, top + 1, step)),
        WIDTH - _SIDE + 6 if mirrored else _SIDE - 6,
        table,
    )


def _columns(table: Table, *words: str) -> tuple[int, ...]:
    keys = [column.words for column in table.columns]
    return tuple(keys.index(one) for one in words)


def _number(cell: Cell) -> float | None:
    return float(cell) if isinstance(cell, int | float) else None
