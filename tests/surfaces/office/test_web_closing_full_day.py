"""A day with two hundred appointments is closed in the browser: one choice for all of them, and some by themselves."""

from __future__ import annotations

import re
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient
from uuid_utils.compat import uuid7

from queue_system.clock import FrozenClock
from queue_system.store.database import Tx
from queue_system.store.queries.bookings import free_days
from queue_system.store.queries.settings import branch_settings
from queue_system.store.tables import Booking, Queue, table
from tests.kit.editing_flow import inputs, send, through
from tests.kit.hall import Hall, edit
from tests.kit.web_hall import another, sign_in

CLOSING = "/office/closing/doha-main"
MANY = 200


@pytest.fixture
def client(here: tuple[TestClient, Hall]) -> TestClient:
    sign_in(here[0], "admin")
    return here[0]


@pytest.fixture
def form(client: TestClient, hall: Hall, clock: FrozenClock) -> list[tuple[str, str]]:
    """What closes the day on which the appointments are."""
    day = clock.now().date() + timedelta(days=2)
    queue = table(Queue)
    wide = sa.update(queue).where(queue.c.branch_id == hall.branch.id).values(lanes=20, public_lanes=20)
    edit(hall, lambda tx: tx.execute(wide))
    branch = hall.db.read_now(branch_settings, hall.branch.id)
    service = branch.service("attest-single")
    slots = [one for on in hall.db.read_now(free_days, branch, service, day, day) for one in on.slots]
    rows = [_row(hall, service.id, slots[number % len(slots)], number, clock) for number in range(MANY)]
    hall.db.write_now(Tx.execute, sa.insert(table(Booking)), rows)
    return [("first", f"{day}"), ("last", ""), ("for", "branch"), ("names.ar", "صيانة"), ("names.en", "Maintenance")]


def states(hall: Hall) -> Counter[tuple[str, str | None]]:
    rows = table(Booking)
    found = hall.db.read_now(lambda tx: tx.rows(sa.select(rows.c.state, rows.c.decision)))
    return Counter((one.state, one.decision) for one in found)


def test_the_preview_has_one_choice_for_all_and_the_list_folded(client: TestClient, form: Any) -> None:
    page = send(client, CLOSING, form).text
    section = page[page.index('id="effect-bookings"') :]
    assert f"{MANY} موعد" in re.sub("<[^>]+>|[\u2066-\u2069]", "", section.partition("</h2>")[0])
    assert section.count('name="why-closed"') == 4
    assert section.count('<select id="booking-') == MANY
    assert "<details open" not in section


def test_all_take_place_but_those_that_are_called_off_one_by_one(client: TestClient, hall: Hall, form: Any) -> None:
    page = send(client, CLOSING, form).text
    alone = re.findall(r'name="(booking-[^"]+)"', page)[:3]
    saved = through(client, CLOSING, form, **{"why-closed": "keep"}, **dict.fromkeys(alone, "cancel"))
    assert saved.headers["location"].startswith("/office/closures/doha-main?saved=")
    assert states(hall) == {("confirmed", "keep"): MANY - 3, ("cancelled", "cancel"): 3}


@pytest.mark.parametrize(("choice", "state"), [("cancel", "cancelled"), ("move", "confirmed")])
def test_to_call_off_or_to_move_all_of_them_takes_a_second_person(
    client: TestClient, hall: Hall, form: Any, choice: str, state: str
) -> None:
    hall.administrator("second")
    told = through(client, CLOSING, form, **{"why-closed": choice})
    kept = [item for item in inputs(told.text) if item[0] != "step"]
    asked = send(client, CLOSING, [*kept, ("step", "ask")])
    assert asked.headers["location"] == "/office/approvals?said=asked"
    assert states(hall) == {("confirmed", None): MANY}
    other = another(client)
    sign_in(other, "second")
    (approval,) = re.findall(r'action="(/office/approvals/[^"]+)/approval"', other.get("/office/approvals").text)
    assert other.post(f"{approval}/approval").status_code == 303
    assert client.post(f"{approval}/use").status_code == 303
    assert states(hall) == {(state, choice): MANY}


def _row(hall: Hall, service: Any, slot: Any, number: int, clock: FrozenClock) -> dict[str, Any]:
    return {
        "branch_id": hall.branch.id,
        "id": uuid7(),
        "code": f"Z{number:06}",
        "state": "confirmed",
        "service_id": service,
        "starts_at": slot.start,
        "ends_at": slot.end,
        "name": "سلمى الحسن",
        "contact": f"+97455{number:06}",
        "language": "ar",
        "source": "web",
        "created_at": clock.now(),
        "confirmed_at": clock.now(),
        "changes": 0,
        "request_id": f"request-{number:06}",
        "token": f"{hall.branch.key}{number:020}",
    }
