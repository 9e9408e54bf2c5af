"""Telephones hear of a change one by one, when the screens have it and nobody waits for an answer."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from queue_system.live import latecomers
from queue_system.live.audience import Audiences
from queue_system.live.hub import Hub
from queue_system.live.latecomers import Latecomers
from tests.kit.waiting import until

pytestmark = pytest.mark.anyio

BRANCH = UUID(int=1)
LONG = 60.0


class House:
    """A hub with five who wait for a change, and somebody who may be waiting for an answer."""

    def __init__(self) -> None:
        self.hub = Hub()
        self.audiences = Audiences()
        self.pressing = False
        self.late = Latecomers(self.hub, self.audiences, lambda: self.pressing)
        self.woken: list[int] = []

    async def waiting(self, count: int = 5) -> list[asyncio.Task[bool]]:
        async def wait(number: int) -> bool:
            moved = await self.late.wait({BRANCH: 0}, LONG)
            self.woken.append(number)
            return moved

        tasks = [asyncio.create_task(wait(number)) for number in range(count)]
        await asyncio.sleep(0)
        return tasks


@pytest.fixture
def house() -> House:
    return House()


async def all_of(tasks: list[asyncio.Task[bool]]) -> list[bool]:
    async with asyncio.timeout(10):
        return await asyncio.gather(*tasks)


async def test_one_in_each_step_of_the_loop_in_the_order_of_coming(house: House) -> None:
    tasks = await house.waiting()
    house.hub.wake({BRANCH: 1})
    steps = []
    while len(house.woken) < len(tasks):
        before = len(house.woken)
        await asyncio.sleep(0)
        steps.append(len(house.woken) - before)
    assert max(steps) == 1
    assert house.woken == [0, 1, 2, 3, 4]
    assert await all_of(tasks) == [True] * 5


class Page:
    """A follower that is concerned by positions from `since` on."""

    def __init__(self, house: House, since: int) -> None:
        self.hub, self.since = house.hub, since
        self.looks: list[int] = []
        self.asked: list[int] = []
        self.done = False

    def is_done(self) -> bool:
        return self.done

    async def look(self) -> int:
        self.looks.append(self.hub.position(BRANCH))
        return self.looks[-1]

    def is_concerned(self, state: int) -> bool:
        self.asked.append(state)
        return state >= self.since


async def test_whom_a_change_does_not_concern_is_not_woken(house: House) -> None:
    page = Page(house, since=2)
    waiting = asyncio.create_task(house.late.of(page).wait({BRANCH: 0}, LONG))
    others = await house.waiting()
    house.hub.wake({BRANCH: 1})
    assert await all_of(others) == [True] * 5
    assert (page.asked, waiting.done()) == ([1], False)
    house.hub.wake({BRANCH: 2})
    assert await all_of([waiting]) == [True]
    assert page.asked == [1, 2]


async def test_one_look_is_for_all_whom_a_change_does_not_concern(house: House) -> None:
    pages = [Page(house, since=2) for _ in range(latecomers.ASKED_AT_ONCE)]
    waiting = [asyncio.create_task(house.late.of(page).wait({BRANCH: 0}, LONG)) for page in pages]
    await asyncio.sleep(0)
    house.hub.wake({BRANCH: 1})
    await asyncio.to_thread(until, lambda: all(page.asked for page in pages))
    assert sum(len(page.looks) for page in pages) == 1
    house.hub.wake({BRANCH: 2})
    assert await all_of(waiting) == [True] * len(pages)


async def test_nobody_looks_for_those_who_are_done(house: House) -> None:
    page = Page(house, since=0)
    page.done = True
    waiting = asyncio.create_task(house.late.of(page).wait({BRANCH: 0}, LONG))
    others = await house.waiting()
    house.hub.wake({BRANCH: 1})
    assert await all_of(others) == [True] * 5
    assert (page.looks, page.asked, waiting.done()) == ([], [], False)
    house.hub.close()
    await all_of([waiting])


async def test_a_change_during_the_look_is_asked_about_again(house: House) -> None:
    page = Page(house, since=2)

    async def look() -> int:
        found = house.hub.position(BRANCH)
        # Another change, after the state was read that the answer is about.
        house.hub.wake({BRANCH: 2})
        await asyncio.sleep(0)
        return found

    page.look = look  # type: ignore[method-assign]
    waiting = asyncio.create_task(house.late.of(page).wait({BRANCH: 0}, LONG))
    await asyncio.sleep(0)
    house.hub.wake({BRANCH: 1})
    assert await all_of([waiting]) == [True]
    assert page.asked == [1, 2]


@pytest.mark.parametrize("broken", ["look", "is_concerned"])
async def test_who_cannot_be_asked_is_woken_and_the_others_as_well(
    house: House, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    page = Page(house, since=2)

    def fail(_: int | None = None) -> bool:
        raise OSError("no database")

    monkeypatch.setattr(page, broken, fail)
    waiting = asyncio.create_task(house.late.of(page).wait({BRANCH: 0}, LONG))
    await asyncio.sleep(0)
    others = await house.waiting()
    house.hub.wake({BRANCH: 1})
    assert await all_of([waiting, *others]) == [True] * 6


async def test_nothing_that_concerns_them_is_told_after_a_while(house: House) -> None:
    waiting = asyncio.create_task(house.late.of(Page(house, since=2)).wait({BRANCH: 0}, 0.05))
    await asyncio.sleep(0)
    house.hub.wake({BRANCH: 1})
    assert await all_of([waiting]) == [False]


async def test_they_let_pass_who_waits_for_an_answer(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latecomers, "GIVES_WAY_SECONDS", LONG)
    tasks = await house.waiting()
    house.pressing = True
    house.hub.wake({BRANCH: 1})
    await asyncio.sleep(5 * latecomers.PAUSE_SECONDS)
    assert house.woken == []
    house.pressing = False
    assert await all_of(tasks) == [True] * 5


async def test_but_not_for_ever(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latecomers, "GIVES_WAY_SECONDS", 0.0)
    tasks = await house.waiting()
    house.pressing = True
    house.hub.wake({BRANCH: 1})
    assert await all_of(tasks) == [True] * 5


async def test_the_screens_come_first(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = asyncio.Event()
    asked: list[tuple[Hub, UUID]] = []

    async def settle(hub: Hub, branch: UUID) -> None:
        asked.append((hub, branch))
        await shown.wait()

    monkeypatch.setattr(house.audiences, "settle", settle)
    tasks = await house.waiting()
    house.hub.wake({BRANCH: 1})
    for _ in range(5):
        await asyncio.sleep(0)
    assert (house.woken, asked) == ([], [(house.hub, BRANCH)])
    shown.set()
    assert await all_of(tasks) == [True] * 5


async def test_a_change_from_before_the_waiting_counts(house: House) -> None:
    house.hub.wake({BRANCH: 3})
    assert house.late.position(BRANCH) == 3
    async with asyncio.timeout(10):
        assert await house.late.wait({BRANCH: 2}, LONG)


async def test_a_change_as_the_last_has_been_woken_is_heard(house: House) -> None:
    """Every step of the loop is tried, so that none is between two who listen."""
    for seq in range(1, 12):
        waiting = asyncio.create_task(house.late.wait({BRANCH: house.late.position(BRANCH)}, LONG))
        await asyncio.sleep(0)
        house.hub.wake({BRANCH: house.late.position(BRANCH) + 1})
        again = asyncio.create_task(house.late.wait({BRANCH: house.late.position(BRANCH)}, LONG))
        for _ in range(seq):
            await asyncio.sleep(0)
        house.hub.wake({BRANCH: house.late.position(BRANCH) + 1})
        assert await all_of([waiting, again]) == [True, True]


async def test_nothing_new_is_told_after_a_while(house: House) -> None:
    house.hub.wake({BRANCH: 1})
    assert not await house.late.wait({BRANCH: 1}, 0.0)
    assert not await house.late.wait({BRANCH: 1}, 0.001)


async def test_nobody_waits_at_a_node_that_stops(house: House) -> None:
    tasks = await house.waiting()
    house.hub.close()
    assert await all_of(tasks) == [False] * 5
    assert house.late.is_closed()
    assert not await house.late.wait({BRANCH: 0}, LONG)
