"""The memory of the moving windows that limit how often an address or a name may try something."""

from __future__ import annotations

from typing import Final

from limits.storage import MemoryStorage
from limits.storage.memory import Entry

# How often windows that are over are looked for, in seconds.
SWEEP_EVERY: Final = 60.0


class Windows(MemoryStorage):
    """That of the library, without its thread. One thread may use it, that of the event loop.

    The library looks through the windows of all addresses in a thread of its own, again and again while tries are
    counted. With thousands of addresses, as in an opening, that is more work than all the rest. Here a try looks at its own
    window, and once a minute all are looked through.
    """

    def __init__(self) -> None:
        super().__init__()
        self._swept_at = 0.0

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count `amount` tries, newest first, if the window of `expiry` seconds has room for them; whether it had."""
        new = Entry(expiry)
        known, room = self.events.get(key, []), limit - amount
        if known and known[0].atime > new.atime:
            # The clock was set back, and tries of a time to come would lock their address out until then.
            known = [one for one in known if one.atime <= new.atime]
        if room < 0 or (len(known) > room and known[room].atime >= new.atime - expiry):
            return False
        # Older ones than the limit are never asked for.
        self.events[key] = [new] * amount + known[:room]
        if not self._swept_at <= new.atime < self._swept_at + SWEEP_EVERY:
            self._swept_at = new.atime
            self.events = {key: tries for key, tries in self.events.items() if tries[0].expiry > new.atime}
        return True
