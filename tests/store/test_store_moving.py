"""An installation that moves from its embedded database to a server keeps everything."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from queue_system.clock import FrozenClock
from queue_system.core.errors import Refused
from queue_system.store import log, schema
from queue_system.store.database import Database, Tx
from queue_system.store.moving import adopt
from tests.kit.web_hall import furnished


def everything(tx: Tx) -> dict[str, list[str]]:
    return {table.name: sorted(map(repr, tx.rows(sa.select(table)))) for table in schema.METADATA.sorted_tables}


def test_every_row_comes_along_and_the_log_still_proves_itself(
    db: Database, sqlite_template: Path, tmp_path: Path, clock: FrozenClock
) -> None:
    (tmp_path / "old").mkdir()
    source = Database(furnished(sqlite_template, tmp_path / "old", clock.now()), clock)
    before = source.read_now(everything)
    assert adopt(source, db) == sum(map(len, before.values())) > 100
    assert db.read_now(everything) == before
    assert all(verdict.broken_at is None for verdict in db.read_now(log.verify))
    with pytest.raises(Refused, match="already-installed"):
        adopt(source, db)
    assert db.read_now(everything) == before
    source.close()
