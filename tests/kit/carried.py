"""`Database.read_apart` as if the work were done in another process, without the time that a process costs."""

from __future__ import annotations

from multiprocessing.reduction import ForkingPickler
from typing import Any

from queue_system.store.database import Database

_REAL = Database.read_apart


def carry_what_goes_apart() -> None:
    """Pickle all that `read_apart` is given, returns and raises, so that every test of a page finds what cannot be sent."""
    Database.read_apart = _read_apart  # type: ignore[method-assign]


async def _read_apart(self: Database, work: Any, *args: Any, **kwargs: Any) -> Any:
    if self._apart is not None:
        return await _REAL(self, work, *args, **kwargs)
    work, args, kwargs = carried((work, args, kwargs))
    try:
        return carried(await self.read(work, *args, **kwargs))
    except Exception as error:  # noqa: BLE001 - as whatever is raised there
        raise carried(error) from None


def carried(value: Any) -> Any:
    """A value as it arrives in another process."""
    return ForkingPickler.loads(ForkingPickler.dumps(value))
