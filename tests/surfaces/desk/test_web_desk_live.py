"""The desk's socket: the same picture as the page, at every change, only for a signed-in person."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient, WebSocketTestSession
from starlette.websockets import WebSocketDisconnect

from queue_system.clock import FrozenClock
from queue_system.live import socket
from tests.kit.hall import Hall
from tests.kit.web_hall import Clerk, another, clerk, sign_in

LIVE = "/desk/doha-main/c4/live"
OURS = {"origin": "http://testserver"}


@pytest.fixture
def layla(here: tuple[TestClient, Hall]) -> Clerk:
    found = clerk(*here, "layla")
    found.sit()
    return found


def test_the_first_frame_is_the_picture_of_the_page(layla: Clerk) -> None:
    layla.hall.issue()
    with layla.client.websocket_connect(LIVE, headers=OURS) as live:
        frame = live.receive_json()
    assert frame["type"] == "desk"
    assert frame["html"].strip() in layla.look().html
    assert f'data-epoch="{frame["epoch"]}"' in frame["html"]
    assert f'data-seq="{frame["seq"]}"' in frame["html"]


def test_what_happens_in_the_hall_arrives_with_a_larger_position(layla: Clerk) -> None:
    with layla.client.websocket_connect(LIVE, headers=OURS) as live:
        first = live.receive_json()
        code = layla.hall.issue().ticket.code
        second = live.receive_json()
        assert code not in first["html"]
        assert code in second["html"]
        assert second["seq"] > first["seq"]
        layla.press("calls")
        assert "جرى النداء" in live.receive_json()["html"]


def test_it_speaks_the_language_of_the_page(layla: Clerk) -> None:
    with layla.client.websocket_connect(f"{LIVE}?lang=en", headers=OURS) as live:
        assert "Nobody in front of you" in live.receive_json()["html"]


def test_signing_out_closes_the_socket_at_once(layla: Clerk) -> None:
    with layla.client.websocket_connect(LIVE, headers=OURS) as live:
        live.receive_json()
        layla.client.post("/sign-out")
        assert closed(live) == 4401


def test_a_session_left_idle_closes_the_socket_though_the_page_is_open(
    layla: Clerk, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "PULSE_SECONDS", 0.05)
    with layla.client.websocket_connect(LIVE, headers=OURS) as live:
        live.receive_json()
        # Following the desk does not keep the session alive.
        clock.move(timedelta(minutes=20))
        assert live.receive_json()["type"] in ("desk", "pulse")
        clock.move(timedelta(minutes=11))
        assert closed(live) == 4401


def test_time_alone_changes_the_picture(layla: Clerk, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "PULSE_SECONDS", 0.05)
    layla.hall.issue()
    with layla.client.websocket_connect(LIVE, headers=OURS) as live:
        assert '">0</span>' in live.receive_json()["html"]
        assert live.receive_json() == {"type": "pulse"}
        clock.move(timedelta(minutes=7))
        frame: dict[str, Any] = {"type": "pulse"}
        while frame["type"] == "pulse":
            frame = live.receive_json()
        assert '">7</span>' in frame["html"]


def test_somebody_else_s_sign_out_closes_nothing(layla: Clerk) -> None:
    omar = clerk(another(layla.client), layla.hall, "omar")
    with layla.client.websocket_connect(LIVE, headers=OURS) as live:
        live.receive_json()
        omar.client.post("/sign-out")
        code = layla.hall.issue().ticket.code
        assert code in live.receive_json()["html"]


def test_a_stranger_gets_no_socket(here: tuple[TestClient, Hall]) -> None:
    client, _ = here
    assert refused(client, LIVE) == 4401
    sign_in(client, "rana")
    assert refused(client, LIVE) == 4404
    sign_in(client, "layla")
    assert refused(client, "/desk/doha-main/c99/live") == 4404
    assert refused(client, "/desk/nowhere/c4/live") == 4404
    assert refused(client, "/desk/mobile-consulate/m1/live") == 4404


@pytest.mark.parametrize("origin", [None, "https://evil.example", "null"])
def test_a_page_of_another_site_gets_no_socket(layla: Clerk, origin: str | None) -> None:
    assert refused(layla.client, LIVE, {"origin": origin} if origin else {}) == 4403


def refused(client: TestClient, path: str, headers: dict[str, str] = OURS) -> int:
    """The code with which a connection was closed before anything was sent."""
    with pytest.raises(WebSocketDisconnect) as caught, client.websocket_connect(path, headers=headers) as live:
        live.receive_text()
    return caught.value.code


def closed(live: WebSocketTestSession) -> int:
    """The code with which the server closes, after any remaining messages."""
    while True:
        message = live.receive()
        if message["type"] == "websocket.close":
            return int(message["code"])
        assert json.loads(message["text"])["type"] in ("desk", "pulse")
