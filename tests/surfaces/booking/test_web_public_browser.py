"""Booking in a real browser on a narrow phone: axe on every page in both languages and themes, keyboard only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from pydantic import SecretStr

from queue_system.app import create_app
from queue_system.clock import FrozenClock
from queue_system.configuration import Configuration
from queue_system.store.database import Database
from tests.kit import axe
from tests.kit.hall import furnish
from tests.kit.looks import look, watched
from tests.kit.public_visitor import NAME
from tests.kit.served import served
from tests.kit.web_hall import furnished

pytestmark = pytest.mark.browser

# The focused element, if the quick exit is out of view or covers it; else None.
OUT_OF_SIGHT = """() => {
  const exit = document.querySelector("[data-exit]"), focused = document.activeElement;
  const way = exit.getBoundingClientRect(), here = focused.getBoundingClientRect();
  const inView = way.top >= 0 && way.bottom <= innerHeight;
  const apart = focused === exit || here.top >= way.bottom || here.bottom <= way.top
    || here.left >= way.right || here.right <= way.left;
  return inView && apart ? null : [focused.outerHTML, way.top, here.top];
}"""


@pytest.fixture
def site(sqlite_template: Path, tmp_path: Path, clock: FrozenClock) -> Iterator[str]:
    """The address of a server of its own, with the demonstration's panel on its front page."""
    url = furnished(sqlite_template, tmp_path, clock.now())
    demo: dict[str, object] = {
        "password": "demo-demo",
        "elsewhere": (),
        "sign_ins": [("layla", {"ar": "موظف الشباك", "en": "Counter officer"})],
        "devices": ["display", "kiosk"],
        "printer": object(),
    }
    with serving(url, tmp_path, clock, demo) as address:
        yield address


@contextmanager
def serving(url: str, folder: Path, clock: FrozenClock, demo: dict[str, object] | None = None) -> Iterator[str]:
    """The application on an installed database, at an address of its own."""
    app = create_app(Configuration(database_url=SecretStr(url), data_dir=folder), clock, demo=demo)
    with served(app) as address:
        yield address


@pytest.fixture
def exit_site(sqlite_url: str, tmp_path: Path, clock: FrozenClock) -> Iterator[str]:
    """The address of the days of a protected service: a long page with the quick exit."""
    database = Database(sqlite_url, clock)
    hall = furnish(database, "social-work", "bhc")
    service = next(one for one in hall.branch.services.values() if one.bookable)
    database.close()
    with serving(sqlite_url, tmp_path, clock) as address:
        yield f"{address}/book/bhc/{service.id}/days"


@pytest.mark.slow
@pytest.mark.parametrize("locale", ["ar-QA", "en-GB"])
def test_every_page_is_for_everybody_fits_a_narrow_phone_and_keeps_to_its_policy(
    browser: Browser, site: str, locale: str
) -> None:
    context = browser.new_context(locale=locale, viewport={"width": 320, "height": 640})
    axe.prepare(context)
    tab = context.new_page()
    complaints = watched(tab)
    seen: list[str] = []

    def at(name: str) -> None:
        look(tab, name, locale[:2], complaints)
        seen.append(name)

    walk(tab, site, at)
    assert len(seen) == 24


@pytest.mark.slow
def test_the_whole_way_without_scripts_in_a_browser(browser: Browser, site: str) -> None:
    context = browser.new_context(locale="ar-QA", java_script_enabled=False)
    tab = context.new_page()
    walk(tab, site, lambda name: None)
    assert tab.locator("h1").inner_text() == "عرض موعدي"
    context.close()


def test_an_appointment_is_booked_by_keyboard_alone(browser: Browser, site: str) -> None:
    context = browser.new_context(locale="ar-QA")
    tab = context.new_page()
    tab.goto(f"{site}/book/doha-main/passport-lost")
    press(tab, ".buttons a.button")
    tab.wait_for_url("**/days")
    press(tab, ".days a[href$='2026-11-24']")
    tab.wait_for_url("**/2026-11-24")
    press(tab, "a.time[href$='20261124T0530Z']")
    tab.wait_for_url("**/20261124T0530Z")
    press(tab, "main form button")
    tab.wait_for_selector(".error-summary")
    # The list of mistakes has the focus; its first link leads to the first field.
    assert tab.evaluate("document.activeElement.className") == "error-summary"
    tab.keyboard.press("Tab")
    tab.keyboard.press("Enter")
    assert tab.evaluate("document.activeElement.id") == "name"
    tab.keyboard.type(NAME)
    tab.keyboard.press("Tab")
    tab.keyboard.type("a@example.org")
    tab.keyboard.press("Enter")
    # A browser keeps the fragment of the form over the redirect.
    tab.wait_for_url("**/check*")
    press(tab, "form[action$=confirmation] button")
    tab.wait_for_selector(".panel")
    assert "موعدك مؤكَّد" in tab.locator("h1").inner_text()
    context.close()


def test_what_was_typed_goes_along_into_another_language(browser: Browser, site: str) -> None:
    context = browser.new_context(locale="ar-QA")
    tab = context.new_page()
    tab.goto(f"{site}/book/doha-main/passport-lost/2026-11-24/20261124T0530Z")
    tab.fill("#name", NAME)
    tab.fill("#contact", "nothing of the kind")
    tab.click("main form button")
    tab.wait_for_selector(".error-summary")
    tab.click(".languages a[lang=en]")
    tab.wait_for_selector("html[lang=en]")
    assert tab.input_value("#name") == NAME
    assert tab.input_value("#contact") == "nothing of the kind"
    # The form was only shown again: no time is held and no mistake is shown.
    assert tab.locator(".error-summary").count() == 0
    tab.fill("#contact", "a@example.org")
    tab.click(".languages a[lang=ar]")
    tab.wait_for_selector("html[lang=ar]")
    tab.click("main form button")
    tab.wait_for_url("**/check*")
    assert NAME in tab.locator("main").inner_text()
    context.close()


def test_the_way_out_stays_in_view_and_covers_nothing_that_has_the_focus(browser: Browser, exit_site: str) -> None:
    context = browser.new_context(locale="ar-QA", viewport={"width": 360, "height": 640})
    tab = context.new_page()
    tab.goto(exit_site)
    stops = 0
    for _ in range(60):
        tab.keyboard.press("Tab")
        if tab.evaluate("document.activeElement === document.body"):
            break
        stops += 1
        assert tab.evaluate(OUT_OF_SIGHT) is None
    assert tab.evaluate("scrollY") > 0
    assert 20 <= stops < 60
    # From the first element some browsers go to the last one, and some to the page itself.
    for _ in range(stops):
        tab.keyboard.press("Shift+Tab")
        assert tab.evaluate(OUT_OF_SIGHT) is None
    context.close()


def test_answers_stand_below_one_another_on_a_wide_screen(browser: Browser, site: str) -> None:
    context = browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 800})
    tab = context.new_page()
    tab.goto(f"{site}/book/doha-main/passport-lost/2026-11-24/20261124T0530Z")
    tab.fill("#name", NAME)
    tab.fill("#contact", "a@example.org")
    tab.locator("main form button").click()
    tab.wait_for_url("**/check*")
    edges = tab.evaluate("[...document.querySelectorAll('.summary dt + dd')].map(one => one.getBoundingClientRect().x)")
    assert len(edges) == 6
    assert len(set(edges)) == 1
    context.close()


def test_a_long_address_stays_within_a_narrow_phone(browser: Browser, site: str) -> None:
    context = browser.new_context(locale="ar-QA", viewport={"width": 320, "height": 640})
    tab = context.new_page()
    tab.goto(f"{site}/book/doha-main/passport-lost/2026-11-24/20261124T0530Z")
    tab.fill("#name", NAME)
    tab.fill("#contact", "a.very.long.name.of.somebody@consular-mail.example.org")
    tab.locator("main form button").click()
    tab.wait_for_url("**/check*")
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    context.close()


def test_a_long_list_narrows_as_one_types(browser: Browser, site: str) -> None:
    tab = browser.new_page(locale="ar-QA", viewport={"width": 390, "height": 844})
    tab.goto(f"{site}/book/doha-main")
    assert tab.locator("#services a.choice:visible").count() == 0
    tab.locator("#q").press_sequentially("ولاده")
    expect(tab.locator("#services a.choice")).to_have_count(1)
    expect(tab.locator("#services a.choice .name")).to_have_text("تسجيل واقعة ولادة")
    expect(tab.locator("#q")).to_be_focused()
    tab.fill("#q", "")
    expect(tab.locator("#services a.choice")).to_have_count(27)
    # The address of a department unfolds it.
    tab.goto(f"{site}/book/doha-main#legal")
    expect(tab.locator("#legal a.choice").first).to_be_visible()


def test_leaving_at_once_leaves_no_way_back_to_the_page(browser: Browser, exit_site: str) -> None:
    tab = browser.new_page()
    tab.route("https://www.wikipedia.org/**", lambda route: route.fulfill(body="elsewhere"))
    tab.goto("about:blank")
    tab.goto(exit_site.rsplit("/", 2)[0])
    tab.click("[data-exit]")
    tab.wait_for_url("https://www.wikipedia.org/")
    assert tab.go_back() is None or tab.url == "about:blank"


def walk(tab: Page, site: str, look: Callable[[str], None]) -> None:
    """Go through all pages once, from the front page to an appointment that was booked, moved and cancelled."""

    def at(name: str, path: str = "") -> None:
        if path:
            tab.goto(site + path)
        look(name)

    def click(name: str, target: str, place: int = 0) -> None:
        tab.locator(target).nth(place).click()
        look(name)

    at("front", "/")
    click("services", "a[href='/book/doha-main']")
    at("found", "/book/doha-main?q=وكاله")
    at("by number only", "/book/doha-main/passport-collect")
    at("by ballot", "/book/doha-main/passport-apply")
    at("service", "/book/doha-main/passport-lost")
    click("days", ".buttons a.button")
    click("times", ".days a.choice", 1)
    click("details", "a.time", 2)
    click("mistakes", "main form button")
    tab.fill("#name", NAME)
    tab.fill("#contact", "٥٥١٢ ٣٤٥٦")
    click("check", "main form button")
    click("confirmed", "form[action$=confirmation] button")
    click("other days", "a[href$='/change']")
    click("other times", ".days a.choice", 3)
    click("old and new", "a.time", 1)
    click("moved", "main form button")
    click("cancel", "a[href$='/cancellation']")
    click("cancelled", "main form button")
    for page in ("/contact", "/privacy", "/accessibility"):
        at(page, page)
    at("no such page", "/no-such-page")
    at("no such number", "/t/nobody")
    at("my booking", "/my-booking")


def press(tab: Page, target: str) -> None:
    """Reach an element with the Tab key and press Enter on it."""
    for _ in range(80):
        tab.keyboard.press("Tab")
        if tab.evaluate("target => document.activeElement.matches(target)", target):
            # The focused element is visible: it has a ring and nothing covers it.
            assert tab.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
            tab.keyboard.press("Enter")
            return
    raise AssertionError(f"the Tab key does not reach {target}")
