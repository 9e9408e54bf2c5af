"""Work that is repeated beside the requests."""

from __future__ import annotations

import asyncio
import os
import resource
from collections.abc import Awaitable, Callable
from typing import Any, Final

import structlog

from ..core.errors import DomainError
from ..store.setting_rows import Unreadable

# The share of the allowed open files from which on we warn, because new connections will soon be refused.
NEARLY_ALL: Final = 0.9

log = structlog.get_logger(__name__)


async def forever(name: str, work: Callable[[], Awaitable[Any]], seconds: float) -> None:
    """Do `work`, and again `seconds` after it has ended, until cancelled; errors are logged."""
    while True:
        await attempt(name, work)
        await asyncio.sleep(seconds)


async def watch_open_files() -> None:
    """Log when connections run out, because the event loop then drops new ones silently."""
    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    try:
        used = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - names alone; a Path for each would cost more
    except FileNotFoundError:
        # Only Linux lists the open files of a process.
        return
    except OSError:
        used = allowed
    if used >= NEARLY_ALL * allowed:
        log.error("files.nearly_all_open", used=used, allowed=allowed)


async def attempt(name: str, work: Callable[[], Awaitable[Any]]) -> None:
    """Do `work` once; errors are logged."""
    try:
        await work()
    except Unreadable:
        # The reader of the settings has logged it once; here it would be logged every few seconds.
        pass
    except DomainError as error:
        log.warning("background.failed", task=name, code=error.code)
    except Exception:
        # The task must go on, because it is not awaited: if it ended, the only sign would be a day that is never closed.
        log.exception("background.failed", task=name)
