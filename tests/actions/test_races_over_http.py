"""The same races over HTTP: many clients and one real server. On both databases."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from queue_system.actions import sessions
from queue_system.actions.devices import enrol_device
from queue_system.actions.printers import set_printer
from queue_system.store import log
from queue_system.store.database import Tx
from queue_system.store.queries import bookings as stored
from queue_system.store.queries.access import devices
from queue_system.store.tables import Booking, Call, PrintJob, Ticket, table
from tests.kit.crowd import clerks_at_counters
from tests.kit.hall import Hall
from tests.kit.server import Server
from tests.kit.wire import Answer, Wire

pytestmark = [pytest.mark.anyio, pytest.mark.process]

SERVICE = "attest-single"
BRANCH = "/api/v1/branches/doha-main"
COUNTERS = 20
# The races in one process have two hundred; here each client is a connection and a request of its own.
CLIENTS = 80
TICKETS = 12


@pytest.fixture
def kiosk_token(hall: Hall) -> str:
    """The branch's kiosk, with a printer that is never reachable, so that its slips stay in the spool."""
    kiosk = hall.db.read_now(devices, hall.branch.id, "kiosk")[0]
    printer = next(one for one in hall.db.read_now(devices, hall.branch.id, "printer") if one.slug == "p2")
    hall.db.write_now(set_printer, hall.branch.id, printer.id, {"host": "127.0.0.1", "port": 9})
    return hall.db.write_now(enrol_device, hall.branch.id, kiosk.id)


@pytest.fixture
def staff_tokens(hall: Hall) -> list[str]:
    """Sessions of twenty clerks at the counters x0 … x19."""
    desks = clerks_at_counters(hall, COUNTERS)
    return [hall.db.write_now(sessions.start_session, here.staff_id, "api") for here in desks]


@pytest.fixture
def server(hall: Hall, kiosk_token: str, db_url: str, tmp_path: Path) -> Iterator[Server]:
    with Server(db_url, tmp_path) as running:
        yield running


async def at_once(server: Server, messages: list[tuple[str, str, Any, str | None]]) -> list[Answer]:
    """One client for each message, each from its own address; all send at the same moment."""
    wires = [Wire(server.port, f"127.0.{1 + number // 250}.{1 + number % 250}") for number in range(len(messages))]
    await asyncio.gather(*(wire.ask("GET", "/api/v1/branches") for wire in wires))
    answers = await asyncio.gather(*(wire.ask(*message) for wire, message in zip(wires, messages, strict=True)))
    for wire in wires:
        wire.close()
    return list(answers)


def count(hall: Hall, model: type[Any], **values: Any) -> int:
    rows = table(model)
    conditions = [rows.c[name] == value for name, value in values.items()]
    return int(hall.db.read_now(Tx.scalar, sa.select(sa.func.count()).select_from(rows).where(*conditions)))


async def test_many_clients_after_one_seat_make_one_booking(hall: Hall, server: Server) -> None:
    tomorrow = (hall.db.clock.now() + timedelta(days=1)).astimezone(hall.branch.zone).date()
    slot = hall.db.read_now(stored.free_days, hall.branch, hall.branch.service(SERVICE), tomorrow, tomorrow)[0].slots[5]
    assert slot.places == 1
    wanted = {"service": SERVICE, "starts_at": slot.start.isoformat(), "name": "سلمى الحسن"}
    answers = await at_once(
        server,
        [
            (
                "POST",
                f"{BRANCH}/bookings",
                wanted | {"request_id": f"race-after-one-seat-{n:03}", "contact": f"+97455{n:06}"},
                None,
            )
            for n in range(CLIENTS)
        ],
    )
    assert sorted(answer.status for answer in answers) == [201] + [409] * (CLIENTS - 1)
    assert {answer.json["code"] for answer in answers if answer.status == 409} == {"slot-taken"}
    assert count(hall, Booking) == 1


async def test_twenty_counters_and_one_visitor_make_one_call(
    hall: Hall, server: Server, staff_tokens: list[str]
) -> None:
    ticket = hall.issue().ticket
    answers = await at_once(
        server,
        [("POST", f"{BRANCH}/counters/x{n}/calls", {"expected": None}, token) for n, token in enumerate(staff_tokens)],
    )
    assert {answer.status for answer in answers} == {200}
    called = [answer.json["ticket"]["code"] for answer in answers if answer.json["ticket"]]
    assert called == [ticket.code]
    assert count(hall, Call) == 1


async def test_one_request_sent_ten_times_is_one_ticket_and_one_slip(
    hall: Hall, server: Server, kiosk_token: str
) -> None:
    wanted = {"request_id": "the-same-one-ten-times", "service": SERVICE, "slip": True}
    answers = await at_once(server, [("POST", f"{BRANCH}/tickets", wanted, kiosk_token)] * 10)
    assert {answer.status for answer in answers} <= {200, 201}
    assert len({answer.json["token"] for answer in answers}) == 1
    assert (count(hall, Ticket), count(hall, PrintJob)) == (1, 1)


async def test_sixteen_kiosks_give_every_number_once(hall: Hall, server: Server, kiosk_token: str) -> None:
    """Every place in line is told once too, because simultaneous visitors share a read that knows each of them."""

    async def kiosk(name: int) -> list[tuple[str, int]]:
        wire = Wire(server.port, f"127.0.0.{10 + name}")
        answers = [
            await wire.ask(
                "POST",
                f"{BRANCH}/tickets",
                {"request_id": f"kiosk-{name:02}-ticket-{n:03}", "service": SERVICE},
                kiosk_token,
            )
            for n in range(TICKETS)
        ]
        wire.close()
        assert {answer.status for answer in answers} == {201}
        return [(answer.json["code"], answer.json["ahead"]) for answer in answers]

    given = await asyncio.gather(*(kiosk(name) for name in range(16)))
    assert sorted(one for ones in given for one in ones) == [
        (f"F{number:03}", number - 1) for number in range(1, 16 * TICKETS + 1)
    ]
    assert all(verdict.broken_at is None for verdict in hall.db.read_now(log.verify))
