"""Compiles statements and templates once for all applications of a process.

Each test has its own application and database, so also its own engines and template environment. SQLAlchemy keeps
compiled statements with the engine and Jinja compiled templates with the environment; compiling them again took more
processor time than the tests. Only the text of statements and the code of templates are shared; connections,
transactions, pools, filters and globals belong to each application.
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

# More than all statements of the program, so that none is evicted.
STATEMENTS: Final = 4096

_kinds: dict[tuple[Any, ...], tuple[Dialect, LRUCache[Any, Any]]] = {}


def share_compiled() -> None:
    """Share compiled statements and templates from now on in this process."""
    event.listen(Engine, "engine_connect", _share_statements)
    Environment.__init__ = partialmethod(  # type: ignore[assignment, method-assign]
        Environment.__init__, bytecode_cache=_Templates()
    )


def _share_statements(connection: Connection) -> None:
    """Give an engine the dialect of the first engine of its kind, because the dialect is part of the cache key.

    The engine has just connected, so both dialects have read the same properties from the database.
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
    """Finds a template's code by name and file, if its source is the same."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        assert bucket.code is not None
        self._codes[bucket.key, bucket.checksum] = bucket.code
