"""Failures of strangers lock nobody out; strangers' attempts are limited, also simultaneous ones."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from queue_system.actions.staff import lock_staff, set_password, unlock_staff
from queue_system.clock import FrozenClock
from queue_system.core.errors import TooMany
from queue_system.store import log
from queue_system.store.database import Tx
from queue_system.store.tables import ORGANISATION
from queue_system.web.installation import Installation
from queue_system.web.sign_in_check import LONGEST_LINE, Doors, Turns
from tests.kit.hall import PASSWORD, Hall
from tests.kit.web_hall import SAME_ORIGIN, application, furnished

Act = Callable[[Tx], None]
# What an administrator does to a person while somebody waits with that person's password.
ACTS: list[Act] = [lambda tx: lock_staff(tx, "layla"), lambda tx: set_password(tx, "layla", "another hash")]


@pytest.fixture
def place(sqlite_template: Path, tmp_path: Path, clock: FrozenClock) -> Iterator[tuple[TestClient, Hall]]:
    with application(furnished(sqlite_template, tmp_path, clock.now()), tmp_path, clock) as found:
        yield found


def browser(client: TestClient, address: str) -> TestClient:
    """A new browser at a network address."""
    other = TestClient(client.app, headers=SAME_ORIGIN, follow_redirects=False, client=(address, 50000))
    other.portal = client.portal
    return other


def tried(client: TestClient, login: str, password: str = "wrong") -> int:
    return client.post("/sign-in", data={"login": login, "password": password}).status_code


def failures(hall: Hall) -> int:
    entries = hall.db.read_now(log.after, ORGANISATION, 0, 10_000)
    return sum(entry.kind == "staff.sign_in_failed" for entry in entries)


def test_five_wrong_passwords_close_a_name_at_that_address_and_nowhere_else(place: tuple[TestClient, Hall]) -> None:
    client, _ = place
    stranger = browser(client, "10.0.0.9")
    assert [tried(stranger, "layla") for _ in range(5)] == [422] * 5
    refused = stranger.post("/sign-in", data={"login": "layla", "password": PASSWORD})
    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= 300
    assert 'value="layla"' in refused.text
    assert tried(stranger, "omar", PASSWORD) == 303
    assert tried(browser(client, "10.0.0.1"), "layla", PASSWORD) == 303


def test_a_right_password_gives_the_tries_back(place: tuple[TestClient, Hall]) -> None:
    here = browser(place[0], "10.0.0.1")
    for _ in range(2):
        assert [tried(here, "layla") for _ in range(4)] == [422] * 4
        assert tried(here, "layla", PASSWORD) == 303


def test_a_browser_that_knows_the_person_is_kept_out_by_nobody(place: tuple[TestClient, Hall]) -> None:
    client, _ = place
    own = browser(client, "10.0.0.1")
    assert tried(own, "layla", PASSWORD) == 303
    own.post("/sign-out")
    neighbour = browser(client, "10.0.0.1")
    for number in range(70):
        tried(neighbour, f"name{number}")
    for address in range(40):
        tried(browser(client, f"10.0.1.{address}"), "layla")
    # Address and name are blocked for browsers that have never signed in.
    assert tried(browser(client, "10.0.0.1"), "omar", PASSWORD) == 429
    assert tried(browser(client, "10.0.2.1"), "layla", PASSWORD) == 429
    assert tried(own, "layla", PASSWORD) == 303
    # The browser is known for her only.
    assert tried(own, "omar", PASSWORD) == 429


def test_a_known_browser_has_a_limit_of_its_own(place: tuple[TestClient, Hall]) -> None:
    client, _ = place
    own = browser(client, "10.0.0.1")
    assert tried(own, "layla", PASSWORD) == 303
    assert [tried(own, "layla") for _ in range(10)] == [422] * 10
    assert tried(own, "layla", PASSWORD) == 429
    assert tried(browser(client, "10.0.0.1"), "layla", PASSWORD) == 303


def test_a_hall_behind_one_address_can_mistype(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    people = [f"clerk{number}" for number in range(12)]
    for login in people:
        hall.person(login)
    for login in people:
        here = browser(client, "10.0.0.1")
        assert [tried(here, login) for _ in range(4)] == [422] * 4
        assert tried(here, login, PASSWORD) == 303


def test_tries_at_the_same_moment_are_no_way_around(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    with ThreadPoolExecutor(80) as crowd:
        answers = list(crowd.map(lambda n: tried(browser(client, "10.0.0.9"), f"name{n}"), range(80)))
        same = list(crowd.map(lambda _: tried(browser(client, "10.0.0.8"), "layla"), range(40)))
    assert set(answers) == {422, 429}
    assert answers.count(422) <= 60
    assert same.count(422) <= 5
    # The log takes only the first of them, for existing names and for all others.
    assert failures(hall) <= 10


def test_people_with_the_right_password_come_in_all_at_once(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    people = [f"clerk{number}" for number in range(20)]
    for login in people:
        hall.person(login)
    with ThreadPoolExecutor(20) as crowd:
        answers = list(crowd.map(lambda login: tried(browser(client, "10.0.0.1"), login, PASSWORD), people))
    assert answers == [303] * 20


def test_who_is_let_in_again_begins_anew(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    for address in range(35):
        tried(browser(client, f"10.0.1.{address}"), "layla")
    here = browser(client, "10.0.0.1")
    assert tried(here, "layla", PASSWORD) == 429
    hall.db.write_now(unlock_staff, "layla")
    assert tried(here, "layla", PASSWORD) == 303


def test_who_is_locked_out_is_a_stranger_everywhere(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    here = browser(client, "10.0.0.1")
    assert tried(here, "layla", PASSWORD) == 303
    hall.db.write_now(lock_staff, "layla")
    assert here.get("/desk").status_code == 303
    assert tried(here, "layla", PASSWORD) == 422


@pytest.mark.parametrize("act", ACTS)
def test_who_stands_in_line_with_the_old_password_is_outrun(place: tuple[TestClient, Hall], act: Act) -> None:
    client, hall = place
    doors = client.app.state.installation.memory(Doors)  # type: ignore[attr-defined]
    doors.strangers = Outrun(client.app.state.installation, act)  # type: ignore[attr-defined]
    here = browser(client, "10.0.0.1")
    assert tried(here, "layla", PASSWORD) == 422
    assert not here.cookies
    program = here.post("/api/v1/sessions", json={"login": "omar", "password": PASSWORD})
    assert program.status_code == 201
    hall.db.write_now(unlock_staff, "layla")
    assert here.get("/desk").status_code == 303


@pytest.mark.parametrize("act", ACTS)
def test_a_program_that_stands_in_line_is_outrun_too(place: tuple[TestClient, Hall], act: Act) -> None:
    client, _ = place
    doors = client.app.state.installation.memory(Doors)  # type: ignore[attr-defined]
    doors.strangers = Outrun(client.app.state.installation, act)  # type: ignore[attr-defined]
    answer = client.post("/api/v1/sessions", json={"login": "layla", "password": PASSWORD})
    assert (answer.status_code, answer.json()["code"]) == (401, "sign-in-wrong")


class Outrun(Turns):
    """While somebody waits in this queue, `staff lock` or `staff password` runs."""

    def __init__(self, installation: Installation, act: Act) -> None:
        super().__init__()
        self._installation = installation
        self._act = act

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        await self._installation.database.write(self._act)
        async with super().turn():
            yield


def test_the_cookie_of_a_browser_outlives_the_session_and_is_read_by_no_script(
    place: tuple[TestClient, Hall],
) -> None:
    here = browser(place[0], "10.0.0.1")
    answer = here.post("/sign-in", data={"login": "layla", "password": PASSWORD})
    cookie = next(value for value in answer.headers.get_list("set-cookie") if value.startswith("browser="))
    assert {"HttpOnly", "Path=/", "SameSite=lax"} <= set(cookie.split("; "))
    assert f"Max-Age={180 * 24 * 3600}" in cookie
    here.post("/sign-out")
    assert here.cookies["browser"]
    again = here.post("/sign-in", data={"login": "omar", "password": PASSWORD})
    assert here.cookies["browser"] in "".join(again.headers.get_list("set-cookie"))


@pytest.mark.anyio
async def test_one_password_is_looked_at_after_the_other_and_the_line_has_an_end() -> None:
    turns, inside, most = Turns(), 0, 0

    async def look() -> None:
        nonlocal inside, most
        async with turns.turn():
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    answers = await asyncio.gather(*(look() for _ in range(LONGEST_LINE + 5)), return_exceptions=True)
    assert most == 1
    assert [type(answer) for answer in answers if answer is not None] == [TooMany] * 5
    await look()
