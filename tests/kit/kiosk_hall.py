"""A paired kiosk of a running application, and a visitor whose browser runs no scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from starlette.testclient import TestClient

from queue_system.actions import bookings, devices
from queue_system.clock import Clock
from queue_system.store.database import Database
from queue_system.store.log import VISITOR
from queue_system.store.queries import access, line
from queue_system.store.queries.bookings import BookingView
from queue_system.store.queries.line import TicketView
from tests.kit.hall import Hall, furnish
from tests.kit.public_visitor import Answer, Visitor
from tests.kit.web_hall import application


@dataclass
class Kiosk:
    """`visitor` stands before it; `hall` acts on its database."""

    client: TestClient
    hall: Hall
    id: UUID
    token: str

    def __post_init__(self) -> None:
        self.visitor = Visitor(self.client)

    def open(self, path: str = "") -> Answer:
        """Open a page by its address after the language, such as "/check-in", in Arabic."""
        return self.visitor.open(f"/kiosk/ar{path}")

    def service(self, slug: str) -> Answer:
        return self.open(f"/services/{self.hall.service(slug)}")

    def take(self, slug: str = "attest-single", **values: str) -> Answer:
        """From a service's page to the number."""
        self.service(slug)
        return self.visitor.send("/tickets", **values)

    def check_in(self, typed: str) -> Answer:
        self.open("/check-in")
        return self.visitor.send("/check-in", code=typed)

    def tickets(self) -> list[TicketView]:
        """Everybody who waits or is served, oldest first."""
        return self.hall.db.read_now(line.open_tickets, self.hall.branch.id)


def pair(hall: Hall, kind: str = "kiosk") -> tuple[UUID, str]:
    """Pair the first planned device of a kind; its id and token."""
    device = hall.db.read_now(access.devices, hall.branch.id, kind)[0]
    return device.id, hall.db.write_in_now(hall.branch.id, devices.enrol_device, hall.branch.id, device.id)


@contextmanager
def paired_kiosk(url: str, folder: Path, clock: Clock) -> Iterator[Kiosk]:
    """The application on an installed database, with the kiosk of its first branch."""
    with application(url, folder, clock) as (client, hall):
        device_id, token = pair(hall)
        client.cookies.set("device-kiosk", token)
        yield Kiosk(client, hall, device_id, token)


def installed(url: str, clock: Clock, profile: str, branch: str | None = None) -> Hall:
    """Install an organisation; its database is closed again."""
    database = Database(url, clock)
    try:
        return furnish(database, profile, branch)
    finally:
        database.close()


def book(hall: Hall, starts_at: datetime, service: str = "passport-lost", contact: str | None = None) -> BookingView:
    """A confirmed appointment; without `contact` each has a contact of its own."""
    whose = contact or f"{starts_at:%d%H%M}@example.org"
    order = bookings.HoldOrder(hall.branch.id, hall.service(service), starts_at, "سلمى", whose, "ar", VISITOR)
    held = hall.db.write_in_now(hall.branch.id, bookings.hold_slot, order)
    return hall.db.write_in_now(hall.branch.id, bookings.confirm_booking, hall.branch.id, held.id, VISITOR)


def code_on(page: Answer) -> str:
    """The large code on a page."""
    found = re.search(r'code-hero[^"]*">([^<]+)<', page.html)
    assert found, page.text
    return found[1]
