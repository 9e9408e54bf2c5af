"""The two presses of a silent emergency call in a real browser: news leave the question alone, and time ends it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from queue_system.store.queries.alarms import open_alarms
from tests.kit.desk_in_browser import HallServer, press
from tests.kit.waiting import until

pytestmark = pytest.mark.browser


def test_the_question_stays_while_the_hall_goes_on_and_ends_by_itself(tab: Page, server: HallServer) -> None:
    tab.clock.install()
    tab.reload()
    press(tab, "q")
    expect(tab.locator("#act-Q-sure")).to_be_visible()
    server.hall.issue()
    expect(tab.locator("#desk-line tbody tr")).to_have_count(1)
    expect(tab.locator("#act-Q-sure")).to_be_visible()
    tab.locator("#act-Q-sure").focus()
    tab.clock.run_for(25_000)
    expect(tab.locator("#act-Q-sure")).to_be_visible()
    tab.clock.run_for(7_000)
    expect(tab.locator("#act-Q-sure")).to_have_count(0)
    expect(tab.locator("#act-Q")).to_be_focused()
    # The next press asks again, and one after it calls.
    press(tab, "q")
    expect(tab.locator("#act-Q-sure")).to_be_visible()
    assert server.hall.db.read_now(open_alarms, server.hall.branch.id) == []
    tab.keyboard.press("q")
    until(lambda: len(server.hall.db.read_now(open_alarms, server.hall.branch.id)) == 1)


def test_help_is_called_from_within_a_dialog_and_a_text_field_takes_the_letter(tab: Page, server: HallServer) -> None:
    ticket = server.hall.issue().ticket
    expect(tab.locator("#desk-line tbody tr")).to_have_count(1)
    press(tab, "n")
    expect(tab.locator(".mine-ticket.is-called")).to_be_visible()
    tab.locator(f"#note-{ticket.id} summary").click()
    note = tab.locator(f"#note-text-{ticket.id}")
    note.click()
    press(tab, "q")
    expect(note).to_have_value("q")
    tab.locator("#mine-title").click()
    press(tab, "t")
    # The list of the services has the focus, and other letters choose in it.
    expect(tab.locator("#transfer-service")).to_be_focused()
    press(tab, "h")
    expect(tab.locator("#transfer:popover-open")).to_be_visible()
    press(tab, "q")
    expect(tab.locator("#act-Q-sure")).to_be_visible()
    assert server.hall.db.read_now(open_alarms, server.hall.branch.id) == []
    press(tab, "q")
    until(lambda: len(server.hall.db.read_now(open_alarms, server.hall.branch.id)) == 1)
    expect(tab.locator(".mine-ticket.is-called")).to_be_visible()
