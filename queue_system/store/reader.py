"""Read-only access to the database, for screens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from .database import Database, Tx

P = ParamSpec("P")
R = TypeVar("R")


class Reader:
    """Reads of a database and nothing else: `Database` itself stays hidden, so that a type checker sees no `write`."""

    def __init__(self, database: Database) -> None:
        self._read = database.read

    async def read(self, work: Callable[Concatenate[Tx, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run `work(tx, …)` on one consistent snapshot, as `Database.read` does."""
        return await self._read(work, *args, **kwargs)
