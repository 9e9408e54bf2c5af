"""A week at the family centre, in Chromium, on a telephone, in Arabic, by keyboard: from a series to the printed day."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from queue_system.app import create_app
from queue_system.clock import FrozenClock
from queue_system.configuration import read_configuration
from queue_system.settings.edits import Edit
from queue_system.store.database import Database
from tests.kit.by_keyboard import ByKeyboard
from tests.kit.hall import Hall, enter, furnish
from tests.kit.legal_aid import save
from tests.kit.people import add_role
from tests.kit.served import served

pytestmark = [pytest.mark.browser, pytest.mark.slow]

HERE, VISITS = "/appointments/wifaq", "/appointments/ehsan"
TODAY, TUESDAY = "2026-11-22", "2026-11-24"
SHE, HE = "WQ-2026/114", "WQ-2026/115"
# What a case worker of the profile may do, and what her manager may do besides.
WORK = ("call_next", "schedule_follow_up", "set_safe_contact", "attendance", "be_booked_as_resource")
LEAD = ("rosters", "keep_apart", "reschedule_bulk", "cancel_bookings", "see_contacts", "grant_roles")


@pytest.mark.parametrize("scripts", [True, pytest.param(False, marks=pytest.mark.soak)])
def test_a_week_at_the_family_centre(
    browser: Browser, sqlite_url: str, tmp_path: Path, clock: FrozenClock, scripts: bool
) -> None:
    database = Database(sqlite_url, clock)
    centre = with_people(furnish(database, "social-work", "wifaq"), ("amal", "أمل"), ("nadia", "نادية"), any_of=True)
    homes = with_people(enter(database, "ehsan"), ("huda", "هدى"), ("rami", "رامي"), any_of=False)
    centre.person("salma", ((centre.branch.id, add_role(centre, "worker", *WORK)),))
    lead = add_role(centre, "lead", *WORK, *LEAD)
    centre.person("dana", ((centre.branch.id, lead), (homes.branch.id, lead)))
    database.close()
    app = create_app(read_configuration({}, database_url=sqlite_url, data_dir=tmp_path), clock)
    with served(app) as address:
        manager = ByKeyboard(browser, address, scripts=scripts)
        manager.sign_in("dana", HERE)
        kept_apart(manager)
        worker = ByKeyboard(browser, address, scripts=scripts)
        worker.sign_in("salma", HERE)
        therapy(worker)
        by_telephone(worker)
        mediation(worker)
        week(worker)
        ill(manager)
        home_visit(manager)
        end_of_the_day(worker)
        for one in (worker, manager):
            one.leave()


def with_people(hall: Hall, *people: tuple[str, str], any_of: bool) -> Hall:
    """The hall with these members: any of them is a counsellor, or a home visit takes them all."""
    edits = [
        Edit("resource", slug, None, {"names": {"ar": name, "en": slug}, "kind": "person"}) for slug, name in people
    ]
    wanted = [slug for slug, _ in people]
    if any_of:
        group = {"names": {"ar": "المرشدات", "en": "Counsellors"}, "kind": "group", "any_of": wanted}
        edits.append(Edit("resource", "counsellors", None, group))
        wanted = ["counsellors"]
    for slug in ("family-counsel", "phone-counsel") if any_of else ("home-visit",):
        known = hall.branch.service(slug)
        before = [hall.branch.resources[one].slug for one in known.resources]
        edits.append(Edit("service", slug, {"needs": before}, {"needs": wanted}))
    return save(hall, *edits)


def kept_apart(lead: ByKeyboard) -> None:
    """A court says that two people do not meet; the list has no names."""
    lead.follow("من يجب ألا يلتقوا")
    lead.says("لا أحد في القائمة")
    lead.type("#one", SHE)
    lead.type("#other", HE)
    lead.choose("#reason", "قرار محكمة")
    lead.press("فصل")
    lead.says("سُجّل الفصل بينهما")
    assert SHE not in lead.main.inner_text()


def therapy(worker: ByKeyboard) -> None:
    """Every week at the same time with the same counsellor, and letters that name neither house nor service."""
    choose_service(worker, "استشارة أسرية", which=1)
    worker.type("#name", "WQ-2026/310")
    worker.type("#contact", "55512345")
    worker.choose("#way", "رسائل محايدة لا تذكر الجهة ولا الخدمة")
    worker.press("تكرار الموعد")
    worker.type("#dates", "4")
    worker.press("عرض المواعيد")
    worker.says("كل أسبوع يوم", "4")
    worker.press("تأكيد كل المواعيد")
    worker.says("سلسلة مواعيد", "WQ-2026/310")
    assert worker.main.locator(".series-dates > li").count() == 4


def by_telephone(worker: ByKeyboard) -> None:
    worker.open(HERE)
    choose_service(worker, "استشارة هاتفية")
    worker.type("#name", "أم كريم")
    worker.type("#contact", "66612345")
    worker.choose("#way", "دون أي تواصل")
    worker.press("تأكيد الموعد")
    worker.says("يجري الموعد بالهاتف", "دون أي تواصل")


def mediation(worker: ByKeyboard) -> None:
    """Two parties of one session; another one, who must not meet the first, gets no time on her day."""
    worker.open(f"{HERE}/new?service=mediation&from={TUESDAY}")
    first_time(worker)
    worker.type("#name", SHE)
    worker.press("تأكيد الموعد")
    worker.says("أطراف دون أسماء")
    worker.type("#other-1-name", "WQ-2026/200")
    worker.press("تأكيد الموعد")
    worker.says("WQ-2026/200 – الطرف الآخر")
    worker.open(f"{HERE}/new?service=child-contact&from={TUESDAY}")
    first_time(worker)
    worker.type("#name", HE)
    worker.tick("input[name=later]")
    worker.press("تأكيد الموعد")
    worker.says("اختيار وقت آخر")


def week(worker: ByKeyboard) -> None:
    worker.open(HERE)
    worker.follow("الأسبوع")
    worker.says("سبعة أيام", "استشارة أسرية فردية", "جلسة إصلاح بين الزوجين")


def ill(lead: ByKeyboard) -> None:
    """A counsellor is ill today: what becomes of each appointment is proposed, and then some are called."""
    lead.open(HERE)
    lead.follow("غياب موظف أو تعطّل غرفة")
    lead.choose("#member", "أمل")
    lead.press("عرض المواعيد المتأثرة")
    lead.says("موعد واحد متأثر")
    lead.press("تسجيل الغياب")
    lead.says("سُجّل الغياب")
    lead.follow("إلى المواعيد")
    lead.follow("قائمة الاتصال")
    lead.says("استشارة أسرية فردية")


def home_visit(lead: ByKeyboard) -> None:
    """Two people go, in driving order, with the time by which they are back; others ask for the address."""
    lead.open(f"{VISITS}/new?service=home-visit&from={TUESDAY}")
    first_time(lead)
    lead.type("#name", "أبو سالم")
    lead.type("#contact", "77712345")
    lead.type("#address", "شارع الياقوت 7")
    lead.press("تأكيد الموعد")
    lead.says("نأتي إليك", "عنوان الزيارة مدوَّن", "هدى", "رامي")
    lead.open(f"{VISITS}?day={TUESDAY}")
    lead.follow("الزيارات المنزلية")
    lead.says("زيارة منزلية", "العودة متوقعة")
    assert "شارع الياقوت 7" not in lead.main.inner_text()
    lead.press("عرض العنوان")
    lead.says("شارع الياقوت 7")


def end_of_the_day(worker: ByKeyboard) -> None:
    """Who came is noted for many at once; the paper has neither names of what is nobody's business, nor numbers."""
    worker.open(HERE)
    worker.follow("إثبات الحضور")
    worker.choose("select", "حضر")
    worker.press("حفظ")
    worker.says("أُثبت واحد")
    worker.follow("إلى المواعيد")
    worker.follow("طباعة اليوم")
    paper = worker.page.locator("body").inner_text()
    assert "نادية" in paper
    assert "66612345" not in paper
    assert "أم كريم" not in paper


def choose_service(worker: ByKeyboard, words: str, which: int = 0) -> None:
    worker.follow("حجز موعد لمراجع")
    worker.type("#s", words)
    worker.enter()
    worker.reach(worker.main.locator("button[name=start]").nth(which))
    worker.enter()


def first_time(one: ByKeyboard) -> None:
    one.reach("button[name=start]")
    one.enter()
