"""A consul's morning, in Chromium, on a telephone, in Arabic, by keyboard: from an urgent call to the call list."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.kit.by_keyboard import ByKeyboard
from tests.kit.office_in_browser import office
from tests.kit.people import add_role

pytestmark = [pytest.mark.browser, pytest.mark.slow]

HERE = "/appointments/doha-main"
TODAY = "2026-11-22"


@pytest.mark.parametrize("scripts", [True, pytest.param(False, marks=pytest.mark.soak)])
def test_a_consul_s_morning(browser: Browser, sqlite_template: Path, tmp_path: Path, scripts: bool) -> None:
    with office(sqlite_template, tmp_path) as (address, hall):
        head = add_role(hall, "head", "close_day", "move_bookings", "cancel_bookings", "see_contacts", "see_bookings")
        hall.person("salim", ((hall.branch.id, head),))
        reception = ByKeyboard(browser, address, scripts=scripts)
        reception.sign_in("rana", HERE)
        urgent_call(reception)
        for_another_person(reception)
        visitor = ByKeyboard(browser, address, scripts=scripts)
        waits_for_an_earlier_time(reception, visitor)
        earlier_time(reception, visitor)
        consul = ByKeyboard(browser, address, scripts=scripts)
        consul.sign_in("salim", HERE)
        half_a_day(consul)
        call_list(consul)
        arrivals(reception)
        for one in (reception, visitor, consul):
            one.leave()


def urgent_call(reception: ByKeyboard) -> None:
    """The first free time of today, for somebody who says what it is about, and then who she is."""
    reception.says("لا مواعيد في هذا اليوم")
    reception.follow("حجز موعد لمراجع")
    reception.type("#s", "مقابلة")
    reception.enter()
    first_time(reception)
    booked(reception, "سلمى الأتاسي", "44123456")
    reception.says("يُقرأ على المراجع", "مقابلة القنصل", "رمز الموعد")


def for_another_person(reception: ByKeyboard) -> None:
    """An agent comes in the place of the applicant, who is named too."""
    reception.follow("حجز موعد آخر")
    reception.type("#s", "التسجيل الأولي")
    reception.enter()
    first_time(reception)
    reception.type("#name", "هالة الحسن")
    reception.press("إضافة شخص")
    reception.choose("#other-1-role", "محامٍ أو ممثل")
    reception.type("#other-1-name", "رامي الأتاسي")
    reception.press("تأكيد الموعد")
    reception.says("المشاركون", "رامي الأتاسي – محامٍ أو ممثل")


def waits_for_an_earlier_time(reception: ByKeyboard, visitor: ByKeyboard) -> None:
    """Another day for somebody who would rather come earlier, and says so on her own page."""
    reception.open(f"{HERE}/new?service=civil-extract&from=2026-11-24")
    first_time(reception)
    booked(reception, "نور الدين", "44654321")
    theirs = reception.main.get_by_role("link", name="صفحة المراجع لهذا الموعد").get_attribute("href")
    assert theirs
    visitor.open(theirs)
    visitor.follow("انتظار وقت أبكر")
    visitor.choose("#notice", "3 ساعات على الأقل")
    visitor.press("حفظ")
    visitor.says("لا أحد ينتظر منذ وقت أطول")


def earlier_time(reception: ByKeyboard, visitor: ByKeyboard) -> None:
    """A place of the day before is given back: it is kept for who waits, and accepted."""
    reception.open(f"{HERE}/new?service=civil-extract&from=2026-11-23")
    first_time(reception)
    booked(reception, "ليلى خوري", "44999888")
    reception.follow("إلغاء الموعد")
    reception.says("يُرجى إبلاغ المراجع")
    reception.press("نعم، إلغاء الموعد")
    visitor.look_again()
    visitor.says("وقت أبكر محجوز لك", "23")
    visitor.press("قبول")
    visitor.says("23")


def half_a_day(consul: ByKeyboard) -> None:
    """The house closes at once: who is concerned is shown before anything happens, and each gets an answer."""
    consul.open("/office/closing/doha-main")
    consul.date("#first", TODAY)
    consul.time("#closes", 10, 5)
    consul.type("[name='names.ar']", "انقطاع الكهرباء")
    consul.type("[name='names.en']", "Power cut")
    consul.press("معاينة")
    consul.says("موعدان يتأثران")
    consul.press("حفظ")
    consul.says("حُفظ التعديل", "بانتظار قرار")
    consul.follow("اتخاذ القرار")
    consul.says("تغيّر الدوام في ذلك اليوم", "مقابلة القنصل", "هالة الحسن")
    consul.pick("إلغاء الموعد")
    consul.choose("select[name^='because-cancel-']", "لم تعد بالمراجع حاجة إليه")
    consul.press("تنفيذ القرارات")


def call_list(consul: ByKeyboard) -> None:
    """Nobody here gets a message, so each is called; the number is shown to whoever asks for it, and ticked."""
    consul.open(HERE)
    consul.follow("قائمة الاتصال")
    consul.says("مقابلة القنصل", "التسجيل الأولي للحج")
    consul.press("عرض الاسم والرقم")
    consul.press("وصل الخبر")
    consul.says("وصلهم الخبر")


def arrivals(reception: ByKeyboard) -> None:
    reception.open("/reception/doha-main")
    reception.says("مواعيد اليوم")


def first_time(one: ByKeyboard) -> None:
    one.reach("button[name=start]")
    one.enter()


def booked(one: ByKeyboard, name: str, number: str) -> None:
    one.type("#name", name)
    one.type("#contact", number)
    one.press("تأكيد الموعد")
    one.says("مؤكَّد")
