"""The statements that reach the driver while a block runs, through SQLAlchemy Core or prepared."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import sqlalchemy as sa

from queue_system.store.prepared import Prepared


@contextmanager
def counted_statements() -> Iterator[list[str]]:
    """The list grows with each statement of any database of this process, without BEGIN; rows sent at once count as one."""
    found: list[str] = []
    compiled = Prepared.compiled

    def sent(self: Prepared, connection: Any, values: Any) -> Any:
        one = compiled(self, connection, values)
        found.append(one.text)
        return one

    def executed(_connection: Any, _cursor: Any, text: str, *_rest: Any) -> None:
        if not text.startswith("BEGIN"):
            found.append(text)

    sa.event.listen(sa.Engine, "before_cursor_execute", executed)
    try:
        with mock.patch.object(Prepared, "compiled", sent):
            yield found
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", executed)
