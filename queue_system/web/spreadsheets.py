"""Tables as text for a spreadsheet, and the headers of files to take away."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import quote

from ..i18n import isolates

#: So that a spreadsheet reads the text as UTF-8.
BYTE_ORDER_MARK: Final = "\N{ZERO WIDTH NO-BREAK SPACE}"
#: A spreadsheet takes a cell that begins like this for a formula; the last four are the wide signs of East Asian keyboards.
FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")

_SEPARATORS: Final = ",;"
_STARTS_LATER: Final = {
    one: re.compile(rf'({other}[\s"]*)(?=[{re.escape("".join(FORMULA_STARTS))}])')
    for one, other in zip(_SEPARATORS, reversed(_SEPARATORS), strict=True)
}


def csv_lines(rows: Iterable[Iterable[object]], separator: str = ",", decimal: str = ".") -> str:
    """Rows as CSV (RFC 4180), without marks of direction and without texts that a spreadsheet would calculate.

    Numbers are written as they are, with `decimal` before their fractions, None as an empty cell. `separator` is "," or ";".
    """
    written = io.StringIO()
    writer = csv.writer(written, delimiter=separator)
    writer.writerows([_cell(cell, separator, decimal) for cell in row] for row in rows)
    return written.getvalue()


def attachment(plain: str, name: str) -> Mapping[str, str]:
    """The headers of a file that is saved as `name`; `plain` is its name in ASCII for programs that know no other (RFC 6266)."""
    return {
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}",
        "Cache-Control": "no-store",
    }


def _cell(cell: object, separator: str, decimal: str) -> object:
    if isinstance(cell, float):
        return str(cell).replace(".", decimal)
    if not isinstance(cell, str):
        return cell
    # A spreadsheet that expects the other separator would divide the text there.
    text = _STARTS_LATER[separator].sub(r"\1'", isolates.strip(cell))
    return f"'{text}" if text.startswith(FORMULA_STARTS) or text.lstrip().startswith(FORMULA_STARTS) else text
