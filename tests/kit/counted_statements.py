"""The statements that reach the driver while a block runs, through SQLAlchemy Core or prepared."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import sqlalchemy as sa

from queue_system.store import prepared


@contextmanager
def counted_statements() -> Iterator[list[str]]:
    """The list grows with each statement of any database of this process, without BEGIN; rows sent at once count as one."""
    found: list[str] = []
    send = prepared._Compiled.send

    def sent(self: Any, connection: Any, cursor: Any, given: Any) -> None:
        found.append(self._text)
        send(self, connection, cursor, given)

    def executed(_connection: Any, _cursor: Any, text: str, *_rest: Any) -> None:
        if not text.startswith("BEGIN"):
            found.append(text)

    sa.event.listen(sa.Engine, "before_cursor_execute", executed)
    try:
        with mock.patch.object(prepared._Compiled, "send", sent):
            yield found
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", executed)
