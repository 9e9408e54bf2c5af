"""Connections of a pool that was given up, for example because the server had ended some of them."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Engine

# Where a connection notes to which pool it belongs.
_POOL: Final = "pool"


def close_left_over(*engines: Engine) -> None:
    """Close a connection that was in use when its pool was given up, as soon as its user returns it.

    SQLAlchemy keeps it in the old pool, where nobody can use it, until the memory is collected.
    """
    for engine in engines:
        _close_left_over(engine)


def _close_left_over(engine: Engine) -> None:
    @sa.event.listens_for(engine, "connect")
    def _connected(_connection: Any, record: Any) -> None:
        record.info[_POOL] = engine.pool

    @sa.event.listens_for(engine, "checkin")
    def _returned(_connection: Any, record: Any) -> None:
        if record.info.get(_POOL) is not engine.pool:
            record.invalidate()
