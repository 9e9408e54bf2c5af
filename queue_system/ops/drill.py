"""A drill: is a backup worth anything? It is restored to a temporary place, examined, and opened in a browser's stead.

The temporary place is always an embedded database, because that needs no right on a server and puts no load on it. The
application is not started there, only asked: what runs beside the requests would print slips on real printers.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from starlette.applications import Starlette

from ..clock import Clock
from ..configuration import Configuration, child_environment, read_configuration
from ..core.errors import Refused
from ..store.database import Database
from .backup import Backup, restore_from
from .doctor import examine_data

PREFIX: Final = "queue-drill-"
KEY: Final = "of the drill, and thrown away with it"
PAGES: Final = ("/", "/healthz", "/sign-in")

#: Builds the application for settings, without starting it; `app.create_app`.
Builder = Callable[[Configuration], Starlette]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A drill that went well: the backup, and how long it took to restore it."""

    backup: Backup
    seconds: float

    @property
    def figures(self) -> dict[str, str | int]:
        """What is noted of it in the database."""
        return {"file": self.backup.path.name, "seconds": round(self.seconds)}


def try_out(backup: Backup, clock: Clock, build: Builder) -> Verdict:
    """Restore a backup to a temporary place and look whether it works; the place is removed at the end.

    Raises what `restore_from` raises; Refused("drill-failed") with what was found.
    """
    with _place() as folder:
        # Without the environment, whose database is the real one.
        there = read_configuration({}, data_dir=folder, secret_key=KEY)
        started = clock.monotonic()
        database = Database(there.database, clock)
        try:
            restore_from(backup, database)
        finally:
            database.close()
        seconds = clock.monotonic() - started
        for finding in examine_data(there):
            if finding.level == "bad":
                raise Refused("drill-failed", what=finding.text)
        asyncio.run(_open_pages(build(there)))
    return Verdict(backup, seconds)


async def try_out_apart(configuration: Configuration) -> None:
    """Try the newest backup out in a process of its own, so that a server goes on serving; it notes the drill itself.

    Raises Refused("drill-failed").
    """
    command = (sys.executable, "-P", "-m", "queue_system", "drill")
    process = await asyncio.create_subprocess_exec(
        *command,
        env=child_environment(configuration),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _, complaint = await process.communicate()
    finally:
        if process.returncode is None:
            # The server stops, and what it has begun stops with it.
            process.kill()
            await process.wait()
    if process.returncode != 0:
        lines = complaint.decode(errors="replace").strip().splitlines() or [""]
        raise Refused("drill-failed", what=lines[-1].removeprefix("queue-system: "))


@contextlib.contextmanager
def _place() -> Iterator[Path]:
    """A temporary folder, locked while it is used. Those that killed drills have left hold personal data, so they go."""
    for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError), _locked(left):
            if left.stat().st_uid == os.geteuid():
                shutil.rmtree(left)
    with tempfile.TemporaryDirectory(prefix=PREFIX) as folder, _locked(Path(folder)):
        yield Path(folder)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Raises OSError if another process has locked the folder; a killed one has not."""
    handle = os.open(folder, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)


async def _open_pages(app: Starlette) -> None:
    # Imported here, because the application imports this module and drills are rare.
    import httpx2

    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        for page in PAGES:
            answer = await client.get(page, follow_redirects=True)
            if answer.status_code != httpx2.codes.OK:
                raise Refused("drill-failed", what=f"{page}: {answer.status_code}")
    await asyncio.to_thread(app.state.installation.database.close)
