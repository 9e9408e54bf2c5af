"""Figures of several branches together: whole months, no small numbers, no ids."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from queue_system.actions.digests import write_digests
from queue_system.clock import FrozenClock
from queue_system.core.digests import DayDigest, Tally
from queue_system.store.queries.past_days import Gathered
from queue_system.store.queries.settings import branch_ids, branch_settings
from queue_system.store.tables import ORGANISATION, Organisation, table
from tests.kit.hall import Hall, change_settings
from tests.kit.people import add_role
from tests.kit.web_hall import Page, sign_in

PAGE = "/office/figures"
ACROSS = f"{PAGE}/branches"
OCTOBER = date(2026, 10, 12)


@pytest.fixture
def client(here: tuple[TestClient, Hall], clock: FrozenClock) -> TestClient:
    """A branch with 40 visits on a day of October, one with 12 of them, and readers of each kind."""
    client, hall = here
    clock.set(datetime(2026, 11, 22, 7, tzinfo=UTC))
    ids = hall.db.read_now(branch_ids)
    for branch_id, visits in zip(ids.values(), (40, 12), strict=False):
        _write(hall, branch_id, visits)
    readers = {
        "foundation": (ORGANISATION, "reports_aggregate_k_anonymous"),
        "manager": (hall.branch.id, "reports_aggregate"),
        "head": (hall.branch.id, "see_reports"),
        "director": (ORGANISATION, "see_reports"),
    }
    for login, (place, right) in readers.items():
        hall.person(login, ((place, add_role(hall, f"only-{login}", right)),))
    return client


def _write(hall: Hall, branch_id: UUID, visits: int) -> None:
    branch = hall.db.read_now(branch_settings, branch_id)
    slugs = [one.slug for one in branch.services.values()][:2]
    queues = [branch.queues[branch.service(slug).queue_id].slug for slug in slugs]
    services: dict[tuple[str, str], Tally] = {}
    hours: dict[tuple[int, str], Tally] = {}
    # All but three of the visits are for the first service.
    for slug, queue, n in zip(slugs, queues, (visits - 3, 3), strict=False):
        tally = Tally({"issued": n, "served": n}, {"language": {"ar": n}}, {"wait": {12: n}})
        services[slug, "walk_in.kiosk"] = tally
        hours[9, queue] = hours[9, queue].plus(tally) if (9, queue) in hours else tally
    day = DayDigest(OCTOBER, services, hours)
    hall.db.write_in_now(branch_id, write_digests, branch_id, Gathered(1, (day,)))


def said(client: TestClient, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return Page(answer.text).text.translate(dict.fromkeys(map(ord, "\u2066\u2067\u2068\u2069")))


def names(hall: Hall) -> list[str]:
    ids = hall.db.read_now(branch_ids)
    return [hall.db.read_now(branch_settings, one).names["en"] for one in ids.values()][:2]


def test_a_reader_of_the_organisation_sees_the_branches_together(client: TestClient, hall: Hall) -> None:
    sign_in(client, "foundation", "en")
    text = said(client, ACROSS)
    first, second = names(hall)
    assert "Branches together October 2026 " in text
    assert f"{first} 40 40 0 0 12 " in text
    assert f"{second} 12 12 0 0 12 " in text
    assert "All 52 52 0 0 12 " in text
    # Six people came for the second service of either branch: they are withheld with those who would tell.
    assert "No number of fewer than 10 people is shown" in text
    assert " 6 6 0 0" not in text


def test_such_a_reader_sees_no_branch_and_no_row(client: TestClient) -> None:
    sign_in(client, "foundation", "en")
    assert client.get(PAGE).status_code == 403
    assert client.get("/office/today").status_code == 403
    assert client.get("/office/audit").status_code == 403
    assert client.get("/office/waits").status_code == 403
    # The door of the office leads to what there is for them.
    assert client.get("/office", follow_redirects=False).headers["location"] == ACROSS
    page = client.get(ACROSS).text
    assert f'href="{ACROSS}?month=2026-09"' in page
    assert "/office/audit" not in page


def test_an_aggregate_is_of_whole_weeks_and_months_and_leads_to_no_row(client: TestClient) -> None:
    sign_in(client, "manager", "en")
    text = said(client, PAGE)
    assert "Thursday 1 October 2026 to Saturday 31 October 2026" in text
    assert "Took a number 40" in text
    assert "too few" in text
    for query in ("stretch=today", "stretch=yesterday", "stretch=range&first=2026-10-12&last=2026-10-12"):
        assert client.get(f"{PAGE}?{query}").status_code == 404
    # This month and this week are not over, so that two looks at them would tell what came between.
    for query in ("stretch=month&first=2026-11-01", "stretch=week&first=2026-11-22"):
        assert client.get(f"{PAGE}?{query}").status_code == 404
    assert client.get(f"{PAGE}?stretch=week&first=2026-10-12").status_code == 200
    assert "/office/audit" not in client.get(PAGE).text
    assert client.get("/office/today").status_code == 403


def test_the_rule_of_the_organisation_says_how_few_are_too_few(client: TestClient, hall: Hall) -> None:
    rows = table(Organisation)
    data = hall.db.read_now(lambda tx: dict(tx.scalar(sa.select(rows.c.data))))
    rule = {"reports": {"min_cell_size": 30}}
    change_settings(hall.db, sa.update(rows).values(data=data | {"cross_branch_rules": rule}))
    sign_in(client, "foundation", "en")
    text = said(client, ACROSS)
    assert "No number of fewer than 30 people is shown" in text
    # The smaller branch is withheld, and so is the larger one, which the total would take it from.
    first, second = names(hall)
    assert f"{first} too few" in text
    assert f"{second} too few" in text
    assert "All 52" in text


def test_who_sees_one_branch_sees_that_one_alone_and_who_sees_all_sees_all(client: TestClient, hall: Hall) -> None:
    second = names(hall)[1]
    sign_in(client, "head", "en")
    assert second not in said(client, ACROSS)
    sign_in(client, "director", "en")
    assert f"{second} 12" in said(client, ACROSS)


@pytest.mark.parametrize("month", ["2026-11", "2026-13", "1900-01", "x", "9999-12"])
def test_a_month_that_is_none_or_not_over_is_not_found(client: TestClient, month: str) -> None:
    sign_in(client, "foundation", "en")
    assert client.get(f"{ACROSS}?month={month}").status_code == 404
