"""Stopping: no worker is left behind with a slip."""

from __future__ import annotations

import asyncio
import threading
from typing import Any, cast
from uuid import UUID

import pytest

from printers.network import NetworkPrinter
from printers.worker import Worker
from queue_system.settings.printers import Printer
from queue_system.spooler.machine import Machine
from queue_system.spooler.runner import Spooler, _Running
from queue_system.web.installation import Installation


class Busy:
    """A worker with a slip: its first `stop` blocks until it is asked again."""

    def __init__(self) -> None:
        self.first, self.again = threading.Event(), threading.Event()

    def stop(self, _: float) -> bool:
        if not self.first.is_set():
            self.first.set()
            return self.again.wait(10)
        self.again.set()
        return True


@pytest.mark.anyio
async def test_a_stop_waits_for_a_worker_that_is_just_being_replaced() -> None:
    printing, worker = Spooler(cast(Installation, None)), Busy()
    machine = Machine(
        UUID(int=1), UUID(int=2), Printer(transport="tcp9100", language="escpos", dots=576, host="192.0.2.1")
    )
    running: dict[UUID, Any] = printing._running
    running[machine.id] = _Running(machine, NetworkPrinter("192.0.2.1"), cast(Worker, worker), threading.Event())
    replacing = asyncio.create_task(printing._end(machine.id))
    printing._tasks.append(replacing)
    await asyncio.to_thread(worker.first.wait, 10)
    try:
        # Interrupts the replacement.
        await printing.stop()
        assert worker.again.is_set()
    finally:
        worker.again.set()
