"""Check-in at the kiosk: typed, scanned or pressed key by key; every refusal says what to do."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from queue_system.actions import bookings, calling
from queue_system.clock import FrozenClock
from queue_system.core.bookings import ALPHABET, Booker, new_code
from queue_system.store.log import SYSTEM, VISITOR
from queue_system.store.queries.bookings import BookingView
from queue_system.store.tables import Service, table
from tests.kit.hall import change_settings, enter
from tests.kit.kiosk_hall import Kiosk, book, code_on, installed, paired_kiosk
from tests.kit.web_hall import furnished

# Doha: 10:10 of the same Sunday and of the next day.
SOON = datetime(2026, 11, 22, 7, 10, tzinfo=UTC)
TOMORROW = SOON + timedelta(days=1)


@pytest.fixture
def kiosk(sqlite_template: Path, tmp_path: Path, clock: FrozenClock) -> Iterator[Kiosk]:
    with paired_kiosk(furnished(sqlite_template, tmp_path, clock.now()), tmp_path, clock) as found:
        yield found


@pytest.fixture
def appointment(kiosk: Kiosk) -> BookingView:
    """An appointment in ten minutes."""
    return book(kiosk.hall, SOON)


def test_an_appointment_becomes_a_number(kiosk: Kiosk, appointment: BookingView) -> None:
    page = kiosk.check_in(appointment.code)
    assert page.status == 200
    assert code_on(page) == "A001"
    ticket = kiosk.tickets()[0]
    assert ticket.booking_id == appointment.id
    assert (ticket.priority, ticket.anchor_at) == ("appointment", SOON)
    assert "سلمى" not in page.html


@pytest.mark.parametrize("typed", ["{spaced}", "{small}", "{arabic}", " {code}\r\n"])
def test_it_is_read_as_people_and_scanners_write_it(kiosk: Kiosk, appointment: BookingView, typed: str) -> None:
    code = appointment.code
    arabic = code.translate(str.maketrans("23456789", "٢٣٤٥٦٧٨٩"))
    page = kiosk.check_in(typed.format(code=code, spaced=f"{code[:4]} {code[4:]}", small=code.lower(), arabic=arabic))
    assert code_on(page) == "A001"


def test_the_link_of_the_booking_can_be_scanned(kiosk: Kiosk, appointment: BookingView) -> None:
    page = kiosk.check_in(f"https://queue.example/b/{appointment.token}?lang=en")
    assert code_on(page) == "A001"


def test_the_agreed_time_stands_on_the_last_page(kiosk: Kiosk, appointment: BookingView, clock: FrozenClock) -> None:
    assert "موعدك الساعة 10:10" in kiosk.check_in(appointment.code).text
    clock.set(SOON)
    assert "موعدك الساعة 10:10" in kiosk.check_in(appointment.code).text


def test_who_comes_late_hears_what_that_means(kiosk: Kiosk, appointment: BookingView, clock: FrozenClock) -> None:
    clock.set(SOON + timedelta(minutes=40))
    text = kiosk.check_in(appointment.code).text
    assert "كان موعدك الساعة 10:10. دورك الآن بعد من حضروا في موعدهم." in text


def test_a_second_check_in_gives_the_same_number(kiosk: Kiosk, appointment: BookingView) -> None:
    first = kiosk.check_in(appointment.code)
    second = kiosk.check_in(appointment.code)
    assert code_on(first) == code_on(second)
    assert len(kiosk.tickets()) == 1


def test_the_number_speaks_the_language_of_the_kiosk(kiosk: Kiosk, appointment: BookingView) -> None:
    kiosk.visitor.open("/kiosk/en/check-in")
    assert "This is your number" in kiosk.visitor.send("/check-in", code=appointment.code).text
    assert kiosk.tickets()[0].language == "en"


def test_keys_work_without_scripts(kiosk: Kiosk, appointment: BookingView) -> None:
    page = kiosk.open("/check-in")
    keys = [button["value"] for _, _, buttons in page.forms for button in buttons if button.get("name") == "key"]
    assert keys == [*ALPHABET, "erase"]
    for key in [*appointment.code[:3], "Q", "erase", *appointment.code[3:], "X"]:
        page = kiosk.visitor.send("/check-in", key=key, code=page.fields["code"]["value"])
    # A ninth character is ignored.
    assert page.fields["code"]["value"] == appointment.code
    assert code_on(kiosk.visitor.send("/check-in", code=page.fields["code"]["value"])) == "A001"


def test_who_comes_too_early_on_the_day_hears_the_time_alone(kiosk: Kiosk) -> None:
    later = book(kiosk.hall, SOON + timedelta(hours=2, minutes=5))
    assert "يُفتح التسجيل اليوم الساعة 11:45." in refused(kiosk, later.code)
    other_day = book(kiosk.hall, TOMORROW)
    assert "يُفتح التسجيل: الاثنين 23" in refused(kiosk, other_day.code)


def test_enter_presses_the_button_that_checks_in(kiosk: Kiosk) -> None:
    _, _, buttons = kiosk.open("/check-in").forms[0]
    assert "name" not in buttons[0]


def refused(kiosk: Kiosk, typed: str, *, kept: bool = True) -> str:
    page = kiosk.check_in(typed)
    assert page.status in (404, 409, 422)
    assert kiosk.tickets() == []
    assert page.fields["code"].get("aria-invalid") == "true"
    assert page.fields["code"].get("aria-describedby") == "code-error"
    assert page.fields["code"]["value"] == (typed if kept else "")
    return page.text


def test_nothing_typed(kiosk: Kiosk) -> None:
    assert "يُرجى كتابة رمز الموعد" in refused(kiosk, "")


@pytest.mark.parametrize("typed", ["K7D4", "K7D49MWX", "ابتثجحخد", "<script>", "x" * 300])
def test_mistyped(kiosk: Kiosk, typed: str) -> None:
    page = kiosk.check_in(typed)
    assert page.status == 422
    assert "في الرمز خطأ" in page.text
    assert "<script>" not in page.html.replace("<script src", "")


def test_one_wrong_sign_is_noticed(kiosk: Kiosk, appointment: BookingView) -> None:
    wrong = appointment.code[:-1] + next(sign for sign in ALPHABET if sign != appointment.code[-1])
    assert "في الرمز خطأ" in refused(kiosk, wrong)


def test_no_such_booking(kiosk: Kiosk, appointment: BookingView) -> None:
    """A valid code that belongs to no booking."""
    codes = (new_code(random.Random(seed)) for seed in range(2))
    assert "لا يوجد موعد" in refused(kiosk, next(code for code in codes if code != appointment.code))


def test_a_link_that_is_nobody_s_does_not_stay_in_the_field(kiosk: Kiosk) -> None:
    assert "لا يوجد موعد" in refused(kiosk, "https://queue.example/b/mkwx0000", kept=False)


def test_too_early_says_when_to_come_back(kiosk: Kiosk) -> None:
    made = book(kiosk.hall, TOMORROW)
    text = refused(kiosk, made.code)
    assert "الاثنين 23 تشرين الثاني/نوفمبر 2026، الساعة 09:40" in text


def at(wall: str, day: int = 22) -> datetime:
    """A time of that Sunday in Doha, or of another day of the month."""
    return datetime.fromisoformat(f"2026-11-{day}T{wall}+03:00").astimezone(UTC)


def test_after_the_last_number_an_appointment_is_still_taken(
    kiosk: Kiosk, appointment: BookingView, clock: FrozenClock
) -> None:
    """Numbers are given until 13:30; the counters work until 14:30."""
    clock.set(at("14:29"))
    kiosk.check_in(appointment.code)
    assert kiosk.tickets()[0].priority == "late_appointment"


def test_after_closing_no_number_is_given_and_the_way_on_is_said(
    kiosk: Kiosk, appointment: BookingView, clock: FrozenClock
) -> None:
    clock.set(at("14:30"))
    text = refused(kiosk, appointment.code)
    assert "كان الموعد الأحد 22 تشرين الثاني/نوفمبر 2026، الساعة 10:10، وانتهى الدوام الساعة 14:30" in text
    assert "تُعطى الأرقام من جديد: الاثنين 23 تشرين الثاني/نوفمبر 2026، الساعة 08:30" in text


def test_the_next_day_says_that_a_number_can_be_taken_now(
    kiosk: Kiosk, appointment: BookingView, clock: FrozenClock
) -> None:
    clock.set(at("08:45", day=23))
    text = refused(kiosk, appointment.code)
    assert "كان الموعد الأحد 22" in text
    assert "يمكن الآن أخذ رقم" in text


def test_a_service_for_appointments_alone_is_booked_anew(kiosk: Kiosk, clock: FrozenClock) -> None:
    made = book(kiosk.hall, SOON, "passport-lost")
    clock.set(at("16:30"))
    services = table(Service)
    closed = sa.update(services).where(services.c.slug == "passport-lost").values(walkin_share_pct=0)
    change_settings(kiosk.hall.db, closed)
    text = refused(kiosk, made.code)
    assert "يُرجى حجز موعد جديد" in text
    assert "الأرقام" not in text


def test_a_number_of_yesterday_is_not_shown_for_a_second_check_in(
    kiosk: Kiosk, appointment: BookingView, clock: FrozenClock
) -> None:
    kiosk.check_in(appointment.code)
    clock.set(at("08:45", day=23))
    page = kiosk.check_in(appointment.code)
    assert page.status == 409
    assert "كان الموعد الأحد 22" in page.text


def test_late_on_the_same_day_still_gives_a_number(kiosk: Kiosk, appointment: BookingView, clock: FrozenClock) -> None:
    clock.move(timedelta(hours=2))
    kiosk.check_in(appointment.code)
    assert kiosk.tickets()[0].priority == "late_appointment"


def test_cancelled(kiosk: Kiosk, appointment: BookingView) -> None:
    hall = kiosk.hall
    hall.db.write_in_now(
        hall.branch.id, bookings.cancel_booking, hall.branch.id, appointment.id, SYSTEM, booker=Booker.STAFF
    )
    assert "أُلغي هذا الموعد" in refused(kiosk, appointment.code)


def test_not_confirmed(kiosk: Kiosk, clock: FrozenClock) -> None:
    hall = kiosk.hall
    order = bookings.HoldOrder(
        hall.branch.id, hall.service("passport-lost"), TOMORROW, "سلمى", "salma@example.org", "ar", VISITOR
    )
    held = hall.db.write_in_now(hall.branch.id, bookings.hold_slot, order)
    assert "لم يُؤكَّد هذا الموعد بعد" in refused(kiosk, held.code)
    clock.move(timedelta(minutes=11))
    hall.db.write_in_now(hall.branch.id, bookings.expire_holds, hall.branch.id)
    assert "لم يُؤكَّد هذا الموعد في وقته" in refused(kiosk, held.code)


def test_visited_already(kiosk: Kiosk, appointment: BookingView) -> None:
    hall = kiosk.hall
    kiosk.check_in(appointment.code)
    here = hall.sit(hall.person("nour"), "c1")
    called = hall.call_next(here)
    assert called is not None
    hall.db.write_in_now(hall.branch.id, calling.finish, hall.at(here.staff_id, "c1", called.id), "done")
    assert "تمّت زيارة هذا الموعد" in refused(kiosk, appointment.code)
    assert kiosk.tickets() == []


@pytest.mark.parametrize(("branch", "service", "named"), [("nama", "career", True), ("bhc", "beh-assess", False)])
def test_an_appointment_of_another_branch_is_sent_there(
    sqlite_url: str, tmp_path: Path, clock: FrozenClock, branch: str, service: str, named: bool
) -> None:
    """If the visit is protected, not even the branch is named."""
    installed(sqlite_url, clock, "social-work")
    with paired_kiosk(sqlite_url, tmp_path, clock) as kiosk:
        there = enter(kiosk.hall.db, branch)
        made = book(there, clock.now(), service)
        text = refused(kiosk, made.code)
        assert (there.branch.names["ar"] in text) is named
        assert "هذا الموعد" in text
        assert "لا يوجد موعد" not in text
