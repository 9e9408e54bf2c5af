"""After a save everybody in the hall asks for the new settings at once; one thread reads them. On both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest

from queue_system.store.database import Database, Tx
from queue_system.store.queries import settings
from queue_system.store.queries.settings import BranchSettings, branch_settings
from tests.kit.hall import furnish

PEOPLE = 6


def test_many_who_ask_at_once_wait_for_one_who_reads(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    hall = furnish(db)
    read: list[UUID] = []
    load, together = settings.load, Barrier(PEOPLE)

    def counted(tx: Tx, branch_id: UUID) -> BranchSettings:
        read.append(branch_id)
        return load(tx, branch_id)

    def ask(_: Any) -> BranchSettings:
        together.wait()
        return db.read_now(branch_settings, hall.branch.id)

    monkeypatch.setattr(settings, "load", counted)
    db.settings.keep(hall.branch.id, None, None)
    with ThreadPoolExecutor(PEOPLE) as threads:
        found = list(threads.map(ask, range(PEOPLE)))
    assert read == [hall.branch.id]
    assert all(one is found[0] for one in found)
