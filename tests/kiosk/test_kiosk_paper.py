"""What the kiosk says about the slip, with a real worker and a virtual printer on a real connection."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import WebSocketTestSession
from starlette.websockets import WebSocketDisconnect

from printers.virtual_condition import Roll
from queue_system.actions import devices
from queue_system.actions import tickets as actions
from queue_system.store.log import SYSTEM
from tests.kit.kiosk_hall import Kiosk, book, code_on, pair
from tests.kit.printing_hall import ADDRESS, PrintingHall, later, running_hall
from tests.kit.public_visitor import Answer
from tests.kit.waiting import until
from tests.kit.web_hall import SAME_ORIGIN

OURS = {"origin": ADDRESS}
# 10:10 in Doha, in ten minutes.
NEAR = datetime(2026, 11, 22, 7, 10, tzinfo=UTC)


@pytest.fixture
def here(sqlite_url: str, tmp_path: Path) -> Iterator[PrintingHall]:
    with running_hall(sqlite_url, tmp_path) as found:
        yield found


@pytest.fixture
def kiosk(here: PrintingHall) -> Kiosk:
    return at(here)


def at(here: PrintingHall) -> Kiosk:
    here.client.headers.update(SAME_ORIGIN)
    here.client.follow_redirects = False
    device_id, token = pair(here.hall)
    here.client.cookies.set("__Host-kiosk", token)
    return Kiosk(here.client, here.hall, device_id, token)


def live_of(page: Answer) -> str:
    address = page.html.split('data-live="')[1].split('"')[0]
    return address.replace("&amp;", "&")


def follow(kiosk: Kiosk, page: Answer, *states: str) -> dict[str, Any]:
    """The first frame of the page's socket with one of these states."""
    with kiosk.client.websocket_connect(live_of(page), headers=OURS) as live:
        for _ in range(20):
            frame: dict[str, Any] = live.receive_json()
            if frame["type"] == "paper" and frame["state"] in states:
                return frame
    raise AssertionError(f"never {states}")


def to_the_end(live: WebSocketTestSession) -> None:
    for _ in range(20):
        live.receive_json()


def ready(here: PrintingHall, state: str = "ready") -> None:
    until(lambda: here.printer_state() == state)


def test_the_slip_is_printed_and_the_page_says_so(here: PrintingHall, kiosk: Kiosk) -> None:
    ready(here)
    page = kiosk.take()
    assert "تُطبع بطاقتك الآن" in page.text or "يُرجى أخذ البطاقة" in page.text
    frame = follow(kiosk, page, "printed")
    assert "يُرجى أخذ البطاقة من الأسفل" in frame["html"]
    assert here.printer.printed == 1
    # Without scripts the page reloads by itself.
    assert "يُرجى أخذ البطاقة من الأسفل" in kiosk.visitor.open(page.url + "&n=1").text


def test_the_same_request_twice_is_one_slip(here: PrintingHall, kiosk: Kiosk) -> None:
    ready(here)
    action, values, _ = kiosk.service("attest-single").forms[0]
    pages = [kiosk.visitor.post(action, values) for _ in range(3)]
    assert len({code_on(page) for page in pages}) == 1
    follow(kiosk, pages[-1], "printed")
    assert here.printer.printed == 1
    assert here.kinds("slip.") == ["slip.queued", "slip.printed"]


def test_without_paper_the_number_stays_on_the_screen(here: PrintingHall, kiosk: Kiosk) -> None:
    here.printer.change(roll=Roll.OUT)
    ready(here, "no_paper")
    page = kiosk.take()
    assert "الطابعة متوقفة. رقمك F001: يُرجى تصويره أو مسح الرمز، أو الطلب من الموظف كتابته." in page.text
    assert '<bdi dir="ltr">F001</bdi>' in page.html
    here.printer.change(roll=Roll.FULL)
    follow(kiosk, page, "printed")


def test_a_printer_that_is_away_is_said_as_soon_as_it_is_known(here: PrintingHall, kiosk: Kiosk) -> None:
    ready(here)
    here.printer.change(power=False)
    page = kiosk.take()
    assert follow(kiosk, page, "trouble")["html"].count("الطابعة متوقفة") == 1


def test_a_slip_that_may_have_come_out_is_asked_about(here: PrintingHall, kiosk: Kiosk) -> None:
    ready(here)
    here.printer.change(drop_after=4_000)
    page = kiosk.take()
    code = code_on(page)
    assert "هل خرجت البطاقة؟" in follow(kiosk, page, "ask")["html"]
    again = kiosk.visitor.open(page.url)
    assert "هل خرجت البطاقة؟" in again.text
    ready(here)
    before = here.printer.printed
    copied = kiosk.visitor.send(again.forms[-1][0], answer="no")
    assert code_on(copied) == code
    follow(kiosk, copied, "printed")
    # The second slip of a number is marked as a copy (see the tests of the slip).
    assert here.printer.printed == before + 1
    assert here.kinds("slip.")[-2:] == ["slip.queued", "slip.printed"]
    assert len(kiosk.tickets()) == 1


def test_who_has_the_paper_is_done(here: PrintingHall, kiosk: Kiosk) -> None:
    ready(here)
    here.printer.change(drop_after=4_000)
    page = kiosk.take()
    follow(kiosk, page, "ask")
    again = kiosk.visitor.open(page.url)
    start = kiosk.visitor.send(again.forms[-1][0], answer="yes")
    assert start.url.endswith("/kiosk/ar")
    assert here.kinds("slip.") == ["slip.queued", "slip.failed"]


def test_a_slip_that_is_on_its_way_is_not_doubled(here: PrintingHall, kiosk: Kiosk) -> None:
    here.printer.change(hang=True)
    page = kiosk.take()
    copies = live_of(page).replace("/live", "/copies")
    answer = kiosk.client.post(copies, data={"answer": "no"})
    assert answer.status_code == 409
    assert here.kinds("slip.").count("slip.queued") == 1


def test_a_kiosk_without_a_printer_asks_to_keep_the_number(sqlite_url: str, tmp_path: Path) -> None:
    with running_hall(sqlite_url, tmp_path, connected=False) as here:
        page = at(here).take()
        assert "يُرجى تصوير رقمك أو حفظه" in page.text
        assert [form for form in page.forms if "copies" in form[0]] == []
        assert here.kinds("slip.") == []


def test_a_number_that_never_had_a_slip_can_get_one(here: PrintingHall, kiosk: Kiosk) -> None:
    """A visitor who checked in when there was no printer, and checks in again, gets a slip."""
    ready(here)
    made = book(here.hall, NEAR)
    branch_id = here.hall.branch.id
    here.installation.database.write_in_now(branch_id, actions.check_in, branch_id, made.id, SYSTEM, source="desk")
    page = kiosk.check_in(made.code)
    assert "طباعة بطاقة" in page.text
    printed = kiosk.visitor.send(page.forms[-1][0], answer="no")
    follow(kiosk, printed, "printed")
    assert here.printer.printed == 1


def test_the_pass_of_one_number_does_not_open_another(here: PrintingHall, kiosk: Kiosk) -> None:
    other = here.hall.issue().ticket
    page = kiosk.take()
    mine = kiosk.tickets()[-1]
    assert mine.token in page.url
    assert kiosk.visitor.open(page.url.replace(mine.token, other.token)).url.endswith("/kiosk/ar")


# ---------------------------------------------------------------- the socket


def test_a_foreign_origin_follows_nothing(here: PrintingHall, kiosk: Kiosk) -> None:
    page = kiosk.take()
    with (
        pytest.raises(WebSocketDisconnect),
        kiosk.client.websocket_connect(live_of(page), headers={"origin": "https://elsewhere.example"}),
    ):
        pass


def test_the_socket_ends_when_the_kiosk_is_locked_out(here: PrintingHall, kiosk: Kiosk) -> None:
    ready(here)
    page = kiosk.take()
    branch_id = here.hall.branch.id
    with kiosk.client.websocket_connect(live_of(page), headers=OURS) as live:
        live.receive_json()
        here.installation.database.write_in_now(branch_id, devices.revoke_device, branch_id, kiosk.id, SYSTEM)
        with pytest.raises(WebSocketDisconnect) as closed:
            to_the_end(live)
    assert closed.value.code == 4401


def test_the_socket_of_a_number_opens_only_with_its_pass(here: PrintingHall, kiosk: Kiosk) -> None:
    page = kiosk.take()
    address = live_of(page)
    later(here, 240)
    for wrong in (address, address.split("?")[0]):
        with (
            pytest.raises(WebSocketDisconnect) as closed,
            kiosk.client.websocket_connect(wrong, headers=OURS) as live,
        ):
            live.receive_text()
        assert closed.value.code == 4404
