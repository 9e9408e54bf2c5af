"""People and rights in the office: who is seen, what is refused beside its field, the link that is shown once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from queue_system.actions import invitations
from queue_system.actions.roles import save_role
from queue_system.actions.staff import lock_staff
from queue_system.actions.staff_roles import give_role
from queue_system.clock import FrozenClock
from queue_system.core.rights import ATOMIC, OBEYED
from queue_system.i18n.words import words_for
from queue_system.store.log import Actor
from queue_system.store.queries.people import colleague, roles
from queue_system.store.queries.settings import branch_ids
from queue_system.store.tables import ORGANISATION
from tests.kit.hall import Hall
from tests.kit.people import add_role, head_of_section
from tests.kit.web_hall import Page, another, application, furnished, sign_in

NEW = "a window over Damascus"


@pytest.fixture
def place(sqlite_template: Path, tmp_path: Path, clock: FrozenClock) -> Iterator[tuple[TestClient, Hall]]:
    with application(furnished(sqlite_template, tmp_path, clock.now()), tmp_path, clock) as found:
        yield found


def address_of(hall: Hall, login: str) -> str:
    found = hall.db.read_now(colleague, login)
    assert found is not None
    return f"/office/people/{found.id}"


def invite(client: TestClient, hall: Hall, **changed: str) -> str:
    typed = {"login": "nour", "name": "نور", "language": "ar", "role": "officer", "place": str(hall.branch.id)}
    answer = client.post("/office/invitations", data=typed | changed)
    assert answer.status_code == 303, Page(answer.text).text
    return str(answer.headers["location"])


def test_an_invitation_shows_its_link_once_and_the_link_opens_the_account(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    sign_in(client, "admin", "en")
    page = client.get(invite(client, hall)).text
    (link,) = set(re.findall(r"http://testserver(/welcome/[\w-]+)", page))
    assert another(client).get(link).status_code == 200
    later = another(client)
    sign_in(later, "admin", "en")
    assert "/welcome/" not in later.get(address_of(hall, "nour")).text
    client.post(link, data={"password": NEW, "again": NEW})
    assert another(client).post("/sign-in", data={"login": "nour", "password": NEW}).headers["location"] == "/desk"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"login": "layla"}, "login"),
        ({"login": ""}, "login"),
        ({"name": ""}, "name"),
        ({"place": ""}, "place"),
        ({"role": "no-such"}, "role"),
    ],
)
def test_a_refused_invitation_keeps_what_was_typed_and_adds_nobody(
    place: tuple[TestClient, Hall], changed: dict[str, str], field: str
) -> None:
    client, hall = place
    sign_in(client, "admin", "en")
    typed = {"login": "nour", "name": "نور الدين", "language": "ar", "role": "officer", "place": str(hall.branch.id)}
    answer = client.post("/office/invitations", data=typed | changed)
    assert answer.status_code in (404, 409, 422)
    assert f'id="{field}-error"' in answer.text
    if field != "name":
        assert "نور الدين" in answer.text
    assert hall.db.read_now(colleague, "nour") is None


def test_the_head_of_a_section_sees_and_changes_the_people_of_their_branch_alone(
    place: tuple[TestClient, Hall],
) -> None:
    client, hall = place
    head_of_section(hall)
    there = hall.db.read_now(branch_ids)["mobile-consulate"]
    hall.person("elsewhere", ((there, "officer"),))
    sign_in(client, "head", "en")
    listed = client.get("/office/people").text
    assert "layla" in listed
    assert "elsewhere" not in listed
    assert client.get(address_of(hall, "elsewhere")).status_code == 404
    assert client.post(f"{address_of(hall, 'elsewhere')}/lock").status_code == 404
    give = {"role": "it", "place": str(hall.branch.id)}
    refused = client.post(f"{address_of(hall, 'layla')}/roles", data=give)
    assert refused.status_code == 403
    assert "You can only give rights that you have" in refused.text
    assert client.post(f"{address_of(hall, 'layla')}/lock").status_code == 303
    assert client.post(f"{address_of(hall, 'layla')}/unlock").status_code == 303


def test_who_is_locked_out_is_out_with_the_next_request(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    other = another(client)
    sign_in(other, "layla")
    sign_in(client, "admin", "en")
    client.post(f"{address_of(hall, 'layla')}/lock")
    assert other.get("/desk").headers["location"].startswith("/sign-in")
    refused = another(client).post("/sign-in", data={"login": "layla", "password": "correct horse battery"})
    assert refused.status_code == 422
    last = client.post(f"{address_of(hall, 'admin')}/lock")
    assert last.status_code == 409
    assert "last account" in Page(last.text).text


def test_a_role_for_one_department_reaches_its_counters_alone(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    hall.person("dana", ())
    sign_in(client, "admin", "en")
    department = list(hall.branch.departments.values())[-1]
    give = {"role": "officer", "place": f"{hall.branch.id}:{department.slug}"}
    assert client.post(f"{address_of(hall, 'dana')}/roles", data=give).status_code == 303
    dana = another(client)
    sign_in(dana, "dana", "en")
    offered = set(re.findall(r"/counters/doha-main/(\w+)/sitting", dana.get("/desk").text))
    assert offered < {counter.slug for counter in hall.branch.counters.values()}
    closed = next(one.slug for one in hall.branch.counters.values() if one.slug not in offered)
    assert dana.post(f"/counters/doha-main/{closed}/sitting").status_code == 403
    held = {"held": f"{hall.branch.id}/officer/{department.slug}"}
    assert client.post(f"{address_of(hall, 'dana')}/roles/removal", data=held).status_code == 303
    assert dana.get("/desk").status_code == 403


def test_every_right_is_given_by_two_people_on_the_page_of_approvals(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    hall.administrator("second")
    sign_in(client, "admin", "en")
    second = another(client)
    sign_in(second, "second", "en")
    give = {"role": "administrator", "place": str(ORGANISATION)}
    asked = client.post(f"{address_of(hall, 'layla')}/roles", data=give)
    assert asked.headers["location"].endswith("said=asked")
    assert "An open request of" in Page(client.get(address_of(hall, "layla")).text).text
    assert "An open request of" not in Page(client.get(address_of(hall, "second")).text).text
    own, theirs = Page(client.get("/office/approvals").text), Page(second.get("/office/approvals").text)
    assert "layla name" in theirs.text
    assert [form.action.rpartition("/")[2] for form in own.forms if "approvals" in form.action] == ["withdrawal"]
    approve = theirs.form("approval")
    assert client.post(approve.action).status_code == 409
    assert second.post(approve.action).status_code == 303
    use = Page(client.get("/office/approvals").text).form("use")
    assert client.post(use.action).headers["location"].endswith("said=done")
    assert any("*" in one.rights for one in hall.db.read_now(colleague, "layla").grants)  # type: ignore[union-attr]


def test_a_request_that_was_taken_back_is_asked_again_in_one_press(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    hall.administrator("second")
    sign_in(client, "admin", "en")
    second = another(client)
    sign_in(second, "second", "en")
    give = {"role": "administrator", "place": str(ORGANISATION)}
    client.post(f"{address_of(hall, 'layla')}/roles", data=give)
    taken_back = client.post(Page(client.get("/office/approvals").text).form("withdrawal").action)
    page = client.get(taken_back.headers["location"]).text
    assert re.search(r"<details[^>]* open", page)
    assert "Ask again" not in second.get("/office/approvals").text
    again = Page(page).form("again")
    assert client.post(again.action).headers["location"].endswith("said=asked")
    own = Page(client.get("/office/approvals").text)
    assert [form.action.rpartition("/")[2] for form in own.forms if "approvals" in form.action] == ["withdrawal"]
    refused = client.post(again.action.replace(again.action.split("/")[3], own.form("withdrawal").action.split("/")[3]))
    assert refused.status_code == 409
    assert "This request is open still" in refused.text
    assert second.post(Page(second.get("/office/approvals").text).form("approval").action).status_code == 303
    client.post(Page(client.get("/office/approvals").text).form("use").action)
    assert any("*" in one.rights for one in hall.db.read_now(colleague, "layla").grants)  # type: ignore[union-attr]
    assert "Ask again" not in client.get("/office/approvals").text, "it was done"


def test_a_request_says_what_would_be_gained_to_whoever_decides(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    hall.person("rami", ((ORGANISATION, add_role(hall, "approver", "approve")),))
    sign_in(client, "admin", "en")
    rami = another(client)
    sign_in(rami, "rami", "en")
    add_role(hall, "giver", "grant_roles", "see_contacts")
    approver = {"name-ar": "موظف", "name-en": "Clerk", "right-approve": "yes", "right-edit_sign_in": "yes"}
    look = client.post("/office/roles/officer", data=approver)
    seen = re.search(r'name="seen" value="([^"]*)"', look.text)
    assert seen is not None
    for address, data in (
        (f"{address_of(hall, 'layla')}/roles", {"role": "giver", "place": str(ORGANISATION)}),
        ("/office/roles/officer", approver | {"seen": seen[1]}),
    ):
        assert "asked" in client.post(address, data=data).headers["location"]
    page = Page(rami.get("/office/approvals").text)
    words = words_for("en")
    for right in ("grant_roles", "see_contacts", "approve", "edit_sign_in"):
        assert words.text(f"right.{right}") in page.text, right
    assert words.text("right.call_next") in page.text.partition("Taken away")[2]
    assert "Clerk" in page.text
    assert len([form for form in page.forms if form.action.endswith("approval")]) == 2
    client.post(f"{address_of(hall, 'rami')}/roles", data={"role": "administrator", "place": str(ORGANISATION)})
    page = Page(rami.get("/office/approvals").text)
    assert words.text("right.everything") in page.text
    assert len([form for form in page.forms if form.action.endswith("approval")]) == 2


def test_a_request_of_somebody_without_access_is_over_and_says_why(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    gone = hall.administrator("gone")
    hall.db.write_now(give_role, "layla", ORGANISATION, "administrator", "", Actor("staff", str(gone)))
    hall.db.write_now(lock_staff, "gone")
    sign_in(client, "admin", "en")
    page = Page(client.get("/office/approvals").text)
    assert "because the person who asked no longer has access" in page.text
    assert not [form for form in page.forms if "approvals" in form.action]


def test_a_role_that_is_to_be_narrowed_is_said_to_lose_and_not_to_gain(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    admin = hall.db.read_now(colleague, "admin")
    assert admin is not None
    rights, actor = ["approve", "call_next"], Actor("staff", str(admin.id))
    hall.db.write_now(save_role, "administrator", {"ar": "مدير"}, rights, actor)
    sign_in(client, "admin", "en")
    text = Page(client.get("/office/approvals").text).text
    assert "Added" not in text
    lost = text.partition("Taken away")[2]
    assert words_for("en").text("right.grant_roles") in lost
    assert words_for("en").text("right.approve") not in lost


def test_a_changed_role_says_whom_it_concerns_before_it_is_saved(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    sign_in(client, "admin", "en")
    page = client.get("/office/roles/officer")
    assert "layla name" in page.text
    typed = {"name-ar": "موظف", "name-en": "Officer", "right-call_next": "yes", "right-see_contacts": "yes"}
    look = client.post("/office/roles/officer", data=typed)
    assert look.status_code == 200
    assert "See names and contacts of appointments" in Page(look.text).text
    assert "see_contacts" not in next(one for one in hall.db.read_now(roles) if one.slug == "officer").rights
    seen = re.search(r'name="seen" value="([^"]*)"', look.text)
    assert seen is not None
    saved = client.post("/office/roles/officer", data=typed | {"seen": seen[1]})
    assert saved.status_code == 303
    assert next(one for one in hall.db.read_now(roles) if one.slug == "officer").rights == {"call_next", "see_contacts"}
    browser = another(client)
    sign_in(browser, "layla", "en")
    assert browser.get("/desk").status_code == 200


def test_the_pages_of_invitations_and_new_roles_stand_in_the_navigation(place: tuple[TestClient, Hall]) -> None:
    client, _ = place
    sign_in(client, "admin", "en")
    for page, belongs in (("/office/invitations", "/office/people"), ("/office/new-role", "/office/roles")):
        assert f'<a href="{belongs}" aria-current="page">' in client.get(page).text


def test_the_widest_scope_of_a_role_is_a_choice_and_no_default(place: tuple[TestClient, Hall]) -> None:
    client, _ = place
    sign_in(client, "admin", "en")
    form = client.get("/office/invitations").text
    offered = re.findall(r'<option value="([^"]+)"', form[form.index('name="place"') :])
    assert offered[0] != str(ORGANISATION) == offered[-1]


def test_a_reset_leaves_no_password_and_the_page_says_so(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    sign_in(client, "admin", "en")
    assert "Password alone" in Page(client.get(address_of(hall, "layla")).text).text
    client.post(f"{address_of(hall, 'layla')}/reset")
    text = Page(client.get(address_of(hall, "layla")).text).text
    assert "Password alone" not in text


@pytest.mark.parametrize("page", ["/office/roles/officer", "/office/rights"])
def test_a_right_that_nothing_acts_on_is_not_offered_as_if_something_did(
    place: tuple[TestClient, Hall], page: str
) -> None:
    client, _ = place
    sign_in(client, "admin", "en")
    text = Page(client.get(page).text).text
    said = {
        right: words
        for right in ATOMIC
        if (words := re.search(rf"{re.escape(words_for('en').text(f'right.{right}'))} \(([^)]*)\)", text))
    }
    assert said.keys() == set(ATOMIC) - OBEYED
    assert said["announce"][1] == "has no effect yet"


def test_a_new_role_begins_with_a_preset_and_goes_again_while_nobody_holds_it(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    sign_in(client, "admin", "en")
    form = client.get("/office/new-role?preset=auditor").text
    assert re.search(r'name="right-read_audit" value="yes" checked', form)
    typed = {"slug": "watch", "name-ar": "مراقب", "name-en": "Watch", "right-read_audit": "yes"}
    unnamed = client.post("/office/new-role", data=typed | {"name-en": ""})
    assert unnamed.status_code == 422
    assert 'id="name-en-error"' in unnamed.text
    assert client.post("/office/new-role", data=typed | {"slug": "Nicht so"}).status_code == 422
    assert client.post("/office/new-role", data=typed | {"slug": "auditor"}).status_code == 422
    assert client.post("/office/new-role", data=typed).status_code == 303
    assert client.post("/office/roles/watch/removal").status_code == 303
    assert client.post("/office/roles/officer/removal").status_code == 409
    assert "watch" not in {one.slug for one in hall.db.read_now(roles)}


def test_the_auditor_reads_the_table_of_rights_and_changes_nothing(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    hall.person("rami", ((ORGANISATION, "auditor"),))
    sign_in(client, "rami", "en")
    table = client.get("/office/rights")
    assert table.status_code == 200
    assert "layla name" in table.text
    page = client.get("/office/roles/officer")
    assert "disabled" in page.text
    assert client.post("/office/roles/officer", data={"name-ar": "x"}).status_code == 403
    assert client.get("/office/people").status_code == 403


def test_a_rescue_is_told_on_every_page_of_the_office(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    sign_in(client, "admin", "en")
    assert "rescue link" not in client.get("/office/roles").text
    hall.db.write_now(invitations.rescue, "layla")
    for page in ("/office", "/office/roles", "/office/devices"):
        assert "rescue link was made at the server for" in Page(client.get(page).text).text


def test_what_guards_the_house_wants_a_recent_proof(place: tuple[TestClient, Hall], clock: FrozenClock) -> None:
    client, hall = place
    sign_in(client, "admin", "en")
    invite(client, hall)
    for _ in range(4):
        clock.move(timedelta(minutes=5))
        client.get("/office/people")
    for action in (f"{address_of(hall, 'layla')}/reset", f"{address_of(hall, 'nour')}/invitation"):
        assert client.post(action).headers["location"].startswith("/account/confirmation"), action
    assert client.get("/office/invitations").headers["location"].startswith("/account/confirmation")
