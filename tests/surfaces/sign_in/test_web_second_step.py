"""Signing in with a code after the password: pages, limits, programs."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from queue_system.actions.staff import unlock_staff
from queue_system.clock import FrozenClock
from queue_system.store.database import Tx
from queue_system.store.tables import Organisation, table
from tests.kit.app_codes import App
from tests.kit.hall import PASSWORD, Hall, change_settings
from tests.kit.web_hall import Page, another, sign_in

METHODS = "/account/sign-in"


def ask_for_second_factors(hall: Hall, who: str) -> None:
    def change(tx: Tx) -> None:
        data = dict(tx.scalar(sa.select(table(Organisation).c.data)))
        tx.execute(sa.update(table(Organisation)).values(data=data | {"needs_second_factor": who}))

    change_settings(hall.db, change)


def with_app(client: TestClient, clock: FrozenClock) -> tuple[App, list[str]]:
    """The signed-in person adds an app; also the recovery codes that the page shows then."""
    answer = client.post(f"{METHODS}/new-app")
    assert answer.headers["location"] == f"{METHODS}/app"
    app = App(client.get(f"{METHODS}/app").text)
    answer = client.post(f"{METHODS}/app", data={"code": app.code(clock.now())})
    assert answer.headers["location"].startswith(f"{METHODS}/recovery-codes")
    page = client.get(answer.headers["location"]).text
    shown = page.split('class="recovery-codes"')[1].split("</ol>")[0]
    codes = [part.split("</li>")[0] for part in shown.split("<li>")[1:]]
    assert client.post(f"{METHODS}/kept", data={"next": METHODS}).headers["location"] == METHODS
    return app, codes


def password(client: TestClient, login: str = "layla", wanted: str = "") -> str:
    """Send the password; where it leads to."""
    answer = client.post("/sign-in", data={"login": login, "password": PASSWORD, "next": wanted})
    return answer.headers.get("location", "")


@pytest.fixture
def layla(here: tuple[TestClient, Hall], clock: FrozenClock) -> tuple[TestClient, App, list[str]]:
    """A browser in which nobody is signed in, and the app and recovery codes of layla."""
    client, _ = here
    sign_in(client, "layla", "en")
    app, codes = with_app(client, clock)
    clock.move(timedelta(minutes=1))
    return another(client), app, codes


def test_after_the_password_the_code_is_asked_for_and_the_page_that_was_wanted_opens(
    layla: tuple[TestClient, App, list[str]], clock: FrozenClock
) -> None:
    client, app, _ = layla
    led_to = password(client, wanted="/desk/doha-main/c4")
    assert led_to == "/sign-in/code?next=%2Fdesk%2Fdoha-main%2Fc4"
    assert client.get("/desk").status_code == 303
    page = client.get(led_to)
    assert 'autocomplete="one-time-code"' in page.text
    assert 'name="next" value="/desk/doha-main/c4"' in page.text
    answer = client.post("/sign-in/code", data={"code": app.code(clock.now()), "next": "/desk/doha-main/c4"})
    assert answer.headers["location"] == "/desk/doha-main/c4"
    assert client.get("/desk").status_code == 200
    assert "sign-in-step" not in client.cookies


def test_a_wrong_code_keeps_the_page_and_says_what_to_do(
    layla: tuple[TestClient, App, list[str]], clock: FrozenClock
) -> None:
    client, app, _ = layla
    client.cookies.set("language", "en")
    password(client)
    wrong = client.post("/sign-in/code", data={"code": "000000"})
    assert wrong.status_code == 422
    assert "This code is not right" in wrong.text
    assert client.post("/sign-in/code", data={"code": " "}).status_code == 422
    code = app.code(clock.now())
    assert client.post("/sign-in/code", data={"code": code}).status_code == 303
    stranger = another(client)
    password(stranger)
    assert stranger.post("/sign-in/code", data={"code": code}).status_code == 422


def test_wrong_codes_are_limited_for_the_person_however_often_the_password_is_typed(
    layla: tuple[TestClient, App, list[str]], here: tuple[TestClient, Hall], clock: FrozenClock
) -> None:
    client, app, _ = layla
    answers = []
    for _ in range(2):
        password(client)
        answers += [client.post("/sign-in/code", data={"code": "000000"}).status_code for _ in range(4)]
    assert answers == [422] * 5 + [429] * 3
    assert client.post("/sign-in/code", data={"code": app.code(clock.now())}).status_code == 429
    here[1].db.write_now(unlock_staff, "layla")
    assert client.post("/sign-in/code", data={"code": app.code(clock.now())}).status_code == 303


def test_a_recovery_code_opens_the_door(layla: tuple[TestClient, App, list[str]]) -> None:
    client, _, codes = layla
    assert len(codes) == 10
    password(client)
    assert client.post("/sign-in/code", data={"code": codes[0]}).headers["location"] == "/desk"
    assert "9 recovery codes are left" in Page(client.get(METHODS, params={"lang": "en"}).text).text


@pytest.mark.parametrize("page", ["code", "set-up"])
def test_without_a_step_one_begins_with_the_password(here: tuple[TestClient, Hall], page: str) -> None:
    client, _ = here
    for answer in (client.get(f"/sign-in/{page}"), client.post(f"/sign-in/{page}", data={"code": "1"})):
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?again=1")
    assert "انتهت مدة الخطوة الثانية" in client.get("/sign-in?again=1").text


def test_where_everybody_needs_a_second_factor_it_is_set_up_before_the_first_page(
    here: tuple[TestClient, Hall], clock: FrozenClock
) -> None:
    client, hall = here
    ask_for_second_factors(hall, "all")
    led_to = password(client, wanted="/desk")
    assert led_to == "/sign-in/set-up?next=%2Fdesk"
    assert client.get("/desk").status_code == 303
    app = App(client.get(led_to).text)
    assert client.post("/sign-in/set-up", data={"code": "000000", "next": "/desk"}).status_code == 422
    answer = client.post("/sign-in/set-up", data={"code": app.code(clock.now()), "next": "/desk"})
    assert answer.headers["location"] == f"{METHODS}/recovery-codes?next=%2Fdesk"
    assert client.get("/desk").status_code == 200
    assert client.post(f"{METHODS}/kept", data={"next": "/desk"}).headers["location"] == "/desk"


def test_recovery_codes_are_not_shown_again(
    layla: tuple[TestClient, App, list[str]], here: tuple[TestClient, Hall]
) -> None:
    client, codes = here[0], layla[2]
    answer = client.get(f"{METHODS}/recovery-codes")
    assert answer.status_code == 409
    assert codes[0] not in answer.text
    step = client.post(f"{METHODS}/recovery-codes")
    assert step.status_code == 303
    thief = another(client)
    sign_in(thief, "omar")
    thief.cookies.set("sign-in-step", client.cookies["sign-in-step"])
    assert thief.get(f"{METHODS}/recovery-codes").status_code == 409


def test_an_open_session_alone_does_not_change_how_its_person_signs_in(
    layla: tuple[TestClient, App, list[str]], here: tuple[TestClient, Hall], clock: FrozenClock
) -> None:
    client, _ = here
    clock.move(timedelta(minutes=16))
    asked = f"/account/confirmation?next={METHODS.replace('/', '%2F')}"
    assert client.get(METHODS).headers["location"] == asked
    for path in ("new-app", "recovery-codes", "methods/x/removal"):
        answer = client.post(f"{METHODS}/{path}", headers={"referer": f"http://testserver{METHODS}"})
        assert answer.headers["location"] == asked
    wrong = client.post("/account/confirmation", data={"password": "wrong", "next": METHODS})
    assert wrong.status_code == 422
    right = client.post("/account/confirmation", data={"password": PASSWORD, "next": METHODS})
    assert right.headers["location"] == METHODS
    assert client.get(METHODS).status_code == 200


def test_removing_the_app_leaves_the_password(
    layla: tuple[TestClient, App, list[str]], here: tuple[TestClient, Hall]
) -> None:
    client, hall = here
    page = client.get(METHODS).text
    removal = page.split('action="/account/sign-in/methods/')[1].split('"')[0]
    sign_in(omar := another(client), "omar")
    assert omar.post(f"{METHODS}/methods/{removal}").status_code == 404
    ask_for_second_factors(hall, "all")
    assert client.post(f"{METHODS}/methods/{removal}").status_code == 409
    ask_for_second_factors(hall, "none")
    assert client.post(f"{METHODS}/methods/{removal}").headers["location"] == METHODS
    assert password(layla[0]) == "/desk"


# ---------------------------------------------------------------- programs


def program(client: TestClient, **more: str) -> tuple[int, str]:
    answer = client.post("/api/v1/sessions", json={"login": "layla", "password": PASSWORD} | more)
    return answer.status_code, answer.json().get("code", "")


def test_a_program_sends_the_code_with_the_password(
    layla: tuple[TestClient, App, list[str]], clock: FrozenClock
) -> None:
    client, app, _ = layla
    assert program(client) == (401, "second-code-needed")
    assert program(client, code="000000") == (401, "second-code-wrong")
    code = app.code(clock.now())
    assert program(client, code=code) == (201, "")
    assert program(client, code=code) == (401, "second-code-wrong")
    assert [program(client, code="000000")[0] for _ in range(6)] == [401] * 4 + [429] * 2


def test_a_program_cannot_set_a_second_factor_up(here: tuple[TestClient, Hall]) -> None:
    client, hall = here
    ask_for_second_factors(hall, "all")
    assert program(client) == (401, "second-factor-missing")
