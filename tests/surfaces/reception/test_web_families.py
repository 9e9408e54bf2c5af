"""Families at reception: joined and split on the page of a number, told on telephone and desk, and nothing typed is lost."""

from __future__ import annotations

from httpx2 import Response
from starlette.testclient import TestClient

from queue_system.core.tickets import TicketState
from queue_system.i18n import isolates
from queue_system.store.queries import line
from queue_system.store.queries.line import TicketView
from tests.kit.hall import Hall
from tests.kit.web_hall import Clerk, Page, another, clerk, sign_in


def state_of(hall: Hall, ticket: TicketView) -> TicketState:
    return hall.db.read_now(line.ticket, hall.branch.id, ticket.id).state


def joined(clerk: Clerk, **typed: str) -> Response:
    """The answer to the form of the desk."""
    return clerk.client.post(f"/counters/{clerk.hall.branch.slug}/{clerk.counter}/joins", data=typed)


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


def test_a_clerk_joins_and_splits_at_the_desk_and_a_wrong_number_stays_in_its_field(
    here: tuple[TestClient, Hall],
) -> None:
    client, hall = here
    mine, last = hall.issue().ticket, hall.issue().ticket
    layla = clerk(client, hall, "layla")
    layla.sit()
    refused = joined(layla, number=mine.code, other="z99")
    assert refused.status_code == 409
    assert {f'value="{mine.code}"', 'value="z99"'} <= set(refused.text.split())
    assert "لا أحد ينتظر بالرقم Z99" in isolates.strip(Page(refused.text).text)
    joined(layla, number=mine.code, other=last.code.lower())
    assert (state_of(hall, mine), state_of(hall, last)) == (TicketState.VOID, TicketState.WAITING)
    assert f"{mine.code} يُنادى مع {last.code}" in isolates.strip(layla.look().text)
    layla.press("splits", ticket=str(mine.id))
    assert state_of(hall, mine) is TicketState.WAITING
    assert "desk-splits" not in layla.look().html


def test_a_number_of_a_queue_that_is_not_called_here_is_not_joined_here(here: tuple[TestClient, Hall]) -> None:
    client, hall = here
    layla = clerk(client, hall, "layla")
    layla.sit()
    own = hall.branch.counters[hall.counter("c4")].queues
    far = next(one for one in hall.branch.services.values() if one.walk_in and one.queue_id not in own)
    pair = [hall.issue(far.slug).ticket for _ in range(2)]
    refused = joined(layla, number=pair[0].code, other=pair[1].code)
    assert refused.status_code == 409
    assert {state_of(hall, one) for one in pair} == {TicketState.WAITING}
