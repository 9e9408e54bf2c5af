"""Whoever waits longer than is aimed at for the class: first on Today with a button, a warning at the desk, and measured."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from queue_system.clock import FrozenClock
from queue_system.i18n.isolates import strip
from queue_system.store.queries.access import staff_by_login
from queue_system.store.queries.rows import StoredRows
from queue_system.store.queries.stored import stored_branch
from queue_system.store.tables import Priority, table
from tests.kit.hall import Hall, change_settings
from tests.kit.web_hall import Page, another, sign_in
from tests.surfaces.office.test_web_editing import previewed, saved, sent

MINUTE = timedelta(minutes=1)
CLASSES = table(Priority)


@pytest.fixture
def aimed(hall: Hall) -> Hall:
    aim = sa.update(CLASSES).where(CLASSES.c.slug == "disability").values(data={"max_wait_target_min": 10})
    change_settings(hall.db, aim)
    return hall


def see(client: TestClient, path: str) -> Page:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return Page(answer.text)


def test_who_waits_too_long_comes_first_on_today_and_stands_at_the_desk(
    client: TestClient, aimed: Hall, clock: FrozenClock
) -> None:
    ticket = aimed.issue(priority="disability").ticket
    clock.move(20 * MINUTE)
    sign_in(client, "admin", "ar")
    page = see(client, "/office").text
    assert "تجاوز انتظاره الحد المستهدف" in page
    assert page.index("تجاوز انتظاره") < page.index("منتظرون دون شباك مفتوح")
    clerk = another(client)
    sign_in(clerk, "layla", "ar")
    layla = aimed.db.read_now(staff_by_login, "layla")
    assert layla is not None
    aimed.sit(layla[0], "c4")
    desk = see(clerk, f"/desk/{aimed.branch.slug}/c4").html
    assert "desk-beyond-disability" in desk
    assert ticket.code in desk


def test_nobody_is_named_within_the_target(client: TestClient, aimed: Hall, clock: FrozenClock) -> None:
    aimed.issue(priority="disability")
    clock.move(5 * MINUTE)
    sign_in(client, "admin", "ar")
    assert "تجاوز انتظاره" not in see(client, "/office").text


def test_the_share_that_was_called_in_time_is_on_the_page_of_waits(
    client: TestClient, aimed: Hall, clock: FrozenClock
) -> None:
    here, expected = aimed.sit(aimed.person("nour")), None
    for minutes in (1,) * 9 + (30,):
        aimed.issue(priority="disability")
        clock.move(minutes * MINUTE)
        called = aimed.call_next(replace(here, expected=expected))
        assert called is not None
        expected = called.id
    clock.move(timedelta(days=1))
    sign_in(client, "admin", "en")
    page = see(client, "/office/waits").text
    assert "The aimed wait by class" in page
    assert "90" in page[page.index("The aimed wait by class") :]


def test_the_targets_of_a_branch_are_changed_in_the_office(client: TestClient, hall: Hall) -> None:
    sign_in(client, "admin")
    address = "/office/settings/doha-main/branch/doha-main"
    review = client.post(address, data=sent(client, address, targets__p90_wait_min__walkin="25"))
    assert "25 دقيقة" in strip(review.text)
    saved(client, address, previewed(client, address, targets__p90_wait_min__walkin="25"))
    targets = hall.db.read_now(lambda tx: stored_branch(StoredRows(tx), hall.branch.id)).targets
    assert targets is not None
    assert targets.p90_wait_min is not None
    assert targets.p90_wait_min["walkin"] == 25
    assert targets.coverage_p90 == (0.87, 0.93)
