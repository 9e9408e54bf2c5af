"""Brings slips to paper: one worker thread per network printer, fed from the database.

    printing = Printing(house)
    await printing.start()

A worker is woken by the hub as soon as a slip is committed, here or on another node, and looks by itself every
two seconds. A printer that is given an address, or another one, is served without a restart.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import structlog

from printers.escpos_bytes import encode
from printers.network import NetworkPrinter, PrinterError, Status
from printers.slip import Slip, render
from printers.worker import Job, Outcome, Worker

from .actions import spool
from .actions.spool import ClaimedSlip, SlipOutcome
from .background import forever
from .core.errors import DomainError, Missing, Refused
from .slips import slip_of, trial_slip
from .store.database import Tx
from .store.queries import access, place, slips
from .store.queries.access import DeviceView
from .store.queries.organisation import OrganisationView, organisation
from .store.queries.settings import BranchSettings, branch_ids, branch_settings
from .web.house import House

# How long a new address or branch may go unnoticed, and a slip that nobody waits for may stay in the list.
LOOK_AGAIN_SECONDS: Final = 2.0
STOP_SECONDS: Final = 3.0
DOTS: Final = 576

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Machine:
    """A network printer as its settings describe it.

    Of the device's data: `host`, `port`; `dots` (576, 512 or 384) and `cutter`; `left_margin: true` where GS L is
    obeyed; `feed_per_line` for mechanisms that feed in half dots; `mute` and `completion` as `NetworkPrinter` says.
    """

    branch_id: UUID
    id: UUID
    data: dict[str, Any]

    def printer(self) -> NetworkPrinter:
        """A new line to it."""
        return NetworkPrinter(
            self.data["host"],
            int(self.data.get("port", 9100)),
            mute=bool(self.data.get("mute", False)),
            completion=self.data.get("completion"),
        )

    def bytes_of(self, slip: Slip) -> bytes:
        """The slip as this printer wants it."""
        return encode(
            render(slip, int(self.data.get("dots", DOTS))),
            cut=bool(self.data.get("cutter", True)),
            left_margin=bool(self.data.get("left_margin", False)),
            feed_per_line=int(self.data.get("feed_per_line", 1)),
        )


class SpoolSource:
    """The jobs of one printer, out of the database of this process (`printers.worker.JobSource`)."""

    def __init__(self, house: House, machine: Machine) -> None:
        self._database = house.database
        self._address = house.settings.address
        self._machine = machine

    def claim(self) -> Job | None:
        """The next slip as bytes; what cannot be drawn is reported as failed, and the one after it is taken."""
        here = self._machine
        while self._database.read_now(slips.is_any_due, here.branch_id, here.id):
            claimed = self._database.write_in_now(here.branch_id, spool.claim_slip, here.branch_id, here.id)
            if claimed is None:
                return None
            try:
                slip = self._database.read_now(_compose, here.branch_id, claimed, self._address)
                return Job(str(claimed.job_id), here.bytes_of(slip))
            except Exception:
                log.exception("slip.not_drawn", job=str(claimed.job_id))
                self._report(claimed.job_id, SlipOutcome(error="internal", permanent=True))
        return None

    def report(self, job: Job, outcome: Outcome) -> None:
        """Write down what became of a slip."""
        self._report(UUID(job.id), _as_slip_outcome(outcome))

    def printer_status(self, status: Status) -> None:
        """Write down how the printer is."""
        here = self._machine
        self._database.write_in_now(here.branch_id, spool.record_printer_status, here.branch_id, here.id, status.value)

    def _report(self, job_id: UUID, outcome: SlipOutcome) -> None:
        branch_id = self._machine.branch_id
        self._database.write_in_now(branch_id, spool.report_slip, branch_id, job_id, outcome)


@dataclass
class _Running:
    machine: Machine
    printer: NetworkPrinter
    worker: Worker
    wake: threading.Event


class Printing:
    """Keeps a worker for every printer that has an address."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._running: dict[UUID, _Running] = {}
        self._followers: dict[UUID, asyncio.Task[None]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._warm: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start a worker for every printer that has an address, and keep looking for others."""
        self._house.test_slip = self.test_slip
        with contextlib.suppress(DomainError):
            await self._look_around()
        self._tasks.append(asyncio.create_task(forever("printing", self._keep_up, LOOK_AGAIN_SECONDS)))

    async def stop(self) -> None:
        """Let every worker finish the slip in hand, for a few seconds; what hangs longer ends as unknown."""
        tasks = [*self._tasks, *self._followers.values()]
        for task in tasks:
            task.cancel()
        # Its thread reads the database, which is closed after us: it is awaited, not cancelled.
        await asyncio.gather(*tasks, *([self._warm] if self._warm else []), return_exceptions=True)
        await asyncio.gather(*(self._end(printer_id) for printer_id in list(self._running)))

    async def test_slip(self, branch_id: UUID, printer_id: UUID, language: str) -> SlipOutcome:
        """Print a slip that is nobody's number. Raises Missing("device"), Refused("printer-not-network")."""
        device = await self._house.database.read(access.device, branch_id, printer_id)
        if device is None or device.kind != "printer":
            raise Missing("device")
        machine = _machine(device)
        if machine is None:
            raise Refused("printer-not-network")
        return await asyncio.to_thread(self._print_trial, machine, language)

    def _print_trial(self, machine: Machine, language: str) -> SlipOutcome:
        settings, house = self._house.database.read_now(_place, machine.branch_id)
        slip = trial_slip(settings, house, self._house.settings.address, language, self._house.clock.now())
        running = self._running.get(machine.id)
        # The worker's own line, so that a trial and a visitor's slip wait for each other.
        printer = running.printer if running and running.machine == machine else machine.printer()
        try:
            return SlipOutcome(proof=printer.send(machine.bytes_of(slip)).proof)
        except PrinterError as error:
            return SlipOutcome(error=error.code, permanent=error.permanent, maybe=error.maybe_printed)

    # ---------------------------------------------------------------- keeping up

    async def _keep_up(self) -> None:
        await self._look_around()
        await self._expire()

    async def _look_around(self) -> None:
        """Serve the printers as they are set now, and follow the branches that have one."""
        wanted = {
            machine.id: machine
            for device in await self._house.database.read(access.devices, None, "printer")
            if (machine := _machine(device)) is not None
        }
        for printer_id, running in list(self._running.items()):
            if printer_id not in wanted or wanted[printer_id] != running.machine:
                await self._end(printer_id)
        for printer_id, machine in wanted.items():
            if printer_id not in self._running:
                self._running[printer_id] = self._serve(machine)
            if machine.branch_id not in self._followers:
                self._followers[machine.branch_id] = asyncio.create_task(self._follow(machine.branch_id))
        if wanted and self._warm is None:
            self._warm = asyncio.create_task(asyncio.to_thread(self._warm_up, next(iter(wanted.values()))))

    async def _expire(self) -> None:
        """Slips for a printer that stays away are given up in time, not when it comes back."""
        database = self._house.database
        for branch_id in (await database.read(branch_ids)).values():
            if await database.read(slips.is_any_late, branch_id):
                await database.write_in(branch_id, spool.expire_slips, branch_id)

    async def _follow(self, branch_id: UUID) -> None:
        """Wake the workers of a branch whenever something happened in it."""
        hub = self._house.hub
        while not hub.is_closed():
            position = hub.position(branch_id)
            for running in self._running.values():
                if running.machine.branch_id == branch_id:
                    running.wake.set()
            await hub.wait({branch_id: position}, 60)

    def _serve(self, machine: Machine) -> _Running:
        printer, wake = machine.printer(), threading.Event()
        worker = Worker(printer, SpoolSource(self._house, machine), wake, name=f"printer-{machine.id}")
        worker.start()
        log.info("printer.served", printer=str(machine.id), host=printer.host, port=printer.port)
        return _Running(machine, printer, worker, wake)

    async def _end(self, printer_id: UUID) -> None:
        if not await asyncio.to_thread(self._running[printer_id].worker.stop, STOP_SECONDS):
            log.warning("printer.still_busy", printer=str(printer_id))
        # Not before: a stop in the meantime must find it, and wait for it.
        del self._running[printer_id]

    def _warm_up(self, machine: Machine) -> None:
        """The first slip of a process takes a second, for fonts and libraries: it should be nobody's."""
        settings, house = self._house.database.read_now(_place, machine.branch_id)
        machine.bytes_of(trial_slip(settings, house, "", settings.default_language, self._house.clock.now()))


def _machine(device: DeviceView) -> Machine | None:
    """The network printer behind a device that has an address."""
    if device.data.get("transport") != "tcp9100" or not device.data.get("host"):
        return None
    return Machine(device.branch_id, device.id, device.data)


def _compose(tx: Tx, branch_id: UUID, claimed: ClaimedSlip, address: str) -> Slip:
    settings = branch_settings(tx, branch_id)
    return slip_of(
        place.place(tx, settings, claimed.ticket.token),
        settings,
        organisation(tx),
        address,
        copy_number=claimed.copy_number,
    )


def _place(tx: Tx, branch_id: UUID) -> tuple[BranchSettings, OrganisationView]:
    return branch_settings(tx, branch_id), organisation(tx)


def _as_slip_outcome(outcome: Outcome) -> SlipOutcome:
    return SlipOutcome(
        error=outcome.code,
        proof=outcome.proof or "none",
        permanent=outcome.permanent,
        maybe=outcome.maybe_printed,
    )
