"""The page that shows what the virtual printer of a demonstration has printed."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from starlette.testclient import TestClient

from printers.escpos_bytes import encode
from printers.virtual import VirtualPrinter
from queue_system import demo
from queue_system.app import SURFACES, create_app
from queue_system.clock import FrozenClock
from queue_system.configuration import Configuration
from tests.kit.web_hall import furnished


@pytest.fixture
def printer() -> Iterator[VirtualPrinter]:
    with VirtualPrinter(dots=384).start() as found:
        yield found


@pytest.fixture
def client(printer: VirtualPrinter, sqlite_template: Path, tmp_path: Path, clock: FrozenClock) -> Iterator[TestClient]:
    url = furnished(sqlite_template, tmp_path, clock.now())
    configuration = Configuration.model_validate({"database_url": url, "data_dir": tmp_path})
    app = create_app(configuration, clock, surfaces={**SURFACES, "demo": demo}, demo={"printer": printer})
    with TestClient(app) as found:
        yield found


def test_a_slip_that_no_cutter_cuts_is_seen_all_the_same(client: TestClient, printer: VirtualPrinter) -> None:
    assert "لم تخرج بطاقة بعد" in client.get("/paper?lang=ar").text
    assert client.get("/paper/hanging.png").status_code == 404
    with socket.create_connection((printer.host, printer.port)) as line:
        line.sendall(encode(Image.new("1", (384, 40)), cut=False))
    page = ""
    while "لم يُقطع بعد" not in page:
        page = client.get("/paper?lang=ar").text
    assert "لم تخرج بطاقة بعد" not in page
    with Image.open(BytesIO(client.get("/paper/hanging.png").content)) as shown:
        assert shown.width >= 384
