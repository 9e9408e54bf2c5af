"""The desk by single keys in a real browser: in any layout, switched off, and where a key must not act."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from queue_system.core.tickets import TicketState
from queue_system.store.queries import line
from tests.kit.desk_in_browser import HallServer, open_now, press, state
from tests.kit.hall import set_rules

pytestmark = pytest.mark.browser


def test_a_visit_is_worked_with_single_keys(tab: Page, server: HallServer) -> None:
    set_rules(server.hall, recall_pause_s=0, no_show_after_calls=1, no_show_after_min=0)
    first, second, third = (server.hall.issue().ticket for _ in range(3))
    expect(tab.locator("tbody tr")).to_have_count(3)
    press(tab, "n")
    expect(tab.locator(".mine-ticket.is-called .code")).to_have_text(first.code)
    press(tab, "r")
    expect(tab.locator("#desk-said")).to_contain_text("مجددًا")
    press(tab, "s")
    expect(tab.locator(".mine-ticket.is-serving .code")).to_have_text(first.code)
    press(tab, "f")
    expect(tab.locator(".mine-ticket.is-free")).to_be_visible()
    press(tab, "n")
    press(tab, "x")
    expect(tab.locator("#missed-title")).to_be_visible()
    press(tab, "n")
    press(tab, "h")
    expect(tab.locator("#parked-title")).to_be_visible()
    assert [state(server, ticket.id) for ticket in (first, second, third)] == ["served", "no_show", "parked"]


def test_the_keys_work_in_an_arabic_layout(tab: Page, server: HallServer) -> None:
    code = server.hall.issue().ticket.code
    expect(tab.locator("tbody tr")).to_have_count(1)
    # The key N types ى in the Arabic layout; there the position of the key counts.
    for key, place, seen in (("ى", "KeyN", ".is-called"), ("س", "KeyS", ".is-serving")):
        tab.evaluate(
            "([key, code]) => document.body.dispatchEvent(new KeyboardEvent('keydown', {key, code, bubbles: true}))",
            [key, place],
        )
        expect(tab.locator(f"{seen} .code")).to_have_text(code)


def test_the_cap_decides_where_the_layout_is_latin(tab: Page, server: HallServer) -> None:
    server.hall.issue()
    expect(tab.locator("tbody tr")).to_have_count(1)
    # In the Dvorak layout the letter N is at the position of L.
    tab.evaluate("document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'n', code: 'KeyL', bubbles: true}))")
    expect(tab.locator(".mine-ticket.is-called")).to_be_visible()


def test_keys_are_off_in_fields_with_modifiers_and_when_switched_off(tab: Page, server: HallServer) -> None:
    server.hall.issue()
    expect(tab.locator("tbody tr")).to_have_count(1)
    tab.keyboard.press("Control+n")
    tab.evaluate("document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'n', code: 'KeyN', repeat: true}))")
    tab.locator("#keys-switch input").uncheck()
    tab.locator("#main").focus()
    tab.keyboard.press("n")
    expect(tab.locator("kbd").first).to_be_hidden()
    tab.reload()
    expect(tab.locator("#keys-switch input")).not_to_be_checked()
    tab.keyboard.press("n")
    assert [ticket.state for ticket in open_now(server)] == [TicketState.WAITING]
    tab.locator("#keys-switch input").check()
    press(tab, "n")
    expect(tab.locator(".mine-ticket.is-called")).to_be_visible()


def test_a_key_that_cannot_be_used_says_why(tab: Page, server: HallServer) -> None:
    tab.keyboard.press("f")
    expect(tab.locator("#desk-said")).to_have_text("غير متاح: لا مراجع أمامك.")
    tab.keyboard.press("n")
    expect(tab.locator("#desk-said")).to_have_text("غير متاح: لا أحد في الانتظار.")
    assert server.hall.db.read_now(line.open_tickets, server.hall.branch.id) == []


def test_without_the_keys_the_actions_are_a_few_steps_away_whatever_the_line(tab: Page, server: HallServer) -> None:
    for _ in range(20):
        server.hall.issue()
    expect(tab.locator("#desk-line tbody tr")).to_have_count(20)
    tab.locator("#keys-switch input").uncheck()
    tab.locator("#main").focus()
    tab.keyboard.press("Tab")
    expect(tab.locator("#skip-to-actions")).to_be_focused()
    expect(tab.locator("#skip-to-actions")).to_be_in_viewport()
    tab.keyboard.press("Enter")
    expect(tab.locator("#act-N")).to_be_focused()
    tab.keyboard.press("Enter")
    expect(tab.locator(".mine-ticket.is-called")).to_be_visible()


def test_a_reason_is_told_only_as_long_as_it_holds(tab: Page, server: HallServer) -> None:
    tab.keyboard.press("n")
    expect(tab.locator("#desk-said")).to_have_text("غير متاح: لا أحد في الانتظار.")
    server.hall.issue()
    expect(tab.locator("#desk-said")).to_contain_text("يمكن نداء التالي")
    tab.keyboard.press("f")
    expect(tab.locator("#desk-said")).to_have_text("غير متاح: لا مراجع أمامك.")
    # Another arrival changes nothing about that.
    server.hall.issue()
    expect(tab.locator("#desk-line tbody tr")).to_have_count(2)
    expect(tab.locator("#desk-said")).to_have_text("غير متاح: لا مراجع أمامك.")


def test_nothing_is_said_of_a_visitor_who_is_gone(tab: Page, server: HallServer) -> None:
    code = server.hall.issue().ticket.code
    expect(tab.locator("tbody tr")).to_have_count(1)
    other = tab.context.new_page()
    other.goto(tab.url)
    press(tab, "n")
    expect(tab.locator("#desk-said")).to_contain_text(code)
    expect(other.locator(".mine-ticket.is-called")).to_be_visible()
    press(other, "x")
    expect(tab.locator(".mine-ticket.is-free")).to_be_visible()
    expect(tab.locator("#desk-said")).to_have_text("لا مراجع أمامك ولا أحد في الانتظار.")


def test_who_stands_aside_is_in_sight_below_a_long_line(tab: Page, server: HallServer) -> None:
    held, missed = (server.hall.issue().ticket for _ in range(2))
    for _ in range(20):
        server.hall.issue()
    for ticket, key in ((held, "h"), (missed, "x")):
        press(tab, "n")
        expect(tab.locator(".mine-ticket .code")).to_have_text(ticket.code)
        press(tab, key)
        expect(tab.locator(".mine-ticket.is-free")).to_be_visible()
    expect(tab.locator("#parked-title")).not_to_be_in_viewport()
    tab.get_by_role("link", name="بانتظار الاستكمال: 1").click()
    expect(tab.locator("#parked-title")).to_be_in_viewport()
    tab.get_by_role("link", name="لم يحضروا: 1").click()
    expect(tab.locator(f"#return-{missed.id}")).to_be_in_viewport()


def test_a_transfer_by_keyboard_alone(tab: Page, server: HallServer) -> None:
    ticket = server.hall.issue().ticket
    expect(tab.locator("tbody tr")).to_have_count(1)
    press(tab, "n")
    expect(tab.locator(".mine-ticket.is-called")).to_be_visible()
    press(tab, "t")
    expect(tab.locator("#transfer-service")).to_be_focused()
    # Letters now choose in the list and are no actions.
    tab.keyboard.press("f")
    tab.locator("#transfer-service").select_option(str(server.hall.service("civil-extract")))
    # An update from the hall must not close a dialog that is being filled in.
    server.hall.issue()
    expect(tab.locator("#desk-line tbody tr")).to_have_count(1)
    expect(tab.locator("#transfer-service")).to_have_value(str(server.hall.service("civil-extract")))
    tab.keyboard.press("Tab")
    tab.keyboard.press("Enter")
    expect(tab.locator(".mine-ticket.is-free")).to_be_visible()
    expect(tab.locator("#transfer")).to_have_count(0)
    moved = server.hall.db.read_now(line.ticket, server.hall.branch.id, ticket.id)
    assert (moved.state, moved.service_id) == (TicketState.WAITING, server.hall.service("civil-extract"))
