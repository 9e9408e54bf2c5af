"""Tables as a workbook (XLSX): a sheet of words in front, a sheet for each table, a sheet of words at the end."""

from __future__ import annotations

import io
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from ..core.tables import Cell, Column, Kind, Row, Table, Withheld
from ..i18n import isolates
from ..i18n.words import Words

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

MEDIA_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: What Excel allows: so many characters, none of these, no apostrophe at either end, and not the name of its own sheet.
LONGEST_NAME: Final = 31
_NOT_IN_NAMES: Final = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
_ITS_OWN: Final = "history"

_FORMATS: Final[dict[Kind, str]] = {
    "text": "@",
    "whole": "#,##0",
    "minutes": "#,##0",
    "share": "0%",
    "day": "yyyy-mm-dd",
    "instant": "yyyy-mm-dd hh:mm",
}
_FRACTION: Final = "#,##0.0"
_NARROW, _WIDE, _WORDS = 9, 48, 90
#: From so many columns on a sheet is printed across.
_ACROSS: Final = 6
_A4: Final = 9


@dataclass(frozen=True, slots=True)
class Notes:
    """A sheet of words: its heading, and lines of a label and what it says."""

    name: str
    lines: tuple[tuple[str, str], ...]


def workbook(front: Notes, tables: Sequence[Table], back: Notes, words: Words, made_at: datetime) -> bytes:
    """The file. Texts are never read as formulas, numbers or addresses; what is withheld stands there in words."""
    # Loaded with the first file, because it takes a tenth of a second and most people never ask for one.
    from xlsxwriter import Workbook

    written = io.BytesIO()
    as_they_are = dict.fromkeys(("strings_to_formulas", "strings_to_urls", "strings_to_numbers"), False)
    book = Workbook(written, {"in_memory": True, **as_they_are})
    book.set_properties({"title": _plain(front.lines[0][1] if front.lines else front.name), "created": made_at})
    maker = _Maker(book, words, _plain(" · ".join(said for _, said in front.lines[:2])))
    maker.notes(front)
    for table in tables:
        maker.table(table)
    maker.notes(back)
    book.close()
    return written.getvalue()


def sheet_name(wanted: str, taken: Collection[str]) -> str:
    """A name that Excel accepts, as near to the one that is wanted as possible; `taken` are the others."""
    used = {one.casefold() for one in taken} | {_ITS_OWN}
    name = _NOT_IN_NAMES.sub(" ", _plain(wanted)).strip(" '") or "1"
    n, found = 1, name[:LONGEST_NAME].strip(" '")
    while found.casefold() in used:
        n += 1
        end = f" {n}"
        found = name[: LONGEST_NAME - len(end)].strip(" '") + end
    return found


class _Maker:
    """Adds sheets to a book in one language."""

    def __init__(self, book: Workbook, words: Words, running: str) -> None:
        self._book, self._words, self._running = book, words, running
        self._names: list[str] = []
        self._formats: dict[tuple[tuple[str, Any], ...], Any] = {}

    def notes(self, notes: Notes) -> None:
        sheet = self._sheet(notes.name)
        sheet.set_column(0, 0, min(max(len(_plain(label)) for label, _ in notes.lines) + 2, _WIDE), None)
        sheet.set_column(1, 1, _WORDS)
        for at, (label, said) in enumerate(notes.lines):
            sheet.write_string(at, 0, _plain(label), self._format(bold=True, text_wrap=True, valign="top"))
            sheet.write_string(at, 1, _plain(said), self._format(text_wrap=True, valign="top"))
        sheet.set_portrait()

    def table(self, table: Table) -> None:
        sheet = self._sheet(self._words.text(table.title))
        heads = [_plain(self._words.text(column.words)) for column in table.columns]
        head = self._format(bold=True, text_wrap=True, valign="top", bottom=2)
        for at, text in enumerate(heads):
            sheet.write_string(0, at, text, head)
        sheet.freeze_panes(1, 1)
        sheet.repeat_rows(0)
        rows = list(_rows(table, _plain(self._words.text("figures.all"))))
        for line, (row, is_total) in enumerate(rows, 1):
            style = {"bold": True, "top": 1} if is_total else {}
            for at, (column, cell) in enumerate(zip(table.columns, row.cells, strict=True)):
                self._cell(sheet, line, at, column, cell, style)
        for at, text in enumerate(heads):
            longest = max([len(word) for word in text.split()], default=0)
            texts = [len(_plain(cell)) for row, _ in rows if isinstance(cell := row.cells[at], str)]
            wide = max([_NARROW, longest, *texts]) + 2 if any(texts) else max(_NARROW, longest + 2)
            sheet.set_column(at, at, min(wide, _WIDE))
        if len(heads) >= _ACROSS:
            sheet.set_landscape()

    def _sheet(self, wanted: str) -> Worksheet:
        name = sheet_name(wanted, self._names)
        self._names.append(name)
        sheet = self._book.add_worksheet(name)
        if self._words.direction == "rtl":
            sheet.right_to_left()
        sheet.set_paper(_A4)
        sheet.fit_to_pages(1, 0)
        # An ampersand begins a code there, and Excel takes no more than 255 characters.
        sheet.set_header(f"&C{self._running[:200].replace('&', '&&')}")
        sheet.set_footer("&C&P / &N")
        return sheet

    def _cell(self, sheet: Worksheet, line: int, at: int, column: Column, cell: Cell, style: dict[str, Any]) -> None:
        if cell is None:
            sheet.write_blank(line, at, None, self._format(**style))
        elif isinstance(cell, Withheld):
            few = _plain(self._words.text("figures.few"))
            sheet.write_string(line, at, few, self._format(italic=True, align="right", **style))
        elif isinstance(cell, str):
            sheet.write_string(line, at, _plain(cell), self._format(num_format="@", text_wrap=True, **style))
        elif isinstance(cell, datetime):
            # Wall time of its zone, because a spreadsheet knows none.
            sheet.write_datetime(
                line, at, cell.replace(tzinfo=None), self._format(num_format=_FORMATS["instant"], **style)
            )
        elif isinstance(cell, date):
            sheet.write_datetime(line, at, cell, self._format(num_format=_FORMATS["day"], **style))
        else:
            shown = _FRACTION if isinstance(cell, float) and column.kind == "minutes" else _FORMATS[column.kind]
            sheet.write_number(line, at, as_shown(column, cell), self._format(num_format=shown, **style))

    def _format(self, **wanted: Any) -> Any:
        if self._words.direction == "rtl":
            wanted["reading_order"] = 2
        key = tuple(sorted(wanted.items()))
        if key not in self._formats:
            self._formats[key] = self._book.add_format(wanted)
        return self._formats[key]


def as_shown(column: Column, number: float) -> float:
    """A number of a cell as exactly as a page says it, because more digits of a share could tell how few there were."""
    return round(number, 2) if column.kind == "share" else number


def _rows(table: Table, label: str) -> Iterator[tuple[Row, bool]]:
    yield from ((row, False) for row in table.rows)
    if table.total:
        yield Row((label, *table.total.cells[1:])), True


def _plain(text: str) -> str:
    return isolates.strip(text)
