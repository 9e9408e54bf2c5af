"""The whole application as it is really run: the demonstration's own process, a real browser, one whole day."""

from __future__ import annotations

import io
import re
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, expect

from queue_system.clock import SystemClock
from queue_system.store.database import Database
from queue_system.store.log import verify
from tests.kit import demo_process
from tests.kit.demo_process import Demo
from tests.kit.whole_house import KIOSKS, NUMBER, OFFICE, PHONE, SCREENS, Tab, sign_in, tab

pytestmark = [pytest.mark.browser, pytest.mark.process, pytest.mark.slow, pytest.mark.timeout(300)]

BRANCH: Final = "/book/doha-main"
DEPARTMENT: Final = "details:has(#consular) > summary"
# A service for everybody that takes twenty-five minutes; its visitors are received at the first counter.
SERVICE: Final = "passport-lost"
COUNTER: Final = "c1"
# Times are 25 minutes apart, so with this margin a visitor never comes more than 30 minutes early.
A_WHILE: Final = timedelta(minutes=4)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    running = demo_process.start(tmp_path_factory.mktemp("demo"))
    yield running
    running.stop(signal.SIGKILL)


# ---------------------------------------------------------------- the day


def test_a_day_by_keyboard_alone(browser: Browser, demo: Demo) -> None:
    """In Arabic: book, check in, get the slip, be called, see the call on the screen, be served."""
    with (
        tab(browser, demo, PHONE) as phone,
        tab(browser, demo, KIOSKS[0]) as kiosk,
        tab(browser, demo, OFFICE) as paper,
        tab(browser, demo, SCREENS[0]) as screen,
        tab(browser, demo, OFFICE) as desk,
    ):
        screen.open("/demo/display")
        paper.open("/paper")
        papers = paper.page.locator("main img").count()
        sign_in(desk, "layla")
        desk.press(f"form[action$='/{COUNTER}/sitting'] button")
        desk.page.wait_for_url(f"**/{COUNTER}")

        code = book_by_keyboard(phone)
        ticket = check_in_by_keyboard(kiosk, code)
        kiosk.look("the number")

        expect(paper.page.locator("main img")).to_have_count(papers + 1)
        image = Image.open(
            io.BytesIO(demo.get(paper.page.locator("main img").first.get_attribute("src") or "").content)
        )
        link = next(found.text for found in zxingcpp.read_barcodes(image))
        assert link.startswith(f"{demo.address}/t/")
        paper.look("the slips")

        phone.page.goto(link)
        expect(phone.page.locator("#ticket")).to_have_attribute("data-state", "waiting")
        assert phone.text("#ticket .code") == ticket

        desk.page.keyboard.press("n")
        expect(desk.page.locator("#desk-mine .code").first).to_have_text(ticket)
        expect(screen.page.locator(".newest:not([hidden]) .code").first).to_have_text(ticket)
        expect(screen.page.locator(".newest:not([hidden]) .counter").first).to_contain_text("1")
        expect(phone.page.locator("#ticket")).to_have_attribute("data-state", "called")
        expect(phone.page.locator("#ticket .where-to")).to_contain_text("1")
        for one, name in ((screen, "the call"), (phone, "the telephone that is called"), (desk, "the desk")):
            one.look(name)

        desk.page.keyboard.press("s")
        expect(phone.page.locator("#ticket")).to_have_attribute("data-state", "serving")
        desk.page.keyboard.press("f")
        expect(phone.page.locator("#ticket")).to_have_attribute("data-state", "over")
        expect(desk.page.locator("#mine-free")).to_be_visible()

        for one in (phone, kiosk, paper, screen, desk):
            assert one.complaints == []
    database = Database(f"sqlite:///{demo.folder / 'queue.db'}", SystemClock())
    assert all(verdict.broken_at is None for verdict in database.read_now(verify))
    database.close()


def book_by_keyboard(phone: Tab) -> str:
    """Book the next free time of today that can still be reached; returns the booking's code."""
    phone.open("/")
    phone.look("the front page of the demonstration")
    phone.press(f"a[href='{BRANCH}']")
    phone.press(DEPARTMENT)
    phone.press(f"a[href='{BRANCH}/{SERVICE}']")
    phone.press(".buttons a.button")
    phone.press(".days a.choice")
    phone.press(phone.page.locator(f"a.time[href*='{next_time(phone)}']"))
    phone.type("#name", "سمر الحلبي")
    phone.type("#contact", "٥٥١٢ ٣٤٥٦")
    phone.page.keyboard.press("Enter")
    phone.press("form[action$=confirmation] button")
    expect(phone.page.locator(".panel h1")).to_be_visible()
    return phone.text(".ticket-card .code").replace(" ", "")


def next_time(phone: Tab) -> str:
    """The first time that is still bookable when the form is filled in; visitors may come half an hour before it."""
    phone.page.locator("a.time").first.wait_for()
    now = datetime.fromisoformat(phone.demo.get("/api/v1/branches/doha-main/queues").json()["at"])
    least = f"{(now + A_WHILE).astimezone(UTC):%Y%m%dT%H%MZ}"
    hrefs = [link.get_attribute("href") or "" for link in phone.page.locator("a.time").all()]
    times = [found[0] for href in hrefs if (found := re.search(r"\d{8}T\d{4}Z", href))]
    return next(time for time in times if time > least)


def check_in_by_keyboard(kiosk: Tab, code: str) -> str:
    """Type the booking's code as a scanner does; returns the number's code."""
    kiosk.open("/demo/kiosk")
    kiosk.press(".kiosk-card-appointment")
    kiosk.type("#code", code)
    kiosk.page.keyboard.press("Enter")
    kiosk.number_on_kiosk()
    return kiosk.text(NUMBER)


def test_the_day_without_scripts(browser: Browser, demo: Demo) -> None:
    """Booking, kiosk, ticket page and desk are complete without JavaScript."""
    with (
        tab(browser, demo, PHONE, scripts=False) as phone,
        tab(browser, demo, KIOSKS[1], scripts=False) as kiosk,
        tab(browser, demo, OFFICE, scripts=False) as desk,
    ):
        book(phone, "samar@example.org")
        assert phone.page.locator(".panel h1").count() == 1

        kiosk.open("/demo/kiosk")
        kiosk.click("a.kiosk-card[href*='/groups/']", 1)
        kiosk.click("a.kiosk-card[href*='/services/']")
        kiosk.submit("form.kiosk-take button.kiosk-card-main")
        token, ticket = kiosk.number_on_kiosk(), kiosk.text(NUMBER)
        assert kiosk.page.locator("meta[http-equiv=refresh]").count() == 1

        phone.open(f"/t/{token}")
        assert phone.text("#ticket .code") == ticket
        assert phone.page.locator("meta[http-equiv=refresh]").count() == 1

        sign_in(desk, "omar")
        counters = desk.page.locator("form[action$='/sitting']").count()
        seats = [
            desk.page.locator("form[action$='/sitting']").nth(at).get_attribute("action") for at in range(counters)
        ]
        for seat in seats:
            desk.open("/desk")
            desk.submit(f"form[action='{seat}'] button")
            if desk.page.locator("tr .code", has_text=ticket).count():
                break
            desk.submit("form[action$='/leaving'] button")
        else:
            raise AssertionError(f"no counter has {ticket} in its line: {seats}")
        desk.submit("form[action$='/calls'] button#act-N")
        assert desk.text("#desk-mine .code") == ticket
        phone.open(f"/t/{token}")
        assert phone.page.locator("#ticket").get_attribute("data-state") == "called"
        desk.submit("form[action$='/starts'] button")
        desk.submit("form[action$='/finishes'] button#act-F")
        assert desk.page.locator("#mine-free").count() == 1
        phone.open(f"/t/{token}")
        assert phone.page.locator("#ticket").get_attribute("data-state") == "over"
        for one in (phone, kiosk, desk):
            assert one.complaints == []


# ---------------------------------------------------------------- inside


def book(phone: Tab, contact: str) -> None:
    """From the front page to the confirmed appointment, by pressing visible links and buttons."""
    phone.open("/")
    phone.click(f"a[href='{BRANCH}']")
    phone.click(DEPARTMENT)
    phone.click(f"a[href='{BRANCH}/{SERVICE}']")
    phone.click(".buttons a.button")
    phone.click(".days a.choice", 1)
    phone.click("a.time", 1)
    phone.page.fill("#name", "سمر الحلبي")
    phone.page.fill("#contact", contact)
    phone.submit("main form button")
    phone.submit("form[action$=confirmation] button")
