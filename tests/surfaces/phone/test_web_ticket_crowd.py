"""A hall full of telephones: one read of the line for all, and only telephones whose page changed get a message."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import websockets
from starlette.applications import Starlette

from queue_system.actions import calling, tickets
from queue_system.app import create_app
from queue_system.clock import FrozenClock
from queue_system.configuration import Configuration
from queue_system.core.tickets import TAKE_BACK
from queue_system.live import socket
from queue_system.store.log import VISITOR
from tests.kit.counted_looks import CountedLooks
from tests.kit.counted_statements import counted_statements
from tests.kit.displays_hall import seat
from tests.kit.hall import Hall, enter
from tests.kit.served import DEADLINE_SECONDS, served
from tests.kit.web_hall import furnished

TELEPHONES = 20


@pytest.fixture
def app(sqlite_template: Path, tmp_path: Path, clock: FrozenClock) -> Starlette:
    url = furnished(sqlite_template, tmp_path, clock.now())
    app = create_app(Configuration.model_validate({"database_url": url, "data_dir": tmp_path}), clock)
    app.state.installation.shared = CountedLooks()
    return app


async def telephone(address: str, token: str) -> websockets.ClientConnection:
    """Follow the page of a number; its first picture has been read already."""
    live = await websockets.connect(
        f"{address.replace('http', 'ws')}/t/{token}/live?lang=en", origin=websockets.Origin(address), compression=None
    )
    assert (await news(live))["type"] == "ticket"
    return live


async def news(live: websockets.ClientConnection) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(await asyncio.wait_for(live.recv(), DEADLINE_SECONDS))
    return found


async def next_page(live: websockets.ClientConnection) -> str:
    """The next picture; pulses are skipped."""
    while (found := await news(live))["type"] != "ticket":
        pass
    return str(found["html"])


def test_one_change_is_one_look_and_concerns_those_it_concerns(app: Starlette) -> None:
    looks = app.state.installation.shared.looks
    with served(app) as address:
        hall: Hall = enter(app.state.installation.database)
        here = seat(hall)
        mine = [hall.issue("attest-single").ticket for _ in range(TELEPHONES)]

        async def watch() -> None:
            live = [await telephone(address, ticket.token) for ticket in mine]
            before = looks["line"]
            # A visitor comes for a service that counter 4 does not serve, so no page changes.
            await asyncio.to_thread(hall.issue, "complaint")
            await asyncio.to_thread(hall.call_next, here)
            pages = await asyncio.gather(*(next_page(one) for one in live))
            assert "It is your turn" in pages[0]
            assert "You are next" in pages[1]
            assert f"{TELEPHONES - 2} people ahead" in pages[-1].replace("<bdi>", "").replace("</bdi>", "")
            # Two changes cause at most two reads; formerly each telephone read by itself.
            assert 1 <= looks["line"] - before <= 2
            await asyncio.gather(*(one.close() for one in live))

        asyncio.run(watch())


def test_a_change_that_a_page_does_not_show_is_not_sent(app: Starlette, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "PULSE_SECONDS", 0.2)
    with served(app) as address:
        hall: Hall = enter(app.state.installation.database)
        mine = hall.issue("attest-single").ticket

        async def watch() -> None:
            live = await telephone(address, mine.token)
            before = app.state.installation.shared.looks["line"]
            await asyncio.to_thread(hall.issue, "complaint")
            # A pulse may have been on its way already; one sent after the read of the change counts.
            while app.state.installation.shared.looks["line"] == before:
                assert await news(live) == {"type": "pulse"}
            for _ in range(3):
                assert await news(live) == {"type": "pulse"}
            await live.close()

        asyncio.run(watch())


def test_a_visit_that_is_over_is_looked_at_no_more(app: Starlette, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "PULSE_SECONDS", 0.05)
    looks = app.state.installation.shared.looks
    with served(app) as address:
        hall: Hall = enter(app.state.installation.database)
        mine = hall.issue("attest-single").ticket
        here = seat(hall)
        hall.call_next(here)

        async def watch() -> None:
            live = await telephone(address, mine.token)
            at_desk = hall.at(here.staff_id, "c4", mine.id)
            await asyncio.to_thread(lambda: hall.db.write_in_now(hall.branch.id, calling.finish, at_desk))
            assert 'data-state="over"' in await next_page(live)
            # The press may still be taken back; only after that time the visit is over for good.
            app.state.installation.clock.move(TAKE_BACK + timedelta(seconds=1))
            await asyncio.to_thread(hall.issue)
            for _ in range(3):
                assert await news(live) == {"type": "pulse"}
            before = looks["line"]
            await asyncio.to_thread(hall.issue)
            for _ in range(3):
                assert await news(live) == {"type": "pulse"}
            assert looks["line"] == before
            await live.close()

        asyncio.run(watch())


def gone(hall: Hall, count: int) -> list[str]:
    """The secrets of numbers whose visitors have left the line; that can still be taken back."""
    found = [hall.issue("attest-single").ticket for _ in range(count)]
    for ticket in found:
        hall.db.write_in_now(hall.branch.id, tickets.leave, hall.branch.id, ticket.id, VISITOR)
    return [ticket.token for ticket in found]


def test_numbers_that_are_out_of_the_line_sleep_through_its_changes(
    app: Starlette, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "PULSE_SECONDS", 60 * DEADLINE_SECONDS)
    with served(app) as address:
        hall: Hall = enter(app.state.installation.database)
        here = seat(hall)
        hall.issue("attest-single")
        mine = hall.issue("attest-single").ticket

        async def watch() -> None:
            live = [await telephone(address, token) for token in gone(hall, 5)]
            # It is asked after the others, because it came after them.
            last = await telephone(address, mine.token)
            with counted_statements() as sent:
                await asyncio.to_thread(hall.issue, "complaint")
                await asyncio.to_thread(hall.call_next, here)
                assert "You are next" in await next_page(last)
            assert [text for text in sent if "ticket.token = " in text] == []
            await asyncio.gather(*(one.close() for one in (*live, last)))

        asyncio.run(watch())


def test_numbers_that_are_out_of_the_line_share_the_look_at_each_pulse(
    app: Starlette, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "PULSE_SECONDS", 0.1)
    with served(app) as address:
        hall: Hall = enter(app.state.installation.database)

        async def watch() -> None:
            live = [await telephone(address, token) for token in gone(hall, 5)]
            with counted_statements() as sent:
                for _ in range(3):
                    assert [await news(one) for one in live] == [{"type": "pulse"}] * 5
            assert [text for text in sent if "ticket.token = " in text], "each reads its own row"
            assert [text for text in sent if "ORDER BY ticket.anchor_at" in text] == []
            await asyncio.gather(*(one.close() for one in live))

        asyncio.run(watch())


def test_a_number_that_comes_back_into_the_line_is_shown_at_once(
    app: Starlette, monkeypatch: pytest.MonkeyPatch, clock: FrozenClock
) -> None:
    monkeypatch.setattr(socket, "PULSE_SECONDS", 60 * DEADLINE_SECONDS)
    with served(app) as address:
        hall: Hall = enter(app.state.installation.database)
        here = seat(hall)
        mine = hall.issue("attest-single").ticket
        hall.call_next(here)
        hall.give_up(hall.at(here.staff_id, "c4", mine.id), clock)

        async def watch() -> None:
            live = await telephone(address, mine.token)
            desk = hall.at(here.staff_id, "c4")
            await asyncio.to_thread(lambda: hall.db.write_in_now(hall.branch.id, calling.take_back, desk))
            assert "It is your turn" in await next_page(live)
            await live.close()

        asyncio.run(watch())
