"""From an empty database to an organisation with a person who can sign in; nothing else is served before."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from queue_system.actions.staff import NewStaff, create_staff, lock_staff
from queue_system.app import create_app
from queue_system.clock import FrozenClock
from queue_system.configuration import read_configuration
from queue_system.core.first_link import LIFETIME, first_link, opens
from queue_system.store.database import Database
from queue_system.store.queries.access import people
from queue_system.store.queries.settings import branch_ids
from queue_system.store.tables import ORGANISATION
from queue_system.web.access import all_branches
from queue_system.web.passwords import hash_password
from tests.kit.web_hall import SAME_ORIGIN, Page
from tests.kit.whole_answers import whole_answers

PASSWORD = "ziyara-hadi'a-1447"
FILLED = {
    "language": ["ar", "en"],
    "name-ar": "بلدية الميدان",
    "name-en": "Midan Town Hall",
    "sample": "empty",
    "branch-ar": "المركز",
    "branch-en": "Town Centre",
    "timezone": "Asia/Damascus",
    "person": "سلمى خوري",
    "login": "salma",
    "password": PASSWORD,
    "again": PASSWORD,
}


@contextmanager
def empty(url: str, folder: Path, clock: FrozenClock) -> Iterator[tuple[TestClient, str]]:
    """The application on a database without an organisation, and the address of its form."""
    app = create_app(read_configuration({}, database_url=url, data_dir=folder), clock)
    token = first_link(app.state.installation.secret, clock.now())
    with whole_answers(TestClient(app, headers=SAME_ORIGIN, follow_redirects=False)) as client:
        yield client, f"/first-run/{token}/organisation"


@pytest.fixture
def beginning(db_url: str, tmp_path: Path, clock: FrozenClock) -> Iterator[tuple[TestClient, str]]:
    with empty(db_url, tmp_path, clock) as found:
        yield found


def test_only_the_first_run_is_served_before(beginning: tuple[TestClient, str]) -> None:
    client, form = beginning
    closed = ("/", "/sign-in", "/office", "/kiosk", "/pair/kiosk", "/desk", "/api/v1/branches", "/first-runs")
    assert {path: client.get(path).status_code for path in closed} == dict.fromkeys(closed, 503)
    assert "لم يُعدّ النظام بعد" in client.get("/sign-in").text
    assert client.post("/sign-in", data={"login": "salma", "password": PASSWORD}).status_code == 503
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/display/live"):
        pass
    assert client.get("/healthz").status_code == 200
    start = client.get(form.removesuffix("/organisation"))
    assert start.status_code == 200
    assert f'href="{form}?lang=en"' in start.text
    assert client.get(re.findall(r'href="(/static/[^"]+\.css)"', start.text)[0]).status_code == 200


def test_a_link_that_was_not_made_here_opens_nothing(beginning: tuple[TestClient, str], clock: FrozenClock) -> None:
    client, form = beginning
    wrong = (
        form.replace("-run/", "-run/0"),
        "/first-run/x/organisation",
        f"/first-run/{'0' * 8}-{'0' * 64}/organisation",
    )
    assert [client.get(path).status_code for path in wrong] == [404, 404, 404]
    assert client.post(wrong[1], data=FILLED).status_code == 404
    clock.move(LIFETIME)
    assert client.get(form).status_code == 404
    assert client.post(form, data=FILLED).status_code == 404


def test_the_form_founds_and_the_process_goes_on(beginning: tuple[TestClient, str], db: Database) -> None:
    client, form = beginning
    answer = client.post(form, data=FILLED)
    assert answer.status_code == 303, Page(answer.text).text
    assert client.get(form).status_code == 404
    assert client.post(form, data=FILLED | {"login": "second"}).status_code == 404
    assert [person.login for person in db.read_now(people)] == ["salma"]
    (branch,) = db.read_now(all_branches)
    assert (branch.slug, branch.names["ar"], branch.zone.key) == ("town-centre", "المركز", "Asia/Damascus")
    assert client.get("/").status_code == 200
    assert "بلدية الميدان" in client.get(answer.headers["location"]).text
    client.cookies.set("language", "ar")
    signed_in = client.post("/sign-in", data={"login": "salma", "password": PASSWORD})
    assert signed_in.status_code == 303
    for page in ("/office", "/office/people", "/office/devices", "/office/health"):
        assert client.get(page).status_code == 200, page
    before = client.get("/office/first-steps").text
    assert done_in(before) == (2, 5)
    second = NewStaff("nadim", "Nadim", hash_password(PASSWORD), "ar", ((ORGANISATION, "administrator"),))
    db.write_now(create_staff, second)
    assert done_in(client.get("/office/first-steps").text) == (3, 4)
    db.write_now(lock_staff, "nadim")
    assert done_in(client.get("/office/first-steps").text) == (2, 5)


def done_in(page: str) -> tuple[int, int]:
    """How many first steps are done, and how many are left."""
    return page.count("finding-good"), page.count("finding-note")


def test_what_was_typed_stays_and_each_mistake_is_at_its_field(beginning: tuple[TestClient, str], db: Database) -> None:
    client, form = beginning
    changed: dict[str, Any] = {"name-en": " ", "timezone": "", "login": "", "password": "short", "person": "سلمى"}
    answer = client.post(form, data=FILLED | changed)
    assert answer.status_code == 422
    assert re.findall(r'<li><a href="#([^"]+)"', answer.text) == ["name-en", "timezone", "login", "password"]
    assert Page(answer.text).text.count("المنطقة الزمنية: ") == 1
    assert 'value="بلدية الميدان"' in answer.text
    assert 'value="سلمى"' in answer.text
    assert "short" not in answer.text
    assert client.post(form, data=FILLED | {"again": "else"}).status_code == 422
    assert client.post(form, data=FILLED | {"sample": "embassy/nowhere"}).status_code == 422
    assert (
        client.post(form, data={name: text for name, text in FILLED.items() if name != "language"}).status_code == 422
    )
    assert not db.read_now(branch_ids)
    assert client.get("/").status_code == 503


def test_another_language_keeps_what_was_typed(beginning: tuple[TestClient, str], db: Database) -> None:
    client, form = beginning
    refused = client.post(form, data=FILLED | {"login": "", "language": ["ar"], "timezone": "Asia/Qatar"}).text
    assert 'href="' + form + "?lang=en" not in refused
    (address,) = re.findall(r'formaction="([^"]+lang=en)" name="step" value="form"', refused)
    shown = client.post(
        address, data=FILLED | {"login": "", "language": ["ar"], "timezone": "Asia/Qatar", "step": "form"}
    )
    assert shown.status_code == 200
    assert '<html lang="en"' in shown.text
    for kept in ('value="بلدية الميدان"', 'value="سلمى خوري"', 'value="Asia/Qatar" selected'):
        assert kept in shown.text
    assert len(re.findall(r'name="language" value="[^"]*"[^>]* checked', shown.text)) == 1
    assert not db.read_now(branch_ids)


def test_a_sample_brings_its_hall_and_roles_but_not_its_place(beginning: tuple[TestClient, str], db: Database) -> None:
    client, form = beginning
    assert "مقر السفارة – الدوحة" in client.get(form).text
    only_arabic = {"language": "ar", "sample": "embassy/doha-main", "timezone": "", "name-en": "", "branch-en": ""}
    assert client.post(form, data=FILLED | only_arabic).status_code == 303
    (branch,) = db.read_now(all_branches)
    assert (branch.slug, branch.names, branch.languages) == ("main", {"ar": "المركز", "en": "المركز"}, ("ar",))
    assert branch.zone.key == "Asia/Qatar"
    assert len(branch.services) == 27
    assert (branch.address, branch.phone) == (None, None)


def test_of_two_at_once_one_founds(db_url: str, db: Database, tmp_path: Path, clock: FrozenClock) -> None:
    with empty(db_url, tmp_path, clock) as (client, form):
        logins = ("first", "second", "third")
        with ThreadPoolExecutor(3) as threads:
            answers = list(threads.map(lambda login: client.post(form, data=FILLED | {"login": login}), logins))
        founders = [login for login, answer in zip(logins, answers, strict=True) if answer.status_code == 303]
        assert len(founders) == 1
        assert all(answer.status_code in (303, 404, 409) for answer in answers)
        assert [person.login for person in db.read_now(people)] == founders


def test_another_node_serves_once_it_is_founded(db_url: str, db: Database, tmp_path: Path, clock: FrozenClock) -> None:
    """Nodes share the key, so each accepts the link of the other, and sees what the other founded."""
    if db.dialect.is_embedded:
        assert opens(b"key", first_link(b"key", clock.now()), clock.now() + timedelta(hours=1))
        return
    with empty(db_url, tmp_path, clock) as (here, _), empty(db_url, tmp_path, clock) as (there, form):
        assert here.get("/").status_code == 503
        assert there.post(form, data=FILLED).status_code == 303
        assert here.get("/").status_code == 200
        assert here.get(form).status_code == 404
