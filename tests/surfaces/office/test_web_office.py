"""The office: who may enter, pairing and revoking devices, printers, and the texts for all of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from queue_system.actions import devices, sessions, settings
from queue_system.actions.devices import PairingRequest
from queue_system.clock import FrozenClock
from queue_system.core.tokens import sha256
from queue_system.i18n import isolates
from queue_system.settings.edits import Edit
from queue_system.store.log import SYSTEM
from queue_system.store.queries import access
from queue_system.store.queries.access import DeviceView
from queue_system.store.queries.pending import Idle, known_idle
from queue_system.store.queries.settings import branch_ids
from tests.kit.hall import Hall
from tests.kit.web_hall import Page, another, application, furnished, sign_in

PAGES = ("/office", "/office/devices", "/office/printers", "/office/audit")


@pytest.fixture
def place(sqlite_template: Path, tmp_path: Path, clock: FrozenClock) -> Iterator[tuple[TestClient, Hall]]:
    with application(furnished(sqlite_template, tmp_path, clock.now()), tmp_path, clock) as found:
        yield found


@pytest.fixture
def client(place: tuple[TestClient, Hall]) -> TestClient:
    return place[0]


@pytest.fixture
def hall(place: tuple[TestClient, Hall]) -> Hall:
    return place[1]


def see(client: TestClient, path: str, status: int = 200) -> Page:
    answer = client.get(path)
    assert answer.status_code == status, answer.text
    return Page(answer.text)


def device(hall: Hall, slug: str) -> DeviceView:
    return next(one for one in hall.db.read_now(access.devices, hall.branch.id) if one.slug == slug)


def ask(hall: Hall, kind: str = "kiosk") -> PairingRequest:
    return hall.db.write_now(devices.ask_pairing, kind)


def decide(client: TestClient, asked: PairingRequest, place: str, decision: str = "approve"):  # type: ignore[no-untyped-def]
    values = {"code": asked.user_code, "place": place, "decision": decision}
    return client.post("/office/devices/pairing", data={name: value for name, value in values.items() if value})


# ---------------------------------------------------------------- who may come in


@pytest.mark.parametrize("path", PAGES)
def test_nobody_signed_in_is_led_to_the_door(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in?next=%2Foffice")


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("login", ["layla", "rana"])
def test_clerks_and_reception_have_no_business_in_the_office(client: TestClient, login: str, path: str) -> None:
    sign_in(client, login)
    assert client.get(path).status_code == 403


def test_technical_support_sees_devices_and_printers_and_no_log(client: TestClient, hall: Hall) -> None:
    hall.person("tech", ((hall.branch.id, "it"),))
    sign_in(client, "tech")
    assert [client.get(path).status_code for path in PAGES] == [200, 200, 200, 403]
    assert "/office/audit" not in see(client, "/office").html


def test_an_auditor_reads_the_log_of_his_branch_and_touches_nothing(client: TestClient, hall: Hall) -> None:
    hall.person("auditor", ((hall.branch.id, "auditor"),))
    sign_in(client, "auditor")
    assert [client.get(path).status_code for path in PAGES] == [200, 403, 403, 200]
    assert client.get("/office/audit?branch=-").status_code == 404
    assert client.get("/office/audit?branch=mission-template").status_code == 404
    assert client.post(f"/office/printers/{hall.branch.slug}/p2/trial").status_code == 403
    assert decide(client, ask(hall), f"{hall.branch.slug}/k1").status_code == 403


def test_support_of_one_branch_does_not_know_of_the_others(client: TestClient, hall: Hall) -> None:
    hall.person("tech", ((hall.branch.id, "it"),))
    sign_in(client, "tech")
    other = "mobile-consulate"
    assert other not in see(client, "/office/devices").html
    assert client.post(f"/office/printers/{other}/mp1", data={"transport": "usb_lp"}).status_code == 404
    assert client.post(f"/office/devices/{other}/mk1/revocation").status_code == 404
    assert decide(client, ask(hall), f"{other}/mk1").status_code == 404


def test_what_nothing_acts_on_yet_is_said_to_the_administrator_alone(client: TestClient, hall: Hall) -> None:
    hall.person("tech", ((hall.branch.id, "it"),))
    sign_in(client, "tech")
    assert "/office/idle" not in see(client, "/office").html
    see(client, "/office/idle", 403)
    boss = another(client)
    sign_in(boss, "admin", "en")
    assert 'href="/office/idle"' in see(boss, "/office").html
    page = see(boss, "/office/idle")
    assert "stored but not yet in force" in page.text
    assert "Services whose places are drawn, and no draw is held yet" in page.text
    assert "choose another booking policy" in page.text
    assert 'href="/office/settings/doha-main/service/passport-apply"' in page.html
    assert "passport-apply" not in page.text


def test_what_nothing_acts_on_yet_is_looked_for_once_for_each_version(hall: Hall) -> None:
    """A look reads all tables of the settings."""

    branch_id = hall.db.read_now(branch_ids)["mobile-consulate"]

    def offline() -> list[Idle]:
        found = hall.db.read_now(known_idle, ("ar", "en"))
        return [one for one in found if (one.told.code, one.told.subject) == ("offline", "mobile-consulate")]

    (first,) = offline()
    assert offline()[0] is first
    alone = Edit("branch", "mobile-consulate", {"offline_first": True}, {})
    told = hall.db.read_now(settings.preview, branch_id, [alone])
    hall.db.write_now(settings.save, branch_id, [alone], told.sha256, actor=SYSTEM, person=None)
    assert offline() == []


def test_the_overview_counts_people_and_counters(client: TestClient, hall: Hall) -> None:
    for _ in range(3):
        hall.issue()
    hall.sit(hall.person("nour"))
    sign_in(client, "admin", "en")
    page = see(client, "/office")
    assert f"1 of {len(hall.branch.counters)}" in page.text
    assert "Waiting 3 " in page.text


def test_the_overview_says_of_which_moment_it_is_on_the_branch_s_clock(
    client: TestClient, hall: Hall, clock: FrozenClock
) -> None:
    # After midnight in Doha, but still the day before in UTC.
    clock.set(datetime(2026, 11, 22, 21, 30, tzinfo=UTC))
    sign_in(client, "admin", "en")
    text = isolates.strip(see(client, "/office").text)
    assert "23 November 2026" in text
    assert "00:30" in text


# ---------------------------------------------------------------- devices


def test_a_device_is_let_in_by_its_code_and_gets_its_token_once(client: TestClient, hall: Hall) -> None:
    sign_in(client, "admin", "en")
    asked = ask(hall)
    shown = f"{asked.user_code[:4]}-{asked.user_code[4:]}"
    # As people type it: small letters, a space instead of the hyphen.
    page = see(client, f"/office/devices?code={shown.lower().replace('-', '%20')}")
    assert shown in page.text
    answer = decide(client, asked, f"{hall.branch.slug}/k1")
    assert answer.headers["location"] == "/office/devices?said=approved"
    state, token = hall.db.write_now(devices.redeem_pairing, asked.device_code)
    assert state == "approved"
    assert token
    assert device(hall, "k1").paired
    assert hall.db.write_now(devices.redeem_pairing, asked.device_code) == ("gone", None)


def test_the_list_of_waiting_devices_does_not_give_their_codes_away(client: TestClient, hall: Hall) -> None:
    """Approving needs the code on the device itself; with a list of codes one could approve a stranger's machine."""
    sign_in(client, "admin")
    asked = ask(hall, "display")
    page = see(client, "/office/devices")
    assert "شاشة" in page.text
    assert asked.user_code not in page.html.replace("-", "")


def test_a_refused_device_learns_it(client: TestClient, hall: Hall) -> None:
    sign_in(client, "admin")
    asked = ask(hall)
    assert decide(client, asked, "", "refuse").headers["location"] == "/office/devices?said=refused"
    assert hall.db.write_now(devices.redeem_pairing, asked.device_code) == ("refused", None)


def test_a_screen_cannot_take_the_place_of_a_kiosk(client: TestClient, hall: Hall) -> None:
    sign_in(client, "admin", "en")
    asked = ask(hall, "display")
    answer = decide(client, asked, f"{hall.branch.slug}/k1")
    assert answer.status_code == 409
    assert "another kind" in Page(answer.text).text
    assert not device(hall, "k1").paired
    assert hall.db.write_now(devices.redeem_pairing, asked.device_code) == ("pending", None)


def test_without_a_place_nothing_is_paired_and_the_code_is_kept(client: TestClient, hall: Hall) -> None:
    sign_in(client, "admin", "en")
    asked = ask(hall)
    answer = decide(client, asked, "")
    page = Page(answer.text)
    assert answer.status_code == 422
    assert 'href="#place"' in page.html
    assert f"{asked.user_code[:4]}-{asked.user_code[4:]}" in page.text


@pytest.mark.parametrize("typed", ["XXXX-XXXX", "1", "<script>", "%D8%A7"])
def test_a_code_that_nobody_shows_is_refused_beside_its_field(client: TestClient, typed: str) -> None:
    sign_in(client, "admin", "en")
    page = see(client, f"/office/devices?code={typed}", 422)
    assert "No device is waiting with this code" in page.text
    assert 'href="#code"' in page.html
    assert "<script>" not in page.html.replace("<script src", "")


def test_a_code_is_worth_nothing_after_ten_minutes(client: TestClient, hall: Hall, clock: FrozenClock) -> None:
    asked = ask(hall)
    clock.move(devices.PAIRING_LIFETIME)
    sign_in(client, "admin")
    assert decide(client, asked, f"{hall.branch.slug}/k1").status_code == 404
    assert not device(hall, "k1").paired


def test_a_device_that_is_not_heard_of_is_said_to_be_silent(client: TestClient, hall: Hall, clock: FrozenClock) -> None:
    hall.db.write_in_now(hall.branch.id, devices.enrol_device, hall.branch.id, device(hall, "k1").id)
    hall.db.write_now(devices.touch_devices, hall.branch.id, [device(hall, "k1").id])
    sign_in(client, "admin", "en")
    silent = "Not responding"
    assert silent not in see(client, "/office/devices").text
    clock.move(timedelta(minutes=4))
    assert see(client, "/office/devices").text.count(silent) == 1
    assert see(client, "/office").text.count(silent) == 1


def test_a_revoked_device_is_locked_out(client: TestClient, hall: Hall) -> None:
    token = hall.db.write_now(devices.enrol_device, hall.branch.id, device(hall, "k1").id)
    sign_in(client, "admin")
    answer = client.post(f"/office/devices/{hall.branch.slug}/k1/revocation")
    assert answer.headers["location"] == "/office/devices?said=revoked"
    assert hall.db.read_now(access.device_by_token, sha256(token)) is None


def test_pairing_a_place_anew_replaces_the_machine_that_held_it(client: TestClient, hall: Hall) -> None:
    old = hall.db.write_now(devices.enrol_device, hall.branch.id, device(hall, "k1").id)
    sign_in(client, "admin", "en")
    asked = ask(hall)
    assert "this machine will replace it" in see(client, f"/office/devices?code={asked.user_code}").text
    decide(client, asked, f"{hall.branch.slug}/k1")
    _, token = hall.db.write_now(devices.redeem_pairing, asked.device_code)
    assert hall.db.read_now(access.device_by_token, sha256(old)) is None
    assert token
    assert hall.db.read_now(access.device_by_token, sha256(token)) is not None
    log = see(client, "/office/audit?kind=device").text
    assert "A new machine took the place of the previous one" in log


def test_the_first_machine_of_a_place_replaces_nobody(client: TestClient, hall: Hall) -> None:
    sign_in(client, "admin", "en")
    asked = ask(hall)
    decide(client, asked, f"{hall.branch.slug}/k1")
    assert hall.db.write_now(devices.redeem_pairing, asked.device_code)[0] == "approved"
    assert "took the place" not in see(client, "/office/audit?kind=device").text


def test_a_machine_let_in_by_mistake_is_shut_out_before_it_has_come(client: TestClient, hall: Hall) -> None:
    sign_in(client, "admin")
    asked = ask(hall)
    decide(client, asked, f"{hall.branch.slug}/k1")
    client.post(f"/office/devices/{hall.branch.slug}/k1/revocation")
    assert hall.db.write_now(devices.redeem_pairing, asked.device_code) == ("refused", None)
    assert not device(hall, "k1").paired


def test_the_part_that_refreshes_itself_does_not_keep_a_session_alive(
    client: TestClient, hall: Hall, clock: FrozenClock
) -> None:
    sign_in(client, "admin")
    clock.move(sessions.SESSION_IDLE.usual / 2)
    assert client.get("/office/printers/state").status_code == 200
    clock.move(sessions.SESSION_IDLE.usual / 2)
    answer = client.get("/office/printers/state", headers={"hx-request": "true"})
    assert answer.status_code == 401
    assert answer.headers["hx-redirect"].startswith("/sign-in")


def test_papers_are_shown_in_a_demonstration_only(client: TestClient) -> None:
    sign_in(client, "admin")
    assert client.get("/paper").status_code == 404
    assert client.post("/paper/condition", data={"fault": "off", "on": "yes"}).status_code == 404
