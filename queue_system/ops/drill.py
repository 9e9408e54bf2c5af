"""A drill: is a backup worth anything? It is restored to a temporary place, examined, and opened in a browser's stead.

The temporary place is always an embedded database, because that needs no right on a server and puts no load on it. The
application is not started there, only asked: what runs beside the requests would print slips on real printers.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx2
from pydantic import SecretStr
from starlette.applications import Starlette

from ..clock import Clock
from ..configuration import Configuration
from ..core.errors import Refused
from ..store.database import Database
from .backup import Backup, restore_from
from .doctor import examine

PAGES: Final = ("/", "/healthz", "/sign-in")

#: Builds the application for settings, without starting it; `app.create_app`.
Builder = Callable[[Configuration], Starlette]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A drill that went well: the backup, and how long it took to restore it."""

    backup: Backup
    seconds: float


def try_out(backup: Backup, configuration: Configuration, clock: Clock, build: Builder) -> Verdict:
    """Restore a backup to a temporary place and look whether it works; the place is removed at the end.

    Raises what `restore_from` raises; Refused("drill-failed") with what was found.
    """
    with tempfile.TemporaryDirectory(prefix="queue-drill-") as folder:
        there = Configuration(
            data_dir=Path(folder),
            secret_key=SecretStr("a key of the drill, which is thrown away"),
            public_url=configuration.public_url,
            trusted_proxies=configuration.trusted_proxies,
        )
        started = clock.monotonic()
        database = Database(there.database, clock)
        try:
            restore_from(backup, database)
        finally:
            database.close()
        seconds = clock.monotonic() - started
        for finding in examine(there):
            if finding.level == "bad":
                raise Refused("drill-failed", what=finding.text)
        asyncio.run(_open_pages(build(there)))
    return Verdict(backup, seconds)


async def _open_pages(app: Starlette) -> None:
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        for page in PAGES:
            answer = await client.get(page, follow_redirects=True)
            if answer.status_code != httpx2.codes.OK:
                raise Refused("drill-failed", what=f"{page}: {answer.status_code}")
    await asyncio.to_thread(app.state.installation.database.close)
