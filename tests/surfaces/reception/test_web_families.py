"""Families at reception: joined and split on the page of a number, told on telephone and desk, and nothing typed is lost."""

from __future__ import annotations

from starlette.testclient import TestClient

from queue_system.core.tickets import TicketState
from queue_system.i18n import isolates
from queue_system.store.queries import line
from queue_system.store.queries.line import TicketView
from tests.kit.hall import Hall
from tests.kit.web_hall import Page, another, clerk, sign_in


def state_of(hall: Hall, ticket: TicketView) -> TicketState:
    return hall.db.read_now(line.ticket, hall.branch.id, ticket.id).state


def test_two_numbers_are_joined_called_and_told(here: tuple[TestClient, Hall]) -> None:
    client, hall = here
    mine, last, third = hall.issue().ticket, hall.issue().ticket, hall.issue().ticket
    sign_in(client, "rana")
    base = f"/reception/{hall.branch.slug}/tickets"
    page = Page(client.get(f"{base}/{mine.id}").text)
    assert "لا يتقدّم أحد بذلك" in page.text
    # Digits of either kind, in small letters: as people type.
    typed = f" {last.code[0].lower()}{last.code[1:].translate(str.maketrans('0123456789', '٠١٢٣٤٥٦٧٨٩'))} "
    answer = client.post(f"{base}/{mine.id}/joins", data={"number": typed})
    assert answer.status_code == 303, answer.text
    assert (state_of(hall, mine), state_of(hall, last)) == (TicketState.VOID, TicketState.WAITING)
    phone = Page(another(client).get(f"/t/{mine.token}").text)
    assert f"يُنادى رقمك مع الرقم {last.code}" in isolates.strip(phone.text)
    assert mine.code in Page(client.get(f"{base}/{last.id}").text).text
    layla = clerk(another(client), hall, "layla")
    layla.sit()
    layla.press("calls")
    called = another(client).get(f"/t/{mine.token}").text
    assert 'data-state="called"' in called
    assert f"يُنادى رقمك الآن مع الرقم {last.code}" in isolates.strip(Page(called).text)
    desk = layla.look().html
    assert f"{mine.code}" in desk.split('id="desk-family"')[1].split("</dd>")[0]
    assert third.code not in desk.split('id="desk-family"')[1].split("</dd>")[0]


def test_a_number_is_split_again_and_a_wrong_one_stays_in_the_field(here: tuple[TestClient, Hall]) -> None:
    client, hall = here
    mine, last = hall.issue().ticket, hall.issue().ticket
    sign_in(client, "rana")
    base = f"/reception/{hall.branch.slug}/tickets"
    refused = client.post(f"{base}/{mine.id}/joins", data={"number": "Z999"})
    assert refused.status_code == 409
    assert 'value="Z999"' in refused.text
    assert "لا أحد ينتظر بالرقم" in Page(refused.text).text
    client.post(f"{base}/{mine.id}/joins", data={"number": last.code})
    page = Page(client.get(f"{base}/{mine.id}").text)
    assert f"يُنادى على هذا الرقم مع الرقم {last.code}" in isolates.strip(page.text).replace("  ", " ")
    assert client.post(page.form("splits").action).status_code == 303
    assert state_of(hall, mine) is TicketState.WAITING
