"""A cache of values from the database, each valid as long as its version there stays the same."""

from __future__ import annotations

from typing import Any
from uuid import UUID


class Versioned:
    """The newest value of each key that this process has read, with the version it was read at.

    Readers use one shared cache, because they see committed values only. A writing transaction may see uncommitted
    values, so it has a cache of its own on top of the `shared` one, and `publish` hands its values on after the commit.
    """

    __slots__ = ("_shared", "_values")

    def __init__(self, shared: Versioned | None = None) -> None:
        self._shared = shared
        self._values: dict[UUID, tuple[int, Any]] = {}

    def get(self, key: UUID, version: int) -> Any:
        """The value of `key` at exactly this version, or None."""
        known = self._values.get(key)
        if known is not None and known[0] == version:
            return known[1]
        return None if self._shared is None else self._shared.get(key, version)

    def keep(self, key: UUID, version: int, value: Any) -> None:
        self._values[key] = (version, value)

    def publish(self) -> None:
        """Hand the values to the shared cache; call it after the commit."""
        if self._shared is not None and self._values:
            self._shared._values.update(self._values)

    def last(self, key: UUID) -> Any:
        """The value of `key` as last read, whatever its version is by now, or None."""
        known = self._values.get(key)
        return None if known is None else known[1]

    def all_last(self) -> list[Any]:
        """The values of all keys as last read."""
        return [value for _, value in list(self._values.values())]
