"""Booking for somebody else: who brings the visitor is named, seen at check-in, and erased with the rest."""

from __future__ import annotations

import pytest

from queue_system.actions.retention import erase
from queue_system.store.database import Tx
from queue_system.store.log import locked
from queue_system.store.queries.bookings import BookingView
from queue_system.store.queries.participants import others_of
from tests.kit.hall import Hall
from tests.kit.public_visitor import NAME, PHONE, Visitor, stored
from tests.kit.services import set_place, set_service
from tests.kit.web_hall import Page, another, sign_in

SERVICE, OTHER = "passport-lost", "passport-collect"
SON = "سامر خالد العلي"


@pytest.fixture
def brought(hall: Hall) -> Hall:
    return set_service(hall, SERVICE, proxy_allowed=True)


def test_whoever_brings_the_visitor_is_named_and_seen_at_check_in(visitor: Visitor, brought: Hall) -> None:
    assert "يمكن أن يحضر شخص آخر" in visitor.open(f"/book/doha-main/{SERVICE}").text
    visitor.choose_time(SERVICE)
    wrong = visitor.send(name=NAME, contact=PHONE, brought_by="7 <b>")
    assert wrong.status == 422
    assert 'id="brought_by-error"' in wrong.html
    check = visitor.send(name=NAME, contact=PHONE, brought_by=f" {SON} ")
    assert SON in check.text
    form = visitor.follow(r"Z\?instead=")
    assert form.fields["brought_by"]["value"] == SON
    # Another time is another hold, and keeps who brings.
    visitor.send(name=NAME, contact=PHONE, brought_by=SON)
    done = visitor.send("/confirmation")
    assert SON in done.text
    booked = stored(brought, done)
    assert (booked.name, names(brought, booked)) == (NAME, [SON])
    # A link alone does not tell who.
    assert SON not in Visitor(another(visitor.client)).open(done.url).text
    staff = another(visitor.client)
    sign_in(staff, "rana", "en")
    assert SON in Page(staff.post("/reception/doha-main/search", data={"text": booked.code}).text).text
    assert SON in Page(staff.get(f"/appointments/doha-main/{booked.id}").text).text
    brought.db.write_in_now(brought.branch.id, _erase, brought.branch.id, booked)
    assert names(brought, booked) == [""]


def test_nobody_is_kept_who_was_taken_out_of_the_form(visitor: Visitor, brought: Hall) -> None:
    visitor.choose_time(SERVICE)
    visitor.send(name=NAME, contact=PHONE, brought_by=SON)
    visitor.follow(r"Z\?instead=")
    check = visitor.send(name=NAME, contact=PHONE, brought_by="")
    assert SON not in check.text
    assert names(brought, stored(brought, check)) == []


def test_where_nobody_else_may_come_the_page_says_so_and_the_form_asks_nothing(visitor: Visitor, brought: Hall) -> None:
    assert "يجب أن يحضر صاحب الموعد بنفسه" in visitor.open(f"/book/doha-main/{OTHER}").text
    set_service(brought, SERVICE, proxy_allowed=False)
    # A branch that never lets somebody else come makes no difference, so its pages say nothing about it.
    assert "يجب أن يحضر صاحب الموعد بنفسه" not in visitor.open(f"/book/doha-main/{OTHER}").text
    assert 'name="brought_by"' not in visitor.choose_time(SERVICE).html


def test_a_branch_where_others_may_book_asks_everywhere_who_does(visitor: Visitor, hall: Hall) -> None:
    set_place(hall, access={"proxy_booking": True, "phone_booking": True}, phone="+97444001122")
    assert "يمكن الحجز بالهاتف أيضًا" in visitor.open(f"/book/doha-main/{SERVICE}").text
    form = visitor.choose_time(SERVICE)
    assert 'name="brought_by"' in form.html
    assert "وهو الذي يحضر" in form.text


def names(hall: Hall, booking: BookingView) -> list[str]:
    return [one.name for one in hall.db.read_now(others_of, hall.branch.id, booking.id)]


def _erase(tx: Tx, branch_id: object, booking: BookingView) -> None:
    with locked(tx, booking.branch_id) as lock:
        erase(lock, [booking.id])
