"""The value that a page, a file and paper make a table from."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from queue_system.core.tables import FEW, Cell, Column, Kind, Row, Table, fits

AT = datetime(2026, 11, 2, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "cell"),
    [
        ("text", "a"),
        ("whole", 3),
        ("minutes", 3),
        ("minutes", 2.5),
        ("share", 0),
        ("share", 0.25),
        ("day", date(2026, 11, 2)),
        ("instant", AT),
        ("whole", None),
        ("share", FEW),
    ],
)
def test_a_cell_fits_its_column(kind: Kind, cell: Cell) -> None:
    assert fits(kind, cell)


@pytest.mark.parametrize(
    ("kind", "cell"),
    [
        ("text", 3),
        ("whole", "3"),
        ("whole", 2.5),
        ("whole", True),
        ("share", 1.01),
        ("share", -0.1),
        ("day", AT),
        ("instant", date(2026, 11, 2)),
        ("instant", AT.replace(tzinfo=None)),
    ],
)
def test_a_cell_of_another_kind_does_not(kind: Kind, cell: Cell) -> None:
    assert not fits(kind, cell)


def test_a_table_refuses_what_does_not_fit() -> None:
    columns = (Column("figures.queue", "text"), Column("figures.served", "whole"))
    table = Table("queues", "figures.by-queue", columns, (Row(("A", 12)), Row(("B", FEW))), Row(("", 19)), fewest=10)
    assert [row.cells[1] for row in table.rows] == [12, FEW]
    with pytest.raises(ValueError, match="1 cells for 2 columns"):
        Table("queues", "figures.by-queue", columns, (Row(("A",)),))
    with pytest.raises(ValueError, match="'many' is not whole"):
        Table("queues", "figures.by-queue", columns, (), Row(("", "many")))
