"""A legal-aid day with interpreter, in Chromium, on a telephone, in Arabic, by keyboard: from a call to a guest's link."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from queue_system.app import create_app
from queue_system.clock import FrozenClock
from queue_system.configuration import read_configuration
from queue_system.store.database import Database
from tests.kit.by_keyboard import ByKeyboard
from tests.kit.legal_aid import legal_aid
from tests.kit.people import add_role
from tests.kit.served import served
from tests.kit.services import set_place

pytestmark = [pytest.mark.browser, pytest.mark.slow]

HERE = "/appointments/istanbul"
BAR = {
    "slug": "bar",
    "names": {"ar": "نقابة المحامين", "en": "Bar association"},
    "services": ["assoc-compliance"],
    "places": 2,
}
PLANNING = ("rosters", "reschedule_bulk", "cancel_bookings", "see_contacts", "book_for_visitor")
NAME, NUMBER = "هالة الحسن", "5321234567"
# Besides name and number.
MOST_KEYS = 25


@pytest.mark.parametrize("scripts", [True, pytest.param(False, marks=pytest.mark.soak)])
def test_a_legal_aid_day(browser: Browser, sqlite_url: str, tmp_path: Path, clock: FrozenClock, scripts: bool) -> None:
    database = Database(sqlite_url, clock)
    hall = set_place(legal_aid(database), helpers={"bar": BAR})
    books = add_role(hall, "protected", "create_protected_case")
    hall.person("huda", ((hall.branch.id, "receptionist"), (hall.branch.id, books)))
    hall.person("salim", ((hall.branch.id, add_role(hall, "planning", *PLANNING)),))
    database.close()
    app = create_app(read_configuration({}, database_url=sqlite_url, data_dir=tmp_path), clock)
    with served(app) as address:
        reception = ByKeyboard(browser, address, scripts=scripts)
        reception.sign_in("huda", HERE)
        one = call(reception)
        planner = ByKeyboard(browser, address, scripts=scripts)
        planner.sign_in("salim", HERE)
        moved_and_handed_over(planner, one)
        common_time(reception)
        others = ByKeyboard(browser, address, scripts=scripts)
        organisation(planner, others)
        guest(planner, others)
        for person in (reception, planner, others):
            person.leave()


def call(reception: ByKeyboard) -> str:
    """A lawyer and the interpreter are booked with few keys while somebody talks; returns the address."""
    reception.follow("حجز موعد لمراجع")
    before = reception.tabs
    reception.reach("#s")
    reception.page.keyboard.type("متابعة")
    reception.enter()
    reception.reach("button[name=start]")
    reception.enter()
    reception.reach("#name")
    reception.page.keyboard.type(NAME)
    reception.reach("#contact")
    reception.page.keyboard.type(NUMBER)
    reception.enter()
    keys = len("متابعة") + 3 + reception.tabs - before
    assert keys <= MOST_KEYS, keys
    reception.says("يُقرأ على المراجع", "مع: ", "جميل", NAME)
    return reception.page.url


def common_time(reception: ByKeyboard) -> None:
    """The lawyer for a case, and then for an association: one after the other, all or none."""
    reception.follow("حجز موعد آخر")
    reception.follow("عدة خدمات أو عدة أشخاص")
    reception.choose("#s1", "متابعة")
    reception.choose("#s2", "استشارة للجمعيات حول القوانين التركية")
    reception.choose("#gap", "ساعتان على الأكثر")
    reception.press("البحث عن أوقات")
    reception.says("أقرب الأوقات")
    reception.reach("button[name=start]")
    reception.enter()
    reception.type("#name1", NAME)
    reception.press("تأكيد")
    reception.says("يُقرأ على المراجع", "متابعة", "استشارة للجمعيات")


def moved_and_handed_over(planner: ByKeyboard, one: str) -> None:
    """Another time, after reading what it changes, and then another lawyer for the same."""
    planner.open(one)
    planner.follow("تغيير الوقت")
    planner.reach(planner.main.locator("button[name=start]").nth(1))
    planner.enter()
    planner.says("هل يُنقل هذا الموعد؟", "الوقت الحالي", "الوقت الجديد")
    planner.press("نقل الموعد")
    planner.says("نُقل الموعد إلى هذا الوقت")
    planner.follow("إسناد إلى غير")
    planner.press("إسناد المواعيد المختارة")
    planner.says("أُسند موعد واحد")


def organisation(planner: ByKeyboard, helper: ByKeyboard) -> None:
    """The bar association gets its link, books for a client, and everybody sees how many places it has left."""
    planner.open(HERE)
    planner.follow("جهات تحجز لغيرها")
    planner.says("نقابة المحامين", "حُجز 0 من 2")
    helper.open(path_of(planner, "a[href*='/helper?']"))
    helper.says("حجز مواعيد عبر نقابة المحامين")
    helper.follow("استشارة للجمعيات")
    booked_by_the_public(helper, name="سامر الحموي")


def guest(planner: ByKeyboard, invited: ByKeyboard) -> None:
    """A personal link for somebody whom the house wants to see."""
    planner.open(HERE)
    planner.follow("الدعوات")
    planner.type("#name", "رنا السالم")
    planner.press("إنشاء الدعوة")
    planner.says("رنا السالم")
    invited.open(path_of(planner, ".appointments-link a"))
    booked_by_the_public(invited, name="رنا السالم")
    planner.look_again()
    planner.says("حُجز")


def booked_by_the_public(one: ByKeyboard, name: str) -> None:
    """Through the public pages: a day, a time, who it is, and the confirmation."""
    one.reach("a[href*='/days']")
    one.enter()
    one.reach(one.main.locator("a[href*='via=']").nth(1))
    one.enter()
    one.reach("a[href*='Z?via=']")
    one.enter()
    one.type("#name", name)
    one.type("#contact", f"+90{NUMBER}")
    one.reach("form[method=post] button.button")
    one.enter()
    one.press("تأكيد")
    one.says("موعدك مؤكَّد")


def path_of(one: ByKeyboard, link: str) -> str:
    """The path of a link that names the house by its public address."""
    found = one.main.locator(link).first.get_attribute("href")
    assert found
    return "/" + found.split("/", 3)[3]
