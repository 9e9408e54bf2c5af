"""How many times one address may hold without confirming: enough for a crowd, too few to block a calendar."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from queue_system.clock import FrozenClock
from queue_system.core.errors import TooMany
from queue_system.store.database import Database
from queue_system.store.queries.bookings import BookingView
from queue_system.web.open_holds import AT_ONCE, OpenHolds
from tests.kit.api_program import Answer, Program
from tests.kit.hall import Hall, furnish
from tests.kit.web_hall import application

# A person has at most one appointment of this service.
LIMITED = "civil-extract"


@pytest.fixture
def here(db: Database, db_url: str, tmp_path: Path, clock: FrozenClock) -> Iterator[tuple[TestClient, Hall]]:
    furnish(db)
    with application(db_url, tmp_path, clock) as found:
        yield found


@pytest.fixture
def program(here: tuple[TestClient, Hall]) -> Program:
    return Program(here[0])


def test_a_crowd_behind_one_address_books_as_fast_as_it_confirms(program: Program) -> None:
    starts = program.slots()
    for start in starts[: AT_ONCE + 5]:
        held = program.hold(start)
        assert held.status == 201
        assert confirm(program, held).status == 200


def test_who_never_confirms_keeps_a_few_times_and_no_more(program: Program, clock: FrozenClock) -> None:
    starts = iter(program.slots())
    held = [program.hold(next(starts)) for _ in range(AT_ONCE)]
    assert {answer.status for answer in held} == {201}
    refused = program.hold(next(starts))
    assert (refused.status, refused.code) == (429, "too-many")
    assert 0 < int(refused.headers["retry-after"]) <= 600
    # After a confirmation or a cancellation there is room again.
    assert confirm(program, held[0]).status == 200
    assert program.hold(next(starts)).status == 201
    assert program.hold(next(starts)).status == 429
    clock.move(timedelta(seconds=int(refused.headers["retry-after"])))
    assert program.hold(next(starts)).status == 201


def test_the_same_request_again_takes_no_more_room(program: Program) -> None:
    start, other = program.slots()[:2]
    for _ in range(AT_ONCE + 1):
        assert program.hold(start, request_id="0b8e4a52-6f8b-4f5e-9d0c-2f7f5a1c9e11").status == 201
    assert program.hold(other).status == 201


def test_many_at_the_same_moment_are_no_way_around(program: Program) -> None:
    assert sorted(rush(program, AT_ONCE * 2)) == [201] * AT_ONCE + [429] * AT_ONCE


def test_counted_when_they_are_there_the_many_would_get_through(program: Program) -> None:
    """The negative control: everybody is checked before anybody is counted."""
    program.client.app.state.installation._memory[OpenHolds] = CountedLater(AT_ONCE * 2)  # type: ignore[attr-defined]
    assert rush(program, AT_ONCE * 2) == [201] * AT_ONCE * 2


def test_refusals_that_tell_are_ten_also_at_the_same_moment(program: Program) -> None:
    """Twenty requests at once ask whether a person has an appointment, for twenty times of the day."""
    person = {"service": LIMITED, "name": "سلمى الأتاسي", "contact": "+97455512345"}
    starts = program.slots(LIMITED)[: AT_ONCE + 1]
    assert confirm(program, program.hold(starts[0], **person)).status == 200
    with ThreadPoolExecutor(AT_ONCE) as threads:
        answers = list(threads.map(lambda start: Program(program.client).hold(start, **person), starts[1:]))
    assert sorted(answer.status for answer in answers) == [409] * 10 + [429] * (AT_ONCE - 10)
    assert {answer.code for answer in answers} == {"booking-limit", "too-many"}


def test_warnings_that_tell_are_ten_also_at_the_same_moment(program: Program) -> None:
    person = {"name": "سلمى الأتاسي", "contact": "+97455512345"}
    start = next(iter(set(program.slots("edu-attest")) & set(program.slots(LIMITED))))
    assert confirm(program, program.hold(start, "edu-attest", **person)).status == 200
    request_id = "0b8e4a52-6f8b-4f5e-9d0c-2f7f5a1c9e11"

    def ask(_: int) -> Answer:
        return Program(program.client).hold(start, LIMITED, request_id=request_id, **person)

    with ThreadPoolExecutor(AT_ONCE) as threads:
        answers = list(threads.map(ask, range(AT_ONCE)))
    assert sorted(answer.status for answer in answers) == [201] * 10 + [429] * (AT_ONCE - 10)
    assert all(answer.body["warnings"] == ["same-time"] for answer in answers if answer.status == 201)


class CountedLater(OpenHolds):
    def __init__(self, people: int) -> None:
        super().__init__()
        self._counted = 0
        self._people = people
        self._all_here = asyncio.Event()

    async def hold(
        self,
        _house: Any,
        _address: Any,
        _branch: Any,
        _count: Any,
        work: Callable[[], Awaitable[Sequence[BookingView]]],
    ) -> Sequence[BookingView]:
        if self._counted >= AT_ONCE:
            raise TooMany("too-many", seconds=1)
        self._people -= 1
        if not self._people:
            self._all_here.set()
        await self._all_here.wait()
        bookings = await work()
        self._counted += 1
        return bookings


def rush(program: Program, people: int) -> list[int]:
    """Everybody holds a different time at the same moment; the statuses of the answers."""
    starts = program.slots()[:people]
    with ThreadPoolExecutor(people) as threads:
        return [answer.status for answer in threads.map(lambda start: Program(program.client).hold(start), starts)]


def confirm(program: Program, held: Answer) -> Answer:
    return program.post(f"bookings/{held.body['token']}/confirmation")
