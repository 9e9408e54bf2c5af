"""Puts off the first turn of what an application repeats beside its requests.

A server does this work as soon as it starts, and the work takes longer than most tests of a page, which then also compete
with it. In the applications of tests it waits for its next turn, as in a server that has done it just before. Tests of
this work call it, or use `at_once`; servers in processes of their own are unchanged.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from queue_system import app
from queue_system.ops.background import forever


def put_off_the_first_turn() -> None:
    """Let the applications of this process begin such work only when its first interval is over."""
    vars(app)["forever"] = _later


@contextmanager
def at_once() -> Iterator[None]:
    """Applications that start meanwhile begin at once, as they do outside tests."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(app, "forever", forever)
        yield


async def _later(name: str, work: Callable[[], Awaitable[Any]], seconds: float) -> None:
    await asyncio.sleep(seconds)
    await forever(name, work, seconds)
