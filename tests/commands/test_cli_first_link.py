"""`queue-system serve` on an empty folder prints a link that opens, and none once there is an organisation."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.kit.command_line import Run
from tests.kit.forked import Forked

pytestmark = [pytest.mark.process, pytest.mark.slow]
LINK = re.compile(r"http://127\.0\.0\.1:\d+/first-run/[0-9a-f-]+")


def test_the_printed_link_opens_while_there_is_no_organisation(run: Run, folder: Path) -> None:
    with serving(folder) as process:
        said = "".join(process.stdout.readline() for _ in range(4))
        link = LINK.search(said)
        assert link is not None, said
        assert httpx.get(link[0]).status_code == 200
    with serving(folder) as process:
        again = LINK.search("".join(process.stdout.readline() for _ in range(4)))
        assert again is not None
    assert run("init", "forum").code == 0
    with serving(folder) as process:
        first = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert (first[:10], process.stdout.read()) == ("Serving on", "")


@contextmanager
def serving(folder: Path) -> Iterator[Forked]:
    """The server on a free port; in the end it is stopped as Ctrl-C does."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("QUEUE_")}
    environ |= {"QUEUE_DATA_DIR": str(folder), "QUEUE_PORT": "0", "QUEUE_LOG_LEVEL": "error"}
    process = Forked("queue_system", ["serve"], environ, folder.with_name("server.log"))
    with process.stdout:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 0
