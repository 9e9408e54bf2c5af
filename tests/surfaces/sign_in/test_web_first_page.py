"""The first page after signing in, by role, and the way to sign out on every page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from queue_system.app import SURFACES
from queue_system.clock import FrozenClock
from queue_system.i18n import isolates
from queue_system.profiles.reader import profile_names, read_profile
from queue_system.store.database import Database
from queue_system.store.queries.access import role_slugs
from queue_system.web.staff_pages import NO_PLACE
from tests.kit.hall import PASSWORD, Hall, furnish
from tests.kit.web_hall import Page, another, application, furnished, sign_in

HALL = "/reception"
BOOK = "/appointments"

# The first page of each role of the samples; roles without any page are told so.
LANDS = {
    "civil-society": {"host": "/desk", "advisor": "/desk", "manager": "/office", "trainer": BOOK},
    "embassy": {
        "receptionist": HALL,
        "officer": "/desk",
        "supervisor": "/office",
        "consul": "/office",
        "auditor": "/office",
        "it": "/office",
    },
    "forum": {"receptionist": HALL, "intake_officer": "/desk", "lawyer": "/desk", "programme_manager": "/office"},
    "policy-unit": {"coordinator": "/office", "door": HALL, "member": "/desk"},
    "social-work": {
        "receptionist": HALL,
        "case_worker": "/desk",
        "centre_manager": "/office",
        "foundation_manager": "/office/figures/branches",
        # Whoever fetches visitors looks there first whom to fetch.
        "intake_protection": HALL,
    },
}


@pytest.fixture
def place(sqlite_template: Path, tmp_path: Path, clock: FrozenClock) -> Iterator[tuple[TestClient, Hall]]:
    with application(furnished(sqlite_template, tmp_path, clock.now()), tmp_path, clock) as found:
        yield found


def has_a_way_out(html: str) -> bool:
    return any(form.action == "/sign-out" for form in Page(html).forms)


@pytest.mark.parametrize("profile", profile_names())
def test_nobody_signs_in_to_a_dead_end(sqlite_url: str, tmp_path: Path, clock: FrozenClock, profile: str) -> None:
    database = Database(sqlite_url, clock)
    hall = furnish(database, profile)
    roles = sorted(database.read_now(role_slugs))
    for role in roles:
        hall.person(role, ((hall.branch.id, role),))
    database.close()
    assert set(read_profile(profile).roles) <= set(roles)
    with application(sqlite_url, tmp_path, clock) as (client, _):
        for role in roles:
            browser = another(client)
            answer = browser.post("/sign-in", data={"login": role, "password": PASSWORD}, follow_redirects=True)
            assert answer.status_code == 200, role
            place = ({"administrator": "/desk"} | LANDS[profile]).get(role, NO_PLACE)
            # Where people land whose surface was removed from the application is not its test's affair.
            if place == NO_PLACE or place.split("/")[1] in SURFACES:
                assert answer.url.path == (f"{place}/{hall.branch.slug}" if place in (HALL, BOOK) else place), role
            assert has_a_way_out(answer.text), role


def test_a_page_that_was_asked_for_is_opened_only_to_who_may_open_it(
    place: tuple[TestClient, Hall],
) -> None:
    client, hall = place
    hall.person("auditor", ((hall.branch.id, "auditor"),))
    for login, wanted, led_to in (
        ("layla", "/desk/doha-main/c4", "/desk/doha-main/c4"),
        ("layla", "/desk/mobile-consulate/m1", "/desk"),
        ("layla", "/office", "/desk"),
        ("auditor", "/office/audit?who=x", "/office/audit?who=x"),
        ("auditor", "/office/devices", "/office"),
        ("auditor", "/pair", "/pair"),
        ("auditor", "/deskless", "/deskless"),
        ("admin", "/desk/mobile-consulate/m1", "/desk/mobile-consulate/m1"),
    ):
        browser = another(client)
        answer = browser.post("/sign-in", data={"login": login, "password": PASSWORD, "next": wanted})
        assert answer.headers["location"] == led_to, (login, wanted)
        assert browser.get("/sign-in", params={"next": wanted}).headers["location"] == led_to


def test_a_person_whose_rights_open_nothing_learns_it_and_goes_on_when_rights_were_given(
    place: tuple[TestClient, Hall],
) -> None:
    client, hall = place
    hall.person("nobody", ())
    sign_in(client, "nobody", "en")
    page = client.get(NO_PLACE)
    assert page.status_code == 200
    assert "may not open any page of the system" in page.text
    sign_in(client, "layla")
    assert client.get(NO_PLACE).headers["location"] == "/desk"
    client.post("/sign-out")
    assert client.get(NO_PLACE).headers["location"] == "/sign-in?next=%2Fstaff"


@pytest.mark.parametrize(
    ("path", "status"),
    [("/office", 403), ("/desk/doha-main/no-such", 404), ("/office/no-such", 404)],
)
def test_trouble_on_a_page_of_the_staff_keeps_its_header(
    place: tuple[TestClient, Hall], path: str, status: int
) -> None:
    client, _ = place
    sign_in(client, "layla", "en")
    answer = client.get(path)
    assert answer.status_code == status
    assert has_a_way_out(answer.text)
    assert 'href="/desk"' in answer.text
    stranger = another(client).get("/office/no-such")
    assert stranger.status_code == 404
    assert not has_a_way_out(stranger.text)


def test_whoever_answers_for_a_hall_sees_the_load_of_its_queues(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    hall.person("head", ((hall.branch.id, "supervisor"),))
    hall.issue()
    hall.issue()
    sign_in(client, "head", "en")
    page = Page(client.get("/office").text)
    queue = hall.branch.queue_of(hall.branch.service("attest-single"))
    assert f"{queue.names['en']} 2 people waiting Longest wait: Less than a minute No open counter" in isolates.strip(
        page.text
    )
    assert [client.get(f"/office/{name}").status_code for name in ("devices", "printers", "audit")] == [403, 403, 403]
    assert "/office/devices" not in page.html
