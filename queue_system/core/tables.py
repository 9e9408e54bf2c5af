"""A table of figures as a value: the same rows for a page, for a file and for paper."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Final, Literal, TypeAlias

#: What a column holds: text as it is shown; a whole number; minutes, which may have a fraction; a share from 0 to 1; a day;
#: an instant with its zone.
Kind = Literal["text", "whole", "minutes", "share", "day", "instant"]


class Withheld(Enum):
    """A figure that is there and is not shown, because it is about too few people."""

    FEW = "few"


FEW: Final = Withheld.FEW

#: None: there is no such figure.
Cell: TypeAlias = str | int | float | date | datetime | Withheld | None

_TYPES: Final[Mapping[Kind, tuple[type, ...]]] = {
    "text": (str,),
    "whole": (int,),
    "minutes": (int, float),
    "share": (int, float),
    "day": (date,),
    "instant": (datetime,),
}


@dataclass(frozen=True, slots=True)
class Column:
    """`words` is the key of its heading in the catalogues."""

    words: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Row:
    """Its cells, one for each column. `address` is the page of the rows behind it, "" without one."""

    cells: tuple[Cell, ...]
    address: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """`name` is for addresses and files, `title` the key of its heading.

    The first column says what a row is about. `total`, the sum of all, is none of the rows. `fewest` is the smallest number of
    people that is shown, 1 where all are: a cell of fewer is FEW. Raises ValueError where a cell does not fit its column.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    total: Row | None = None
    fewest: int = 1

    def __post_init__(self) -> None:
        for row in (*self.rows, *([self.total] if self.total else [])):
            if len(row.cells) != len(self.columns):
                raise ValueError(f"{self.name}: {len(row.cells)} cells for {len(self.columns)} columns")
            for column, cell in zip(self.columns, row.cells, strict=True):
                if not fits(column.kind, cell):
                    raise ValueError(f"{self.name}: {cell!r} is not {column.kind}")


def fits(kind: Kind, cell: Cell) -> bool:
    """Whether a column of this kind may hold the cell."""
    if cell is None or isinstance(cell, Withheld):
        return True
    if isinstance(cell, datetime):
        return kind == "instant" and cell.tzinfo is not None
    return isinstance(cell, _TYPES[kind]) and not isinstance(cell, bool) and (kind != "share" or _is_share(cell))


def _is_share(cell: object) -> bool:
    return isinstance(cell, int | float) and 0 <= cell <= 1
