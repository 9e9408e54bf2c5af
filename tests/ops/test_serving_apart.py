"""A running server works out previews in a process of their own."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

import httpx2
import pytest

from queue_system.actions import sessions
from queue_system.clock import FrozenClock
from queue_system.store.database import Database
from queue_system.store.long_reads_child import NICE
from tests.kit.hall import furnish
from tests.kit.processes import children_of
from tests.kit.server import Server
from tests.kit.waiting import until

pytestmark = pytest.mark.process

CLOSING = "/office/closing/doha-main"
FORM = {"first": "2026-12-06", "for": "branch", "names.ar": "صيانة", "names.en": "Maintenance"}


def test_a_server_previews_in_a_process_of_its_own(sqlite_url: str, clock: FrozenClock, tmp_path: Path) -> None:
    database = Database(sqlite_url, clock)
    hall = furnish(database)
    session = database.write_now(sessions.start_session, hall.administrator("admin"), "office")
    database.close()
    with Server(sqlite_url, tmp_path) as server, httpx2.Client(base_url=server.address, timeout=60) as client:
        client.headers["origin"], client.cookies["session"] = server.address, session
        assert not list(children_of(server.pid)), "none until it is needed"

        assert client.post(CLOSING, data=FORM).status_code == 200
        (child,) = children_of(server.pid)
        # The last that it does before it waits for work.
        until(lambda: str(database.file) in open_files(child))
        assert os.getpriority(os.PRIO_PROCESS, child) == NICE

        os.kill(child, signal.SIGKILL)
        page = client.post(CLOSING, data=FORM)
        assert page.status_code == 200
        assert "صيانة" in page.text
        assert "apart.lost" in server.words(), "the preview was given to it"
        assert server.stop() == 0
        assert server.words().count("\n") == 1, server.words()


def open_files(process: int) -> set[str]:
    found = set()
    for one in Path(f"/proc/{process}/fd").iterdir():
        # It may have been closed meanwhile.
        with suppress(FileNotFoundError):
            found.add(str(one.readlink()))
    return found
