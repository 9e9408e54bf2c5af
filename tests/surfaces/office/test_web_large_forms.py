"""What is long without being wrong: a week of three hundred lines, and a large file of a branch."""

from __future__ import annotations

import re
from datetime import date, timedelta
from urllib.parse import urlencode

import pytest
from starlette.testclient import TestClient
from starlette.types import Message

from queue_system.actions.settings import preview, save
from queue_system.settings.edits import Edit
from queue_system.store.database import Tx
from queue_system.store.log import SYSTEM
from queue_system.store.queries.hours import declared_hours
from queue_system.web.security import LARGEST_BODY, LARGEST_FORM
from tests.kit.editing_flow import inputs, through, with_values
from tests.kit.hall import Hall
from tests.kit.web_hall import sign_in
from tests.surfaces.office.access import MATRIX

WEEK = "/office/hours/doha-main/week"
LINES = 300


@pytest.fixture
def client(here: tuple[TestClient, Hall]) -> TestClient:
    sign_in(here[0], "admin")
    return here[0]


def test_a_week_of_three_hundred_lines_is_changed(client: TestClient, hall: Hall) -> None:
    days = [date(2028, 1, 1) + timedelta(days=ahead) for ahead in range(LINES)]
    lines = [
        {"layer": "exception", "days": [day.weekday()], "opens": "09:00", "closes": "12:00", "first": f"{day}"}
        | {"last": f"{day}", "names": {"ar": "دوام مخفّف قبل العطلة", "en": "Shorter hours before the holiday"}}
        for day in days
    ]

    def written(tx: Tx) -> None:
        edit = Edit("branch", "doha-main", {"hours": []}, {"hours": lines})
        save(tx, hall.branch.id, [edit], preview(tx, hall.branch.id, [edit]).sha256, actor=SYSTEM, person=None)

    hall.db.write_now(written)
    items = inputs(client.get(WEEK).text)
    assert len(urlencode(items)) > 3 * LARGEST_BODY
    row = next(name for name, value in items if value == f"{days[-1]}" and name.endswith(".first")).split(".")[1]
    assert through(client, WEEK, with_values(items, **{f"hours.{row}.closes": "13:30"})).status_code == 303
    rules = hall.db.read_now(declared_hours, hall.branch.id).branch.hours
    assert [f"{one.closes:%H:%M}" for one in rules if one.first == days[-1]] == ["13:30"]
    assert len(rules) >= LINES


def test_a_file_of_a_megabyte_is_read_and_a_larger_one_is_refused_in_words(client: TestClient) -> None:
    file = client.get("/office/branches/doha-main/file").content
    remark = "# ملاحظة من القسم القنصلي\n".encode()
    large = file + remark * (1_000_000 // len(remark) + 1)
    answer = client.post("/office/branches", files={"file": ("doha.yaml", large)}, data={"into": "doha-two"})
    assert answer.status_code == 200
    assert 'name="packed"' in answer.text
    longer = client.post("/office/branches", files={"file": ("doha.yaml", large * 2)}, data={"into": "doha-two"})
    assert "أكبر مما نقبله" in longer.text
    assert 'id="file-error"' in longer.text


def test_a_form_that_is_too_large_even_for_the_office_is_told_in_the_language_of_the_reader(
    client: TestClient,
) -> None:
    kind = {"content-type": "application/x-www-form-urlencoded"}
    answer = client.post(WEEK, content=b"a" * (LARGEST_FORM + 1), headers=kind)
    assert answer.status_code == 413
    assert "أكبر مما نقبله" in answer.text


@pytest.mark.parametrize("path", sorted(path for method, path in MATRIX if method == "POST"))
def test_the_office_reads_no_body_of_somebody_who_has_not_signed_in(client: TestClient, path: str) -> None:
    """That is why its bodies may be larger than those of pages for everybody."""
    status = []

    async def receive() -> Message:
        raise AssertionError("the body was read")

    async def send(message: Message) -> None:
        status.append(message.get("status"))

    address = re.sub(r"{\w+}", "x", path)
    scope = {"type": "http", "http_version": "1.1", "method": "POST", "scheme": "http", "root_path": ""}
    place = {"path": address, "raw_path": address.encode(), "query_string": b"", "server": ("testserver", 80)}
    headers = [(b"host", b"testserver"), (b"content-length", b"1000000")]
    assert client.portal is not None
    client.portal.call(client.app, {**scope, **place, "headers": headers, "client": ("127.0.0.1", 5)}, receive, send)
    assert status[0] == 303
