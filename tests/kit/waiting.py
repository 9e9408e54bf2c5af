"""Waiting for what another thread or process does."""

from __future__ import annotations

import time
from collections.abc import Callable

from tests.kit.served import DEADLINE_SECONDS


def until(done: Callable[[], bool], seconds: float = DEADLINE_SECONDS) -> None:
    """Wait for a condition; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)
