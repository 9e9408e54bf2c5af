"""The dialog of the transfer in a real browser: a press that was refused loses nothing of what was chosen."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from queue_system.actions import counters
from queue_system.core.tickets import TicketState
from queue_system.store.queries import line
from tests.kit.desk_in_browser import HallServer, press

pytestmark = pytest.mark.browser


def test_a_transfer_to_a_counter_that_closes_meanwhile_can_be_mended(tab: Page, server: HallServer) -> None:
    hall = server.hall
    queue = hall.branch.services[hall.service("attest-single")].queue_id
    beside = next(one for one in hall.branch.counters.values() if one.slug != "c4" and queue in one.queues)
    service = str(
        next(one.id for one in hall.branch.services.values() if one.queue_id == queue and one.slug != "attest-single")
    )
    there = hall.sit(hall.person("nadia"), beside.slug)
    ticket = hall.issue().ticket
    expect(tab.locator("#desk-line tbody tr")).to_have_count(1)
    press(tab, "n")
    expect(tab.locator(".mine-ticket.is-called")).to_be_visible()
    press(tab, "t")
    tab.locator("#transfer-service").select_option(service)
    tab.locator("#transfer-whom").select_option(f"counter:{beside.id}")
    hall.db.write_in_now(hall.branch.id, counters.close_counter, there)
    expect(tab.locator(f"#counter-{beside.id}")).to_have_class("is-closed")
    # The page says that it is closed, and the press does not go to everybody instead.
    tab.locator("#transfer .button").first.click()
    reason = tab.locator("#transfer-refused")
    expect(reason).to_contain_text("مغلق الآن")
    assert hall.db.read_now(line.ticket, hall.branch.id, ticket.id).state is TicketState.CALLED
    expect(tab.locator("#transfer:popover-open #transfer-service")).to_be_focused()
    expect(tab.locator("#transfer-service")).to_have_value(service)
    expect(tab.locator("#transfer-whom")).to_have_value(f"counter:{beside.id}")
    # News from the hall leave it as it is.
    hall.issue()
    expect(tab.locator("#desk-line tbody tr")).to_have_count(1)
    expect(reason).to_be_visible()
    expect(tab.locator("#transfer-whom")).to_have_value(f"counter:{beside.id}")
    tab.locator("#transfer-whom").select_option("")
    expect(tab.locator("[data-busy], [data-settling]")).to_have_count(0)
    tab.locator("#transfer .button").first.click()
    expect(tab.locator(".mine-ticket.is-free")).to_be_visible()
    moved = hall.db.read_now(line.ticket, hall.branch.id, ticket.id)
    assert (moved.state, str(moved.service_id)) == (TicketState.WAITING, service)


def test_a_refused_transfer_can_be_given_up(tab: Page, server: HallServer) -> None:
    server.hall.issue()
    expect(tab.locator("#desk-line tbody tr")).to_have_count(1)
    press(tab, "n")
    expect(tab.locator(".mine-ticket.is-called")).to_be_visible()
    press(tab, "t")
    tab.locator("#transfer .button").first.click()
    expect(tab.locator("#transfer-refused")).to_contain_text("لم تُختر خدمة")
    tab.locator("#transfer a.button").click()
    expect(tab.locator("#transfer-refused")).to_have_count(0)
    expect(tab.locator("#desk [popover]:popover-open")).to_have_count(0)
    expect(tab.locator(".mine-ticket.is-called")).to_be_visible()
    press(tab, "t")
    expect(tab.locator("#transfer-service")).to_be_focused()
