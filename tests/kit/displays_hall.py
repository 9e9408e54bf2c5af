"""A running application with a paired screen, for tests of screens."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from starlette.testclient import TestClient, WebSocketTestSession

from queue_system.actions.counters import Desk
from queue_system.actions.devices import enrol_device
from queue_system.clock import Clock
from queue_system.store import log
from queue_system.store.database import Tx
from queue_system.store.queries import line
from queue_system.store.queries.access import DeviceView, devices, staff_by_login
from queue_system.store.tables import Confidentiality, Counter, Queue, Service, table
from queue_system.web.installation import Installation
from tests.kit.hall import Hall, change_settings, enter
from tests.kit.web_hall import application

ORIGIN = {"origin": "http://testserver"}
SECRET = "SENTINEL"


@dataclass(frozen=True)
class Screen:
    """A screen connected to the running application; the client has its cookie."""

    client: TestClient
    hall: Hall
    device: DeviceView
    token: str

    @property
    def installation(self) -> Installation:
        return self.client.app.state.installation  # type: ignore[attr-defined, no-any-return]

    def socket(self) -> WebSocketTestSession:
        return self.client.websocket_connect("/display/live", headers=dict(ORIGIN))

    @property
    def seq(self) -> int:
        """The position of the branch."""
        return self.hall.db.read_now(log.positions)[self.hall.branch.id]

    def turned_to(self, slug: str) -> Screen:
        """The same browser as another display of the branch."""
        device, token = enrol(self.hall, slug)
        self.client.cookies.set("device-display", token)
        return replace(self, device=device, token=token)

    def call(self, service: str = "attest-single", login: str = "layla", counter: str = "c4") -> str:
        """Take a number and call it; returns the code."""
        return call(self.hall, service, login, counter)


def call(hall: Hall, service: str = "attest-single", login: str = "layla", counter: str = "c4") -> str:
    """Take a number for a service and call it to a counter; returns the code."""
    here = seat(hall, login, counter)
    hall.issue(service)
    called = hall.call_next(here)
    assert called is not None
    return called.code


def seat(hall: Hall, login: str = "layla", counter: str = "c4") -> Desk:
    """A clerk at a counter, with the ticket that is there as the expected one."""
    found = hall.db.read_now(staff_by_login, login)
    assert found is not None
    here = hall.sit(found[0], counter)
    current = hall.db.read_now(line.at_counter, hall.branch.id, here.counter_id)
    return replace(here, expected=current.id if current else None)


@contextmanager
def screen(url: str, folder: Path, clock: Clock, slug: str = "d1") -> Iterator[Screen]:
    """The application on an installed database, with one of its planned displays paired."""
    with application(url, folder, clock) as (client, hall):
        device, token = enrol(hall, slug)
        client.cookies.set("device-display", token)
        yield Screen(client, hall, device, token)


def enrol(hall: Hall, slug: str = "d1") -> tuple[DeviceView, str]:
    """Pair a planned display of the branch."""
    device = next(item for item in hall.db.read_now(devices, hall.branch.id, "display") if item.slug == slug)
    return device, hall.db.write_in_now(hall.branch.id, enrol_device, hall.branch.id, device.id)


def boards_until(session: WebSocketTestSession, seq: int) -> list[dict[str, Any]]:
    """Every board up to the position `seq` of the branch."""
    boards = [board_of(session)]
    while boards[-1]["seq"] < seq:
        boards.append(board_of(session))
    return boards


def board_of(session: WebSocketTestSession) -> dict[str, Any]:
    """The next board; pulses are skipped."""
    while True:
        news: dict[str, Any] = json.loads(session.receive_text())
        if news["type"] == "board":
            return news


def keep_secret(hall: Hall, queue: str, display: str) -> Hall:
    """Put SECRET into the names of a queue, its services and the counters that serve only it; set their level."""
    found = next(view for view in hall.branch.queues.values() if view.slug == queue)
    own = [view.id for view in hall.branch.counters.values() if found.id in view.queues]
    names = {"ar": SECRET, "en": SECRET}

    def change(tx: Tx) -> None:
        level = tx.scalar(sa.select(table(Confidentiality).c.slug).where(table(Confidentiality).c.display == display))
        services, queues, counters = table(Service), table(Queue), table(Counter)
        tx.execute(
            sa.update(services)
            .where(services.c.queue_id == found.id)
            .values(confidentiality=level, names=names, public_names=names)
        )
        tx.execute(sa.update(queues).where(queues.c.id == found.id).values(names=names))
        tx.execute(sa.update(counters).where(counters.c.id.in_(own)).values(names=names))

    change_settings(hall.db, change)
    return enter(hall.db)
