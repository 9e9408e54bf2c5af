"""A page of figures to take away: as a workbook, its tables one by one, and on paper.

The log has no entry of it, because it holds no more than the page, and nothing about single visitors.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from starlette.responses import Response

from ...core.errors import Missing
from ...core.figure_parts import capacity, places_are_shown, utilisation
from ...core.figures import Shown
from ...core.tables import FEW, Cell, Column, Row, Table, Withheld
from ...i18n import isolates
from ...i18n.words import Words
from ...web.installation import in_thread
from ...web.spreadsheets import BYTE_ORDER_MARK, attachment, csv_lines
from ...web.workbooks import MEDIA_TYPE, Notes, as_shown, workbook
from .figure_tables import FigureTables

#: What the page of a branch explains, in its order.
MEANINGS: Final = (
    *("issued", "served", "missed", "gone", "time-wait", "time-walk", "time-serve", "time-house", "p50", "mean"),
    *("due", "no-show-share", "lead", "utilisation", "planned", "fill", "used", "freed", "reused"),
    *("aim-coverage", "aim-double"),
)
#: Asks for CSV as Excel opens it where a list is divided by semicolons.
SEMICOLON: Final = "semicolon"
# The columns of the tables whose rows these are.
_WHERE: Final = {"time": "p50", "aim": "target"}


@dataclass(frozen=True, slots=True)
class Report:
    """What is taken away. `plain` is the name of its files in ASCII, `name` in the language; neither has an ending.

    `about` says what was asked, as pairs of label and words, the title first. `fewest` is the smallest number of people that
    is shown.
    """

    plain: str
    name: str
    about: tuple[tuple[str, str], ...]
    tables: Sequence[Table]
    fewest: int
    words: Words
    made_at: datetime

    @property
    def small_numbers(self) -> str:
        """What is withheld, in words."""
        few = f"{self.words.plural('figures.few-what', self.fewest)} " if self.fewest > 1 else ""
        return few + self.words.text("figures.few-times")

    @property
    def meanings(self) -> Sequence[tuple[str, str]]:
        """How the figures of the tables are computed, as pairs of name and words."""
        text, shown = self.words.text, {column.words for table in self.tables for column in table.columns}
        return [
            (text(f"figures.{name}"), text(f"figures.means-{name}"))
            for name in MEANINGS
            if f"figures.{_WHERE.get(name.partition('-')[0], name)}" in shown
        ]


async def as_workbook(report: Report) -> Response:
    """All tables in one file, with what was asked and how the figures are computed."""
    words = report.words
    front = Notes(words.text("figures.asked"), (*report.about, (words.text("figures.few-label"), report.small_numbers)))
    back = Notes(words.text("figures.how"), tuple(report.meanings))
    data = await in_thread(lambda: workbook(front, report.tables, back, words, report.made_at))
    headers = attachment(f"{report.plain}.xlsx", f"{_file_name(report.name)}.xlsx")
    return Response(data, media_type=MEDIA_TYPE, headers=dict(headers))


def as_table(report: Report, name: str, separator: str = "") -> Response:
    """One table as CSV in UTF-8 with a byte order mark, divided by commas, or by semicolons where `separator` is SEMICOLON.

    Raises Missing("not-found") where there is no such table or separator.
    """
    words = report.words
    if separator not in ("", SEMICOLON):
        raise Missing("not-found")
    # Where Excel wants semicolons it reads 12.5 as a day in May, except in Arabic, whose regions write a point.
    signs = (";", "." if words.direction == "rtl" else ",") if separator else (",", ".")
    for table in report.tables:
        if table.name == name:
            text = BYTE_ORDER_MARK + csv_lines(_lines(table, words), *signs)
            ending = _file_name(words.text(table.title))
            headers = attachment(f"{report.plain}-{name}.csv", f"{_file_name(report.name)} – {ending}.csv")
            return Response(text, media_type="text/csv; charset=utf-8", headers=dict(headers))
    raise Missing("not-found")


def whole_table(found: Shown, days: str) -> Table:
    """The figures on top of the page as a table of one row."""
    wait = found.times("whole", "", "wait")
    columns_and_cells: list[tuple[Column, Cell]] = [(Column("figures.stretch", "text"), days)]
    columns_and_cells += [
        (Column(f"figures.{name}", "whole"), found.count("whole", "", name))
        for name in ("issued", "served", "missed", "gone")
    ]
    columns_and_cells += [
        (Column("figures.p50", "minutes"), wait.p50 if wait else FEW),
        (Column("figures.p90", "minutes"), wait.p90 if wait else FEW),
    ]
    booked, attended = capacity(found) if places_are_shown(found) else (None, None)
    shares = (("utilisation", utilisation(found)), ("capacity", booked), ("used", attended))
    columns_and_cells += [(Column(f"figures.{name}", "share"), one) for name, one in shares if one is not None]
    columns, cells = zip(*columns_and_cells, strict=True)
    return Table("whole", "figures.whole", columns, (Row(cells),), fewest=found.fewest)


def dated(found: FigureTables) -> Iterable[Table]:
    """The tables, with days as dates, which a spreadsheet sorts, in place of their words."""
    for name, table in found.tables.items():
        if name != "day":
            yield table
            continue
        days = (date.fromisoformat(one) for one in sorted(found.shown.grouped.parts[name]))
        rows = tuple(replace(row, cells=(day, *row.cells[1:])) for day, row in zip(days, table.rows, strict=True))
        # Its first cell has no words, and would not be a day either.
        total = table.total and replace(table.total, cells=(None, *table.total.cells[1:]))
        yield replace(
            table, columns=(replace(table.columns[0], kind="day"), *table.columns[1:]), rows=rows, total=total
        )


def _lines(table: Table, words: Words) -> Iterable[Iterable[object]]:
    few = words.text("figures.few")

    def said(column: Column, cell: Cell) -> object:
        if isinstance(cell, Withheld):
            return few
        if isinstance(cell, datetime):
            return cell.strftime("%Y-%m-%d %H:%M")
        return as_shown(column, cell) if isinstance(cell, float) else cell

    yield (words.text(column.words) for column in table.columns)
    total = [Row((words.text("figures.all"), *table.total.cells[1:]))] if table.total else []
    for row in (*table.rows, *total):
        yield (said(column, cell) for column, cell in zip(table.columns, row.cells, strict=True))


def _file_name(text: str) -> str:
    """Words as the name of a file on every system."""
    return " ".join(
        "".join("-" if one in '\\/:*?"<>|' or ord(one) < 32 else one for one in isolates.strip(text)).split()
    )
