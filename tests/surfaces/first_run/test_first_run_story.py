"""The story of a head of section, in Chromium, on a telephone, in Arabic: from an empty database to yesterday's log."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from pydantic import SecretStr

from queue_system.actions import bookings
from queue_system.actions.bookings import HoldOrder
from queue_system.app import create_app
from queue_system.clock import ShiftedClock, SystemClock
from queue_system.configuration import Configuration
from queue_system.core.errors import Refused
from queue_system.core.first_link import first_link
from queue_system.store.database import Database
from queue_system.store.log import VISITOR
from queue_system.store.queries.bookings import free_days
from queue_system.store.queries.settings import branch_ids, branch_settings
from tests.conftest import SUNDAY_MORNING
from tests.kit.looks import fits
from tests.kit.served import served

pytestmark = [pytest.mark.browser, pytest.mark.soak]
PASSWORD = "ziyara-hadi'a-1447"
MANY = 200
DAY = SUNDAY_MORNING.date() + timedelta(days=7)
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def place(sqlite_url: str, tmp_path: Path) -> Iterator[tuple[str, str, Database]]:
    """The address of a server without an organisation, the link that it would print, and its database."""
    clock = ShiftedClock(SUNDAY_MORNING - SystemClock().now())
    app = create_app(Configuration(database_url=SecretStr(sqlite_url), data_dir=tmp_path), clock)
    token = first_link(app.state.installation.secret, clock.now())
    with served(app) as address:
        # Passkeys belong to a name, and not to a number.
        local = address.replace("127.0.0.1", "localhost")
        yield local, f"{local}/first-run/{token}", app.state.installation.database


def test_a_head_of_section_runs_a_hall(browser: Browser, place: tuple[str, str, Database]) -> None:
    address, link, database = place
    page = telephone(browser)
    founded(page, link)
    second_branch(page, address)
    clerk_with_passkey(browser, page, address)
    booked(database)
    closed_day(page, address)
    log_of_the_day(page, address)


def founded(page: Page, link: str) -> None:
    page.goto(link)
    page.get_by_role("link", name="العربية").click()
    page.select_option("#sample", "embassy/doha-main")
    page.select_option("#timezone", "Asia/Damascus")
    typed = {"name-ar": "سفارة الميدان", "branch-ar": "القسم", "person": "ليلى خوري", "login": "layla"}
    for name, text in (typed | {"password": PASSWORD, "again": PASSWORD}).items():
        page.fill(f"#{name}", text)
    page.keyboard.press("Enter")
    signed_in(page, "layla", "/office/first-steps")


def second_branch(page: Page, address: str) -> None:
    """A branch like the first, named in Arabic alone, whose hours in Ramadan are its own."""
    page.goto(f"{address}/office/new-branch")
    page.fill("#name_ar", "فرع المدينة")
    page.fill("#slug", "city")
    pressed(page, "إضافة الفرع")
    page.wait_for_url("**/office/branches?added=city")
    page.goto(f"{address}/office/branches/city")
    page.locator(".leaves").get_by_role("link", name="الدوام").click()
    page.get_by_role("link", name="تعديل الدوام").click()
    for field, hour in {"opens": "10:00", "closes": "13:00", "last_ticket": "12:30"}.items():
        page.fill(f"[name='hours.1.{field}']", hour)
    pressed(page, "معاينة")
    expect(page.locator("#main")).to_contain_text("دوام موسمي")
    pressed(page, "حفظ")
    expect(page.locator("#main")).to_contain_text("حُفظ التعديل")


def clerk_with_passkey(browser: Browser, page: Page, address: str) -> None:
    page.goto(f"{address}/office/invitations")
    page.fill("#name", "هدى الخطيب")
    page.fill("#login", "huda")
    page.select_option("#role", label="موظف الشباك")
    pressed(page, "إضافة وإنشاء الرابط")
    page.wait_for_url("**?said=invited")
    (invitation,) = re.findall(r"http://\S+/welcome/[\w-]+", page.locator("#main").inner_text())
    clerk = telephone(browser)
    chromium = clerk.context.new_cdp_session(clerk)
    chromium.send("WebAuthn.enable")
    chromium.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    clerk.goto(invitation)
    clerk.fill("#password", PASSWORD)
    clerk.fill("#again", PASSWORD)
    clerk.keyboard.press("Enter")
    signed_in(clerk, "huda", "/desk")
    clerk.goto(f"{address}/account/sign-in")
    clerk.get_by_role("button", name="إضافة مفتاح مرور").click()
    clerk.wait_for_url("**/recovery-codes**")
    clerk.goto(f"{address}/account")
    clerk.get_by_role("button", name="تسجيل الخروج").click()
    clerk.wait_for_url("**/sign-in**")
    clerk.goto(f"{address}/sign-in")
    clerk.get_by_role("button", name="الدخول بمفتاح مرور").click()
    clerk.wait_for_url("**/desk**")


def booked(database: Database) -> None:
    """Visitors take MANY appointments on DAY, as far as each service goes."""
    branch = database.read_now(branch_settings, database.read_now(branch_ids)["main"])
    left = MANY
    for service in branch.services.values():
        for slot in [slot for on in database.read_now(free_days, branch, service, DAY, DAY) for slot in on.slots]:
            contact = f"+9639{left:08}"
            order = HoldOrder(branch.id, service.id, slot.start, "سلمى الحسن", contact, "ar", VISITOR)
            try:
                held = database.write_in_now(branch.id, bookings.hold_slot, order)
            except Refused:
                continue
            database.write_in_now(branch.id, bookings.confirm_booking, branch.id, held.id, VISITOR)
            left -= 1
            if not left:
                return
    pytest.fail(f"no time for {left} of the appointments")


def closed_day(page: Page, address: str) -> None:
    page.goto(f"{address}/office/closing/main")
    page.fill("#first", f"{DAY}")
    page.fill("[name='names.ar']", "صيانة المبنى")
    pressed(page, "معاينة")
    expect(page.locator("#main")).to_contain_text(f"{MANY} موعد يتأثر")
    pressed(page, "حفظ")
    expect(page.locator("#main")).to_contain_text("بانتظار قرار")


def log_of_the_day(page: Page, address: str) -> None:
    """Today stands for yesterday: both are one press away, and have the same paper."""
    page.goto(f"{address}/office/audit")
    page.locator(".leaves").get_by_role("link", name="أمس").click()
    expect(page.locator("#main")).to_contain_text("لا توجد مدخلات")
    page.locator(".leaves").get_by_role("link", name="اليوم").click()
    page.get_by_role("link", name="صفحة للطباعة").click()
    expect(page.locator("#main")).to_contain_text("عدد المدخلات")
    assert page.locator("tbody tr").count() > 3 * MANY
    assert fits(page)


def telephone(browser: Browser) -> Page:
    return browser.new_context(viewport={"width": 390, "height": 844}, locale="ar").new_page()


def signed_in(page: Page, login: str, leads_to: str) -> None:
    page.wait_for_url("**/sign-in**")
    page.fill("#login", login)
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    # Not the address of the sign-in, which names the path behind a question mark.
    page.wait_for_url(re.compile(rf"^[^?]*{re.escape(leads_to)}"))


def pressed(page: Page, name: str) -> None:
    assert fits(page)
    page.get_by_role("button", name=name, exact=True).click()
