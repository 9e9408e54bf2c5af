"""A voucher from the desk to the kiosk and to reception: printed, shown on the telephone, used once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from queue_system.actions.vouchers import come_again
from queue_system.clock import FrozenClock
from queue_system.store.log import SYSTEM
from queue_system.store.queries.line import TicketView
from queue_system.store.queries.vouchers import VoucherView, voucher_of
from tests.kit.hall import Hall, set_rules
from tests.kit.kiosk_hall import Kiosk, code_on, paired_kiosk
from tests.kit.web_hall import Clerk, Page, another, clerk, furnished, sign_in

HERE = "/reception/doha-main"


@pytest.fixture
def layla(here: tuple[TestClient, Hall]) -> Clerk:
    """A clerk who sits at counter 4."""
    found = clerk(*here, "layla")
    found.sit()
    set_rules(found.hall, return_days=7)
    return found


def sent_away(layla: Clerk, hall: Hall) -> tuple[TicketView, VoucherView, Page]:
    """A visitor who lacked documents, the voucher, and what the desk says then."""
    ticket = hall.issue().ticket
    layla.press("calls")
    form = next(form for form in layla.look().forms if form.values.get("outcome") == "documents_missing")
    said = layla.client.post(form.action, data=form.values, headers={"hx-request": "true"})
    voucher = hall.db.read_now(voucher_of, hall.branch.id, ticket.id)
    assert voucher is not None
    return ticket, voucher, Page(said.text)


def test_the_desk_leads_to_a_page_for_paper_in_the_language_of_the_visitor(layla: Clerk, hall: Hall) -> None:
    ticket, voucher, said = sent_away(layla, hall)
    assert "طباعة قسيمة العودة" in said.text
    address = f"{layla.address}/vouchers/{ticket.id}"
    assert f'href="{address}"' in said.html
    page = Page(layla.client.get(address).text)
    assert voucher.code in page.text
    assert "29 تشرين الثاني" in page.text
    assert "<svg" in page.html
    assert layla.client.get(f"{layla.address}/vouchers/{layla.id}").status_code == 404


def test_a_clerk_who_does_not_serve_the_queue_does_not_see_the_voucher(layla: Clerk, hall: Hall) -> None:
    ticket, _, _ = sent_away(layla, hall)
    omar = clerk(another(layla.client), hall, "omar", "c1")
    assert omar.client.get(f"{omar.address}/vouchers/{ticket.id}").status_code == 404


def test_the_telephone_shows_the_voucher_until_it_is_used(layla: Clerk, hall: Hall, clock: FrozenClock) -> None:
    ticket, voucher, _ = sent_away(layla, hall)
    visitor = another(layla.client)
    page = Page(visitor.get(f"/t/{ticket.token}").text)
    assert "قسيمة العودة" in page.text
    assert voucher.code in page.text
    clock.move(timedelta(days=7))
    assert voucher.code in Page(visitor.get(f"/t/{ticket.token}").text).text
    hall.db.write_in_now(hall.branch.id, come_again, hall.branch.id, ticket.id, SYSTEM, language="ar")
    page = Page(visitor.get(f"/t/{ticket.token}").text)
    assert ("استُعملت هذه القسيمة" in page.text, voucher.code in page.text) == (True, False)
    clock.move(timedelta(days=1))
    assert visitor.get(f"/t/{ticket.token}").status_code == 404


def test_reception_finds_a_voucher_by_its_code_or_link_and_gives_a_number_once(
    layla: Clerk, hall: Hall, clock: FrozenClock
) -> None:
    ticket, voucher, _ = sent_away(layla, hall)
    clock.move(timedelta(days=1))
    rana = another(layla.client)
    sign_in(rana, "rana")
    scanned = rana.post(f"{HERE}/search", data={"text": f"https://queue.example/t/{ticket.token}"})
    assert "إعطاء رقم لقاء القسيمة" in Page(scanned.text).text
    found = Page(rana.post(f"{HERE}/search", data={"text": voucher.code}).text)
    form = found.form("vouchers", visit=str(ticket.id))
    answer = rana.post(form.action, data=form.values)
    assert (answer.status_code, "/tickets/" in answer.headers["location"]) == (303, True)
    page = Page(rana.post(f"{HERE}/search", data={"text": voucher.code}).text)
    assert "استُعملت هذه القسيمة" in page.text
    assert not [form for form in page.forms if form.action.endswith("/vouchers")]
    clock.move(timedelta(days=8))
    _, late, _ = sent_away(layla_again(layla, hall), hall)
    clock.move(timedelta(days=8))
    sign_in(rana, "rana")
    assert "انتهت صلاحية هذه القسيمة" in Page(rana.post(f"{HERE}/search", data={"text": late.code}).text).text
    refused = rana.post(f"{HERE}/vouchers", data={"visit": str(late.ticket_id)})
    assert (refused.status_code, "انتهت صلاحية هذه القسيمة" in refused.text) == (409, True)


def layla_again(layla: Clerk, hall: Hall) -> Clerk:
    """The clerk signs in on another day."""
    again = clerk(another(layla.client), hall, "layla")
    again.sit()
    return again


# ---------------------------------------------------------------- at the kiosk


@pytest.fixture
def kiosk(sqlite_template: Path, tmp_path: Path, clock: FrozenClock) -> Iterator[Kiosk]:
    with paired_kiosk(furnished(sqlite_template, tmp_path, clock.now()), tmp_path, clock) as found:
        set_rules(found.hall, return_days=7)
        yield found


@pytest.mark.parametrize("typed", ["code", "link"])
def test_a_voucher_is_typed_or_scanned_and_gives_one_number(kiosk: Kiosk, clock: FrozenClock, typed: str) -> None:
    layla = clerk(another(kiosk.client), kiosk.hall, "layla")
    layla.sit()
    ticket, voucher, _ = sent_away(layla, kiosk.hall)
    clock.move(timedelta(days=1))
    text = voucher.code if typed == "code" else f"https://queue.example/t/{ticket.token}?lang=en"
    first = code_on(kiosk.check_in(text))
    assert code_on(kiosk.check_in(text)) == first
    (again,) = kiosk.tickets()
    assert (again.priority, again.service_id) == ("appointment", ticket.service_id)


def test_the_kiosk_says_that_a_voucher_is_over_or_used_and_knows_no_other_ticket(
    kiosk: Kiosk, clock: FrozenClock
) -> None:
    other = kiosk.hall.issue().ticket
    assert kiosk.check_in(f"https://queue.example/t/{other.token}").status == 422
    layla = clerk(another(kiosk.client), kiosk.hall, "layla")
    layla.sit()
    layla.press("calls")
    layla.press("finishes")
    _, voucher, _ = sent_away(layla, kiosk.hall)
    clock.move(timedelta(days=8))
    page = kiosk.check_in(voucher.code)
    assert (page.status, "انتهت صلاحية هذه القسيمة" in page.text) == (409, True)
    assert kiosk.tickets() == []


def test_the_kiosk_asks_for_a_voucher_only_where_the_branch_gives_any(kiosk: Kiosk) -> None:
    assert "مسح رمز الموعد أو القسيمة" in kiosk.open("").text
    assert "أو على القسيمة أمام الماسح" in kiosk.open("/check-in").text
    set_rules(kiosk.hall, return_days=None)
    assert "قسيمة" not in kiosk.open("").text + kiosk.open("/check-in").text
