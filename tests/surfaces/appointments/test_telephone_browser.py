"""The book in Chromium on a telephone, in Arabic: every page is in reach, answers, and cuts no letter off."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.kit.by_keyboard import ByKeyboard
from tests.kit.hall import Hall
from tests.kit.office_in_browser import office

pytestmark = pytest.mark.browser

HERE = "/appointments/doha-main"
# How many rows the steps between days take.
ROWS = """() => new Set(
    [...document.querySelectorAll(".appointments-days .buttons a")].map(one => one.getBoundingClientRect().top)
).size"""
# What a table hides beyond its edge.
BEYOND = """() => [...document.querySelectorAll(".table-scroll")].flatMap(region => {
    const { left, right } = region.getBoundingClientRect();
    return [...region.querySelectorAll("td, tbody th")].filter(one => {
        const cell = one.getBoundingClientRect();
        return cell.left < left - 1 || cell.right > right + 1;
    }).map(one => one.textContent.trim());
})"""
# Whether a list gives the marks below the letters of its option less room than they need.
CUTS_OFF = """list => {
    const style = getComputedStyle(list), measure = document.createElement("canvas").getContext("2d");
    measure.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
    const text = measure.measureText(list.selectedOptions[0].text.trim());
    const between = parseFloat(style.lineHeight) - text.fontBoundingBoxAscent - text.fontBoundingBoxDescent;
    // Half a pixel is the edge of a letter, and nobody sees it missing.
    return text.actualBoundingBoxDescent > text.fontBoundingBoxDescent + between / 2 + 0.5;
}"""


@pytest.fixture
def reception(browser: Browser, sqlite_template: Path, tmp_path: Path) -> Iterator[tuple[ByKeyboard, Hall]]:
    """The embassy's reception in the book of a day, at a telephone."""
    with office(sqlite_template, tmp_path) as (address, hall):
        rana = ByKeyboard(browser, address)
        rana.sign_in("rana", HERE)
        yield rana, hall
        rana.leave()


def test_a_day_a_week_and_the_paper_lead_to_each_other(reception: tuple[ByKeyboard, Hall]) -> None:
    rana, _ = reception
    rana.open(f"{HERE}/new?service=complaint")
    rana.reach("button[name=start]")
    rana.enter()
    rana.press("تأكيد الموعد")
    rana.follow("إلى المواعيد")
    # The days are beside each other, so that the appointments begin on the first screen.
    assert rana.page.evaluate(ROWS) == 1
    rana.follow("طباعة اليوم")
    # Each box has its words above it there, and paper has a table all the same.
    box = rana.page.locator(".day-sheet td[data-label]").first
    assert box.evaluate("one => getComputedStyle(one, '::before').content") == '"حضر"'
    assert box.evaluate("one => getComputedStyle(one.parentElement).display") == "grid"
    rana.page.emulate_media(media="print")
    assert box.evaluate("one => getComputedStyle(one.parentElement).display") == "table-row"
    rana.page.emulate_media(media="screen")
    rana.open(HERE)
    rana.follow("الأسبوع")
    assert rana.page.evaluate(ROWS) == 1
    rana.follow("اليوم", exact=True)
    expect(rana.page.locator("#day-title")).to_be_visible()


def test_a_list_shows_its_letters_whole(reception: tuple[ByKeyboard, Hall]) -> None:
    rana, _ = reception
    rana.open(f"{HERE}/common")
    for one in rana.main.locator("select").all():
        one.evaluate("list => list.add(new Option('أي متاح', 'x', true, true))")
        assert not one.evaluate(CUTS_OFF), one.get_attribute("id")


def test_a_move_is_answered(reception: tuple[ByKeyboard, Hall]) -> None:
    rana, _ = reception
    rana.open(f"{HERE}/new?service=complaint")
    rana.reach("button[name=start]")
    rana.enter()
    rana.press("تأكيد الموعد")
    rana.follow("تغيير الوقت")
    rana.reach("button[name=start]")
    rana.enter()
    rana.reach("form[action$='/time'] .button")
    rana.enter()
    rana.says("نُقل الموعد إلى هذا الوقت")


def test_reception_has_its_states_and_buttons_on_the_screen(reception: tuple[ByKeyboard, Hall]) -> None:
    rana, hall = reception
    hall.issue("birth")
    rana.open(f"{HERE}/new?service=complaint")
    rana.reach("button[name=start]")
    rana.enter()
    rana.press("تأكيد الموعد")
    rana.open("/reception/doha-main")
    assert rana.page.evaluate(BEYOND) == []
    appointment, waiting = (rana.page.get_by_role("table", name=one) for one in ("مواعيد اليوم", "في الانتظار"))
    # A row that is laid out as a card is a row of a table all the same.
    expect(appointment.get_by_role("columnheader", name="الحالة")).to_have_count(1)
    expect(appointment.get_by_role("cell", name="مؤكَّد")).to_be_in_viewport(ratio=1)
    expect(waiting.get_by_role("row")).to_have_count(2)
    rana.press("تسجيل الوصول")
