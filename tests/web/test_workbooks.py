"""Workbooks: the names of sheets that Excel accepts, and every kind of cell."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import openpyxl
from hypothesis import given
from hypothesis import strategies as st

from queue_system.core.tables import FEW, Cell, Column, Kind, Row, Table
from queue_system.i18n.words import words_for
from queue_system.web.spreadsheets import BYTE_ORDER_MARK, attachment, csv_lines
from queue_system.web.workbooks import LONGEST_NAME, Notes, sheet_name, workbook

NOW = datetime(2026, 11, 22, 7, tzinfo=UTC)
FRONT, BACK = Notes("Front & more", (("A", "first & second"), ("B", "=2+2"))), Notes("Back", (("C", "d"),))


def written(*tables: Table, language: str = "en") -> Any:
    made = workbook(FRONT, tables, BACK, words_for(language), NOW)
    return openpyxl.load_workbook(io.BytesIO(made))


def one(kind: Kind, cell: Cell) -> Any:
    """The second cell of a row of a table, written and read again."""
    columns = (Column("figures.service", "text"), Column("figures.issued", kind))
    table = Table("service", "figures.by-service", columns, (Row(("x", cell)),), fewest=5)
    return written(table)["By service"]["B2"]


@given(st.lists(st.text(max_size=40), min_size=1, max_size=8))
def test_every_name_of_a_sheet_is_one_that_excel_accepts(wanted: list[str]) -> None:
    names: list[str] = []
    for name in wanted:
        names.append(sheet_name(name, names))
    for name in names:
        assert 0 < len(name) <= LONGEST_NAME
        assert not {*name} & {*"[]:*?/\\"}
        assert name.strip("'") == name
        assert name.casefold() != "history"
    assert len({name.casefold() for name in names}) == len(names)


def test_a_name_stays_as_it_is_where_it_can() -> None:
    assert sheet_name("بحسب الخدمة", ()) == "بحسب الخدمة"
    assert sheet_name("By service", ("by SERVICE",)) == "By service 2"
    assert sheet_name("x" * 40, ("x" * LONGEST_NAME,)) == "x" * (LONGEST_NAME - 2) + " 2"
    assert sheet_name("'a/b'", ()) == "a b"
    assert sheet_name("History", ()) == "History 2"


def test_numbers_are_numbers_and_what_is_withheld_is_words() -> None:
    cases: tuple[tuple[Kind, Cell, object, str], ...] = (
        ("whole", 1200, 1200, "#,##0"),
        ("minutes", 14, 14, "#,##0"),
        ("minutes", 14.3, 14.3, "#,##0.0"),
        ("share", 2 / 3, 0.67, "0%"),
        ("day", date(2026, 11, 22), datetime(2026, 11, 22), "yyyy-mm-dd"),
        (
            "instant",
            datetime(2026, 11, 22, 9, 5, tzinfo=timezone(timedelta(hours=3))),
            datetime(2026, 11, 22, 9, 5),
            "yyyy-mm-dd hh:mm",
        ),
        ("whole", FEW, "too few", "General"),
        ("share", FEW, "too few", "General"),
        ("whole", None, None, "General"),
    )
    for kind, cell, value, shown in cases:
        found = one(kind, cell)
        assert (found.value, found.number_format) == (value, shown), (kind, cell)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40))
def test_no_text_is_read_as_a_formula_a_number_or_an_address(text: str) -> None:
    for start in ("", "=", "+", "-", "@", "{=", "http://", "12"):
        cell = one("text", start + text)
        assert cell.data_type in ("s", "n")
        assert cell.hyperlink is None
        assert cell.value is None or isinstance(cell.value, str)


def test_sheets_of_words_are_text_too() -> None:
    book = written(language="ar")
    assert book.sheetnames == ["Front & more", "Back"]
    assert (book["Front & more"]["B2"].value, book["Front & more"]["B2"].data_type) == ("=2+2", "s")
    assert "first && second" in book["Back"].oddHeader.center.text
    assert book["Back"].sheet_view.rightToLeft
    assert not written()["Back"].sheet_view.rightToLeft


def test_a_cell_of_a_text_file_is_never_calculated() -> None:
    rows = [["=1+1", "+1", "-1", "@a", "\tb", "\rc", " =d", "\uff1d1", "a=b", 5, -5, 0.5, None, 'q"']]
    assert csv_lines(rows) == "'=1+1,'+1,'-1,'@a,'\tb,\"'\rc\",' =d,'\uff1d1,a=b,5,-5,0.5,,\"q\"\"\"\r\n"
    assert BYTE_ORDER_MARK.encode() == b"\xef\xbb\xbf"


def test_csv_with_semicolons_keeps_fractions_and_calculates_under_neither_separator() -> None:
    assert csv_lines([["a;b", 2.5, 3, None, "=1", "أ، ب"]], ";", ",") == '"a;b";2,5;3;;\'=1;أ، ب\r\n'
    assert csv_lines([["a,=1", 'b, "+2', "c, d"]], ";") == 'a,\'=1;"b, ""\'+2";c, d\r\n'
    assert csv_lines([["a;=1"]]) == "a;'=1\r\n"


def test_a_file_has_a_name_for_old_programs_and_one_in_its_language() -> None:
    headers = attachment("figures.csv", "أرقام – 1.csv")
    assert headers["Content-Disposition"] == (
        "attachment; filename=\"figures.csv\"; filename*=UTF-8''%D8%A3%D8%B1%D9%82%D8%A7%D9%85%20%E2%80%93%201.csv"
    )
    assert headers["Cache-Control"] == "no-store"
