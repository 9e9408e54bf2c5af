"""The promises of a socket: the newest state, whatever happens while it is being read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import pytest
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.testclient import TestClient, WebSocketTestSession
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import connect

from queue_system.live.codes import Closed
from queue_system.live.hub import Hub
from queue_system.live.socket import Frame, Render, refuse, serve
from tests.kit.served import served

BRANCH = UUID(int=1)
OTHER = UUID(int=2)


@contextmanager
def following(hub: Hub, render: Render) -> Iterator[WebSocketTestSession]:
    """A client of a socket that follows both branches."""

    async def live(websocket: WebSocket) -> None:
        await websocket.accept()
        await serve(websocket, hub, [BRANCH, OTHER], render)

    app = Starlette(routes=[WebSocketRoute("/live", live)])
    with TestClient(app) as client, client.websocket_connect("/live") as session:
        yield session


def test_what_comes_between_two_reads_of_one_look_is_not_slept_through() -> None:
    """The read checks the right to look, the right is revoked, and only then the read gets its position."""
    hub = Hub()
    looks = 0

    async def render() -> Frame | None:
        nonlocal looks
        looks += 1
        if looks > 1:
            return None
        hub.wake({BRANCH: 1})
        return Frame(1, "the last that may be seen")

    with following(hub, render) as session:
        assert session.receive_text() == "the last that may be seen"
        assert close_code(session) == 4401


@pytest.mark.parametrize("branch", [BRANCH, OTHER])
def test_news_of_each_branch_that_is_followed_wakes(branch: UUID) -> None:
    hub = Hub()
    shown = 0

    async def render() -> Frame:
        nonlocal shown
        shown += 1
        return Frame(0, str(shown))

    with following(hub, render) as session:
        assert session.receive_text() == "1"
        session.portal.call(hub.wake, {branch: 1})
        assert session.receive_text() == "2"


def test_bytes_from_the_client_end_nothing() -> None:
    hub = Hub()

    async def render() -> Frame:
        return Frame(hub.position(BRANCH), str(hub.position(BRANCH)))

    with following(hub, render) as session:
        assert session.receive_text() == "0"
        session.send_bytes(b"\0")
        session.portal.call(hub.wake, {BRANCH: 1})
        assert session.receive_text() == "1"


def close_code(session: WebSocketTestSession) -> int:
    with pytest.raises(WebSocketDisconnect) as closed:
        session.receive_text()
    return closed.value.code


def test_a_browser_learns_why_its_socket_is_refused() -> None:
    async def door(websocket: WebSocket) -> None:
        await refuse(websocket, Closed.NOT_THERE)

    # A real server, because the test client also tells the code of a handshake that was refused.
    with (
        served(Starlette(routes=[WebSocketRoute("/live", door)])) as address,
        connect(f"{address.replace('http', 'ws')}/live") as socket,
        pytest.raises(ConnectionClosedError) as closed,
    ):
        socket.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == Closed.NOT_THERE
