"""A running hall with a virtual printer on a real TCP connection."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
import zxingcpp
from PIL import Image
from pydantic import SecretStr
from starlette.testclient import TestClient

from printers.network import NetworkPrinter
from printers.virtual import Paper, VirtualPrinter
from printers.worker import Worker
from queue_system import demo
from queue_system.actions import printers, slips, tickets
from queue_system.actions.tickets import Issued, TicketOrder
from queue_system.app import SURFACES, create_app
from queue_system.clock import FrozenClock, ShiftedClock, SystemClock
from queue_system.configuration import Configuration
from queue_system.spooler import machine, runner
from queue_system.store import log
from queue_system.store.database import Database
from queue_system.store.log import SYSTEM
from queue_system.store.queries import access
from queue_system.store.queries.access import DeviceView
from queue_system.store.tables import Device, PrintJob, table
from queue_system.web.installation import Installation
from tests.conftest import SUNDAY_MORNING
from tests.kit.hall import Hall, enter, furnish
from tests.kit.ports import kept_port
from tests.kit.web_hall import SAME_ORIGIN
from tests.kit.whole_answers import whole_answers

ADDRESS = "https://queue.example"
JOB = table(PrintJob)
DEVICE = table(Device)


@dataclass
class PrintingHall:
    """The embassy with its application running; `clock` runs by itself and can be moved on."""

    hall: Hall
    installation: Installation
    client: TestClient
    printer: VirtualPrinter
    printer_id: UUID
    clock: ShiftedClock

    def take(self, request_id: str | None = None, service: str = "attest-single", language: str = "ar") -> Issued:
        """A visitor takes a number with a slip."""
        order = TicketOrder(
            branch_id=self.hall.branch.id,
            service_id=self.hall.service(service),
            language=language,
            source="kiosk",
            actor=SYSTEM,
            request_id=request_id,
            printer_id=self.printer_id,
        )
        return self.installation.database.write_in_now(self.hall.branch.id, tickets.issue_ticket, order)

    def copy(self, issued: Issued) -> UUID:
        branch_id = self.hall.branch.id
        return self.installation.database.write_in_now(
            branch_id, slips.reprint, branch_id, issued.ticket.id, self.printer_id, SYSTEM
        )

    def slip_states(self, issued: Issued) -> list[str]:
        """States of a ticket's slips, the original first."""
        statement = sa.select(JOB.c.state).where(JOB.c.ticket_id == issued.ticket.id).order_by(JOB.c.copy_number)
        return [row.state for row in self.installation.database.read_now(lambda tx: tx.rows(statement))]

    def slip_ids(self, issued: Issued) -> list[str]:
        statement = sa.select(JOB.c.id).where(JOB.c.ticket_id == issued.ticket.id).order_by(JOB.c.copy_number)
        return [str(row.id) for row in self.installation.database.read_now(lambda tx: tx.rows(statement))]

    def printer_state(self) -> str:
        return self.device().status

    def entries(self, prefix: str = "") -> list[Any]:
        """The log of the branch from its beginning; only kinds that begin with `prefix`."""
        rows = self.installation.database.read_now(log.after, self.hall.branch.id, 0)
        return [row for row in rows if row.kind.startswith(prefix)]

    def kinds(self, prefix: str = "") -> list[str]:
        return [row.kind for row in self.entries(prefix)]

    def device(self) -> DeviceView:
        found = self.installation.database.read_now(access.device, self.hall.branch.id, self.printer_id)
        assert found is not None
        return found

    def has_worker(self) -> bool:
        """Whether the application has a worker for the printer."""
        return any(thread.name == f"printer-{self.printer_id}" for thread in threading.enumerate())

    def adjust(self, **settings: object) -> None:
        """Set the printer as the office does."""
        branch_id = self.hall.branch.id
        self.installation.database.write_in_now(branch_id, printers.set_printer, branch_id, self.printer_id, settings)

    def address(self, host: str | None = None, port: int | None = None) -> None:
        """Set the address of the printer."""
        branch_id = self.hall.branch.id
        self.installation.database.write_in_now(
            branch_id,
            printers.set_printer,
            branch_id,
            self.printer_id,
            {"transport": "tcp9100", "host": host or self.printer.host, "port": port or self.printer.port},
        )


def settings_for(db_url: str, folder: Path) -> Configuration:
    return Configuration(
        data_dir=folder,
        database_url=SecretStr(db_url),
        public_url=ADDRESS,
        secret_key=SecretStr("a key for tests alone"),
    )


@contextmanager
def running_hall(
    db_url: str, folder: Path, *, connected: bool = True, status_timeout: float = 2.0
) -> Iterator[PrintingHall]:
    """The application on an installed embassy; with `connected` its reception printer is a virtual one.

    A printer that has not answered for `status_timeout` seconds is silent: 2 s outside of tests.
    """
    clock = ShiftedClock(SUNDAY_MORNING - SystemClock().now())
    # The port is kept, because a printer that is switched off releases it, and nobody else may take it.
    with (
        often_looking(status_timeout),
        kept_port() as port,
        VirtualPrinter(clock=clock.now).start(port=port) as printer,
    ):
        _install(db_url)
        app = create_app(
            settings_for(db_url, folder), clock, surfaces={**SURFACES, "demo": demo}, demo={"printer": printer}
        )
        installation: Installation = app.state.installation
        hall = enter(installation.database)
        device = next(
            one for one in installation.database.read_now(access.devices, hall.branch.id, "printer") if one.slug == "p2"
        )
        made = TestClient(app, base_url=ADDRESS, headers=SAME_ORIGIN, follow_redirects=False)
        with whole_answers(made) as client:
            here = PrintingHall(hall, installation, client, printer, device.id, clock)
            if connected:
                here.address()
            yield here


@contextmanager
def often_looking(status_timeout: float) -> Iterator[None]:
    """Looks at printers and settings ten times as often as outside of tests, because a test waits for the next look."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner, "LOOK_AGAIN_SECONDS", 0.2)
        patch.setattr(runner, "Worker", partial(Worker, poll=0.2, recovery=0.05))
        patch.setattr(machine, "NetworkPrinter", partial(NetworkPrinter, status_timeout=status_timeout))
        yield


def _install(db_url: str) -> None:
    """The embassy, at a moment that is the same for every hall: what happens at one moment has to be done once."""
    database = Database(db_url, FrozenClock(SUNDAY_MORNING))
    furnish(database)
    database.close()


def later(here: PrintingHall, seconds: float) -> None:
    """Move the clock of the application on."""
    here.clock.step += timedelta(seconds=seconds)


def qr_on(paper: Paper) -> str:
    """The content of the QR code on the slip."""
    with Image.open(BytesIO(paper.dots)) as picture:
        grey = picture.convert("L")
        white = Image.new("L", (grey.width + 80, grey.height + 80), 255)
        white.paste(grey, (40, 40))
    found = zxingcpp.read_barcodes(white)
    assert len(found) == 1, f"{len(found)} codes on the paper"
    return str(found[0].text)
