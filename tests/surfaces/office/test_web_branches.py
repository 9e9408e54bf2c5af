"""Branches in the office: the list, the file of each, what differs from its template, and a new one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from queue_system.clock import FrozenClock
from queue_system.profiles.branch_file import read_branch_file, write_branch_file
from queue_system.settings.compared import departures
from queue_system.settings.edits import applied
from queue_system.store.queries.settings import branch_ids
from queue_system.store.queries.stored import stored_profile
from queue_system.store.tables import Branch, table
from tests.kit.furnished import profile_of
from tests.kit.hall import Hall, edit
from tests.kit.people import add_role
from tests.kit.web_hall import Page, another, application, furnished, sign_in


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
    mission, doha = (profile.branches[slug] for slug in ("mission-template", "doha-main"))
    count = len(departures(mission, doha))
    assert f"<bdi>{count}</bdi> differences</a>" in text
    shown = client.get("/office/branches/mission-template").text
    assert f"<bdi>{count}</bdi> differences" in shown
    beside = client.get("/office/branches/doha-main").text
    for page in ("hours", "closures", "seasons"):
        assert client.get(f"/office/{page}/doha-main").status_code == 200
        assert f'href="/office/{page}/doha-main"' in beside
        # A template has no days of its own to look at.
        assert f'href="/office/{page}/mission-template"' not in shown


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


def test_a_new_branch_is_named_in_the_languages_of_its_origin(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    administrator(client)
    doha = table(Branch).c.id == hall.branch.id
    edit(hall, lambda tx: tx.execute(sa.update(table(Branch)).where(doha).values(languages=["ar", "tr"])))
    form = {"from": "doha-main", "slug": "izmir", "name_ar": "", "name_tr": "İzmir"}
    without = client.post("/office/new-branch", data=form)
    assert without.status_code == 422
    assert 'id="name_ar-error"' in without.text
    assert "İzmir" in without.text
    opening = form | {"name_ar": "إزمير", "opens": "2027-01-04"}
    made = client.post("/office/new-branch", data=opening, follow_redirects=False)
    assert made.status_code == 303
    branch = hall.db.read_now(stored_profile).branches["izmir"]
    # Every name is stored in English too, but nobody there has to know any.
    assert (branch.names, branch.languages) == ({"ar": "إزمير", "en": "إزمير", "tr": "İzmir"}, ("ar", "tr"))


def test_who_may_export_neither_adds_nor_sees_other_branches(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    hall.person("exporter", ((hall.branch.id, add_role(hall, "exporter", "export_settings")),))
    sign_in(client, "exporter", "en")
    text = client.get("/office/branches").text
    assert "/office/branches/doha-main/file" in text
    assert "mobile-consulate" not in text
    assert client.get("/office/branches/mobile-consulate/file").status_code == 404
    assert client.get("/office/new-branch").status_code == 403
    assert "/office/hours" not in client.get("/office/branches/doha-main").text


def test_one_thing_is_taken_over_from_the_template_and_given_back(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    administrator(client)
    before = hall.db.read_now(stored_profile)
    mission, doha = (before.branches[slug] for slug in ("mission-template", "doha-main"))
    edit = next(one for one in departures(mission, doha) if one.kind == "queue" and one.was is not None)
    address = "/office/branches/mission-template/takeover"
    form = {"with": "doha-main", "kind": edit.kind, "slug": edit.slug}
    shown = client.post(address, data=form)
    assert (shown.status_code, mission.queues) == (200, hall.db.read_now(stored_profile).branches[mission.slug].queues)
    saved = client.post(address, data=hidden(shown.text) | {"step": "save"}, follow_redirects=False)
    assert saved.status_code == 303
    after = hall.db.read_now(stored_profile).branches[mission.slug]
    assert after.queues[edit.slug] == doha.queues[edit.slug]
    assert len(departures(after, doha)) == len(departures(mission, doha)) - 1


# ---------------------------------------------------------------- a file that comes back


def sent(client: TestClient, text: str, into: str = "") -> str:
    answer = client.post("/office/branches", files={"file": ("branch.yaml", text.encode())}, data={"into": into})
    return str(answer.text)


def test_a_changed_file_is_shown_then_previewed_then_saved(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    administrator(client)
    text = client.get("/office/branches/doha-main/file").text
    assert "0</bdi> things change" in sent(client, text)
    changed = text.replace("late_grace_min: 10", "late_grace_min: 20")
    page = sent(client, changed)
    assert "1</bdi> thing changes" in page
    flow = client.post("/office/import", data=hidden(page))
    assert flow.status_code == 200
    assert '<a href="/office/branches" aria-current="page">' in flow.text
    assert grace(hall) == 10
    saved = client.post("/office/import", data=hidden(flow.text) | {"step": "save"}, follow_redirects=False)
    assert saved.status_code == 303
    assert grace(hall) == 20
    assert "/office/undo/doha-main/" in client.get(saved.headers["location"]).text


def test_a_file_with_new_shared_entries_is_one_save_and_one_request(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    hall.administrator("second")
    administrator(client)
    profile = hall.db.read_now(stored_profile)
    branch, catalogue = profile.branches["doha-main"], profile.catalogue
    service = branch.services["attest-single"].changed(documents=("ours_alone",))
    kept = branch.retention_days
    longer = branch.changed(
        services={**branch.services, service.slug: service}, retention_days=kept.changed(ticket=kept.ticket + 30)
    )
    documents = {**catalogue.documents, "ours_alone": {"ar": "وثيقتنا", "en": "Our paper"}}
    page = sent(client, write_branch_file(longer, catalogue.changed(documents=documents)))
    flow = client.post("/office/import", data=hidden(page)).text
    assert flow.count("Our paper") >= 2, "as an entry that is added, and by the service that refers to it"
    needed = client.post("/office/import", data=hidden(flow) | {"step": "save"}).text
    assert "data are kept longer" in needed
    asked = client.post("/office/import", data=hidden(needed) | {"step": "ask"}, follow_redirects=False)
    assert asked.headers["location"] == "/office/approvals?said=asked"
    assert hall.db.read_now(stored_profile) == profile
    second = another(client)
    sign_in(second, "second", "en")
    seen = Page(second.get("/office/approvals").text)
    assert "Our paper" in seen.text
    second.post(seen.form("approval").action)
    client.post(Page(client.get("/office/approvals").text).form("use").action)
    after = hall.db.read_now(stored_profile)
    assert after.catalogue.documents["ours_alone"]["en"] == "Our paper"
    assert after.branches["doha-main"].retention_days.ticket == kept.ticket + 30


def test_a_file_adds_a_branch_of_another_organisation(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    administrator(client)
    forum = profile_of("forum")
    page = sent(client, write_branch_file(forum.branches["istanbul"], forum.catalogue), "ankara")
    made = client.post("/office/import", data=hidden(page), follow_redirects=False)
    assert (made.status_code, made.headers["location"]) == (303, "/office/branches?added=ankara")
    assert hall.db.read_now(stored_profile).branches["ankara"].services == forum.branches["istanbul"].services


def test_no_branch_is_called_as_the_organisation_is(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    administrator(client)
    page = sent(client, client.get("/office/branches/doha-main/file").text, "organisation")
    assert "There is a branch with this name already" in page
    assert "/office/import" not in page
    assert "organisation" not in hall.db.read_now(branch_ids)


def test_a_file_that_cannot_be_read_says_where(place: tuple[TestClient, Hall]) -> None:
    client, _ = place
    administrator(client)
    for text, said in (("", "is empty"), ("format: 9\n", "branch.yaml:1:9"), ("\x00", "not text")):
        assert said in sent(client, text)
    for packed in ("", "no!", "AAAA"):
        assert client.post("/office/import", data={"packed": packed, "into": "doha-main"}).status_code == 400


def hidden(text: str) -> dict[str, str]:
    """What the form of a page sends by itself: the one with the fields of the flow, or of the file."""
    return next(one.values for one in Page(text).forms if {"sha256", "packed"} & one.values.keys())


def grace(hall: Hall) -> int:
    return hall.db.read_now(stored_profile).branches["doha-main"].queue_rules.late_grace_min
