"""Mistakes and refusals while booking: shown beside the field and above the form, and typed text is kept."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from queue_system.actions import bookings as actions
from queue_system.clock import FrozenClock
from queue_system.core.bookings import BookingState, new_code
from queue_system.store import tables
from queue_system.store.database import Tx
from queue_system.store.log import VISITOR
from queue_system.web.open_holds import AT_ONCE
from tests.kit.hall import Hall
from tests.kit.public_visitor import NAME, PHONE, Answer, Visitor, fill_up, stored
from tests.kit.web_hall import another

START = datetime(2026, 11, 23, 5, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ({"name": "", "contact": ""}, {"name": "يُرجى كتابة الاسم", "contact": "يُرجى كتابة رقم هاتف"}),
        ({"name": "م", "contact": PHONE}, {"name": "الاسم قصير"}),
        ({"name": "ل" * 101, "contact": PHONE}, {"name": "الاسم أطول من المسموح"}),
        ({"name": "Ali 4", "contact": PHONE}, {"name": "في الاسم رموز"}),
        ({"name": NAME, "contact": "12"}, {"contact": "رقم الهاتف غير صحيح"}),
        ({"name": NAME, "contact": "a@b"}, {"contact": "عنوان البريد الإلكتروني غير صحيح"}),
        ({"name": "<b>", "contact": '"><script>'}, {"name": "في الاسم رموز", "contact": "رقم الهاتف غير صحيح"}),
    ],
)
def test_mistakes_stand_beside_their_fields_and_in_a_summary(
    visitor: Visitor, hall: Hall, typed: dict[str, str], wrong: dict[str, str]
) -> None:
    visitor.choose_time()
    page = visitor.send(**typed)
    assert page.status == 422
    assert_mistakes(page, wrong)
    assert {name: page.fields[name].get("value", "") for name in typed} == typed
    assert "<title>خطأ: " in page.html.replace("\u2068", "")
    assert "<script>" not in page.html.replace("<script src=", "")
    assert hall.db.read_now(_bookings) == []


def test_a_form_with_nothing_or_with_a_file_is_a_form_with_mistakes(here: tuple[TestClient, Hall]) -> None:
    visitor = Visitor(here[0])
    url = visitor.choose_time().url
    assert visitor.post(url, {}).status == 422
    answer = here[0].post(url, files={"name": ("a.txt", b"x")}, data={"contact": PHONE})
    assert answer.status_code == 422


def test_mistakes_are_told_in_english_too(here: tuple[TestClient, Hall]) -> None:
    visitor = Visitor(here[0], "en")
    visitor.choose_time()
    page = visitor.send(name="", contact="x@y")
    assert_mistakes(page, {"name": "Please enter the name.", "contact": "The email address is wrong."})


def test_a_time_taken_meanwhile_is_replaced_without_typing_again(visitor: Visitor, hall: Hall) -> None:
    visitor.choose_time()
    assert visitor.page.url.endswith("/20261123T0530Z")
    assert fill_up(hall, "passport-lost", START) >= 1
    page = visitor.send(name=NAME, contact=PHONE)
    assert page.status == 409
    assert "لم يعد هذا الوقت متاحًا" in page.text
    assert "<title>خطأ: " in page.html.replace("\u2068", "")
    assert "البيانات المكتوبة محفوظة" in page.text
    (_, kept, buttons), *_ = page.forms
    targets = [button["formaction"] for button in buttons]
    assert not [target for target in targets if target.endswith("/20261123T0530Z")]
    assert (kept["name"], kept["contact"]) == (NAME, PHONE)
    check = visitor.post(targets[0], kept)
    assert (stored(hall, check).state, stored(hall, check).name) == (BookingState.HELD, NAME)


def test_the_address_of_a_taken_time_leads_to_the_free_ones(visitor: Visitor, hall: Hall) -> None:
    fill_up(hall, "passport-lost", START)
    page = visitor.open("/book/doha-main/passport-lost/2026-11-23/20261123T0530Z")
    assert page.status == 409
    assert "لم يعد هذا الوقت متاحًا" in page.text
    assert page.hrefs("/20261123T0555Z$")
    past = visitor.open("/book/doha-main/passport-lost/2026-11-22/20261122T0530Z")
    assert "فات هذا الوقت" in past.text


def test_who_goes_back_from_the_last_place_finds_it_his_own(visitor: Visitor, hall: Hall) -> None:
    form = visitor.choose_time()
    others = fill_up(hall, "passport-lost", START)
    hall.db.write_in_now(hall.branch.id, _give_back, hall, others - 1)
    check = visitor.send(name=NAME, contact=PHONE)
    assert check.url.endswith("/check")
    # The browser's "back" shows the form, new or as it was.
    again = visitor.open(form.url)
    assert (again.status, again.fields["name"]["value"]) == (200, NAME)
    renamed = visitor.post(form.url, {"name": "سلمى العلي", "contact": PHONE})
    assert renamed.url.endswith("/check")
    assert stored(hall, renamed).name == "سلمى العلي"
    assert stored(hall, check).state is BookingState.CANCELLED
    stranger = Visitor(another(visitor.client))
    assert stranger.open(form.url).status == 409
    assert stranger.post(form.url, {"name": NAME, "contact": PHONE}).status == 409


def test_a_second_person_in_another_tab_leaves_the_first_the_last_place(visitor: Visitor, hall: Hall) -> None:
    url = visitor.choose_time("birth").url
    first = visitor.send(name=NAME, contact=PHONE)
    second = visitor.post(url, {"name": "سلمى", "contact": "b@example.org"})
    assert (second.status, "البيانات المكتوبة محفوظة" in second.text) == (409, True)
    assert stored(hall, first).state is BookingState.HELD


@pytest.mark.parametrize(
    ("day", "why"),
    [
        ("2026-11-27", "الفرع مغلق في هذا اليوم"),
        ("2026-11-21", "مضى هذا اليوم"),
        ("2027-06-01", "لم يُفتح الحجز لهذا اليوم بعد"),
    ],
)
def test_a_day_without_times_says_why(visitor: Visitor, day: str, why: str) -> None:
    page = visitor.open(f"/book/doha-main/passport-lost/{day}")
    assert (page.status, page.text.count(why)) == (200, 1)
    assert page.hrefs("/passport-lost/days$")
    page = visitor.open(f"/book/doha-main/passport-lost/{day}/{day.replace('-', '')}T0530Z")
    assert (page.status, page.text.count(why)) == (409, 1)
    assert "حُجز هذا الوقت" not in page.text
    assert page.hrefs("/passport-lost/days$")


def test_a_hold_that_ran_out_says_what_happened_and_keeps_what_was_typed(
    visitor: Visitor, hall: Hall, clock: FrozenClock
) -> None:
    check = visitor.hold()
    clock.move(timedelta(minutes=9, seconds=59))
    assert visitor.open(check.url).url == check.url
    clock.move(timedelta(seconds=1))
    page = visitor.send("/confirmation")
    assert "انتهت مهلة التأكيد" in page.text
    assert "لم يُسجَّل موعد" in page.text
    assert visitor.open(check.url).url == page.url
    visitor.follow(r"/days\?instead=")
    visitor.follow(r"/2026-11-24\?instead=")
    form = visitor.follow(r"Z\?instead=")
    assert (form.fields["name"]["value"], form.fields["contact"]["value"]) == (NAME, "+97455123456")
    again = visitor.send(name=NAME, contact=PHONE)
    assert stored(hall, visitor.send("/confirmation")).state is BookingState.CONFIRMED
    assert stored(hall, again).starts_at.date().isoformat() == "2026-11-24"


def test_the_limit_of_appointments_is_told_with_the_way_to_the_one_there_is(visitor: Visitor) -> None:
    visitor.book()
    visitor.choose_time(time=3)
    page = visitor.send(name=NAME, contact=PHONE)
    assert page.status == 409
    assert "أكبر عدد مسموح من المواعيد القائمة" in page.text
    assert page.hrefs("^/my-booking$")
    assert page.fields["name"]["value"] == NAME


def test_whose_numbers_have_appointments_is_not_found_out_by_trying(visitor: Visitor) -> None:
    visitor.book()
    visitor.choose_time(time=3)
    statuses = [visitor.send(name=NAME, contact=PHONE).status for _ in range(11)]
    assert statuses == [409] * 10 + [429]
    assert visitor.send(name=NAME, contact="someone@example.org").status == 429


def test_two_holds_of_one_person_become_one_appointment(visitor: Visitor, hall: Hall) -> None:
    first = visitor.hold()
    visitor.hold(time=4)
    visitor.send("/confirmation")
    visitor.open(first.url)
    page = visitor.send("/confirmation")
    assert page.status == 409
    assert "أكبر عدد مسموح من المواعيد القائمة" in page.text
    assert page.hrefs("^/my-booking$")
    assert [state for state in hall.db.read_now(_bookings) if state == "confirmed"] == ["confirmed"]


@pytest.mark.parametrize(
    ("has", "asked"), [("poa", "poa"), ("complaint", "consular-reg"), ("consular-reg", "complaint")]
)
def test_nobody_learns_by_a_number_who_comes_for_a_discreet_service(
    visitor: Visitor, hall: Hall, has: str, asked: str
) -> None:
    services = {slug: hall.branch.service(slug) for slug in (has, asked)}
    assert any(one.confidentiality.discreet for one in services.values())
    assert services[has].queue_id == services[asked].queue_id
    assert stored(hall, visitor.book(has)).state is BookingState.CONFIRMED
    visitor.choose_time(asked, time=2)
    held = visitor.send(name="غيره", contact=PHONE)
    assert held.url.endswith("/check")
    visitor.choose_time(asked, time=4)
    other = visitor.send(name="غيره", contact="55000000")
    assert (held.status, "notice-stop" in held.html) == (other.status, "notice-stop" in other.html) == (200, False)
    visitor.open(held.url)
    assert stored(hall, visitor.send("/confirmation")).state is BookingState.CONFIRMED


def test_who_holds_too_many_times_is_told_so_and_keeps_what_was_typed(visitor: Visitor, hall: Hall) -> None:
    visitor.choose_time("consular-reg")
    url = visitor.page.url
    for number in range(AT_ONCE):
        # Another telephone, without the cookie of the earlier hold.
        visitor.client.cookies.clear()
        visitor.open(url)
        if visitor.page.status == 409:
            url = visitor.page.hrefs(r"/\d{8}T\d{4}Z$")[0]
            visitor.open(url)
        assert visitor.send(name=NAME, contact=f"v{number}@example.org").url.endswith("/check")
    visitor.choose_time("consular-reg")
    page = visitor.send(name=NAME, contact="one-more@example.org")
    assert page.status == 429
    assert 0 < int(page.headers["retry-after"]) <= 600
    assert "محاولات كثيرة" in page.text
    assert page.fields["name"]["value"] == NAME
    assert len(hall.db.read_now(_bookings)) == AT_ONCE


def test_mistakes_do_not_count_as_holds(visitor: Visitor) -> None:
    visitor.choose_time()
    for _ in range(AT_ONCE + 1):
        assert visitor.send(name="", contact="").status == 422
    assert visitor.send(name=NAME, contact=PHONE).url.endswith("/check")


def test_a_booking_is_opened_by_code_and_contact_together(visitor: Visitor, hall: Hall) -> None:
    done = visitor.book()
    code = stored(hall, done).code
    spoken = f" {code[:4].lower()}-{code[4:]} "
    visitor.open("/my-booking")
    assert visitor.send(code=spoken, contact="0097455123456").url == done.url
    visitor.open("/my-booking")
    page = visitor.send(code=code, contact="55123457")
    assert page.status == 404
    assert_mistakes(page, {"code": "لا يوجد موعد بهذا الرمز"})
    assert page.fields["code"]["value"] == code
    page = visitor.send(code="7K", contact="")
    assert page.status == 422
    assert_mistakes(page, {"code": "في الرمز خطأ في الكتابة", "contact": "يُرجى كتابة رقم هاتف"})


def test_a_code_that_is_missing_is_not_called_mistyped(visitor: Visitor) -> None:
    visitor.open("/my-booking")
    page = visitor.send(code=" - ", contact="")
    assert page.status == 422
    assert_mistakes(page, {"code": "يُرجى كتابة الرمز", "contact": "يُرجى كتابة رقم هاتف"})


def test_asking_for_another_language_looks_nothing_up(visitor: Visitor) -> None:
    typed = {"code": "ABCD 2345", "contact": "a@example.org", "switch": "1"}
    # More often than the limit allows.
    pages = [visitor.post("/my-booking?lang=en", typed) for _ in range(31)]
    assert {page.status for page in pages} == {200}
    assert pages[-1].fields["code"]["value"] == "ABCD 2345"
    assert "My appointment" in pages[-1].text


def test_codes_cannot_be_tried_out(visitor: Visitor) -> None:
    visitor.open("/my-booking")
    source = random.Random(7)
    assert {visitor.send(code=new_code(source), contact="a@example.org").status for _ in range(30)} == {404}
    code = new_code(source)
    page = visitor.send(code=code, contact="a@example.org")
    assert page.status == 429
    assert "محاولات كثيرة" in page.text
    assert page.fields["code"]["value"] == code


def assert_mistakes(page: Answer, wrong: dict[str, str]) -> None:
    """Each mistake is linked in the summary and shown beside its field, and the field refers to it."""
    links = page.hrefs("^#(?!main)")
    assert links == [f"#{name}" for name in wrong]
    for name, words in wrong.items():
        assert page.text.count(words) == 2, (words, page.text)
        assert page.fields[name]["aria-invalid"] == "true"
        assert f"{name}-error" in page.fields[name]["aria-describedby"].split()
        assert f'id="{name}-error"' in page.html
    for name in set(page.fields) - set(wrong):
        assert "aria-invalid" not in page.fields[name]


def _give_back(tx: Tx, hall: Hall, number: int) -> None:
    """One of the bookings that fill a time is given up."""
    booking = tables.table(tables.Booking)
    row = tx.row(sa.select(booking.c.id).where(booking.c.contact == f"other{number}@example.org"))
    assert row is not None
    actions.cancel_booking(tx, hall.branch.id, row.id, VISITOR)


def _bookings(tx: Tx) -> list[str]:
    return [row.state for row in tx.rows(sa.select(tables.table(tables.Booking).c.state))]
