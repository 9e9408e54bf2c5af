"""Calling again at the desk: the button rests, says so, works again by itself, and gives way to "not here"."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from starlette.testclient import TestClient

from queue_system.clock import FrozenClock
from queue_system.i18n import isolates
from tests.kit.desk_in_browser import HallServer, press
from tests.kit.hall import Hall, set_rules
from tests.kit.web_hall import Clerk, clerk
from tests.kit.web_hall import Page as Read


@pytest.fixture
def layla(here: tuple[TestClient, Hall]) -> Clerk:
    """A clerk who sits at counter 4."""
    found = clerk(*here, "layla")
    found.sit()
    return found


def button(page: Read, key: str) -> str:
    """The start tag of the action with this key."""
    before, _, after = page.html.partition(f'id="act-{key}"')
    return before.rpartition("<button")[2] + after.partition(">")[0]


def test_a_press_too_soon_says_how_long_and_loses_nothing(layla: Clerk, hall: Hall, clock: FrozenClock) -> None:
    ticket = hall.issue().ticket
    layla.press("calls")
    page = layla.look()
    assert 'aria-disabled="true"' in button(page, "R")
    assert "يمكن النداء مجددًا من الساعة 10:00:15" in page.text
    clock.move(timedelta(seconds=5))
    refused = layla.press("recalls")
    assert refused.status_code == 409
    assert f"نودي الرقم {ticket.code} قبل لحظات" in isolates.strip(Read(refused.text).text)
    assert "عددها: 10" in isolates.strip(Read(refused.text).text)
    clock.move(timedelta(seconds=10))
    assert "aria-disabled" not in button(layla.look(), "R")
    assert layla.press("recalls").status_code == 303


def test_after_the_last_call_not_here_is_the_main_button(layla: Clerk, hall: Hall, clock: FrozenClock) -> None:
    set_rules(hall, recall_limit=2)
    hall.issue()
    layla.press("calls")
    assert "button-secondary" not in button(layla.look(), "S")
    clock.move(timedelta(seconds=15))
    layla.press("recalls")
    page = layla.look()
    assert "button-secondary" not in button(page, "X")
    assert "button-secondary" in button(page, "S")
    assert "aria-disabled" not in button(page, "S")
    assert "نودي ما يكفي من المرات" in page.text
    clock.move(timedelta(minutes=1))
    assert layla.press("recalls").status_code == 409


def test_calling_again_does_not_lengthen_the_wait_that_the_call_ended(
    layla: Clerk, hall: Hall, clock: FrozenClock
) -> None:
    hall.issue()
    clock.move(timedelta(minutes=3))
    layla.press("calls")
    clock.move(timedelta(minutes=4))
    layla.press("recalls")
    shown = isolates.strip(layla.look().text)
    assert "مدة الانتظار: 3 دقائق" in shown
    assert "ومدة الانتظار 3 دقائق" in shown
    assert "7 دقائق" not in shown


@pytest.mark.browser
def test_the_button_works_again_by_itself(tab: Page, server: HallServer) -> None:
    set_rules(server.hall, recall_pause_s=300)
    server.hall.issue()
    expect(tab.locator("tbody tr")).to_have_count(1)
    press(tab, "n")
    again = tab.locator("#act-R")
    expect(again).to_have_attribute("aria-disabled", "true")
    place = again.bounding_box()
    press(tab, "r")
    expect(tab.locator("#desk-said")).to_contain_text("قبل لحظات")
    tab.evaluate("document.querySelector('.act-from').dataset.from = new Date(0).toISOString()")
    expect(again).not_to_have_attribute("aria-disabled", "true")
    expect(tab.locator(".act-from")).to_have_count(0)
    expect(tab.locator("#desk-said")).not_to_contain_text("قبل لحظات")
    assert again.bounding_box() == place, "nothing moves when the button works again"
