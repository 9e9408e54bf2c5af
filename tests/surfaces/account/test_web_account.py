"""One's own account: the link of an invitation, the password, the sessions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from queue_system.actions import invitations
from queue_system.clock import FrozenClock
from queue_system.store.log import Actor
from queue_system.store.queries.access import staff_by_login
from tests.kit.hall import PASSWORD, Hall
from tests.kit.web_hall import another, application, furnished, sign_in

NEW = "a window over Damascus"


@pytest.fixture
def place(sqlite_template: Path, tmp_path: Path, clock: FrozenClock) -> Iterator[tuple[TestClient, Hall]]:
    with application(furnished(sqlite_template, tmp_path, clock.now()), tmp_path, clock) as found:
        yield found


def invited(hall: Hall) -> str:
    admin = hall.db.read_now(staff_by_login, "admin")
    assert admin is not None
    token, _ = hall.db.write_now(
        invitations.invite, "nour", "نور", "ar", hall.branch.id, "officer", "", Actor("staff", str(admin[0]))
    )
    return f"/welcome/{token}"


def test_somebody_who_was_invited_chooses_a_password_and_signs_in(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    link = invited(hall)
    page = client.get(link)
    assert page.status_code == 200
    assert "نور" in page.text
    for typed, wrong in (
        ({"password": "short", "again": "short"}, "password"),
        ({"password": NEW, "again": "another"}, "again"),
    ):
        refused = client.post(link, data=typed)
        assert refused.status_code == 422
        assert f'id="{wrong}-error"' in refused.text
    done = client.post(link, data={"password": NEW, "again": NEW}).headers["location"]
    assert "حُفظت كلمة المرور" in client.get(done).text
    assert client.get(link).status_code == 404
    answer = client.post("/sign-in", data={"login": "nour", "password": NEW})
    assert answer.headers["location"] == "/desk"


@pytest.mark.parametrize("token", ["x" * 43, "%00", "%F0%9F%98%80"])
def test_a_link_that_was_never_made_is_not_there(place: tuple[TestClient, Hall], token: str) -> None:
    client, _ = place
    assert client.get(f"/welcome/{token}").status_code == 404


def test_every_page_of_the_staff_leads_to_the_account(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    hall.person("nobody", ())
    for login, page in (("layla", "/desk"), ("admin", "/office"), ("nobody", "/staff")):
        browser = another(client)
        sign_in(browser, login, "en")
        assert 'href="/account"' in browser.get(page).text
        assert browser.get("/account").status_code == 200


def test_a_new_password_needs_the_old_one_and_ends_the_other_sessions(place: tuple[TestClient, Hall]) -> None:
    client, _ = place
    sign_in(client, "layla", "en")
    other = another(client)
    sign_in(other, "layla")
    wrong = client.post("/account/password", data={"old": "wrong", "password": NEW})
    assert wrong.status_code == 422
    assert 'id="old-error"' in wrong.text
    easy = client.post("/account/password", data={"old": PASSWORD, "password": "1234567890"})
    assert 'id="password-error"' in easy.text
    assert client.post("/account/password", data={"old": PASSWORD, "password": NEW}).status_code == 303
    assert client.get("/account").status_code == 200
    assert other.get("/account").headers["location"].startswith("/sign-in")
    assert another(client).post("/sign-in", data={"login": "layla", "password": NEW}).status_code == 303


def test_one_sees_one_s_sessions_and_ends_another_but_not_this_one(place: tuple[TestClient, Hall]) -> None:
    client, _ = place
    sign_in(client, "layla", "en")
    others = [another(client), another(client)]
    for other in others:
        sign_in(other, "layla")
    page = client.get("/account").text
    assert page.count('name="session"') == 3
    client.post("/account/sessions/end", data={"session": "others"})
    assert client.get("/account").status_code == 200
    assert all(other.get("/account").status_code == 303 for other in others)


def test_name_and_language_are_one_s_own_to_choose(place: tuple[TestClient, Hall]) -> None:
    client, _ = place
    sign_in(client, "layla", "en")
    refused = client.post("/account", data={"name": " ", "language": "en"})
    assert refused.status_code == 422
    assert 'id="name-error"' in refused.text
    assert client.post("/account", data={"name": "Layla H.", "language": "en"}).status_code == 303
    assert "Layla H." in client.get("/account").text
