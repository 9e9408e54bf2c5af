"""The pages of printers in the office: addresses and habits, and who may set them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from queue_system.actions import printers, slips
from queue_system.clock import FrozenClock
from queue_system.i18n import isolates
from queue_system.store.database import Tx
from queue_system.store.queries import access
from queue_system.store.queries.access import DeviceView
from queue_system.store.tables import Device, table
from tests.kit.hall import Hall
from tests.kit.web_hall import Page, application, furnished, sign_in

NETWORK = {
    "transport": "tcp9100",
    "host": " Printer.Hall.Example ",
    "port": "٩١٠١",
    "dots": "512",
    "cutter": "yes",
    "feed_per_line": "1",
    "completion": "find_out",
}
USB = NETWORK | {"transport": "usb_lp", "path": "/dev/usb/lp0", "node": ""}
ELSEWHERE = USB | {"node": "another.machine"}
SERIAL = USB | {"transport": "serial", "path": "/dev/ttyUSB0", "baud": "38400", "flow": "rts_cts", "mute": "yes"}


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


def page_of(hall: Hall, slug: str) -> str:
    return f"/office/printers/{hall.branch.slug}/{slug}"


def device(hall: Hall, slug: str) -> DeviceView:
    return next(one for one in hall.db.read_now(access.devices, hall.branch.id) if one.slug == slug)


def see(client: TestClient, path: str) -> Page:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return Page(answer.text)


def log(client: TestClient, hall: Hall) -> str:
    said = isolates.strip(see(client, f"/office/audit?branch={hall.branch.slug}&kind=printer").text)
    return said.replace(" ,", ",").replace(" .", ".")


def test_a_printer_is_set_and_the_log_says_what_and_by_whom(client: TestClient, hall: Hall) -> None:
    sign_in(client, "admin", "en")
    answer = client.post(page_of(hall, "p1"), data=NETWORK)
    assert answer.headers["location"] == page_of(hall, "p1") + "?said=saved"
    data = device(hall, "p1").data
    assert (data["host"], data["port"], data["transport"], data["dots"]) == (
        "printer.hall.example",
        9101,
        "tcp9100",
        512,
    )
    said = log(client, hall)
    assert "Network (port 9100), printer.hall.example:9101" in said
    assert "Printing width: 64 mm – 512 dots (80 mm paper)" in said
    assert "It has a cutter" not in said
    assert "(80 mm paper). admin name" in said
    assert ":9101. admin name" in said


def test_after_each_change_a_trial_slip_is_offered(client: TestClient, hall: Hall) -> None:
    sign_in(client, "admin", "en")
    page = see(client, client.post(page_of(hall, "p1"), data=NETWORK).headers["location"])
    assert "Print a trial slip with them" in page.text
    assert page.form("trial", back="printer").action == page_of(hall, "p1") + "/trial"


@pytest.mark.parametrize(
    ("settings", "address"), [(USB, "/dev/usb/lp0"), (SERIAL, "/dev/ttyUSB0")], ids=["usb", "serial"]
)
def test_a_printer_on_a_cable_of_the_server_is_set(
    client: TestClient, hall: Hall, settings: dict[str, str], address: str
) -> None:
    sign_in(client, "admin", "en")
    client.post(page_of(hall, "p2"), data=NETWORK)
    client.post(page_of(hall, "p2"), data=settings)
    assert device(hall, "p2").address == address
    # Settings of the network are removed.
    assert "host" not in device(hall, "p2").data
    assert address in see(client, "/office/printers").text
    page = see(client, page_of(hall, "p2"))
    assert f'<option value="{settings["transport"]}" selected>' in page.html
    assert f'value="{address}"' in page.html
    assert ('name="mute" value="yes" checked' in page.html) is ("mute" in settings)


def test_the_same_settings_again_are_no_news(client: TestClient, hall: Hall) -> None:
    sign_in(client, "admin", "en")
    for _ in range(3):
        client.post(page_of(hall, "p1"), data=SERIAL)
    assert log(client, hall).count("The connection of") == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"host": ""}, "host"),
        ({"host": "two words"}, "host"),
        ({"port": "0"}, "port"),
        ({"port": "many"}, "port"),
        ({"dots": "100"}, "dots"),
        ({"transport": "serial", "path": "/etc/passwd", "baud": "9600", "flow": "none"}, "path"),
    ],
)
def test_a_wrong_setting_is_refused_beside_its_field_and_what_was_typed_is_kept(
    client: TestClient, hall: Hall, changes: dict[str, str], field: str
) -> None:
    sign_in(client, "admin")
    before = device(hall, "p2").data
    typed = NETWORK | changes
    answer = client.post(page_of(hall, "p2"), data=typed)
    page = Page(answer.text)
    assert answer.status_code == 422
    assert f'href="#{field}"' in page.html
    assert f'{field}-error"' in page.html
    if field != "dots":
        assert f'value="{typed[field]}"' in page.html or not typed[field]
    assert device(hall, "p2").data == before


def test_a_kiosk_is_no_printer(client: TestClient, hall: Hall) -> None:
    sign_in(client, "admin")
    assert client.get(page_of(hall, "k1")).status_code == 404
    assert client.post(page_of(hall, "k1"), data=NETWORK).status_code == 404
    assert "host" not in device(hall, "k1").data


def test_a_trial_on_a_printer_without_a_place_is_refused(client: TestClient, hall: Hall) -> None:
    sign_in(client, "admin", "en")
    answer = client.post(f"{page_of(hall, 'p1')}/trial")
    assert answer.status_code == 409
    assert "Set it first" in Page(answer.text).text


def test_a_trial_on_a_printer_of_another_machine_says_where_it_is(client: TestClient, hall: Hall) -> None:
    sign_in(client, "admin", "en")
    client.post(page_of(hall, "p2"), data=ELSEWHERE)
    answer = client.post(f"{page_of(hall, 'p2')}/trial")
    assert answer.status_code == 409
    assert "hangs on another server" in Page(answer.text).text
    assert "another.machine:/dev/usb/lp0" in log(client, hall)


def test_what_was_learnt_is_said_and_can_be_found_out_anew(client: TestClient, hall: Hall) -> None:
    sign_in(client, "admin", "en")
    client.post(page_of(hall, "p2"), data=ELSEWHERE)
    known = device(hall, "p2")
    here, record = hall.branch.id, printers.record_no_completion
    hall.db.write_in_now(here, record, here, known.id, known.printer, known.learning_since)
    page = see(client, page_of(hall, "p2"))
    assert "turned out not to confirm" in page.text
    form = page.form("learn")
    assert client.post(form.action, data=form.values).headers["location"].endswith("?said=learn")
    assert "turned out not to confirm" not in see(client, page_of(hall, "p2")).text
    # A detection from before the change is no longer used.
    hall.db.write_in_now(here, record, here, known.id, known.printer, known.learning_since)
    assert "turned out not to confirm" not in see(client, page_of(hall, "p2")).text
    said = log(client, hall)
    assert "is not waited for any more" in said
    assert "Confirming that a slip came out: found out with the first slip" in said


@pytest.mark.parametrize(
    ("status", "help"),
    [
        ("no_paper", "Put in a new roll"),
        ("silent", "If it never answers, say so"),
        ("garbled", "set to ESC/POS"),
        ("denied", "no right to use the device file"),
        ("offline", "Check the power and the cable"),
    ],
)
def test_the_list_says_what_to_do_about_a_printer_in_trouble(
    client: TestClient,
    hall: Hall,
    status: str,
    help: str,  # noqa: A002
) -> None:
    sign_in(client, "admin", "en")
    # On another machine, where this node cannot ask it.
    client.post(page_of(hall, "p2"), data=ELSEWHERE)
    printer = device(hall, "p2")
    hall.db.write_in_now(hall.branch.id, slips.record_printer_status, hall.branch.id, printer.id, status)
    assert help in see(client, "/office/printers").text
    assert help in see(client, page_of(hall, "p2")).text


@pytest.mark.parametrize("strange", [{"dots": 100}, {"transport": "fax"}])
def test_a_printer_whose_settings_cannot_be_read_hides_no_other(
    client: TestClient, hall: Hall, strange: dict[str, object]
) -> None:
    sign_in(client, "admin", "en")
    client.post(page_of(hall, "p2"), data=USB)
    broken, rows = device(hall, "p1"), table(Device)
    hall.db.write_now(Tx.execute, sa.update(rows).where(rows.c.id == broken.id).values(data=broken.data | strange))
    page = see(client, "/office/printers")
    assert page_of(hall, "p1") in page.html
    assert "/dev/usb/lp0" in page.text
    assert client.get(page_of(hall, "p1")).status_code == 503
    assert see(client, "/office").text
