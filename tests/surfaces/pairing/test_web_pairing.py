"""A device asks to be paired: its code, the answers that it gets, its cookie."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import zxingcpp
from PIL import Image, ImageDraw
from starlette.testclient import TestClient

from queue_system.actions.devices import PAIRING_LIFETIME, USER_CODE_ALPHABET, approve_pairing, refuse_pairing
from queue_system.clock import FrozenClock
from queue_system.core.tokens import sha256
from queue_system.store.log import SYSTEM
from queue_system.store.queries.access import DeviceView, device_by_token, devices, open_pairings
from queue_system.store.tables import Pairing, table
from queue_system.surfaces.pairing.pages import DEVICE_COOKIE_SECONDS
from tests.kit.hall import Hall
from tests.kit.web_hall import Page, another, application, furnished

Shop = tuple[TestClient, Hall]
CODE = re.compile(r'class="code">([A-Z]{4}-[A-Z]{4})<')


@pytest.fixture
def here(sqlite_template: Path, tmp_path: Path, clock: FrozenClock) -> Iterator[Shop]:
    with application(furnished(sqlite_template, tmp_path, clock.now()), tmp_path, clock) as found:
        yield found


def shown_code(html: str) -> str:
    found = CODE.search(html)
    assert found is not None, Page(html).text
    return found[1]


def open_page(client: TestClient, kind: str = "display") -> str:
    answer = client.get(f"/pair?kind={kind}")
    assert answer.status_code == 200, answer.text
    return answer.text


def planned(hall: Hall, kind: str = "display") -> DeviceView:
    return hall.db.read_now(devices, hall.branch.id, kind)[0]


def approve(hall: Hall, code: str, kind: str = "display") -> None:
    branch = hall.branch.id
    hall.db.write_in_now(branch, approve_pairing, code, branch, planned(hall, kind).id, SYSTEM)


def ask(client: TestClient, kind: str = "display") -> Any:
    answer = client.post(f"/pair/state?kind={kind}")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    return answer


# ---------------------------------------------------------------- what the device shows


@pytest.mark.parametrize(
    ("kind", "arabic", "english"),
    [
        ("display", "هذه الشاشة غير مرتبطة بعد", "This screen is not paired yet"),
        ("kiosk", "جهاز الأرقام هذا غير مرتبط بعد", "This kiosk is not paired yet"),
    ],
)
def test_it_shows_a_code_and_says_in_both_languages_what_to_do(
    here: Shop, kind: str, arabic: str, english: str
) -> None:
    html = open_page(here[0], kind)
    text = Page(html).text
    assert arabic in text
    assert english in text
    code = shown_code(html).replace("-", "")
    assert set(code) <= set(USER_CODE_ALPHABET)
    assert [(waiting.user_code, waiting.kind) for waiting in here[1].db.read_now(open_pairings)] == [(code, kind)]


def test_the_square_leads_to_the_devices_of_the_office(here: Shop) -> None:
    html = open_page(here[0])
    found = zxingcpp.read_barcode(drawn(html))
    assert found is not None
    assert found.text == f"http://testserver/office/devices?code={shown_code(html)}"


def test_the_square_names_the_public_address(sqlite_template: Path, tmp_path: Path, clock: FrozenClock) -> None:
    url = furnished(sqlite_template, tmp_path, clock.now())
    with application(url, tmp_path, clock, public_url="https://queue.example.org") as (client, _):
        found = zxingcpp.read_barcode(drawn(open_page(client)))
    assert found is not None
    assert found.text.startswith("https://queue.example.org/office/devices?code=")


def test_a_reload_keeps_the_code(here: Shop) -> None:
    client, hall = here
    assert shown_code(open_page(client)) == shown_code(open_page(client))
    assert len(hall.db.read_now(open_pairings)) == 1


def test_a_browser_may_wait_as_a_kiosk_and_as_a_screen(here: Shop) -> None:
    client, _ = here
    screen, kiosk = shown_code(open_page(client)), shown_code(open_page(client, "kiosk"))
    assert screen != kiosk
    assert shown_code(open_page(client)) == screen


def test_without_scripts_the_page_asks_by_itself(here: Shop) -> None:
    html = open_page(here[0])
    assert '<noscript><meta http-equiv="refresh" content="5; url=/pair/state?kind=display"></noscript>' in html
    assert "/pairing.js" in html


@pytest.mark.parametrize("kind", ["", "printer", "display%00", "../desk"])
def test_other_kinds_do_not_exist(here: Shop, kind: str) -> None:
    client, hall = here
    assert client.get(f"/pair?kind={kind}").status_code == 404
    assert client.post(f"/pair/state?kind={kind}").status_code == 404
    assert hall.db.read_now(open_pairings) == []


# ---------------------------------------------------------------- the answers


@pytest.mark.parametrize("kind", ["display", "kiosk"])
def test_an_approved_device_is_let_in(here: Shop, kind: str) -> None:
    client, hall = here
    code = shown_code(open_page(client, kind))
    assert ask(client, kind).json() == {"state": "pending"}
    approve(hall, code, kind)
    answer = ask(client, kind)
    assert answer.json() == {"state": "approved"}
    token = client.cookies[f"device-{kind}"]
    found = hall.db.read_now(device_by_token, sha256(token))
    assert found is not None
    assert found.id == planned(hall, kind).id
    # The secret of the request is not needed any more.
    assert client.cookies.get(f"pairing-{kind}") is None
    again = client.get(f"/pair?kind={kind}")
    assert (again.status_code, again.headers["location"]) == (303, f"/{kind}")


def test_the_token_is_given_once(here: Shop) -> None:
    client, hall = here
    code = shown_code(open_page(client))
    twin = another(client)
    twin.cookies.set("pairing-display", client.cookies["pairing-display"], path="/pair")
    approve(hall, code)
    assert ask(client).json() == {"state": "approved"}
    late = ask(twin)
    assert late.json() == {"state": "gone"}
    assert "set-cookie" not in late.headers


def test_without_scripts_an_approved_device_is_let_in_as_well(here: Shop) -> None:
    client, hall = here
    code = shown_code(open_page(client))
    waiting = client.get("/pair/state?kind=display")
    assert (waiting.status_code, waiting.headers["location"]) == (303, "/pair?kind=display")
    approve(hall, code)
    answer = client.get("/pair/state?kind=display")
    assert (answer.status_code, answer.headers["location"]) == (303, "/display")
    assert client.get("/display").status_code == 200


def test_a_refused_device_says_so_and_may_ask_again(here: Shop) -> None:
    client, hall = here
    code = shown_code(open_page(client))
    hall.db.write_in_now(hall.branch.id, refuse_pairing, code, hall.branch.id, SYSTEM)
    assert ask(client).json() == {"state": "refused"}
    html = open_page(client)
    assert "رفض الموظف ربط هذا الجهاز" in html
    assert CODE.search(html) is None
    assert 'href="/pair?kind=display&amp;new=1"' in html
    anew = client.get("/pair?kind=display&new=1")
    assert shown_code(anew.text) != code
    assert ask(client).json() == {"state": "pending"}


def test_an_expired_code_is_replaced_and_the_page_says_so(here: Shop, clock: FrozenClock) -> None:
    client, _ = here
    first = open_page(client)
    assert "انتهت صلاحية الرمز السابق" not in first
    clock.move(PAIRING_LIFETIME)
    assert ask(client).json() == {"state": "gone"}
    second = open_page(client)
    assert shown_code(second) != shown_code(first)
    assert "انتهت صلاحية الرمز السابق" in second


@pytest.mark.parametrize("cookie", ["", "BCDFGHJK", "BCDFGHJK.made-up", "BCDFGHJK.", "<script>.x", "AAAAAAAA.x", "."])
def test_a_made_up_secret_opens_nothing(here: Shop, cookie: str) -> None:
    client, hall = here
    open_page(another(client))
    before = hall.db.read_now(lambda tx: tx.rows(sa.select(table(Pairing))))
    client.cookies.set("pairing-display", cookie, path="/pair")
    assert ask(client).json() == {"state": "gone"}
    assert client.cookies.get("device-display") is None
    assert hall.db.read_now(lambda tx: tx.rows(sa.select(table(Pairing)))) == before


def test_another_site_cannot_ask_for_a_device(here: Shop) -> None:
    client, hall = here
    code = shown_code(open_page(client))
    approve(hall, code)
    forged = client.post("/pair/state?kind=display", headers={"sec-fetch-site": "cross-site"})
    assert forged.status_code == 403
    assert ask(client).json() == {"state": "approved"}


# ---------------------------------------------------------------- cookies, limits


def test_cookies_are_out_of_reach_for_scripts_and_other_sites(here: Shop) -> None:
    client, hall = here
    wish = client.get("/pair?kind=display")
    assert flags(wish.headers["set-cookie"]) == {"HttpOnly", "Max-Age=1200", "Path=/pair", "SameSite=strict"}
    approve(hall, shown_code(wish.text))
    token = next(value for value in ask(client).headers.get_list("set-cookie") if value.startswith("device-display="))
    assert flags(token) == {"HttpOnly", f"Max-Age={DEVICE_COOKIE_SECONDS}", "Path=/", "SameSite=strict"}


def test_behind_tls_the_token_is_bound_to_this_host(sqlite_template: Path, tmp_path: Path, clock: FrozenClock) -> None:
    url = furnished(sqlite_template, tmp_path, clock.now())
    with application(url, tmp_path, clock, public_url="https://queue.example.org") as (client, hall):
        wish = client.get("/pair?kind=display")
        assert "Secure" in flags(wish.headers["set-cookie"])
        approve(hall, shown_code(wish.text))
        token = next(
            value for value in ask(client).headers.get_list("set-cookie") if value.startswith("__Host-display=")
        )
        assert flags(token) >= {"Secure", "Path=/"}
        assert client.get("/display").status_code == 200


def test_codes_are_given_sparingly_to_one_address(here: Shop) -> None:
    client, hall = here
    code = shown_code(open_page(client))
    for _ in range(19):
        open_page(another(client))
    answer = another(client).get("/pair?kind=display")
    assert answer.status_code == 429
    assert CODE.search(answer.text) is None
    assert "طُلبت رموز كثيرة" in answer.text
    assert re.search(r'http-equiv="refresh" content="\d+; url=/pair\?kind=display"', answer.text)
    assert len(hall.db.read_now(open_pairings)) == 20
    # A device that has a code already keeps it.
    assert shown_code(open_page(client)) == code
    assert ask(client).json() == {"state": "pending"}


def flags(cookie: str) -> set[str]:
    """The attributes of a Set-Cookie header."""
    return {part.strip() for part in cookie.split(";")[1:]} - {""}


def drawn(html: str) -> Image.Image:
    """The QR code of a page as an image, drawn from the strokes of its path."""
    found = re.search(r'<svg role="img"[^>]*viewBox="0 0 (\d+) \d+"[^>]*><path[^>]* d="([^"]+)"', html)
    assert found is not None
    size, scale = int(found[1]), 8
    picture = Image.new("L", (size * scale, size * scale), 255)
    pen = ImageDraw.Draw(picture)
    x = y = 0.0
    for command, numbers in re.findall(r"([Mmh])([-\d. ]+)", found[2]):
        values = [float(value) for value in re.findall(r"-?\d+(?:\.\d+)?", numbers)]
        if command == "h":
            pen.rectangle((x * scale, (y - 0.5) * scale, (x + values[0]) * scale - 1, (y + 0.5) * scale - 1), fill=0)
            x += values[0]
        elif command == "m":
            x, y = x + values[0], y + values[1]
        else:
            x, y = values
    return picture
