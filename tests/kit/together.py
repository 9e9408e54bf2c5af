"""Works of one branch in one batch of its writer."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from queue_system.store.database import Tx
from tests.kit.hall import Hall


def in_one_transaction(hall: Hall, works: list[Callable[[Tx], Any]]) -> list[Future[Any]]:
    """Works that wait for the same writer, and run in one batch."""
    started, gate = threading.Event(), threading.Event()

    def hold_up(_tx: Tx) -> bool:
        started.set()
        return gate.wait(60)

    blocker = hall.db._submit(hall.branch.id, hold_up)
    assert started.wait(60)
    jobs = [hall.db._submit(hall.branch.id, work) for work in works]
    gate.set()
    assert blocker.result()
    for job in jobs:
        job.exception()
    return jobs
