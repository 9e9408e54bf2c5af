"""Signing in with passkeys: what is accepted, and what an attacker tries in vain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from starlette.testclient import TestClient

from queue_system.actions.staff import lock_staff
from queue_system.app import create_app
from queue_system.clock import FrozenClock
from queue_system.configuration import read_configuration
from tests.kit.hall import PASSWORD, Hall
from tests.kit.served import served
from tests.kit.software_passkey import PRESENT, Passkey
from tests.kit.web_hall import another, application, furnished, sign_in

SITE, ORIGIN = "queue.example.org", "https://queue.example.org"
METHODS = "/account/sign-in"


@pytest.fixture
def place(sqlite_template: Path, tmp_path: Path, clock: FrozenClock) -> Iterator[tuple[TestClient, Hall]]:
    with application(furnished(sqlite_template, tmp_path, clock.now()), tmp_path, clock, ORIGIN) as found:
        yield found


@pytest.fixture
def key(place: tuple[TestClient, Hall]) -> Passkey:
    """The passkey of layla."""
    client, _ = place
    sign_in(client, "layla")
    passkey = Passkey(SITE, ORIGIN)
    answer = add(client, passkey)
    assert answer.json()["next"].startswith(f"{METHODS}/recovery-codes")
    return passkey


def add(client: TestClient, passkey: Passkey) -> Any:
    options = client.post(f"{METHODS}/passkeys/challenge").json()
    assert options["rp"]["id"] == SITE
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert options["authenticatorSelection"]["residentKey"] == "required"
    return client.post(f"{METHODS}/passkeys", json=passkey.made(options))


def challenge(client: TestClient) -> dict[str, Any]:
    options: dict[str, Any] = client.post("/sign-in/passkey/challenge").json()
    return options


def entered(client: TestClient, answer: dict[str, Any]) -> tuple[int, str]:
    found = client.post("/sign-in/passkey?next=%2Fdesk", json=answer)
    return found.status_code, found.json().get("next") or found.json()["code"]


def test_a_passkey_opens_a_session_without_a_password(place: tuple[TestClient, Hall], key: Passkey) -> None:
    client = another(place[0])
    assert entered(client, key.signed(challenge(client))) == (200, "/desk")
    assert client.get("/desk").status_code == 200


def test_the_password_alone_is_not_enough_beside_it(place: tuple[TestClient, Hall], key: Passkey) -> None:
    client = another(place[0])
    answer = client.post("/sign-in", data={"login": "layla", "password": PASSWORD})
    assert answer.headers["location"] == "/sign-in/code"
    assert "data-passkey" in client.get("/sign-in/code").text


def test_an_answer_is_accepted_once(place: tuple[TestClient, Hall], key: Passkey) -> None:
    client = another(place[0])
    step = challenge(client)
    cookie = client.cookies["__Host-sign-in-step"]
    answer = key.signed(step)
    assert entered(client, answer)[0] == 200
    thief = another(client)
    thief.cookies.set("__Host-sign-in-step", cookie)
    assert entered(thief, answer) == (401, "sign-in-over")
    challenge(thief)
    assert entered(thief, answer) == (401, "passkey-wrong")


@pytest.mark.parametrize(
    "forged",
    [
        {"origin": "https://queue.example.evil"},
        {"host": "queue.example.evil"},
        # Nobody showed a finger or typed a PIN.
        {"flags": PRESENT},
    ],
)
def test_a_forged_answer_is_refused(place: tuple[TestClient, Hall], key: Passkey, forged: dict[str, Any]) -> None:
    client = another(place[0])
    assert entered(client, replace(key, **forged).signed(challenge(client))) == (401, "passkey-wrong")
    sign_in(omar := another(client), "omar")
    assert add(omar, replace(key, id=b"other", **forged)).status_code == 422


def test_another_s_signature_is_refused(place: tuple[TestClient, Hall], key: Passkey) -> None:
    client = another(place[0])
    other = Passkey(SITE, ORIGIN)
    assert entered(client, other.signed(challenge(client))) == (401, "passkey-unknown")
    assert entered(client, replace(other, id=key.id).signed(challenge(client))) == (401, "passkey-wrong")


def test_a_copy_that_lags_behind_is_refused(place: tuple[TestClient, Hall], key: Passkey) -> None:
    client = another(place[0])
    key.signatures = 7
    assert entered(client, key.signed(challenge(client)))[0] == 200
    for count in (6, 7):
        key.signatures = count
        assert entered(client, key.signed(challenge(client))) == (401, "passkey-wrong")
    key.signatures = 8
    assert entered(client, key.signed(challenge(client)))[0] == 200


def test_it_opens_nothing_for_a_person_who_is_locked_out(place: tuple[TestClient, Hall], key: Passkey) -> None:
    client, hall = another(place[0]), place[1]
    step = challenge(client)
    hall.db.write_now(lock_staff, "layla")
    assert entered(client, key.signed(step)) == (401, "passkey-unknown")


def test_one_passkey_has_one_owner(place: tuple[TestClient, Hall], key: Passkey) -> None:
    sign_in(omar := another(place[0]), "omar")
    refused = add(omar, key)
    assert (refused.status_code, refused.json()["code"]) == (409, "passkey-taken")


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"[]", b"{}", b"\xff", b'{"id": 7, "response": null}', b'{"id": "\\ud800"}', b'{"id": "a\\u0000b"}'),
        *(b"[" * 15_000, b'{"id":' * 5_000, b'{"id": ["a"]}', b'{"id": %s}' % (b"9" * 5_000)),
    ],
)
def test_what_is_no_answer_is_refused(place: tuple[TestClient, Hall], key: Passkey, body: bytes) -> None:
    client = place[0]
    challenge(client)
    assert client.post("/sign-in/passkey", content=body).status_code in (401, 422)
    client.post(f"{METHODS}/passkeys/challenge")
    assert client.post(f"{METHODS}/passkeys", content=body).status_code == 422


def test_without_https_the_pages_say_that_passkeys_do_not_work(here: tuple[TestClient, Hall]) -> None:
    client, _ = here
    assert "data-passkey" not in client.get("/sign-in").text
    sign_in(client, "layla", "en")
    assert "Passkeys work only at a secure address" in client.get(METHODS).text


@pytest.mark.browser
def test_in_a_real_browser(sqlite_template: Path, tmp_path: Path, clock: FrozenClock, browser: Browser) -> None:
    """Chromium has a virtual authenticator, and obeys the policy of the pages."""
    url = furnished(sqlite_template, tmp_path, clock.now())
    app = create_app(read_configuration({}, database_url=url, data_dir=tmp_path), clock)
    with served(app) as address:
        local = address.replace("127.0.0.1", "localhost")
        page = browser.new_context().new_page()
        chromium = page.context.new_cdp_session(page)
        chromium.send("WebAuthn.enable")
        device = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        chromium.send("WebAuthn.addVirtualAuthenticator", {"options": device})
        page.goto(f"{local}/sign-in?next={METHODS}")
        page.fill("#login", "layla")
        page.fill("#password", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(f"{local}{METHODS}")
        page.click("[data-passkey]")
        page.wait_for_url("**/recovery-codes**")
        page.click("main form button")
        page.wait_for_url(f"{local}{METHODS}")
        expect(page.locator(".method-row")).to_have_count(1)
        page.click(".staff-self form button")
        page.wait_for_url("**/sign-in")
        page.click("[data-passkey]")
        page.wait_for_url("**/desk")
        page.context.close()
