"""A number that would be called after closing: said before it is taken, or not given, as the queue has it. On both databases."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from queue_system.actions import tickets
from queue_system.actions.counters import Desk
from queue_system.actions.tickets import TicketOrder
from queue_system.clock import FrozenClock
from queue_system.core.errors import Refused
from queue_system.core.waits.announce import ENOUGH_VISITS
from queue_system.core.waits.last_ticket import EASE, is_too_late
from queue_system.store.log import SYSTEM, Actor
from queue_system.store.tables import Queue, table
from queue_system.web.forecaster import Forecaster
from queue_system.web.installation import Installation
from tests.kit.hall import Hall, edit, enter
from tests.kit.kiosk_hall import Kiosk, installed, paired_kiosk

VISIT = timedelta(minutes=6)
STAFF = Actor("staff", "01a214ae-a28f-72e1-94f5-49f1eea5c5c4")
QUEUES = table(Queue)
LATE, NO_MORE = "قد لا يصل الدور قبل الإغلاق", "لا أرقام أخرى اليوم"
SERVICE = "attest-single"


@pytest.fixture
def kiosk(db_url: str, tmp_path: Path, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kiosk]:
    async def by_hand(_self: Forecaster) -> None:
        """The tests make each forecast themselves, so that none comes between two looks."""

    monkeypatch.setattr(Forecaster, "look", by_hand)
    installed(db_url, clock, "embassy")
    with paired_kiosk(db_url, tmp_path, clock) as found:
        yield found


@pytest.fixture
def nour(kiosk: Kiosk, clock: FrozenClock) -> Desk:
    """A clerk who has served so many that waits are told, one of them still at the counter."""
    hall, desk = kiosk.hall, kiosk.hall.sit(kiosk.hall.person("nour"))
    for _ in range(ENOUGH_VISITS + 1):
        hall.issue()
        called = hall.call_next(desk)
        assert called is not None
        desk = hall.at(desk.staff_id, expected=called.id)
        clock.move(VISIT)
    return desk


def crowd(kiosk: Kiosk, people: int) -> None:
    for _ in range(people):
        kiosk.hall.issue()
    forecast(kiosk)


def forecast(kiosk: Kiosk) -> None:
    """What the server does by itself after a change."""
    asyncio.run(Forecaster(installation(kiosk)).renew(kiosk.hall.branch.id))


def installation(kiosk: Kiosk) -> Installation:
    found: Installation = kiosk.client.app.state.installation  # type: ignore[attr-defined]
    return found


def stopping(hall: Hall) -> None:
    """From now on the queue gives no numbers that come too late."""
    queue = hall.branch.services[hall.service(SERVICE)].queue_id
    here = QUEUES.c.branch_id == hall.branch.id, QUEUES.c.id == queue
    edit(hall, lambda tx: tx.execute(sa.update(QUEUES).where(*here).values(last_ticket="stop")))


def order(hall: Hall, actor: Actor, **more: Any) -> TicketOrder:
    return TicketOrder(hall.branch.id, hall.service(SERVICE), "ar", "kiosk", actor, **more)


def test_nothing_is_said_while_there_is_time_enough(kiosk: Kiosk, nour: Desk) -> None:
    crowd(kiosk, 1)
    assert LATE not in kiosk.service(SERVICE).text
    assert LATE not in kiosk.open().text


def test_it_is_said_before_the_number_is_taken_and_the_number_is_given(kiosk: Kiosk, nour: Desk) -> None:
    crowd(kiosk, 60)
    before = kiosk.service(SERVICE)
    assert LATE in before.text
    assert "يمكن أخذ الرقم والانتظار" in before.text
    count = len(kiosk.tickets())
    kiosk.take()
    assert len(kiosk.tickets()) == count + 1
    assert LATE in kiosk.visitor.open(f"/book/{kiosk.hall.branch.slug}/{SERVICE}").text
    forecast(kiosk)
    mine = max(kiosk.tickets(), key=lambda one: one.number)
    assert LATE in kiosk.visitor.open(f"/t/{mine.token}").text


def test_a_queue_that_stops_gives_no_number_but_by_staff(kiosk: Kiosk, nour: Desk) -> None:
    stopping(kiosk.hall)
    crowd(kiosk, 60)
    page = kiosk.service(SERVICE)
    assert NO_MORE in page.text
    assert not [action for action, _, _ in page.forms if "/tickets" in action]
    count = len(kiosk.tickets())
    wanted = {"service": str(kiosk.hall.service(SERVICE)), "request_id": "x" * 20}
    assert "لا يصل دوره قبل الإغلاق" in kiosk.visitor.client.post("/kiosk/ar/tickets", data=wanted).text
    assert len(kiosk.tickets()) == count
    assert "لا تُعطى أرقام أخرى اليوم" in kiosk.visitor.open(f"/book/{kiosk.hall.branch.slug}/{SERVICE}").text
    hall = enter(kiosk.hall.db)
    with pytest.raises(Refused, match="last-ticket"):
        hall.db.write_in_now(hall.branch.id, tickets.issue_ticket, order(hall, SYSTEM, too_late=True))
    assert hall.db.write_in_now(hall.branch.id, tickets.issue_ticket, order(hall, STAFF, too_late=True)).created


def test_it_is_not_unsaid_by_one_call() -> None:
    closes = datetime(2026, 11, 22, 11, 30, tzinfo=UTC)
    just_in_time = closes - timedelta(minutes=1)
    assert is_too_late(closes + timedelta(minutes=1), closes, before=False)
    assert not is_too_late(just_in_time, closes, before=False)
    assert is_too_late(just_in_time, closes, before=True)
    assert not is_too_late(closes - EASE, closes, before=True)
