"""Work that comes round again and again beside the requests."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from .core.errors import DomainError

log = structlog.get_logger(__name__)


async def forever(name: str, work: Callable[[], Awaitable[Any]], seconds: float) -> None:
    """Do `work`, and again `seconds` after it has ended, until cancelled; what fails is logged."""
    while True:
        try:
            await work()
        except DomainError as error:
            log.warning("background.failed", task=name, code=error.code)
        except Exception:
            # Nobody awaits this task: ended, it would be missed only when the day is not closed any more.
            log.exception("background.failed", task=name)
        await asyncio.sleep(seconds)
