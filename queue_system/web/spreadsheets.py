"""Tables as text for a spreadsheet, and the headers of files to take away."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import quote

from ..i18n import isolates

#: So that a spreadsheet reads the text as UTF-8.
BYTE_ORDER_MARK: Final = "\N{ZERO WIDTH NO-BREAK SPACE}"
#: A spreadsheet takes a cell that begins like this for a formula; the last four are the wide signs of East Asian keyboards.
FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def csv_lines(rows: Iterable[Iterable[object]]) -> str:
    """Rows as CSV (RFC 4180), without marks of direction and without texts that a spreadsheet would calculate.

    Numbers are written as they are, None as an empty cell.
    """
    written = io.StringIO()
    csv.writer(written).writerows([_cell(cell) for cell in row] for row in rows)
    return written.getvalue()


def attachment(plain: str, name: str) -> Mapping[str, str]:
    """The headers of a file that is saved as `name`; `plain` is its name in ASCII for programs that know no other (RFC 6266)."""
    return {
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}",
        "Cache-Control": "no-store",
    }


def _cell(cell: object) -> object:
    if not isinstance(cell, str):
        return cell
    text = isolates.strip(cell)
    return f"'{text}" if text.startswith(FORMULA_STARTS) or text.lstrip().startswith(FORMULA_STARTS) else text
