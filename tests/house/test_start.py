"""The start of the server loads only the modules that every request needs."""

from __future__ import annotations

import gc
import subprocess
import sys

import pytest

from queue_system import __main__, commands
from tests.kit.tree import ROOT

# Modules that load slowly and are rarely needed, each with the module that loads it.
LATER = {
    "alembic": "migrations",
    "email_validator": "an address that somebody types",
    "escpos": "the first slip",
    "httpx2": "made-up visitors",
    "icalendar": "an appointment for the calendar",
    "phonenumbers": "a telephone number that somebody types",
    "prometheus_client": "the first look at /metrics",
    "psycopg": "a PostgreSQL server",
    "queue_system.demo": "the demonstration",
    "typer": "the command line",
    "xlsxwriter": "a file of figures",
}


@pytest.mark.process
def test_the_application_loads_nothing_that_it_may_never_need() -> None:
    program = "import sys; import queue_system.app; print(*sys.modules)"
    answer = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(answer.stdout.split())
    assert "queue_system.surfaces.api.pages" in loaded
    assert {name: why for name, why in LATER.items() if name in loaded} == {}


def test_nobody_collects_garbage_while_the_commands_are_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    collected: list[bool] = []
    monkeypatch.setattr(commands, "main", lambda: collected.append(gc.isenabled()))
    __main__.main()
    assert collected == [False]
    assert gc.isenabled()
