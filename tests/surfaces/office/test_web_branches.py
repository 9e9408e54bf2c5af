"""Branches in the office: the list, the file of each, what differs from its template, and a new one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from queue_system.clock import FrozenClock
from queue_system.profiles.branch_file import read_branch_file
from queue_system.settings.compared import departures
from queue_system.settings.edits import applied
from queue_system.settings.portable import portable
from queue_system.store.queries.settings import branch_ids
from queue_system.store.queries.stored import stored_profile
from tests.kit.furnished import profile_of
from tests.kit.hall import Hall
from tests.kit.people import add_role
from tests.kit.web_hall import application, furnished, sign_in


@pytest.fixture
def place(sqlite_template: Path, tmp_path: Path, clock: FrozenClock) -> Iterator[tuple[TestClient, Hall]]:
    with application(furnished(sqlite_template, tmp_path, clock.now()), tmp_path, clock) as found:
        yield found


def administrator(client: TestClient) -> None:
    sign_in(client, "admin", "en")


def test_the_file_of_a_branch_is_the_branch(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    administrator(client)
    answer = client.get("/office/branches/doha-main/file")
    assert answer.headers["content-disposition"] == 'attachment; filename="doha-main.yaml"'
    file = read_branch_file(answer.content, "doha-main.yaml")
    profile = hall.db.read_now(stored_profile)
    assert file.branch.services == profile.branches["doha-main"].services
    assert "10.77." not in answer.text
    assert client.get("/office/branches/nowhere/file").status_code == 404


def test_a_branch_says_in_what_it_differs_from_its_template(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    administrator(client)
    text = client.get("/office/branches").text
    assert "Embassy premises – Doha" in text
    profile = hall.db.read_now(stored_profile)
    # Addresses of printers are not compared.
    mission, doha = (
        portable(profile.branches[slug], profile.catalogue).branch for slug in ("mission-template", "doha-main")
    )
    count = len(departures(mission, doha))
    assert f"<bdi>{count}</bdi> differences</a>" in text
    shown = client.get("/office/branches/mission-template").text
    assert f"<bdi>{count}</bdi> differences" in shown


def test_what_is_taken_over_from_a_template_leaves_what_belongs_to_the_place() -> None:
    profile = profile_of("embassy")
    mission, doha = (profile.branches[slug] for slug in ("mission-template", "doha-main"))
    after = applied(mission, departures(mission, doha))
    assert (after.slug, after.names, after.kind) == (mission.slug, mission.names, mission.kind)
    assert after.services == doha.services
    assert departures(after, doha) == ()


def test_a_new_branch_starts_like_another_and_is_closed_until_it_opens(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    administrator(client)
    form = {
        "from": "mission-template",
        "slug": "berlin",
        "name_ar": "السفارة – برلين",
        "name_en": "Embassy – Berlin",
        "timezone": "Europe/Berlin",
        "country_code": "49",
        "opens": "2027-01-04",
    }
    wrong = client.post("/office/new-branch", data={**form, "slug": "Berlin!", "timezone": "Mars/Base"})
    assert wrong.status_code == 422
    assert 'id="slug-error"' in wrong.text
    assert 'id="timezone-error"' in wrong.text
    assert "السفارة – برلين" in wrong.text, "what was typed is kept"
    made = client.post("/office/new-branch", data=form, follow_redirects=False)
    assert (made.status_code, made.headers["location"]) == (303, "/office/branches?added=berlin")
    assert "The branch was added" in client.get(made.headers["location"]).text
    assert "berlin" in hall.db.read_now(branch_ids)
    branch = hall.db.read_now(stored_profile).branches["berlin"]
    template = profile_of("embassy").branches["mission-template"]
    assert (branch.kind, branch.inherits_from, branch.timezone) == ("office", "mission-template", "Europe/Berlin")
    assert branch.services == template.services
    assert [closure.last.isoformat() for closure in branch.closures] == ["2027-01-03"]
    assert client.post("/office/new-branch", data=form).status_code == 409


def test_who_may_export_neither_adds_nor_sees_other_branches(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    hall.person("exporter", ((hall.branch.id, add_role(hall, "exporter", "export_settings")),))
    sign_in(client, "exporter", "en")
    text = client.get("/office/branches").text
    assert "/office/branches/doha-main/file" in text
    assert "mobile-consulate" not in text
    assert client.get("/office/branches/mobile-consulate/file").status_code == 404
    assert client.get("/office/new-branch").status_code == 403
