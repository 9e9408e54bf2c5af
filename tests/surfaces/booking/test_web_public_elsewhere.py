"""Appointments by telephone or away from the branch, and those that no screen may show."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from queue_system.actions import tickets
from queue_system.actions.safe_contact import set_contact_ways
from queue_system.clock import FrozenClock
from queue_system.store import log
from queue_system.store.database import Database
from queue_system.store.log import SYSTEM
from tests.kit.hall import Hall, enter, furnish
from tests.kit.public_visitor import NAME, PHONE, Answer, Visitor, stored
from tests.kit.web_hall import another, application, sign_in

BY_PHONE = "/book/wifaq/phone-counsel"


@pytest.fixture
def visitor(sqlite_url: str, tmp_path: Path, clock: FrozenClock) -> Iterator[Visitor]:
    database = Database(sqlite_url, clock)
    furnish(database, "social-work")
    database.close()
    with application(sqlite_url, tmp_path, clock) as (client, _):
        yield Visitor(client)


def to_the_form(visitor: Visitor, service: str) -> Answer:
    visitor.open(service)
    visitor.follow("/days$")
    visitor.follow(r"/2026-11-23$")
    return visitor.follow("Z$")


def test_who_is_called_gives_a_telephone(visitor: Visitor) -> None:
    form = to_the_form(visitor, BY_PHONE)
    assert "الرقم الذي نتصل بك عليه" in form.text
    assert "لن نتصل بك" not in form.text
    for typed in ("", "a@example.org"):
        page = visitor.send(name=NAME, contact=typed)
        assert page.status == 422
        assert page.text.count("يُرجى كتابة رقم الهاتف الذي نتصل بك عليه") == 2
        assert page.fields["contact"].get("value", "") == typed
    assert visitor.send(name=NAME, contact=PHONE).url.endswith("/check")


def test_who_is_called_need_not_come(visitor: Visitor) -> None:
    to_the_form(visitor, BY_PHONE)
    check = visitor.send(name=NAME, contact=PHONE)
    done = visitor.send("/confirmation")
    for page in (check, done):
        assert "يجري الموعد بالهاتف" in page.text
        assert "وفاق" not in page.text
    assert "نتصل بك في وقت الموعد" in done.text
    for door in ("جهاز الأرقام", "الشاشة", 'class="qr"'):
        assert door not in done.html


def test_whoever_is_to_call_is_shown_the_number_and_the_log_says_so(
    visitor: Visitor, sqlite_url: str, clock: FrozenClock
) -> None:
    to_the_form(visitor, BY_PHONE)
    visitor.send(name=NAME, contact=PHONE)
    database = Database(sqlite_url, clock)
    hall: Hall = enter(database, "wifaq")
    booking = stored(hall, visitor.send("/confirmation"))
    hall.person("rana", ((hall.branch.id, "receptionist"),))
    clock.set(booking.starts_at.replace(hour=6))
    staff = another(visitor.client)
    sign_in(staff, "rana", "ar")
    listed = staff.get("/reception/wifaq").text
    asked = f"/reception/wifaq/bookings/{booking.id}/contact"
    assert NAME not in listed
    assert booking.contact not in listed
    assert f'action="{asked}"' in listed
    assert f"{booking.id}/ticket" not in listed, "nobody comes to the branch for it"
    shown = staff.post(asked).text
    assert NAME in shown
    assert f'href="tel:{booking.contact}"' in shown
    (fact,) = [one for one in database.read_now(log.after, hall.branch.id, 0) if one.kind == "booking.looked_up"]
    assert (fact.subject, fact.data["by"], fact.actor_kind) == (str(booking.id), "call", "staff")
    # Whoever wants no contact at all is not called.
    for way, note in (("sms_neutral", ""), ("none", "")):
        ways = {0: (way, note)}
        database.write_in_now(hall.branch.id, set_contact_ways, hall.branch.id, booking.id, SYSTEM, ways)
        again = staff.post(asked).text
        assert (booking.contact in again) is (way != "none")
        assert ("دون أي تواصل" in again) is (way == "none")
    database.close()


def test_nobody_takes_a_number_for_a_telephone_call(visitor: Visitor) -> None:
    page = visitor.open(BY_PHONE)
    assert "برقم من الصالة" not in page.text
    assert "أوقات الاستقبال" not in page.text


def test_a_protected_visitor_is_sent_to_no_screen(visitor: Visitor, sqlite_url: str, clock: FrozenClock) -> None:
    visitor.open("/book/bhc")
    (service, *_) = visitor.page.hrefs("^/book/bhc/")
    to_the_form(visitor, service)
    visitor.send(name=NAME, contact=PHONE)
    done = visitor.send("/confirmation")
    assert "لا يظهر على أي شاشة" in done.text
    assert "ويظهر النداء عليه على الشاشة" not in done.text
    assert "تسجيل الوصول لدى الاستقبال" in done.text
    assert "جهاز الأرقام" not in done.text, "this branch has no kiosk"
    database = Database(sqlite_url, clock)
    hall: Hall = enter(database, "bhc")
    booking = stored(hall, done)
    clock.set(booking.starts_at)
    database.write_in_now(hall.branch.id, tickets.check_in, hall.branch.id, booking.id, SYSTEM)
    database.close()
    arrived = visitor.open(done.url)
    assert "سُجّل وصولك" in arrived.text
    assert "وانتظار النداء على الشاشة" not in arrived.text
