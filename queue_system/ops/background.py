"""Work that comes round again and again beside the requests."""

from __future__ import annotations

import asyncio
import os
import resource
from collections.abc import Awaitable, Callable
from typing import Any, Final

import structlog

from ..core.errors import DomainError

# From this part of the allowed open files on, a hall that grows on will soon find the door closed.
NEARLY_ALL: Final = 0.9

log = structlog.get_logger(__name__)


async def forever(name: str, work: Callable[[], Awaitable[Any]], seconds: float) -> None:
    """Do `work`, and again `seconds` after it has ended, until cancelled; what fails is logged."""
    while True:
        await attempt(name, work)
        await asyncio.sleep(seconds)


async def watch_open_files() -> None:
    """Say in the log when connections run out: the event loop drops whoever comes then without a word."""
    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    try:
        used = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - names alone; a Path for each would cost more
    except FileNotFoundError:
        # Not Linux: nobody counts.
        return
    except OSError:
        used = allowed
    if used >= NEARLY_ALL * allowed:
        log.error("files.nearly_all_open", used=used, allowed=allowed)


async def attempt(name: str, work: Callable[[], Awaitable[Any]]) -> None:
    """Do `work` once; what fails is logged."""
    try:
        await work()
    except DomainError as error:
        log.warning("background.failed", task=name, code=error.code)
    except Exception:
        # Nobody awaits this task: ended, it would be missed only when the day is not closed any more.
        log.exception("background.failed", task=name)
