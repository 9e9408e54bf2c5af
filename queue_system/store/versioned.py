"""Values that were read from the database once and hold as long as their version there does."""

from __future__ import annotations

from typing import Any
from uuid import UUID


class Versioned:
    """The newest value of each key that this process has read, with the version it was read at.

    Readers share one of these: what they see is committed. A transaction that writes has one `above` it of its own,
    because it also sees what is not committed yet; `publish` hands its values on once they are.
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
        """The transaction is committed: its values are everybody's."""
        if self._shared is not None and self._values:
            self._shared._values.update(self._values)

    def last(self, key: UUID) -> Any:
        """The value of `key` as last read, whatever its version is by now, or None."""
        known = self._values.get(key)
        return None if known is None else known[1]

    def all_last(self) -> list[Any]:
        """The values of all keys as last read."""
        return [value for _, value in list(self._values.values())]
