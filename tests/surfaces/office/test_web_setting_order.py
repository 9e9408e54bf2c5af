"""Moving things up and down in the office: one press, both presses of two people, the way back."""

from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient

from tests.kit.hall import Hall
from tests.kit.people import add_role
from tests.kit.web_hall import sign_in
from tests.surfaces.office.test_web_editing import items_of, words

LIST = "/office/settings/doha-main/service"


@pytest.fixture
def client(here: tuple[TestClient, Hall]) -> TestClient:
    sign_in(here[0], "admin")
    return here[0]


def seen(client: TestClient, address: str = LIST) -> str:
    """The order that the page shows, as it sends it."""
    (order,) = re.findall(r'name="order" value="([^"]+)"', client.get(address).text)
    return str(order)


def press(client: TestClient, order: str, address: str = LIST, **button: str) -> str:
    answer = client.post(address, data={"order": order, **button})
    assert answer.status_code == 303, words(answer.text)
    return str(answer.headers["location"])


def test_one_press_moves_a_service_and_another_takes_it_back(client: TestClient, hall: Hall) -> None:
    before = seen(client)
    first, second, *rest = before.split()
    back = press(client, before, up=second)
    assert seen(client).split() == [second, first, *rest]
    page = client.get(back).text
    focused = re.findall(r"<button[^>]* autofocus>", page)
    assert [re.findall('name="([a-z]+)" value="([^"]+)"', one) for one in focused] == [[("down", second)]]
    (undo,) = re.findall(r'action="(/office/undo/[^"]+)"', page)
    shown = client.post(undo, data={"back": LIST}).text
    client.post(undo, data=items_of(shown, step="save"))
    assert seen(client) == before
    assert press(client, before, up=first).endswith("saved=nothing")


def test_visitors_see_services_in_the_new_order(client: TestClient) -> None:
    order = seen(client)
    one, other = re.findall(r'href="/book/doha-main/([^"/?]+)"', client.get("/book/doha-main").text)[:2]
    while order.split().index(other) > order.split().index(one):
        press(client, order, up=other)
        order = seen(client)
    after = re.findall(r'href="/book/doha-main/([^"/?]+)"', client.get("/book/doha-main").text)
    assert after[:2] == [other, one]


def test_two_people_who_move_the_same_list_at_one_time_decide_together(client: TestClient) -> None:
    order = seen(client)
    first, second, *_, last = order.split()
    press(client, order, up=second)
    answer = client.post(LIST, data={"order": order, "up": last})
    assert answer.status_code == 409
    assert seen(client).split()[:2] == [second, first]


def test_a_person_without_the_right_sees_no_buttons(client: TestClient, hall: Hall) -> None:
    queues = "/office/settings/doha-main/queue"
    order = seen(client, queues)
    hall.person("qays", ((hall.branch.id, add_role(hall, "only-queues", "edit_queues")),))
    sign_in(client, "qays")
    assert client.post(LIST, data={"order": order, "up": "q-attest"}).status_code == 403
    assert client.post(queues, data={"order": order, "up": "no-such"}).status_code == 404
    press(client, order, queues, down=order.split()[0])
    assert client.get("/office/settings/doha-main/counter").status_code == 403


def test_counters_stand_in_the_order_of_their_numbers(client: TestClient) -> None:
    assert 'name="order"' not in client.get("/office/settings/doha-main/counter").text
    assert client.post("/office/settings/doha-main/counter", data={"order": "c1 c2", "up": "c2"}).status_code == 403
