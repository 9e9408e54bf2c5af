"""A cache of values from the database, each valid as long as its version there stays the same."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any


class Versioned:
    """The newest value of each key that this process has read, with the version it was read at.

    All transactions share it, because all that they read of settings is committed: one that edits them puts nothing in
    before its commit (`Tx.edits`, `Tx.keep_after`), and no other work shares its transaction.
    """

    __slots__ = ("_reading", "_values")

    def __init__(self) -> None:
        self._values: dict[Hashable, tuple[Hashable, Any]] = {}
        self._reading: defaultdict[Hashable, threading.Lock] = defaultdict(threading.Lock)

    def reading(self, key: Hashable) -> threading.Lock:
        """Held by whoever reads the value of `key` anew, so that the others wait for it and do not all read it."""
        return self._reading[key]

    def get(self, key: Hashable, version: Hashable) -> Any:
        """The value of `key` at exactly this version, or None."""
        known = self._values.get(key)
        return known[1] if known is not None and known[0] == version else None

    def keep(self, key: Hashable, version: Hashable, value: Any) -> None:
        self._values[key] = (version, value)

    @contextmanager
    def keeping(self, values: Mapping[Hashable, tuple[Hashable, Any]]) -> Iterator[None]:
        """Keep these values, each with its version by its key, if the block, which is a commit, ends without an error.

        Whoever sees the new version and asks `reading` for such a value meanwhile waits for the end of the block, so that
        nobody reads what is about to be known.
        """
        with ExitStack() as held:
            for key in values:
                held.enter_context(self.reading(key))
            yield
            for key, (version, value) in values.items():
                self.keep(key, version, value)

    def last(self, key: Hashable) -> Any:
        """The value of `key` as last read, whatever its version is by now, or None."""
        known = self._values.get(key)
        return None if known is None else known[1]

    def all_last(self) -> list[Any]:
        """The values of all keys as last read."""
        return [value for _, value in list(self._values.values())]
