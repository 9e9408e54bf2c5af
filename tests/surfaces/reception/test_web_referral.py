"""Reception sends a visitor on: what may be chosen, what is asked before, and what the visitor takes along."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from queue_system.actions.tickets import TicketOrder, issue_ticket
from queue_system.clock import FrozenClock
from queue_system.store.log import SYSTEM
from queue_system.store.queries import line
from queue_system.store.queries.line import TicketView
from tests.kit.hall import Hall, enter, set_branch
from tests.kit.web_hall import Page, another, clerk, opened, sign_in


@pytest.fixture
def place(sqlite_url: str, tmp_path: Path, clock: FrozenClock) -> Iterator[tuple[TestClient, Hall]]:
    def people(hall: Hall) -> None:
        hall.person("salma", ((hall.branch.id, "case_worker"),))
        hall.person("rana", ((hall.branch.id, "receptionist"),))
        hall.person("dana", ((enter(hall.db, "hq").branch.id, "case_worker"),))

    with opened(sqlite_url, tmp_path, clock, "social-work", "nama", people) as found:
        sign_in(found[0], "salma", "en")
        yield found


def came(hall: Hall, service: str = "career") -> TicketView:
    order = TicketOrder(hall.branch.id, hall.service(service), "ar", "reception", SYSTEM)
    return hall.db.write_in_now(hall.branch.id, issue_ticket, order).ticket


def address(ticket: TicketView, branch: str = "nama") -> str:
    return f"/reception/{branch}/tickets/{ticket.id}/referral"


def send(client: TestClient, ticket: TicketView, to: str, service: str, **more: str) -> Page:
    """Press the button of the page that asks, and follow it to the page that says what was done."""
    page = Page(client.get(address(ticket), params={"to": to, "service": service}).text)
    [form] = [one for one in page.forms if one.action == address(ticket)]
    answer = client.post(form.action, data=form.values | more)
    return Page(client.get(answer.headers["location"]).text if answer.status_code == 303 else answer.text)


def test_a_case_worker_sends_a_visitor_on_with_a_number(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    ticket = came(hall)
    listed = Page(client.get(address(ticket)).text)
    assert f"{address(ticket)}?to=nama&amp;service=project-advice" in listed.html
    assert "service=career" not in listed.html.split("to=wifaq")[0]
    assert f'href="{address(ticket)}"' in client.get(f"/reception/nama/tickets/{ticket.id}").text
    done = send(client, ticket, "nama", "project-advice", **{"with": "number"})
    [given] = [one for one in hall.db.read_now(line.open_tickets, hall.branch.id) if one.id != ticket.id]
    assert given.code in done.text
    assert f"/reception/nama/tickets/{given.id}" in done.html
    # The visitor took the number in Arabic, so that is the language of the paper.
    assert 'class="referral-paper" lang="ar" dir="rtl"' in done.html
    assert hall.branch.service("project-advice").names["ar"] in done.text


def test_between_branches_consent_is_asked_and_what_is_passed_on_is_said(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    ticket = came(hall)
    asked = Page(client.get(address(ticket), params={"to": "hq", "service": "guide"}).text)
    assert "The other branch is told the number of this visit" in asked.text
    assert "No number can be given from here now" in asked.text
    refused = send(client, ticket, "hq", "guide", **{"with": "slip", "consent": ""})
    assert "needs the visitor" in refused.text
    assert 'name="consent"' in refused.html
    done = send(client, ticket, "hq", "guide", **{"with": "slip", "consent": "1"})
    assert "Referred" in done.text
    assert enter(hall.db, "hq").branch.names["ar"] in done.text
    assert ticket.code in done.html.split("referral-paper")[1]


def test_the_newest_of_several_slips_comes_first_and_a_number_replaces_a_slip(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    ticket = came(hall)
    send(client, ticket, "nama", "project-advice", **{"with": "slip"})
    send(client, ticket, "hq", "guide", **{"with": "slip", "consent": "1"})
    done = send(client, ticket, "nama", "project-advice", **{"with": "number"})
    [given] = [one for one in hall.db.read_now(line.open_tickets, hall.branch.id) if one.id != ticket.id]
    first, second = done.html.split('<article class="referral-slip">')[1:]
    assert given.code in first
    assert enter(hall.db, "hq").branch.names["ar"] in second


def test_the_slip_of_a_protected_service_names_neither_place_nor_service(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    ticket, aman = came(hall), enter(hall.db, "aman").branch
    done = send(client, ticket, "aman", "protection-intake", **{"with": "slip", "consent": "1"})
    paper = done.html.split("referral-paper")[1].split("</article>")[0]
    for names in (aman.names, aman.service("protection-intake").names, hall.branch.organisation.names):
        assert not any(name in paper for name in names.values())
    assert "/book/" not in paper
    assert "tell the visitor in person" in done.text


def test_the_number_of_a_referral_says_at_the_desk_where_the_visitor_comes_from(
    place: tuple[TestClient, Hall],
) -> None:
    client, hall = place
    hq = enter(hall.db, "hq")
    set_branch(hq, remote_tickets=True)
    ticket = came(hall)
    send(client, ticket, "hq", "guide", **{"with": "number", "consent": "1"})
    other = clerk(another(client), hq, "dana", "h1", "en")
    other.sit()
    other.press("calls")
    seen = other.look()
    [given] = hall.db.read_now(line.open_tickets, hq.branch.id)
    assert ticket.code in seen.html.split("Referred from")[1].split("</dd>")[0]
    assert hall.branch.service("career").names["en"] in seen.text
    assert address(given, "hq") in seen.html


def test_the_search_finds_services_and_branches(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    ticket = came(hall)
    found = client.get(address(ticket), params={"s": "speech"}).text
    assert "to=shafallah&amp;service=speech" in found
    assert "to=wifaq" not in found
    assert "No service matches." in client.get(address(ticket), params={"s": "submarine"}).text


def test_who_may_not_refer_sees_no_way_to_it(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    ticket, other = came(hall), another(client)
    sign_in(other, "rana", "en")
    assert address(ticket) not in other.get(f"/reception/nama/tickets/{ticket.id}").text
    assert other.get(address(ticket)).status_code == 403
    assert other.post(address(ticket), data={"to": "nama", "service": "project-advice"}).status_code == 403
    unknown = client.post(address(ticket), data={"to": "nowhere", "service": "career"})
    assert unknown.status_code == 404
    assert "Where to?" in unknown.text
