"""Puts off the first turn of what an application repeats beside its requests.

A server does this work as soon as it starts, and the work takes longer than most tests of a page, which then also compete
with it. In the applications of tests it waits for longer than a test takes: what a test does itself with such work must
not be undone by the application's own on a slow machine. Tests of this work call it, or use `at_once`; servers in processes
of their own are unchanged.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest

from queue_system import app
from queue_system.ops.background import forever

#: Longer than a test of a page takes on a slow and busy machine.
FIRST_TURN_SECONDS: Final = 300.0


def put_off_the_first_turn() -> None:
    """Let the applications of this process begin such work only after FIRST_TURN_SECONDS."""
    vars(app)["forever"] = _later


@contextmanager
def at_once() -> Iterator[None]:
    """Applications that start meanwhile begin at once, as they do outside tests."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(app, "forever", forever)
        yield


async def _later(name: str, work: Callable[[], Awaitable[Any]], seconds: float) -> None:
    await asyncio.sleep(max(seconds, FIRST_TURN_SECONDS))
    await forever(name, work, seconds)
