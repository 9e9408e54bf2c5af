"""What every application of a process would compile anew is compiled once: statements and templates.

A test has an application and a database of its own, and therefore engines and a template environment of its own.
SQLAlchemy keeps compiled statements with the engine, Jinja compiled templates with the environment: compiling took more
processor time than the tests themselves. Shared are the text of a statement and the code of a template; connections,
transactions, pools, filters and globals stay each application's own.
"""

from __future__ import annotations

from functools import partialmethod
from types import CodeType
from typing import Any, Final

from jinja2 import BytecodeCache, Environment
from jinja2.bccache import Bucket
from sqlalchemy import event
from sqlalchemy.engine import Connection, Dialect, Engine
from sqlalchemy.util import LRUCache

# More statements than the house has, so that none is thrown out.
STATEMENTS: Final = 4096

_kinds: dict[tuple[Any, ...], tuple[Dialect, LRUCache[Any, Any]]] = {}


def share_compiled() -> None:
    """From now on, in this process."""
    event.listen(Engine, "engine_connect", _share_statements)
    Environment.__init__ = partialmethod(  # type: ignore[assignment, method-assign]
        Environment.__init__, bytecode_cache=_Templates()
    )


def _share_statements(connection: Connection) -> None:
    """Give an engine the dialect of the first of its kind, because compiled statements are found under their dialect.

    The engine has just connected, so that either dialect has learned from the database all that it asks.
    """
    engine = connection.engine
    if "compiled_cache" in engine.get_execution_options():
        return
    own = engine.dialect
    kind = (type(own), engine.url.drivername, own._on_connect_isolation_level)
    dialect, statements = _kinds.setdefault(kind, (own, LRUCache(STATEMENTS)))
    engine.dialect = connection.dialect = dialect
    engine.update_execution_options(compiled_cache=statements)
    connection.execution_options(compiled_cache=statements)


class _Templates(BytecodeCache):
    """Found again by name and file, as long as the source is the same."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        assert bucket.code is not None
        self._codes[bucket.key, bucket.checksum] = bucket.code
