"""The page of what is kept how long, and the erasure of a person."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from queue_system.actions import approvals, staff
from queue_system.actions.bookings import HoldOrder, confirm_booking, hold_slot
from queue_system.clock import FrozenClock
from queue_system.store.log import SYSTEM, VISITOR, Actor
from queue_system.store.queries.approvals import requests
from queue_system.store.queries.bookings import BookingView, booking_by_id
from queue_system.web.confirmed import CONFIRMED_FOR
from tests.kit.hall import Hall
from tests.kit.web_hall import sign_in

CONTACT = "+97455512345"


@pytest.fixture
def office(here: tuple[TestClient, Hall]) -> TestClient:
    client, hall = here
    hall.administrator("chief")
    sign_in(client, "chief")
    return client


def book(hall: Hall, name: str, service: str = "civil-extract", days: int = 2) -> UUID:
    starts_at = hall.db.clock.now() + timedelta(days=days)
    order = HoldOrder(hall.branch.id, hall.service(service), starts_at, name, CONTACT, "ar", VISITOR)
    held = hall.db.write_in_now(hall.branch.id, hold_slot, order)
    hall.db.write_in_now(hall.branch.id, confirm_booking, hall.branch.id, held.id, VISITOR)
    return held.id


def read(hall: Hall, booking_id: UUID) -> BookingView:
    return hall.db.read_now(booking_by_id, hall.branch.id, booking_id)


def test_the_page_says_what_goes_tonight(office: TestClient, hall: Hall, clock: FrozenClock) -> None:
    book(hall, "هالة الحسن")
    page = office.get("/office/data?lang=ar").text
    assert "30" in re.sub(r"\s+", " ", page)
    assert "يُحذف الاسم من موعد واحد" not in page
    clock.move(timedelta(days=2 + hall.branch.retention_days.booking_personal_data))
    sign_in(office, "chief")
    assert "يُحذف الاسم من موعد واحد" in office.get("/office/data?lang=ar").text


def test_a_person_is_shown_first_and_then_erased(office: TestClient, hall: Hall) -> None:
    mine, family = book(hall, "هالة الحسن"), book(hall, "سامر الحسن", "edu-attest", 7)
    sent = {"code": read(hall, mine).code, "contact": "5551 2345"}
    shown = office.post("/office/data/person?lang=ar", data=sent).text
    assert "هالة الحسن" in shown
    assert "بوسيلة التواصل هذه موعد آخر باسم مختلف" in shown
    assert read(hall, mine).erased_at is None
    done = erased(office, hall, sent)
    assert done.status_code == 303
    if (file := hall.db.file) is not None:
        assert [
            one.name for one in file.parent.glob(f"{file.name}*") if "هالة الحسن".encode() in one.read_bytes()
        ] == []
    done = office.get(done.headers["location"] + "&lang=ar")
    assert "رقم الإيصال" in done.text
    assert "حُذف الاسم ووسيلة التواصل من موعد واحد" in done.text
    assert "هالة" not in done.text
    assert read(hall, mine).name == ""
    assert read(hall, family).name == "سامر الحسن"


def test_the_other_names_go_when_that_is_chosen(office: TestClient, hall: Hall) -> None:
    mine, family = book(hall, "هالة الحسن"), book(hall, "سامر الحسن", "edu-attest", 7)
    sent = {"code": read(hall, mine).code, "contact": CONTACT, "everyone": "yes"}
    erased(office, hall, sent)
    assert read(hall, family).erased_at is not None


def test_nobody_is_erased_from_a_page_that_was_left_open(office: TestClient, hall: Hall, clock: FrozenClock) -> None:
    mine = book(hall, "هالة الحسن")
    clock.move(CONFIRMED_FOR + timedelta(minutes=1))
    asked = office.post(
        "/office/data/person/erasure", data={"code": read(hall, mine).code, "contact": CONTACT}, follow_redirects=False
    )
    assert "approvals" not in asked.headers.get("location", "")
    assert hall.db.read_now(requests) == []


def test_nobody_is_erased_by_one_person_alone(office: TestClient, hall: Hall) -> None:
    mine = read(hall, book(hall, "هالة الحسن"))
    sent = {"code": mine.code, "contact": CONTACT}
    hall.db.write_now(staff.lock_staff, "admin", SYSTEM)
    assert "لا يوجد شخص آخر له أن يوافق" in office.post("/office/data/person?lang=ar", data=sent).text
    hall.administrator("second")
    first = office.post("/office/data/person?lang=ar", data=sent).text
    assert "هذا يحتاج إلى موافقة شخص ثانٍ" in first
    assert "لا يوجد شخص آخر له أن يوافق" not in first
    asked = office.post("/office/data/person/erasure", data=sent)
    assert asked.headers["location"] == "/office/approvals?said=asked"
    assert read(hall, mine.id).name == "هالة الحسن"
    assert "طلب مفتوح من" in office.get("/office/data?lang=ar").text
    page = office.get("/office/approvals?lang=ar").text
    assert mine.code in page
    assert "يُحذف الاسم ووسيلة التواصل من موعد واحد" in page
    assert "هالة" not in page, "the request outlives the name"
    [one] = hall.db.read_now(requests)
    assert office.post(f"/office/approvals/{one.id}/use").status_code == 409
    assert read(hall, mine.id).erased_at is None


def erased(office: TestClient, hall: Hall, sent: dict[str, str]) -> Response:
    """Ask to erase a person, let a second person approve it, and carry it out."""
    second = hall.administrator("second")
    assert office.post("/office/data/person/erasure", data=sent).status_code == 303
    [one] = hall.db.read_now(requests)
    hall.db.write_now(approvals.approve, one.id, Actor("staff", str(second)))
    return office.post(f"/office/approvals/{one.id}/use")


@pytest.mark.parametrize("path", ["/office/data/person", "/office/data/person/erasure"])
def test_a_wrong_contact_finds_nobody_and_keeps_what_was_typed(office: TestClient, hall: Hall, path: str) -> None:
    code = read(hall, book(hall, "هالة الحسن")).code
    answer = office.post(f"{path}?lang=ar", data={"code": code, "contact": "+97455500000"})
    assert answer.status_code == 422
    assert f'value="{code}"' in answer.text
    assert "هالة" not in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert "لا يوجد موعد بهذا الرمز مع وسيلة التواصل هذه" in answer.text


def test_the_page_of_an_erased_appointment_says_so(office: TestClient, hall: Hall) -> None:
    mine = read(hall, book(hall, "هالة الحسن"))
    erased(office, hall, {"code": mine.code, "contact": CONTACT})
    page = office.get(f"/b/{mine.token}?lang=ar").text
    assert "حُذف الاسم ووسيلة التواصل من هذا الموعد" in page
    assert "هالة" not in page


def test_the_log_tells_of_an_erasure_without_a_name(office: TestClient, hall: Hall) -> None:
    mine = read(hall, book(hall, "هالة الحسن"))
    erased(office, hall, {"code": mine.code, "contact": CONTACT})
    page = office.get("/office/audit?kind=data&lang=ar").text
    assert "حُذف الاسم ووسيلة التواصل لشخص بناءً على طلب" in page
    assert "هالة" not in page
