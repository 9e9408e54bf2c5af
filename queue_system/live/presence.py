"""Which devices of the hall have shown themselves: noted in memory, written down for all of them together."""

from __future__ import annotations

from uuid import UUID


class Presence:
    """The devices that asked for something since the last time; `app` writes them down once a minute.

    A screen is noted at every picture and every pulse, which is on the way of a call to the hall: so noting costs
    nothing, and five hundred screens cost one statement a minute.
    """

    def __init__(self) -> None:
        self._seen: dict[UUID, set[UUID]] = {}

    def note(self, branch_id: UUID, device_id: UUID) -> None:
        """A device of a branch is there now."""
        self._seen.setdefault(branch_id, set()).add(device_id)

    def take(self) -> dict[UUID, set[UUID]]:
        """Everybody who was noted since this was last asked, by branch."""
        seen, self._seen = self._seen, {}
        return seen
