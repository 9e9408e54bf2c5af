"""Houses that send messages and ask for the contacts of those who book."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from queue_system.clock import FrozenClock
from queue_system.store.database import Database
from tests.kit.hall import enter, furnish
from tests.kit.mail_server import mail_server
from tests.messages.proofs import HOURS, set_policies
from tests.messages.test_sending import Sending, made, set_level


@pytest.fixture(autouse=True)
def _closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Close every database that a test opens; a connection that is left open is blamed on a later test."""
    opened: list[Database] = []
    original = Database.__init__

    def noted(self: Database, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        opened.append(self)

    monkeypatch.setattr(Database, "__init__", noted)
    yield
    for one in opened:
        one.close()


@pytest.fixture
def asking(db: Database, db_url: str, clock: FrozenClock, tmp_path: Path) -> Iterator[Sending]:
    furnish(db)
    with mail_server() as server:
        found = made(db_url, clock, tmp_path, server, f"smtp://127.0.0.1:{server.port}")
        set_policies(found, contact_proof_h=HOURS)
        set_level(found.hall, sms="full")
        yield found


@pytest.fixture
def discreet(asking: Sending) -> Sending:
    set_level(asking.hall, sms="neutral", display="code_random")
    asking.hall = enter(asking.hall.db)
    return asking
