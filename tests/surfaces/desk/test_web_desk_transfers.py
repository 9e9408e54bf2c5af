"""The list of where a visitor can be sent names what the action takes: each counter and person, and what it needs besides."""

from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient

from queue_system.store.queries import line
from tests.kit.hall import Hall
from tests.kit.web_hall import Clerk, Page, another, clerk


@pytest.fixture
def layla(here: tuple[TestClient, Hall]) -> Clerk:
    """A clerk at counter 4, with a visitor who was called."""
    found = clerk(*here, "layla")
    found.sit()
    here[1].issue()
    found.press("calls")
    return found


def options(page: Page) -> dict[str, tuple[str, bool]]:
    """What can be chosen as whom, by value, with its words and whether it is open."""
    (choice,) = re.findall(r'<select id="transfer-whom".*?</select>', page.html, re.DOTALL)
    found = re.findall(r'<option value="(\w+:[\w-]+)"( disabled)?>(.*?)</option>', choice, re.DOTALL)
    return {value: (Page(words).text, not shut) for value, shut, words in found}


def beside(hall: Hall, *, same: bool) -> str:
    """A counter that serves the visitor's queue, or one that does not."""
    queue = hall.branch.services[hall.service("attest-single")].queue_id
    return next(one.slug for one in hall.branch.counters.values() if one.slug != "c4" and (queue in one.queues) == same)


def test_every_open_counter_and_its_clerk_are_named_and_closed_ones_say_so(layla: Clerk, hall: Hall) -> None:
    near, far = beside(hall, same=True), beside(hall, same=False)
    assert 'id="transfer-whom"' not in layla.look().html, "there is nobody to choose"
    omar = clerk(another(layla.client), hall, "omar", near)
    omar.sit()
    after = options(layla.look())
    for value in (f"counter:{hall.counter(near)}", f"person:{omar.id}"):
        words, is_open = after[value]
        assert is_open
        assert "لخدمة من" not in words
    closed = {f"counter:{one}" for one in hall.branch.counters} - {f"counter:{hall.counter(near)}"}
    assert set(after) == {f"counter:{hall.counter(near)}", f"person:{omar.id}"} | closed - {
        f"counter:{hall.counter('c4')}"
    }
    assert all("مغلق" in words and not is_open for value, (words, is_open) in after.items() if value in closed)
    clerk(omar.client, hall, "omar", far).sit()
    there = options(layla.look())
    queues = [hall.branch.queues[one].names["ar"] for one in hall.branch.counter(far).queues]
    for value in (f"counter:{hall.counter(far)}", f"person:{omar.id}"):
        words, is_open = there[value]
        assert is_open
        assert "لخدمة من" in words
        assert queues[0] in words


def test_a_counter_of_another_queue_is_taken_with_a_service_of_its_own(layla: Clerk, hall: Hall) -> None:
    far = beside(hall, same=False)
    clerk(another(layla.client), hall, "omar", far).sit()
    whom = f"counter:{hall.counter(far)}"
    refused = layla.press("transfers", whom=whom)
    assert refused.status_code == 409
    assert "خدمة يقدّمها" in Page(refused.text).text
    own = next(one for one in hall.branch.services.values() if one.queue_id in hall.branch.counter(far).queues)
    assert layla.press("transfers", whom=whom, service=str(own.id)).status_code == 303
    (ticket,) = hall.db.read_now(line.open_tickets, hall.branch.id)
    assert (ticket.service_id, ticket.reserved_counter_id) == (own.id, hall.counter(far))


def test_whoever_has_a_break_is_named_with_it(layla: Clerk, hall: Hall) -> None:
    omar = clerk(another(layla.client), hall, "omar", beside(hall, same=True))
    omar.sit()
    omar.client.post(f"/counters/doha-main/{omar.counter}/breaks", data={"reason": "prayer", "minutes": "10"})
    words, is_open = options(layla.look())[f"person:{omar.id}"]
    assert is_open
    assert "صلاة" in words
