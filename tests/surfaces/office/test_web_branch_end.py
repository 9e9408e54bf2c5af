"""The last day of a branch in the office: what ends with it and what that takes away, another day, and going on."""

from __future__ import annotations

import html
import re
from datetime import date, timedelta

import pytest
from starlette.testclient import TestClient

from queue_system.clock import FrozenClock
from queue_system.core.promises import Decided
from queue_system.settings.branch import Branch
from queue_system.settings.edits import last_day
from queue_system.store.queries.rows import StoredRows
from queue_system.store.queries.stored import stored_branch
from tests.kit.deciding import as_stored, booked
from tests.kit.hall import Hall
from tests.kit.people import add_role
from tests.kit.web_hall import sign_in
from tests.surfaces.office.test_web_editing import items_of, words

HOME = "/office/branches/doha-main"
PAGE = f"{HOME}/end"


@pytest.fixture
def client(here: tuple[TestClient, Hall]) -> TestClient:
    sign_in(here[0], "admin")
    return here[0]


def stored(hall: Hall) -> Branch:
    return hall.db.read_now(lambda tx: stored_branch(StoredRows(tx), hall.branch.id))


def end(client: TestClient, until: date | None, **more: str) -> str:
    shown = client.post(PAGE, data={"until": until.isoformat() if until else ""})
    assert shown.status_code == 200, words(shown.text)
    answer = client.post(PAGE, data=items_of(shown.text, step="save", **more))
    assert answer.status_code == 303, words(answer.text)
    return str(answer.headers["location"])


def test_a_branch_ends_with_all_that_is_in_it_and_goes_on_again(
    client: TestClient, hall: Hall, clock: FrozenClock
) -> None:
    last = clock.now().date() + timedelta(days=30)
    service = next(iter(stored(hall).services))
    assert PAGE in client.get(HOME).text
    back = end(client, last)
    now = stored(hall)
    things = [*now.services.values(), *now.queues.values(), *now.counters.values(), *now.resources.values()]
    assert {one.until for one in things} == {last}
    assert "آخر يوم عمل لهذا الفرع" in words(client.get(back).text)
    end(client, last + timedelta(days=9))
    assert {one.until for one in stored(hall).services.values()} == {last + timedelta(days=9)}
    end(client, None)
    assert last_day(stored(hall)) is None
    assert stored(hall).services[service].until is None


def test_what_ends_on_the_same_day_stands_together(client: TestClient, hall: Hall, clock: FrozenClock) -> None:
    before = stored(hall)
    answer = client.post(PAGE, data={"until": f"{clock.now().date() + timedelta(days=30)}"})
    section = answer.text.partition('<ul class="setting-changes">')[2].partition("</ul>")[0]
    names = [one.names["ar"] for one in before.services.values()] + [one.names["ar"] for one in before.queues.values()]
    assert all(f">{html.escape(name)}</bdi>" in section for name in names)
    assert section.count("آخر يوم عمل له") == section.count("<li>") == section.count("</li>") == 1


def test_who_loses_a_time_is_shown_and_decided(client: TestClient, hall: Hall, clock: FrozenClock) -> None:
    one = booked(hall, clock.now().replace(hour=5, minute=30) + timedelta(days=2))
    today = clock.now().date()
    shown = client.post(PAGE, data={"until": today.isoformat()}).text
    assert one.code in shown
    (why,) = set(re.findall(r'name="(why-[^"]+)"', shown))
    end(client, today, **{why: "keep"})
    assert as_stored(hall, one).decision is Decided.KEEP


@pytest.mark.parametrize("typed", ["", "2020-01-01", "soon"])
def test_a_day_that_cannot_be_the_last_stays_in_the_form(client: TestClient, hall: Hall, typed: str) -> None:
    answer = client.post(PAGE, data={"until": typed})
    assert answer.status_code == 422
    assert 'id="until-error"' in answer.text
    assert not typed or f'value="{typed}"' in answer.text
    assert last_day(stored(hall)) is None


def test_who_may_not_retire_everything_does_not_end_a_branch(client: TestClient, hall: Hall) -> None:
    some = add_role(hall, "half", "edit_services", "edit_queues", "export_settings")
    hall.person("qays", ((hall.branch.id, some),))
    sign_in(client, "qays")
    assert PAGE not in client.get(HOME).text
    assert client.get(PAGE).status_code == 403
    assert client.post(PAGE, data={"until": "2030-01-01"}).status_code == 403
