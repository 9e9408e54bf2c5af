"""The devices that were seen lately: noted in memory, and written to the database together."""

from __future__ import annotations

from uuid import UUID


class Presence:
    """The devices seen since the last `take`; `app` writes them to the database once a minute.

    A screen is noted at every picture and every pulse. That must be cheap, because a call waits for it on its way to
    the hall; so five hundred screens cost one statement a minute.
    """

    def __init__(self) -> None:
        self._seen: dict[UUID, set[UUID]] = {}

    def note(self, branch_id: UUID, device_id: UUID) -> None:
        """Note that a device of a branch was seen now."""
        self._seen.setdefault(branch_id, set()).add(device_id)

    def take(self) -> dict[UUID, set[UUID]]:
        """The devices noted since the last call, by branch; forgets them."""
        seen, self._seen = self._seen, {}
        return seen
