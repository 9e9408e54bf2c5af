"""Work beside the requests goes on, whatever happens to one round of it."""

from __future__ import annotations

import asyncio

import pytest

from queue_system.background import forever
from queue_system.core.errors import Unavailable


@pytest.mark.anyio
@pytest.mark.parametrize("trouble", [Unavailable("database-unavailable"), KeyError("nobody has thought of this")])
async def test_a_round_that_fails_is_not_the_last(trouble: Exception) -> None:
    rounds = 0
    again = asyncio.Event()

    async def work() -> None:
        nonlocal rounds
        rounds += 1
        if rounds == 1:
            raise trouble
        again.set()

    task = asyncio.create_task(forever("test", work, 0))
    try:
        async with asyncio.timeout(10):
            await again.wait()
    finally:
        task.cancel()
