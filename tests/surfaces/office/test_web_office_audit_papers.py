"""The log to search and to take away: out of turn, page by page, as a file and on paper; and its verification."""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from starlette.testclient import TestClient

from queue_system.actions import calling, settings
from queue_system.actions.raising import raise_ticket
from queue_system.clock import FrozenClock
from queue_system.core.reasons import RAISE_REASONS
from queue_system.settings.edits import Edit
from queue_system.store.database import Database
from queue_system.store.log import SYSTEM, Actor
from queue_system.store.queries import audit
from queue_system.store.queries.audit import Wanted
from queue_system.surfaces.office import audit_papers
from tests.kit.hall import Hall, furnish
from tests.kit.people import add_role, let_choose
from tests.kit.web_hall import Page, application, furnished, sign_in

HEAD = ["Entry", "Day", "Time", "What happened", "Reason", "Values", "By", "Kind"]


@pytest.fixture
def place(sqlite_template: Path, tmp_path: Path, clock: FrozenClock) -> Iterator[tuple[TestClient, Hall]]:
    with application(furnished(sqlite_template, tmp_path, clock.now()), tmp_path, clock) as found:
        yield found


def out_of_turn(hall: Hall) -> list[tuple[str, str]]:
    """A day on which one is called in turn, one out of turn, and one gets a heavier class; returns what was not in turn."""
    nour = hall.person("nour")
    let_choose(hall, "nour")
    codes = [hall.issue().ticket for _ in range(4)]
    here = hall.sit(nour)
    hall.call_next(here)
    by_hand = hall.at(nour, expected=codes[0].id)
    hall.db.write_in_now(hall.branch.id, calling.call_ticket, by_hand, codes[2].id, "done", "unwell")
    raised, actor = codes[3], Actor("staff", str(nour))
    hall.db.write_in_now(hall.branch.id, raise_ticket, hall.branch.id, raised.id, "elderly", RAISE_REASONS[0], actor)
    return [("ticket.raised", raised.code), ("ticket.called", codes[2].code)]


def rows(client: TestClient, query: str = "") -> list[list[str]]:
    answer = client.get(f"/office/audit/table{query}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


def test_out_of_turn_leaves_only_what_the_rule_did_not_choose(db: Database) -> None:
    hall = furnish(db)
    expected = out_of_turn(hall)
    found = db.read_now(audit.entries, hall.branch.id, Wanted(out_of_turn=True), 50)
    assert [(one.kind, one.data["code"]) for one in found] == expected
    after = db.read_now(audit.entries_after, hall.branch.id, Wanted(out_of_turn=True), found[1].seq, 50)
    assert [one.kind for one in after] == ["ticket.raised"]


def test_the_page_shows_what_went_out_of_turn_with_its_reason(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    out_of_turn(hall)
    sign_in(client, "admin", "en")
    page = Page(client.get("/office/audit?turn=out").text)
    assert page.html.count('id="entry-') == 2
    assert "Reason: out of turn: unwell" in page.text
    assert '<input class="tick" type="checkbox" name="turn" value="out" checked>' in page.html


def test_one_can_go_back_and_forth_between_pages_and_keeps_the_filters(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    for _ in range(120):
        hall.issue()
    sign_in(client, "admin", "en")
    first = f"/office/audit?branch={hall.branch.slug}&kind=ticket"

    def shown(address: str) -> tuple[int, int, str]:
        html = client.get(address).text
        numbers = [int(part.partition('"')[0]) for part in html.split('id="entry-')[1:]]
        return numbers[0], numbers[-1], html

    newest, last, html = shown(first)
    assert 'rel="prev"' not in html
    assert f"kind=ticket&amp;before={last}" in html
    top, bottom, html = shown(f"{first}&before={last}")
    assert (top, bottom) == (last - 1, last - 50)
    assert f"kind=ticket&amp;after={top}" in html
    assert shown(f"{first}&after={bottom - 1}")[:2] == (top, bottom)
    assert shown(f"{first}&after={top}")[:2] == (newest, last)
    # Fewer than a page are newer, so the newest page is shown.
    assert shown(f"{first}&after={last + 10}")[:2] == (newest, last)


def test_the_days_are_those_of_the_branch_and_the_last_is_included(
    place: tuple[TestClient, Hall], clock: FrozenClock
) -> None:
    client, hall = place
    for _ in range(3):
        hall.issue()
        clock.move(timedelta(days=1))
    sign_in(client, "admin", "en")
    span = "since=2026-11-22&until=2026-11-23"
    assert [row[1] for row in rows(client, f"?{span}&kind=ticket.issued")[1:]] == ["2026-11-23", "2026-11-22"]
    backwards = Page(client.get("/office/audit?since=2026-11-23&until=2026-11-22").text)
    assert "The last day is before the first." in backwards.text
    assert 'value="2026-11-23"' in backwards.html


def test_the_file_has_every_entry_in_plain_cells(
    place: tuple[TestClient, Hall], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, hall = place
    monkeypatch.setattr(audit_papers, "CHUNK", 2)
    hall.sit(hall.person("=cmd()"))
    for _ in range(4):
        hall.issue()
    sign_in(client, "admin", "en")
    table = rows(client, "?kind=ticket") + rows(client, "?kind=counter")[1:]
    assert table[0] == HEAD
    assert [row[3] for row in table[1:5]] == [
        f"Number F00{n} was given for Attestation (up to 3 documents). Class: Walk-in. From: kiosk."
        for n in (4, 3, 2, 1)
    ]
    assert table[1][1:3] == ["2026-11-22", "10:00:00"]
    assert table[1][7] == "ticket.issued"
    assert table[5][6] == "'=cmd() name"


def test_the_paper_reads_forwards_and_says_what_it_leaves_out(
    place: tuple[TestClient, Hall], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, hall = place
    monkeypatch.setattr(audit_papers, "PRINTED", 3)
    for _ in range(5):
        hall.issue()
    sign_in(client, "admin", "en")
    page = Page(client.get("/office/audit/paper?kind=ticket&until=2026-11-22").text)
    assert page.text.index("F003 was given") < page.text.index("F005 was given")
    assert "F002 was given" not in page.text
    assert "only the newest matching entries: 3" in page.text
    assert "Sunday 22 November 2026" in page.text
    assert "Printed by admin name" in page.text
    rest = page.html.partition("/office/audit/paper?")[2].partition('"')[0].replace("&amp;", "&")
    assert "F002 was given" in Page(client.get(f"/office/audit/paper?{rest}").text).text


def test_the_chain_is_verified_only_by_those_who_may(place: tuple[TestClient, Hall]) -> None:
    client, hall = place

    def who_may(right: str) -> UUID:
        return hall.person(right, ((hall.branch.id, add_role(hall, f"only-{right}", "read_audit", right)),))

    who_may("see_health")
    who_may("verify_chain")
    sign_in(client, "see_health", "en")
    assert "/office/audit/verification" not in client.get("/office/audit").text
    assert client.post("/office/audit/verification").status_code == 403
    sign_in(client, "verify_chain", "en")
    assert "/office/audit/verification" in client.get("/office/audit").text
    answer = Page(client.post("/office/audit/verification").text)
    assert "is intact" in answer.text


def test_a_change_of_settings_leads_to_its_history_for_those_who_may_see_it(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    longer = Edit("service", "attest-single", {"duration_min": 6}, {"duration_min": 9})
    told = hall.db.read_now(settings.preview, hall.branch.id, [longer])
    hall.db.write_now(settings.save, hall.branch.id, [longer], told.sha256, actor=SYSTEM, person=None)
    hall.person("reader", ((hall.branch.id, add_role(hall, "only-reads", "read_audit")),))
    link = f"/office/history/{hall.branch.slug}/service/attest-single"
    sign_in(client, "reader", "en")
    page = Page(client.get("/office/audit?kind=settings").text)
    assert "What changed: Duration of a visit" in page.text
    assert link not in page.html
    sign_in(client, "admin", "en")
    assert link in client.get("/office/audit?kind=settings").text
    assert client.get(link).status_code == 200


def test_a_press_leads_to_the_log_of_yesterday_and_its_paper(
    place: tuple[TestClient, Hall], clock: FrozenClock
) -> None:
    client, hall = place
    old = hall.issue().ticket.code
    given = f'<bdi dir="ltr" class="code">{old}</bdi></a> was given'
    clock.move(timedelta(days=1))
    sign_in(client, "admin", "en")
    page = client.get("/office/audit").text
    (address,) = re.findall(r'href="([^"]+)"[^>]*>Yesterday<', page)
    found = client.get(html.unescape(address)).text
    assert old in found
    assert 'aria-current="true">Yesterday<' in found
    (paper,) = re.findall(r'href="(/office/audit/paper[^"]+)"', found)
    assert old in client.get(html.unescape(paper)).text
    (today,) = re.findall(r'href="(/office/audit[^"]+)"[^>]*>Today<', page)
    # What the number became when its day was over is of today; that it was given is not.
    of_today = client.get(html.unescape(today)).text
    assert 'aria-current="true">Today<' in of_today
    assert given in found
    assert given not in of_today
