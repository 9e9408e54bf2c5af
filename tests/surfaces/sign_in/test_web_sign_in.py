"""Signing in and out: names and passwords, sessions, limits, and the page that follows."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from queue_system.actions.staff import lock_staff
from queue_system.clock import FrozenClock
from queue_system.store import log
from queue_system.store.tables import ORGANISATION
from queue_system.surfaces.sign_in.entering import own_path
from queue_system.web.passwords import hash_password, is_password
from tests.kit.hall import PASSWORD, Hall
from tests.kit.web_hall import another, application, furnished, sign_in

DESK = "/desk/doha-main/c4"


@pytest.fixture
def url(sqlite_template: Path, tmp_path: Path, clock: FrozenClock) -> str:
    return furnished(sqlite_template, tmp_path, clock.now())


@pytest.fixture
def here(url: str, tmp_path: Path, clock: FrozenClock) -> Iterator[tuple[TestClient, Hall]]:
    with application(url, tmp_path, clock) as found:
        yield found


@pytest.fixture
def client(here: tuple[TestClient, Hall]) -> TestClient:
    return here[0]


@pytest.mark.parametrize(
    ("language", "direction", "words"), [("ar", "rtl", "دخول الموظفين"), ("en", "ltr", "Staff sign-in")]
)
def test_the_page_speaks_the_reader_s_language(client: TestClient, language: str, direction: str, words: str) -> None:
    answer = client.get("/sign-in", params={"lang": language})
    assert answer.status_code == 200
    assert f'<html lang="{language}" dir="{direction}"' in answer.text
    assert f"<h1>{words}</h1>" in answer.text


@pytest.mark.parametrize("typed", ["Layla", "LAYLA", "\u200fｌａｙｌａ "])
def test_a_name_is_known_however_a_keyboard_spells_it(client: TestClient, typed: str) -> None:
    answer = client.post("/sign-in", data={"login": typed, "password": PASSWORD, "next": "/desk"})
    assert answer.status_code == 303


def test_name_and_password_open_a_session(client: TestClient) -> None:
    answer = client.post("/sign-in", data={"login": " layla ", "password": PASSWORD, "next": "/desk"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk")
    cookie = next(value for value in answer.headers.get_list("set-cookie") if value.startswith("session="))
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Max-Age" not in cookie
    assert "expires" not in cookie.lower()
    assert "Secure" not in cookie
    assert client.get("/desk").status_code == 200
    assert client.get("/sign-in").headers["location"] == "/desk"


def test_over_tls_the_cookie_is_bound_to_the_host(url: str, tmp_path: Path, clock: FrozenClock) -> None:
    with application(url, tmp_path, clock, "https://queue.example.org") as (client, _):
        answer = client.post("/sign-in", data={"login": "layla", "password": PASSWORD})
        cookie = next(value for value in answer.headers.get_list("set-cookie") if "session=" in value)
        assert cookie.startswith("__Host-session=")
        assert "Secure" in cookie
        assert "Path=/" in cookie
        assert "Domain" not in cookie
        assert client.get("/desk").status_code == 200


@pytest.mark.parametrize(("login", "password"), [("layla", "wrong"), ("nobody", PASSWORD)])
def test_a_wrong_name_and_a_wrong_password_look_the_same(client: TestClient, login: str, password: str) -> None:
    answer = client.post("/sign-in", data={"login": login, "password": password}, headers={"accept-language": "en"})
    assert answer.status_code == 422
    assert "The sign-in name or the password is not right" in answer.text
    assert re.search(r'<input[^>]*id="password"[^>]*autofocus', answer.text, re.DOTALL)
    assert re.search(r'<input[^>]*id="password"[^>]*aria-describedby="refusal"', answer.text, re.DOTALL)
    assert f'value="{login}"' in answer.text
    assert password not in answer.text
    assert "set-cookie" not in answer.headers


def test_one_may_type_at_once_and_a_store_of_passwords_knows_the_fields(client: TestClient) -> None:
    html = client.get("/sign-in").text
    assert re.search(r'<input[^>]*id="login"[^>]*autocomplete="username"[^>]*autofocus', html, re.DOTALL)
    assert re.search(r'<input[^>]*id="password"[^>]*autocomplete="current-password"', html, re.DOTALL)
    assert html.count("autofocus") == 1


def test_empty_fields_are_named_one_by_one(client: TestClient) -> None:
    answer = client.post("/sign-in", data={"login": "", "password": ""})
    assert answer.status_code == 422
    assert 'href="#login"' in answer.text
    assert 'href="#password"' in answer.text
    assert answer.text.count('aria-invalid="true"') == 2


@pytest.mark.usefixtures("real_passwords")
def test_a_name_that_nobody_has_costs_as_much_work_as_one_that_somebody_has() -> None:
    stored = hash_password(PASSWORD)

    def work(of: str | None) -> float:
        """The least processor time of a few attempts, so that other work of the machine does not count."""
        times = []
        for _ in range(4):
            started = time.process_time()
            assert not is_password(of, "wrong")
            times.append(time.process_time() - started)
        return min(times)

    assert 0.6 < work(None) / work(stored) < 1.6


def test_passwords_are_equal_however_they_were_typed() -> None:
    composed, in_parts = "caf\u00e9 \u0623\u062d\u0645\u062f", "cafe\u0301 \u0627\u0654\u062d\u0645\u062f"
    stored = hash_password(composed)
    assert stored.startswith("$argon2id$")
    assert is_password(stored, in_parts)
    assert not is_password(stored, "cafe")
    assert not is_password("not a hash", composed)
    assert not is_password(None, "")


@pytest.mark.parametrize(
    ("wanted", "led_to"),
    [
        (DESK, DESK),
        ("/desk?all", "/desk?all"),
        ("//evil.example", ""),
        ("/\\evil.example", ""),
        ("https://evil.example/", ""),
        ("javascript:alert(1)", ""),
        ("/desk\r\nx: y", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_nobody_is_led_elsewhere(wanted: str | None, led_to: str) -> None:
    assert own_path(wanted) == led_to


def test_a_page_that_asks_for_a_sign_in_comes_back_after_it(client: TestClient) -> None:
    answer = client.get(DESK)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=%2Fdesk%2Fdoha-main%2Fc4")
    page = client.get(answer.headers["location"])
    assert f'name="next" value="{DESK}"' in page.text
    answer = client.post("/sign-in", data={"login": "layla", "password": PASSWORD, "next": DESK})
    assert answer.headers["location"] == DESK


def test_after_half_an_hour_of_nothing_one_signs_in_again_and_is_told_why(
    client: TestClient, clock: FrozenClock
) -> None:
    assert "انتهت الجلسة" not in client.get("/sign-in").text
    sign_in(client, "layla")
    clock.move(timedelta(minutes=29))
    assert client.get(DESK).status_code == 200
    clock.move(timedelta(minutes=29))
    assert client.get(DESK).status_code == 200
    clock.move(timedelta(minutes=31))
    answer = client.get(DESK)
    assert answer.status_code == 303
    assert "انتهت الجلسة" in client.get(answer.headers["location"]).text


def test_a_pressed_button_leads_back_to_its_page(client: TestClient, clock: FrozenClock) -> None:
    sign_in(client, "layla")
    clock.move(timedelta(minutes=31))
    action = "/counters/doha-main/c4/calls"
    without = client.post(action, headers={"referer": f"http://testserver{DESK}"})
    assert (without.status_code, without.headers["location"]) == (303, "/sign-in?next=%2Fdesk%2Fdoha-main%2Fc4")
    with_htmx = client.post(action, headers={"hx-request": "true", "hx-current-url": f"http://testserver{DESK}?all"})
    assert with_htmx.status_code == 401
    assert with_htmx.headers["hx-redirect"] == "/sign-in?next=%2Fdesk%2Fdoha-main%2Fc4%3Fall"


def test_a_session_ends_after_twelve_hours_of_work_too(client: TestClient, clock: FrozenClock) -> None:
    sign_in(client, "layla")
    for _ in range(12 * 60 // 20 - 1):
        clock.move(timedelta(minutes=20))
        assert client.get("/desk").status_code == 200
    clock.move(timedelta(minutes=20))
    assert client.get("/desk").status_code == 303


def test_signing_out_ends_the_session_not_only_its_cookie(client: TestClient) -> None:
    sign_in(client, "layla")
    token = client.cookies["session"]
    answer = client.post("/sign-out")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert "session" not in client.cookies
    thief = another(client)
    thief.cookies.set("session", token)
    assert thief.get("/desk").status_code == 303


def test_signing_in_anew_ends_the_session_before(client: TestClient) -> None:
    sign_in(client, "layla")
    before = client.cookies["session"]
    sign_in(client, "omar")
    assert client.cookies["session"] != before
    old = another(client)
    old.cookies.set("session", before)
    assert old.get("/desk").status_code == 303


def test_what_happens_at_the_door_is_logged_without_the_name_that_was_typed(here: tuple[TestClient, Hall]) -> None:
    client, hall = here
    before = hall.db.read_now(log.positions)[ORGANISATION]
    client.post("/sign-in", data={"login": "somebody-else", "password": "no"})
    client.post("/sign-in", data={"login": "layla", "password": "no"})
    sign_in(client, "layla")
    client.post("/sign-out")
    entries = hall.db.read_now(log.after, ORGANISATION, before)
    kinds = [entry.kind for entry in entries]
    assert kinds == ["staff.sign_in_failed", "staff.sign_in_failed", "staff.signed_in", "staff.signed_out"]
    assert entries[0].subject == ""
    assert entries[1].subject == entries[2].subject != ""
    assert "somebody-else" not in str(entries)


def test_the_log_says_at_whose_locked_account_somebody_tries(here: tuple[TestClient, Hall]) -> None:
    client, hall = here
    hall.db.write_now(lock_staff, "layla")
    before = hall.db.read_now(log.positions)[ORGANISATION]
    assert client.post("/sign-in", data={"login": "layla", "password": PASSWORD}).status_code == 422
    (failed,) = hall.db.read_now(log.after, ORGANISATION, before)
    assert (failed.kind, failed.subject != "") == ("staff.sign_in_failed", True)


@pytest.mark.parametrize(
    "headers", [{"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {"origin": "https://evil.example"}]
)
def test_a_form_of_another_site_is_refused(client: TestClient, headers: dict[str, str]) -> None:
    sign_in(client, "layla")
    if "origin" in headers:
        del client.headers["sec-fetch-site"]
    answer = client.post("/sign-out", headers=headers)
    assert answer.status_code == 403
    client.headers["sec-fetch-site"] = "same-origin"
    assert client.get("/desk").status_code == 200


def test_people_read_the_language_they_were_entered_with(client: TestClient) -> None:
    client.headers["accept-language"] = "en"
    client.post("/sign-in", data={"login": "layla", "password": PASSWORD})
    assert '<html lang="ar"' in client.get("/desk").text
