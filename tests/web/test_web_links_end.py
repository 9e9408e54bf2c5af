"""A secret link ends a week after its visit, at every address that accepts it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from queue_system.actions import day
from queue_system.actions.bookings import cancel_booking
from queue_system.clock import FrozenClock
from queue_system.store.log import VISITOR
from tests.kit.hall import Hall
from tests.kit.kiosk_hall import book
from tests.kit.web_hall import application, furnished

OURS = {"origin": "http://testserver"}
A_WEEK = timedelta(days=7)
ALL_BUT_AN_INSTANT = A_WEEK - timedelta(seconds=1)


@pytest.fixture
def here(sqlite_template: Path, tmp_path: Path, clock: FrozenClock) -> Iterator[tuple[TestClient, Hall]]:
    with application(furnished(sqlite_template, tmp_path, clock.now()), tmp_path, clock) as found:
        yield found


@pytest.mark.parametrize("address", ["/t/{}", "/api/v1/tickets/{}"])
def test_a_ticket_s_link_ends_a_week_after_the_visit(
    here: tuple[TestClient, Hall], clock: FrozenClock, address: str
) -> None:
    client, hall = here
    issued = hall.issue()
    clock.move(timedelta(days=1))
    hall.db.write_in_now(hall.branch.id, day.close_day, hall.branch.id)
    clock.move(ALL_BUT_AN_INSTANT)
    assert client.get(address.format(issued.ticket.token)).status_code == 200
    clock.move(timedelta(seconds=2))
    assert client.get(address.format(issued.ticket.token)).status_code == 404


def test_a_ticket_s_socket_ends_with_its_link(here: tuple[TestClient, Hall], clock: FrozenClock) -> None:
    client, hall = here
    issued = hall.issue()
    clock.move(timedelta(days=1))
    hall.db.write_in_now(hall.branch.id, day.close_day, hall.branch.id)
    clock.move(A_WEEK + timedelta(seconds=1))
    with (
        pytest.raises(WebSocketDisconnect),
        client.websocket_connect(f"/t/{issued.ticket.token}/live", headers=OURS) as live,
    ):
        live.receive_json()


@pytest.mark.parametrize("address", ["/b/{}", "/b/{}.ics", "/b/{}/change", "/b/{}/cancellation", "/api/v1/bookings/{}"])
def test_an_appointment_s_link_ends_a_week_after_it(
    here: tuple[TestClient, Hall], clock: FrozenClock, address: str
) -> None:
    client, hall = here
    booking = book(hall, datetime(2026, 11, 23, 5, 30, tzinfo=UTC))
    # Called off, because nothing happens to it at the end of the day, which comes by itself at any moment from now on; a
    # visitor who did not come has no calendar entry.
    hall.db.write_in_now(hall.branch.id, cancel_booking, hall.branch.id, booking.id, VISITOR)
    clock.set(booking.ends_at + ALL_BUT_AN_INSTANT)
    assert client.get(address.format(booking.token)).status_code in (200, 303)
    clock.set(booking.ends_at + A_WEEK + timedelta(seconds=1))
    assert client.get(address.format(booking.token)).status_code == 404
