"""The socket of a screen: only for paired screens of our own pages, always the newest board, rendered once for all."""

from __future__ import annotations

import asyncio
import json
import socket as sockets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import websockets
from starlette.testclient import WebSocketTestSession
from starlette.websockets import WebSocketDisconnect

from queue_system import app
from queue_system.actions import calling
from queue_system.actions.devices import approve_pairing, ask_pairing, redeem_pairing, revoke_device
from queue_system.actions.installation import renew_epoch
from queue_system.app import create_app
from queue_system.clock import FrozenClock
from queue_system.configuration import Configuration
from queue_system.live import socket
from queue_system.store.log import SYSTEM
from queue_system.store.queries.access import devices
from queue_system.store.queries.organisation import organisation
from queue_system.web.installation import Installation
from tests.kit.counted_looks import CountedLooks
from tests.kit.displays_hall import Screen, board_of, boards_until, enrol, screen, seat
from tests.kit.hall import enter
from tests.kit.served import DEADLINE_SECONDS, served
from tests.kit.waiting import until
from tests.kit.web_hall import another, furnished

SCREENS = 50


@pytest.fixture
def url(sqlite_template: Path, tmp_path: Path, clock: FrozenClock) -> str:
    return furnished(sqlite_template, tmp_path, clock.now())


@pytest.fixture
def paired(url: str, tmp_path: Path, clock: FrozenClock) -> Iterator[Screen]:
    with screen(url, tmp_path, clock) as found:
        yield found


def refusal(paired: Screen, headers: dict[str, str], *, with_cookie: bool = True) -> int:
    """The code with which a connection was closed before anything was sent."""
    client = paired.client if with_cookie else another(paired.client)
    with (
        pytest.raises(WebSocketDisconnect) as refused,
        client.websocket_connect("/display/live", headers=headers) as live,
    ):
        live.receive_text()
    return refused.value.code


def board_after_board(session: WebSocketTestSession) -> None:
    while True:
        session.receive_text()


def closed(session: WebSocketTestSession) -> int:
    """The code with which a socket is closed; boards before that are skipped."""
    with pytest.raises(WebSocketDisconnect) as end:
        board_after_board(session)
    return end.value.code


# ---------------------------------------------------------------- who may look


def test_an_unpaired_browser_gets_no_socket(paired: Screen) -> None:
    assert refusal(paired, {"origin": "http://testserver"}, with_cookie=False) == 4401


@pytest.mark.parametrize(
    "origin",
    ["http://elsewhere.example", "https://testserver", "http://testserver:81", "http://testserver.example", "null"],
)
def test_a_foreign_page_gets_no_socket(paired: Screen, origin: str) -> None:
    assert refusal(paired, {"origin": origin}) == 4403


def test_a_cookie_without_an_origin_gets_no_socket(paired: Screen) -> None:
    assert refusal(paired, {}) == 4403


def test_a_program_with_the_token_of_the_screen_may_look(paired: Screen) -> None:
    program = another(paired.client)
    headers = {"authorization": f"Bearer {paired.token}"}
    with program.websocket_connect("/display/live", headers=headers) as session:
        assert board_of(session)["calls"] == []


def test_a_revoked_screen_is_turned_away_at_once_and_the_others_stay(paired: Screen) -> None:
    with paired.socket() as first:
        board_of(first)
        other = paired.turned_to("d2")
        with other.socket() as second:
            board_of(second)
            branch = paired.hall.branch.id
            paired.hall.db.write_in_now(branch, revoke_device, branch, paired.device.id, SYSTEM)
            assert closed(first) == 4401
            paired.hall.issue()
            assert boards_until(second, paired.seq)[-1]["seq"] == paired.seq
    paired.client.cookies.set("device-display", paired.token)
    assert refusal(paired, {"origin": "http://testserver"}) == 4401


def test_a_screen_whose_place_another_machine_took_is_turned_away(paired: Screen, clock: FrozenClock) -> None:
    with paired.socket() as session:
        board_of(session)
        clock.move(timedelta(seconds=1))
        enrol(paired.hall, "d1")
        assert closed(session) == 4401


def test_a_screen_is_turned_away_when_the_new_machine_takes_its_token_and_nothing_else_happens(
    paired: Screen, clock: FrozenClock
) -> None:
    hall, branch = paired.hall, paired.hall.branch.id
    asked = hall.db.write_now(ask_pairing, "display")
    hall.db.write_in_now(branch, approve_pairing, asked.user_code, branch, paired.device.id, SYSTEM)
    with paired.socket() as session:
        # The new machine is approved but has not fetched its token, so the old one continues.
        board_of(session)
        clock.move(timedelta(seconds=1))
        assert hall.db.write_now(redeem_pairing, asked.device_code)[0] == "approved"
        assert closed(session) == 4401


def test_a_screen_paired_after_the_picture_was_made_sees_it(paired: Screen) -> None:
    page = paired.client.get("/display")
    assert page.status_code == 200
    # The cached picture of this spot and position does not name the new screen.
    with paired.socket() as session:
        first = board_of(session)
    paired.turned_to("d1")
    with paired.socket() as session:
        assert board_of(session)["seq"] > first["seq"]


# ---------------------------------------------------------------- what arrives


def test_a_new_call_arrives_with_a_larger_position(paired: Screen) -> None:
    with paired.socket() as session:
        first = board_of(session)
        assert first["calls"] == []
        code = paired.call()
        last = boards_until(session, paired.seq)[-1]
    assert last["seq"] > first["seq"]
    assert last["epoch"] == first["epoch"] == str(paired.hall.db.read_now(organisation).epoch)
    newest = last["calls"][0]
    assert newest["code"] == code
    assert (newest["number"], newest["kind"], newest["again"]) == (4, "counter", False)
    assert newest["names"]["ar"] == "شباك التصديقات"
    assert code in last["html"]


def test_a_recall_is_a_newer_call_of_the_same_code(paired: Screen, clock: FrozenClock) -> None:
    code = paired.call()
    with paired.socket() as session:
        before = board_of(session)["calls"][0]
        clock.move(timedelta(seconds=20))
        paired.hall.db.write_in_now(paired.hall.branch.id, calling.recall, seat(paired.hall))
        board = boards_until(session, paired.seq)[-1]
    assert [entry["code"] for entry in board["calls"]] == [code]
    assert board["calls"][0]["seq"] > before["seq"]
    assert (board["calls"][0]["again"], board["calls"][0]["age_s"]) == (True, 0)


def test_the_frame_is_the_picture_of_the_page(paired: Screen) -> None:
    paired.call()
    with paired.socket() as session:
        html = board_of(session)["html"]
    assert html in paired.client.get("/display").text


def test_the_age_of_a_call_is_told(paired: Screen, clock: FrozenClock) -> None:
    paired.call()
    clock.move(timedelta(seconds=75))
    with paired.socket() as session:
        assert board_of(session)["calls"][0]["age_s"] == 75


def test_a_quiet_hall_closes_without_any_event(
    paired: Screen, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "PULSE_SECONDS", 0.05)
    with paired.socket() as session:
        open_board = board_of(session)
        assert json.loads(session.receive_text()) == {"type": "pulse"}
        clock.move(timedelta(hours=6))
        closed_board = board_of(session)
    assert closed_board["seq"] == open_board["seq"]
    assert "لا نستقبل المراجعين الآن" in closed_board["html"]


def test_a_restored_database_has_another_epoch(url: str, tmp_path: Path, clock: FrozenClock) -> None:
    epochs = []
    for _ in range(2):
        with screen(url, tmp_path, clock) as paired, paired.socket() as session:
            epochs.append(board_of(session)["epoch"])
            paired.hall.db.write_now(renew_epoch)
    assert epochs[0] != epochs[1]


# ---------------------------------------------------------------- many screens


def test_fifty_screens_cost_one_render(url: str, tmp_path: Path, clock: FrozenClock) -> None:
    app = create_app(Configuration.model_validate({"database_url": url, "data_dir": tmp_path}), clock)
    app.state.installation.shared = shared = CountedLooks()
    with served(app) as address:
        hall = enter(app.state.installation.database)
        _, token = enrol(hall)

        async def watch() -> None:
            live = [await connect(address, token) for _ in range(SCREENS)]
            first = [await next_board(one) for one in live]
            assert {board["seq"] for board in first} == {first[0]["seq"]}
            assert shared.looks["board"] == 1
            await asyncio.to_thread(hall.issue)
            second = [await next_board(one) for one in live]
            assert {board["seq"] for board in second} == {first[0]["seq"] + 1}
            assert shared.looks["board"] == 2
            await asyncio.gather(*(one.close() for one in live))

        asyncio.run(watch())


@contextmanager
def beside_a_stuck_screen(url: str, folder: Path, clock: FrozenClock) -> Iterator[tuple[Installation, sockets.socket]]:
    """A hall with two screens: one follows, and one opens its socket and never reads.

    So many boards have been sent that every buffer to the second one is full; the first has received all of them.
    """
    app = create_app(Configuration.model_validate({"database_url": url, "data_dir": folder}), clock)
    installation: Installation = app.state.installation
    listener = sockets.socket()
    # Small buffers, so that a screen that does not read is noticed after a few boards.
    listener.setsockopt(sockets.SOL_SOCKET, sockets.SO_SNDBUF, 4096)
    listener.bind(("127.0.0.1", 0))
    with served(app, fd=listener.fileno()) as address:
        hall = enter(installation.database)
        _, token = enrol(hall)
        stuck = handshake(address, token)

        async def watch() -> None:
            live = await connect(address, token)
            board = await next_board(live)
            for _ in range(60):
                await asyncio.to_thread(hall.issue)
                while board["seq"] < installation.hub.position(hall.branch.id):
                    board = await next_board(live)
            await live.close()

        asyncio.run(watch())
        yield installation, stuck
        stuck.close()
    listener.close()


def test_a_slow_screen_delays_nobody(
    url: str, tmp_path: Path, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    # If anything waited for that screen, it would wait for ever.
    monkeypatch.setattr(socket, "SEND_SECONDS", 3_600.0)
    with beside_a_stuck_screen(url, tmp_path, clock) as (installation, _):
        assert looked_at(installation)


def test_a_slow_screen_is_dropped(
    url: str, tmp_path: Path, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Long enough that the screen that reads is kept on a busy machine.
    monkeypatch.setattr(socket, "SEND_SECONDS", 5.0)
    with beside_a_stuck_screen(url, tmp_path, clock) as (installation, stuck):
        until(lambda: not looked_at(installation))
        assert reads_to_the_end(stuck)


def looked_at(installation: Installation) -> bool:
    """Whether the server still serves a screen."""
    return bool(installation.audiences._audiences)


async def next_board(screen: websockets.ClientConnection) -> dict[str, Any]:
    """The next board; pulses, which come on a busy machine, are skipped."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while (news := json.loads(await screen.recv()))["type"] != "board":
            pass
    return dict(news)


async def connect(address: str, token: str) -> websockets.ClientConnection:
    """Connect a screen as a browser does."""
    return await websockets.connect(
        address.replace("http", "ws") + "/display/live",
        origin=websockets.Origin(address),
        additional_headers={"Cookie": f"device-display={token}"},
        compression=None,
    )


def handshake(address: str, token: str) -> sockets.socket:
    """A screen that opens its socket and then never reads."""
    found = urlsplit(address)
    stuck = sockets.socket()
    stuck.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 2048)
    stuck.settimeout(DEADLINE_SECONDS)
    stuck.connect((found.hostname, found.port))
    stuck.sendall(
        (
            f"GET /display/live HTTP/1.1\r\nHost: {found.netloc}\r\nOrigin: {address}\r\n"
            f"Cookie: device-display={token}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        ).encode()
    )
    assert stuck.recv(12) == b"HTTP/1.1 101"
    return stuck


def reads_to_the_end(stuck: sockets.socket) -> bool:
    """Whether the other side has closed the connection; bytes that it sent before are read first."""
    try:
        while stuck.recv(65536):
            pass
    except ConnectionResetError:
        return True
    finally:
        stuck.close()
    return True


# ---------------------------------------------------------------- what the office knows of a screen


def test_an_open_screen_is_seen_once_a_minute_and_wakes_nobody(paired: Screen, clock: FrozenClock) -> None:
    before = paired.seq
    with paired.socket() as session:
        board_of(session)
        clock.move(timedelta(minutes=5))
        write_who_was_seen(paired)
        assert seen_at(paired) == clock.now()
        assert paired.seq == before
        clock.move(timedelta(minutes=1))
        paired.call()
        boards_until(session, paired.seq)
        write_who_was_seen(paired)
        assert seen_at(paired) == clock.now()


def test_a_screen_that_went_dark_was_last_seen_when_it_was_there(paired: Screen, clock: FrozenClock) -> None:
    with paired.socket() as session:
        board_of(session)
    write_who_was_seen(paired)
    there = clock.now()
    clock.move(timedelta(minutes=5))
    paired.call()
    write_who_was_seen(paired)
    assert seen_at(paired) == there


def write_who_was_seen(paired: Screen) -> None:
    """Run the application's task of every minute."""
    assert paired.client.portal is not None
    paired.client.portal.call(app.write_who_was_seen, paired.installation)


def seen_at(paired: Screen) -> datetime | None:
    found = paired.hall.db.read_now(devices, paired.hall.branch.id)
    return next(item.seen_at for item in found if item.id == paired.device.id)
