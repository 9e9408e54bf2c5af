"""Figures as files: the workbook and the tables as CSV hold what the page shows to the same reader, and nothing more."""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import openpyxl
import pytest
from starlette.testclient import TestClient

from queue_system.clock import FrozenClock
from queue_system.core.figures import FEWEST_TIMES
from queue_system.store.tables import ORGANISATION
from queue_system.web.workbooks import LONGEST_NAME
from tests.kit.hall import Hall
from tests.kit.people import add_role, give_in_department
from tests.kit.services import set_service
from tests.kit.web_hall import Page, sign_in
from tests.surfaces.office.test_web_figures import PAGE, serve, tomorrow
from tests.surfaces.office.test_web_figures_across import ACROSS

MARKS = dict.fromkeys(map(ord, "\u2066\u2067\u2068\u2069"))
ELSEWHERE = "edu-attest"
HOW = "How is this counted"
FEW = {"en": "too few", "ar": "عدد قليل"}


@pytest.fixture
def client(here: tuple[TestClient, Hall]) -> TestClient:
    sign_in(here[0], "admin", "en")
    return here[0]


def book(client: TestClient, query: str = "", page: str = PAGE) -> Any:
    answer = client.get(f"{page}/workbook?{query}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return openpyxl.load_workbook(io.BytesIO(answer.content))


def rows_of(sheet: Any) -> list[list[Any]]:
    return [[cell.value for cell in row] for row in sheet.rows]


def table(client: TestClient, name: str, query: str = "", page: str = PAGE) -> list[list[str]]:
    answer = client.get(f"{page}/table?table={name}&{query}")
    assert answer.status_code == 200, answer.text
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


def tables_of_page(page: str) -> Iterator[tuple[str, list[list[str]]]]:
    """The tables of a page by their captions, each cell as its text."""
    for found in re.findall(r"<table.*?</table>", page, re.DOTALL):
        (caption,) = re.findall(r'<caption><span id="[^"]+">(.*?)</span>', found, re.DOTALL)
        yield (
            text_of(caption),
            [
                [text_of(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)]
                for row in re.findall(r"<tr>(.*?)</tr>", found, re.DOTALL)
            ],
        )


def text_of(markup: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", markup)).translate(MARKS).split())


def as_on_page(cell: Any) -> str:
    """A cell of a workbook as the page says it."""
    if cell.value is None:
        return "–"
    if isinstance(cell.value, datetime):
        return f"{cell.value:%A} {cell.value.day}"
    if cell.number_format == "0%":
        return f"{round(100 * cell.value)} %"
    return f"{cell.value:.1f}" if cell.number_format.endswith(".0") else str(cell.value)


@pytest.fixture
def filled(client: TestClient, hall: Hall, clock: FrozenClock) -> TestClient:
    """Eleven people of one service, three of another department's; seen on the next morning."""
    serve(hall, clock, FEWEST_TIMES + 1)
    for _ in range(3):
        hall.issue(ELSEWHERE)
    tomorrow(hall, clock)
    sign_in(client, "admin", "en")
    return client


READERS = {
    "trusted": ("see_reports", "see_small_numbers", "see_staff_reports"),
    "reader": ("see_reports",),
    "manager": ("reports_aggregate",),
}


def test_the_file_says_what_the_page_says_to_every_reader(filled: TestClient, hall: Hall, clock: FrozenClock) -> None:
    for login, rights in READERS.items():
        hall.person(login, ((hall.branch.id, add_role(hall, f"role-{login}", *rights)),))
    hall.person("within", ())
    department = hall.branch.departments[hall.branch.service(ELSEWHERE).department_id]
    give_in_department(hall, "within", "role-reader", department.slug)
    clock.set(clock.now().replace(month=12, day=2))
    few, query = {}, "stretch=month&first=2026-11-01"
    for login in (*READERS, "within"):
        sign_in(filled, login, "en")
        shown = dict(tables_of_page(filled.get(f"{PAGE}?{query}").text))
        written = book(filled, query)
        for caption, rows in shown.items():
            sheet = written[caption[:LONGEST_NAME]]
            assert [[as_on_page(cell) for cell in row] for row in sheet.rows] == rows, (login, caption)
        # What the page has above its tables, or explains.
        assert {*written.sheetnames} - {*shown} <= {"About this file", "The whole period", "Targets", HOW}
        few[login] = sum(cell == FEW["en"] for sheet in written for row in rows_of(sheet) for cell in row)
        counted = dict(row[:2] for row in rows_of(written["About this file"]))["Counted"]
        assert counted == (department.names["en"] if login == "within" else "The whole branch")
    assert few["trusted"] < few["reader"]
    # Three people are no number for them, wherever it would stand.
    for login in ("reader", "manager", "within"):
        sign_in(filled, login, "en")
        numbers = {cell for sheet in book(filled, query) for row in rows_of(sheet)[1:] for cell in row[1:5]}
        assert 3 not in numbers


def test_an_arabic_file_runs_from_the_right(filled: TestClient) -> None:
    sign_in(filled, "admin", "ar")
    written = book(filled)
    assert all(sheet.sheet_view.rightToLeft for sheet in written)
    names = written.sheetnames
    assert names[:2] == ["عن هذا الملف", "الفترة كلها"]
    assert names[-1] == "كيف تُحسب الأرقام؟"
    assert max(map(len, names)) <= LONGEST_NAME
    by_queue = written["بحسب الدور"]
    assert by_queue.freeze_panes == "B2"
    assert by_queue.print_title_rows == "$1:$1"
    head, *rows, total = rows_of(by_queue)
    assert head[:2] == ["الدور", "أخذوا رقمًا"]
    assert [type(row[1]) for row in rows] == [int] * len(rows)
    assert total[:2] == ["المجموع", FEWEST_TIMES + 4]
    assert not [
        cell for sheet in written for row in rows_of(sheet) for cell in row if MARKS.keys() & {*map(ord, str(cell))}
    ]
    assert FEW["ar"] in [cell for row in rows_of(by_queue) for cell in row]


def test_days_are_dates_that_a_spreadsheet_sorts(filled: TestClient, clock: FrozenClock) -> None:
    clock.set(clock.now().replace(month=12, day=2))
    sign_in(filled, "admin", "en")
    by_day = book(filled, "stretch=month&first=2026-11-01")["By day"]
    assert by_day["A2"].value == datetime(2026, 11, 22)
    assert by_day["A2"].number_format == "yyyy-mm-dd"
    assert table(filled, "day", "stretch=month&first=2026-11-01")[1][0] == "2026-11-22"


def test_a_name_that_looks_like_a_formula_stays_text(client: TestClient, hall: Hall, clock: FrozenClock) -> None:
    name = "=1+1"
    set_service(hall, "attest-single", names={"ar": name, "en": name})
    serve(hall, clock, FEWEST_TIMES)
    tomorrow(hall, clock)
    sign_in(client, "admin", "en")
    by_service = book(client)["By service"]
    (cell,) = [row[0] for row in by_service.rows if row[0].value == name]
    assert cell.data_type == "s"
    assert [row[0] for row in table(client, "service")][1] == "'=1+1"


def test_a_table_is_a_file_that_excel_reads_as_arabic(filled: TestClient) -> None:
    sign_in(filled, "admin", "ar")
    answer = filled.get(f"{PAGE}/table?table=queue")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.content.startswith(b"\xef\xbb\xbf" + "الدور,أخذوا رقمًا,".encode())
    assert b"\n" not in answer.content.replace(b"\r\n", b"")
    assert answer.content.endswith(b"\r\n")
    named = answer.headers["content-disposition"]
    assert re.match(r"attachment; filename=\"figures-doha-main-2026-11-22-queue\.csv\"; filename\*=UTF-8''%D8", named)
    assert answer.headers["cache-control"] == "no-store"
    divided = filled.get(f"{PAGE}/table?table=queue&separator=semicolon").content
    assert divided == answer.content.replace(b",", b";")
    sign_in(filled, "admin", "en")
    divided = filled.get(f"{PAGE}/table?table=queue&separator=semicolon").content
    cells = list(csv.reader(io.StringIO(divided.decode("utf-8-sig")), delimiter=";"))
    assert [[cell.replace(",", ".") for cell in row] for row in cells] == table(filled, "queue")
    assert table(filled, "queue") == [
        ["" if cell == "–" else cell for cell in row]
        for caption, rows in tables_of_page(filled.get(PAGE).text)
        if caption == "By queue"
        for row in rows
    ]


@pytest.mark.parametrize(
    "query",
    ["table=nothing", "", "table=queue&first=x&stretch=range", "table=queue&branch=nowhere", "table=queue&separator=x"],
)
def test_what_is_not_there_is_not_found(client: TestClient, query: str) -> None:
    assert client.get(f"{PAGE}/table?{query}").status_code == 404


def test_the_page_leads_to_its_files(filled: TestClient) -> None:
    query = "stretch=month&first=2026-11-01"
    page = filled.get(f"{PAGE}?{query}").text
    led = [html.unescape(one) for one in re.findall(rf'href="({PAGE}/[a-z]+\?[^"]+)"', page)]
    assert {one.partition("?")[0].rpartition("/")[2] for one in led} == {"paper", "workbook", "table"}
    for address in led:
        assert "first=2026-11-01" in address
        assert filled.get(address).status_code == 200, address


def test_paper_says_what_when_and_by_whom(filled: TestClient) -> None:
    page = filled.get(f"{PAGE}/paper").text
    text = text_of(page)
    assert "Sunday 22 November 2026" in text
    assert "Monday 23 November 2026" in text
    assert "Signature" in text
    assert "staff-nav" not in page
    # The same tables, without links to files.
    shown = dict(tables_of_page(filled.get(PAGE).text))
    assert dict(tables_of_page(page)).keys() == shown.keys()
    assert "/table?" not in page


def test_branches_together_are_withheld_as_on_their_page(filled: TestClient, hall: Hall, clock: FrozenClock) -> None:
    clock.set(clock.now().replace(month=12, day=2))
    hall.person("foundation", ((ORGANISATION, add_role(hall, "together", "reports_aggregate_k_anonymous")),))
    sign_in(filled, "foundation", "en")
    page = filled.get(ACROSS).text
    written = book(filled, page=ACROSS)
    for caption, rows in tables_of_page(page):
        assert [[as_on_page(cell) for cell in row] for row in written[caption].rows] == rows
    assert not [cell for sheet in written for row in rows_of(sheet) for cell in row[1:5] if cell == 3]
    assert table(filled, "service", page=ACROSS)[0][:2] == ["Service", "Took a number"]
    assert "Branches together" in Page(filled.get(f"{ACROSS}/paper").text).text
    for file in ("workbook", "table", "paper"):
        assert filled.get(f"{PAGE}/{file}").status_code == 403
