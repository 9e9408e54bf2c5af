"""A thing that cannot be removed: the page says what refers to it, with links, and ends it with a day instead."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from queue_system.clock import FrozenClock
from queue_system.store.queries.settings import branch_settings
from tests.kit.browser_form import form_of
from tests.kit.deciding import booked
from tests.kit.hall import Hall
from tests.kit.web_hall import Page, sign_in

ALL = "/office/settings/doha-main"
COMMON = "/office/settings/organisation"
SERVICE = f"{ALL}/service/civil-extract"


@pytest.fixture
def client(here: tuple[TestClient, Hall]) -> TestClient:
    sign_in(here[0], "admin", "en")
    return here[0]


def refused(client: TestClient, address: str) -> str:
    """The notice of the page after the button that removes."""
    form = re.findall(r'<form class="flow-wide setting-page.*?</form>', client.get(address).text, re.DOTALL)[0]
    data: dict[str, list[str]] = {}
    for name, value in [*form_of(form).items, ("remove", "yes")]:
        data.setdefault(name, []).append(value)
    answer = client.post(address, data=data)
    assert answer.status_code == 422
    found: str = answer.text[
        answer.text.index('class="notice notice-stop"') : answer.text.index('class="office-split"')
    ]
    return found


def told(html: str) -> str:
    return re.sub("[\u2066-\u2069]", "", " ".join(Page(html).text.split()))


def test_a_service_says_its_appointments_and_numbers_and_ends_with_a_day(
    client: TestClient, hall: Hall, clock: FrozenClock
) -> None:
    booked(hall, clock.now().replace(hour=5, minute=30) + timedelta(days=2))
    hall.issue("civil-extract")
    hall.issue("civil-extract")
    notice = refused(client, SERVICE)
    assert "cannot be removed" in told(notice)
    assert "1 appointment. 1 is still to come." in told(notice)
    assert "2 numbers." in told(notice)
    wrong = client.post(SERVICE, data={"retire": "yes", "last_day": ""})
    assert wrong.status_code == 422
    assert 'id="last_day-error"' in wrong.text
    last = (clock.now() + timedelta(days=7)).date()
    shown = client.post(SERVICE, data={"retire": "yes", "last_day": last.isoformat()})
    assert "retired" in told(shown.text)
    fields = dict(form_of(re.findall(r'<form class="flow-wide".*?</form>', shown.text, re.DOTALL)[0]).items)
    assert client.post(SERVICE, data=fields | {"step": "form"}).headers["location"] == SERVICE
    assert client.post(SERVICE, data=fields | {"step": "save"}).status_code == 303
    assert hall.db.read_now(branch_settings, hall.branch.id).service("civil-extract").until == last
    assert "It ends already" in told(refused(client, SERVICE))


@pytest.mark.parametrize("kind", ["queue", "counter"])
def test_what_a_branch_uses_is_linked_and_may_end(client: TestClient, hall: Hall, kind: str) -> None:
    hall.issue("civil-extract")
    branch = hall.db.read_now(branch_settings, hall.branch.id)
    slug = branch.queues[branch.service("civil-extract").queue_id].slug
    if kind == "counter":
        slug = "c4"
        hall.issue()
        hall.call_next(hall.sit(hall.person("nour"), slug))
    notice = refused(client, f"{ALL}/{kind}/{slug}")
    assert 'name="last_day"' in notice
    links = re.findall(rf'href="({ALL}/[^"]+)"', notice)
    assert (f"{ALL}/service/civil-extract" in links) == (kind == "queue")


@pytest.mark.parametrize("thing", ["document/passport", "policy/open_fcfs", "confidentiality/sensitive"])
def test_what_all_branches_share_names_the_branch_of_what_uses_it(client: TestClient, thing: str) -> None:
    notice = refused(client, f"{COMMON}/{thing}")
    assert "Please choose something else" in told(notice)
    assert 'name="last_day"' not in notice
    lines = [told(f"<main>{line}</main>") for line in re.findall(r"<li>.*?</li>", notice, re.DOTALL)]
    assert any("Doha" in line for line in lines), lines
    around = client.get(f"{COMMON}/{thing}").text.partition('id="around"')[2]
    assert re.search(r'/service/[\w-]+">', around)
    assert not re.search(r">(attest-single|civil-extract|passport-apply)<", around), "names, not slugs"
