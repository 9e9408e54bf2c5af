"""An existing appointment: its page in every state, moving it, cancelling it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from starlette.testclient import TestClient

from queue_system.actions import calling, tickets
from queue_system.clock import FrozenClock
from queue_system.core.bookings import BookingState
from queue_system.store.log import SYSTEM, VISITOR
from queue_system.store.queries.access import staff_by_login
from tests.kit.hall import Hall
from tests.kit.public_visitor import NAME, PHONE, Visitor, fill_up, stored, token_of
from tests.kit.web_hall import another


def test_the_answers_say_how_long_the_time_is_kept_and_lead_back(visitor: Visitor, clock: FrozenClock) -> None:
    check = visitor.hold()
    assert "المدة الباقية: 10 دقائق" in check.text
    assert "08:30 بالتوقيت المحلي: قطر" in check.text
    clock.move(timedelta(minutes=8, seconds=30))
    assert "المدة الباقية: دقيقة واحدة" in visitor.open(check.url).text
    form = visitor.follow(r"Z\?instead=")
    assert 'class="back"' in check.html
    assert form.fields["name"]["value"] == NAME


def test_what_cannot_be_changed_any_more_is_said_before_it_is_confirmed(visitor: Visitor, clock: FrozenClock) -> None:
    fixed = "لا يمكن تغيير هذا الموعد أو إلغاؤه عبر الموقع وقته قريب. مهلة التغيير والإلغاء قبل الموعد: ساعتان."
    assert fixed not in visitor.hold(contact="55123457").text
    assert fixed in visitor.hold(day=0).text
    done = visitor.send("/confirmation")
    assert not done.hrefs("/(change|cancellation)$")
    assert "لا يلزم إجراء" in done.text
    assert "التواصل" not in done.text
    later = visitor.book(contact="55123458")
    soon = visitor.open(f"/b/{token_of(later)}/change/2026-11-22")
    assert fixed in visitor.follow(r"/change/2026-11-22/", 0).text, soon.url


def test_moving_keeps_the_old_time_until_the_new_one_is_sure(visitor: Visitor, hall: Hall) -> None:
    done = visitor.book()
    before = stored(hall, done)
    page = visitor.follow("/change$")
    assert "محفوظ لك إلى أن يتأكد الموعد الجديد" in page.text
    visitor.follow(r"/change/2026-11-25$")
    page = visitor.follow(r"/change/2026-11-25/20261125T0555Z$")
    assert "الاثنين 23" in page.text
    assert "الأربعاء 25" in page.text
    assert stored(hall, page).starts_at == before.starts_at
    moved = visitor.send()
    after = stored(hall, moved)
    assert "تغيّر موعدك" in moved.text
    assert (after.starts_at, after.code, after.changes) == (
        datetime(2026, 11, 25, 5, 55, tzinfo=UTC),
        before.code,
        1,
    )
    # Sent twice, it is one change.
    visitor.post(page.url, {})
    assert stored(hall, visitor.page).changes == 1


def test_the_time_one_has_is_not_called_a_move(visitor: Visitor, hall: Hall) -> None:
    done = visitor.book()
    same = f"{done.url}/change/2026-11-23/20261123T0530Z"
    for page in (visitor.open(same), visitor.post(same, {})):
        assert page.url == done.url
        assert "موعدك مؤكَّد" in page.text
    assert stored(hall, done).changes == 0


def test_moving_to_a_time_that_was_taken_changes_nothing(visitor: Visitor, hall: Hall) -> None:
    done = visitor.book()
    before = stored(hall, done)
    visitor.open(f"/b/{token_of(done)}/change/2026-11-25/20261125T0530Z")
    fill_up(hall, "passport-lost", datetime(2026, 11, 25, 5, 30, tzinfo=UTC))
    page = visitor.send()
    assert page.status == 409
    assert "لم يعد هذا الوقت متاحًا" in page.text
    assert "محفوظ لك إلى أن يتأكد الموعد الجديد" in page.text
    assert page.hrefs(r"/change/2026-11-25/20261125T0555Z$")
    assert stored(hall, page) == before
    assert visitor.open(f"/b/{token_of(done)}/change/2026-11-25/20261125T0530Z").status == 409


def test_the_page_says_until_when_and_how_often_it_can_be_moved(
    visitor: Visitor, hall: Hall, clock: FrozenClock
) -> None:
    done = visitor.book()
    assert "حتى الاثنين 23 تشرين الثاني/نوفمبر 2026، الساعة 06:30" in done.text
    for day in ("2026-11-24/20261124T0530Z", "2026-11-25/20261125T0530Z"):
        visitor.open(f"/b/{token_of(done)}/change/{day}")
        visitor.send()
    page = visitor.open(f"/b/{token_of(done)}")
    assert "عدد التغييرات المسموح: 2" in page.text
    assert not page.hrefs("/change$")
    assert page.hrefs("/cancellation$")
    assert visitor.open(f"/b/{token_of(done)}/change").url == page.url
    assert visitor.open(f"/b/{token_of(done)}/change/2026-11-26/20261126T0530Z").url == page.url
    assert visitor.post(f"/b/{token_of(done)}/change/2026-11-26/20261126T0530Z", {}).url == page.url
    clock.set(stored(hall, page).starts_at - timedelta(minutes=119))
    page = visitor.open(f"/b/{token_of(done)}")
    assert "انقضت مهلة تغيير هذا الموعد أو إلغائه" in page.text
    assert not page.hrefs("/cancellation$")
    assert visitor.post(f"/b/{token_of(done)}/cancellation", {}).url == page.url
    assert stored(hall, page).state is BookingState.CONFIRMED


def test_cancelling_asks_once_and_twice_is_as_once(visitor: Visitor, hall: Hall) -> None:
    done = visitor.book()
    page = visitor.follow("/cancellation$")
    assert "تأكيد إلغاء الموعد" in page.text
    assert stored(hall, page).state is BookingState.CONFIRMED
    page = visitor.send()
    assert page.url == done.url
    assert "أُلغي الموعد" in page.text
    assert "لم يعد هذا الوقت محجوزًا لك" in page.text
    assert page.hrefs("/passport-lost/days$")
    assert visitor.post(f"{done.url}/cancellation", {}).text == page.text
    assert visitor.open(f"{done.url}/cancellation").url == done.url
    assert stored(hall, page).state is BookingState.CANCELLED


def test_a_name_corrected_after_back_in_the_browser_is_the_name(visitor: Visitor, hall: Hall) -> None:
    """Going back, the browser shows the form as it was sent, with its hidden fields."""
    form = visitor.choose_time()
    _, hidden, _ = next(found for found in form.forms if "request_id" in found[1])
    first = stored(hall, visitor.post(form.url, hidden | {"name": "أحمد خلد", "contact": PHONE}))
    check = visitor.post(form.url, hidden | {"name": NAME, "contact": PHONE})
    assert NAME in check.text
    assert (stored(hall, check).id, stored(hall, check).name) == (first.id, NAME)


def test_a_held_time_can_be_given_back(visitor: Visitor, hall: Hall) -> None:
    visitor.hold()
    page = visitor.send("/cancellation")
    assert "لم يُسجَّل موعد" in page.text
    assert not page.hrefs(r"\.ics$")
    assert stored(hall, page).state is BookingState.CANCELLED
    assert visitor.open(f"/b/{token_of(page)}/check").url == page.url


def test_checked_in_leads_to_the_place_in_line(visitor: Visitor, hall: Hall, clock: FrozenClock) -> None:
    booking = stored(hall, visitor.book())
    clock.set(booking.starts_at - timedelta(minutes=5))
    issued = hall.db.write_in_now(hall.branch.id, tickets.check_in, hall.branch.id, booking.id, SYSTEM)
    page = visitor.open(f"/b/{booking.token}")
    assert "سُجّل وصولك" in page.text
    assert page.hrefs("^/t/") == [f"/t/{issued.ticket.token}"]
    assert not page.hrefs("/change$|/cancellation$")
    assert not page.hrefs(r"\.ics$")
    layla = hall.db.read_now(staff_by_login, "layla")
    assert layla is not None
    called = hall.call_next(hall.sit(layla[0], "c1"))
    assert called is not None
    assert called.id == issued.ticket.id
    here = hall.at(layla[0], "c1", called.id)
    hall.db.write_in_now(hall.branch.id, calling.start_serving, here)
    hall.db.write_in_now(hall.branch.id, calling.finish, here)
    page = visitor.open(f"/b/{booking.token}")
    assert "تمّت زيارتك" in page.text
    assert page.hrefs("/passport-lost/days$")


def test_who_left_the_line_is_told_how_to_come_again(visitor: Visitor, hall: Hall, clock: FrozenClock) -> None:
    booking = stored(hall, visitor.book())
    clock.set(booking.starts_at)
    issued = hall.db.write_in_now(hall.branch.id, tickets.check_in, hall.branch.id, booking.id, SYSTEM)
    hall.db.write_in_now(hall.branch.id, tickets.leave, hall.branch.id, issued.ticket.id, VISITOR)
    page = visitor.open(f"/b/{booking.token}")
    assert "تُرك الدور" in page.text
    assert "انقضى" not in page.text
    assert page.hrefs("/passport-lost/days$")


def test_a_time_that_passed_says_so(visitor: Visitor, hall: Hall, clock: FrozenClock) -> None:
    booking = stored(hall, visitor.book())
    clock.set(booking.ends_at - timedelta(seconds=1))
    assert "موعدك مؤكَّد" in visitor.open(f"/b/{booking.token}").text
    clock.set(booking.ends_at)
    page = visitor.open(f"/b/{booking.token}")
    assert "انقضى وقت هذا الموعد" in page.text
    assert page.hrefs("/passport-lost/days$")


def test_a_foreign_link_opens_nothing(visitor: Visitor, hall: Hall) -> None:
    token = token_of(visitor.book())
    wrong = token[:-1] + ("A" if token[-1] != "A" else "B")
    for address in ("", "/check", "/change", "/cancellation", ".ics"):
        assert visitor.open(f"/b/{wrong}{address}").status == 404
        assert "passport" not in visitor.page.html
    assert visitor.post(f"/b/{wrong}/cancellation", {}).status == 404
    assert hall.db.read_now(lambda tx: stored(hall, visitor.open(f"/b/{token}")).state) is BookingState.CONFIRMED


def test_another_site_cannot_cancel(here: tuple[TestClient, Hall], visitor: Visitor, hall: Hall) -> None:
    done = visitor.book()
    stranger = another(here[0])
    answer = stranger.post(f"/b/{token_of(done)}/cancellation", headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403
    assert stored(hall, done).state is BookingState.CONFIRMED


@pytest.mark.parametrize("held", [True, False])
def test_an_address_that_only_takes_forms_leads_back(visitor: Visitor, held: bool) -> None:
    page = visitor.hold() if held else visitor.book()
    assert visitor.open(f"/b/{token_of(page)}/confirmation").url == page.url
