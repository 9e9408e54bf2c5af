"""Brings slips to paper: one worker thread per printer, fed from the database.

    spooler = Spooler(installation)
    await spooler.start()

A worker is woken by the hub as soon as a slip is committed, here or on another node, and it also looks every two
seconds. A printer that gets a new address is served without a restart. What we learn about a printer is stored, so that
it is known after a restart.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

import structlog

from printers.driver import EscPosPrinter, PrinterError, Status
from printers.slip import Slip
from printers.trial import render_trial
from printers.worker import Job, Outcome, Worker

from ..actions import printers
from ..actions.slips import (
    LEASE,
    ClaimedSlip,
    SlipOutcome,
    claim_slip,
    expire_slips,
    record_printer_status,
    report_slip,
)
from ..core.errors import DomainError, Missing, Refused
from ..ops.background import forever
from ..store.database import Tx
from ..store.queries import access, place, slips
from ..store.queries.organisation import OrganisationView, organisation
from ..store.queries.settings import BranchSettings, branch_ids, branch_settings
from ..store.setting_rows import Unreadable
from ..web.installation import Installation
from .machine import Machine, machine_of, this_node
from .slips import slip_of, trial_of

# How long it may take to notice a new address or branch, or an expired slip.
LOOK_AGAIN_SECONDS: Final = 2.0
STOP_SECONDS: Final = 3.0

log = structlog.get_logger(__name__)


class SpoolSource:
    """The jobs of one printer, from the database (implements `printers.worker.JobSource`)."""

    def __init__(self, installation: Installation, machine: Machine, printer: EscPosPrinter) -> None:
        self._installation = installation
        self._database = installation.database
        self._machine = machine
        self._printer = printer
        self._lease = LEASE + machine.on_the_way

    def claim(self) -> Job | None:
        """The next slip as bytes; slips that cannot be drawn are reported as failed and passed over."""
        here = self._machine
        while self._database.read_now(slips.is_any_due, here.branch_id, here.id):
            claimed = self._database.write_in_now(here.branch_id, claim_slip, here.branch_id, here.id, self._lease)
            if claimed is None:
                return None
            try:
                slip = self._database.read_now(
                    _compose, here.branch_id, claimed, self._installation.configuration.address
                )
                return Job(str(claimed.job_id), here.bytes_of(slip))
            except Unreadable:
                # The claim ends by itself, and a node that can read the settings prints the slip then.
                return None
            except Exception:
                log.exception("slip.not_drawn", job=str(claimed.job_id))
                self._report(claimed.job_id, SlipOutcome(error="internal", permanent=True))
        return None

    def report(self, job: Job, outcome: Outcome) -> None:
        """Record the outcome of a slip."""
        self._report(UUID(job.id), _as_slip_outcome(outcome))
        self._machine = remember(self._installation, self._machine, self._printer)

    def printer_status(self, status: Status) -> None:
        """Record the state of the printer."""
        here = self._machine
        self._database.write_in_now(here.branch_id, record_printer_status, here.branch_id, here.id, status.value)

    def _report(self, job_id: UUID, outcome: SlipOutcome) -> None:
        branch_id = self._machine.branch_id
        self._database.write_in_now(branch_id, report_slip, branch_id, job_id, outcome)


@dataclass
class _Running:
    machine: Machine
    printer: EscPosPrinter
    worker: Worker
    wake: threading.Event


class Spooler:
    """Keeps a worker for every printer that has an address."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._running: dict[UUID, _Running] = {}
        self._followers: dict[UUID, asyncio.Task[None]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._warm: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start a worker for every printer that has an address, and for those that get one later."""
        self._installation.test_slip = self.test_slip
        with contextlib.suppress(DomainError):
            await self._look_around()
        self._tasks.append(asyncio.create_task(forever("printing", self._keep_up, LOOK_AGAIN_SECONDS)))

    async def stop(self) -> None:
        """Wait a few seconds for every worker to finish its slip; a slip that takes longer ends as unknown."""
        tasks = [*self._tasks, *self._followers.values()]
        for task in tasks:
            task.cancel()
        # The warm-up is awaited and not cancelled, because its thread reads the database, which is closed next.
        await asyncio.gather(*tasks, *([self._warm] if self._warm else []), return_exceptions=True)
        await asyncio.gather(*(self._end(printer_id) for printer_id in list(self._running)))

    async def test_slip(self, branch_id: UUID, printer_id: UUID, language: str) -> SlipOutcome:
        """Print a trial slip, which is no visitor's number.

        Raises Missing("device"), Refused("printer-not-set", "printer-elsewhere").
        """
        device = await self._installation.database.read(access.device, branch_id, printer_id)
        if device is None or device.kind != "printer":
            raise Missing("device")
        machine = machine_of(device)
        if machine is None:
            raise Refused("printer-not-set")
        if not machine.is_here:
            raise Refused("printer-elsewhere", here=this_node())
        return await asyncio.to_thread(self._print_trial, machine, language)

    def _print_trial(self, machine: Machine, language: str) -> SlipOutcome:
        settings, organisation = self._installation.database.read_now(_place, machine.branch_id)
        trial = trial_of(
            settings,
            organisation,
            self._installation.configuration.address,
            language,
            self._installation.clock.now(),
            machine.settings,
        )
        data = machine.bytes_of_picture(render_trial(trial, machine.settings.dots))
        running = self._running.get(machine.id)
        # The connection of the worker, so that a trial and a visitor's slip wait for each other.
        printer = running.printer if running and running.machine == machine else machine.printer()
        try:
            outcome = SlipOutcome(proof=printer.send(data).proof)
        except PrinterError as error:
            return SlipOutcome(error=error.code, permanent=error.permanent, maybe=error.maybe_printed)
        remember(self._installation, machine, printer)
        return outcome

    # ---------------------------------------------------------------- keeping up

    async def _keep_up(self) -> None:
        await self._look_around()
        await self._expire()

    async def _look_around(self) -> None:
        """Start and stop workers after the present settings, and follow the branches that have a printer."""
        wanted = {
            machine.id: machine
            for device in await self._installation.database.read(access.devices, None, "printer")
            if (machine := machine_of(device)) is not None and machine.is_here
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
        """Give up slips of an unreachable printer when they expire, so that they do not come out when it is back."""
        database = self._installation.database
        for branch_id in (await database.read(branch_ids)).values():
            if await database.read(slips.is_any_late, branch_id):
                await database.write_in(branch_id, expire_slips, branch_id)

    async def _follow(self, branch_id: UUID) -> None:
        """Wake the workers of a branch at every change of it."""
        hub = self._installation.hub
        while not hub.is_closed():
            position = hub.position(branch_id)
            for running in self._running.values():
                if running.machine.branch_id == branch_id:
                    running.wake.set()
            await hub.wait({branch_id: position}, 60)

    def _serve(self, machine: Machine) -> _Running:
        printer, wake = machine.printer(), threading.Event()
        worker = Worker(printer, SpoolSource(self._installation, machine, printer), wake, name=f"printer-{machine.id}")
        worker.start()
        log.info("printer.served", printer=str(machine.id), transport=str(printer.transport))
        return _Running(machine, printer, worker, wake)

    async def _end(self, printer_id: UUID) -> None:
        if not await asyncio.to_thread(self._running[printer_id].worker.stop, STOP_SECONDS):
            log.warning("printer.still_busy", printer=str(printer_id))
        # Removed last, so that a `stop` in the meantime still finds the worker and waits for it.
        del self._running[printer_id]

    def _warm_up(self, machine: Machine) -> None:
        """Draw a slip in advance, because the first one takes a second to load fonts and libraries."""
        settings, organisation = self._installation.database.read_now(_place, machine.branch_id)
        now = self._installation.clock.now()
        trial = trial_of(settings, organisation, "", settings.default_language, now, machine.settings)
        machine.bytes_of_picture(render_trial(trial, machine.settings.dots))


def remember(installation: Installation, machine: Machine, printer: EscPosPrinter) -> Machine:
    """Store that a printer does not confirm, so that we do not wait for its answer after every restart.

    Returns the machine with this knowledge, so that it is stored once and not after every slip.
    """
    if machine.finds_out and machine.confirms is None and printer.completion is False:
        installation.database.write_in_now(
            machine.branch_id,
            printers.record_no_completion,
            machine.branch_id,
            machine.id,
            machine.settings,
            machine.learning_since,
        )
        return replace(machine, confirms=False)
    return machine


def _compose(tx: Tx, branch_id: UUID, claimed: ClaimedSlip, address: str) -> Slip:
    settings = branch_settings(tx, branch_id)
    return slip_of(
        place.place(tx, settings, claimed.ticket.token),
        settings,
        settings.organisation,
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
