"""Limits that count failures only, and simultaneous attempts against them."""

from __future__ import annotations

import asyncio

import pytest

from queue_system.core.errors import TooMany
from queue_system.web.limits import RATES, Limits

pytestmark = pytest.mark.anyio

NAME, KEY = "booking-limits", "10.0.0.9"
MOST = RATES[NAME].amount
CROWD = 3 * MOST


async def test_of_a_crowd_that_fails_no_more_are_let_in_than_tries_are_left() -> None:
    limits, door = Limits(), Door()
    limits.count(NAME, KEY)
    answers = await asyncio.gather(*(in_turn(limits, door, fails=True) for _ in range(CROWD)), return_exceptions=True)
    assert answers.count(None) == MOST - 1
    assert sum(isinstance(answer, TooMany) for answer in answers) == CROWD - MOST + 1


async def test_looked_at_before_and_counted_after_the_whole_crowd_gets_in() -> None:
    """The negative control."""
    limits, door = Limits(), Door()
    await asyncio.gather(*(checked_then_counted(limits, door) for _ in range(CROWD)))
    assert door.most == CROWD


async def test_a_crowd_in_which_nobody_fails_waits_and_is_served() -> None:
    limits, door = Limits(), Door()
    await asyncio.gather(*(in_turn(limits, door, fails=False) for _ in range(CROWD)))
    assert door.most == MOST
    limits.check(NAME, KEY)


class Door:
    """A slow operation that records how many ran at once."""

    def __init__(self) -> None:
        self.most = 0
        self._inside = 0

    async def pass_through(self) -> None:
        self._inside += 1
        self.most = max(self.most, self._inside)
        # Everybody who can come comes meanwhile.
        for _ in range(3):
            await asyncio.sleep(0)
        self._inside -= 1


async def in_turn(limits: Limits, door: Door, *, fails: bool) -> None:
    async with limits.attempt_in_turn(NAME, KEY) as fail:
        await door.pass_through()
        if fails:
            fail()


async def checked_then_counted(limits: Limits, door: Door) -> None:
    limits.check(NAME, KEY)
    await door.pass_through()
    limits.count(NAME, KEY)
