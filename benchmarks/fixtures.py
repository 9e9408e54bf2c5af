"""Furnished databases of both kinds on a real disk, and servers as processes of their own."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeAlias

import psycopg

from queue_system.actions import staff
from queue_system.actions.devices import enrol_device
from queue_system.clock import ShiftedClock, SystemClock
from queue_system.store import schema
from queue_system.store.database import Database
from queue_system.store.queries.access import devices
from tests.kit import postgres
from tests.kit.hall import Hall, furnish
from tests.kit.processes import children_of

ROOT: Final = Path(__file__).resolve().parent.parent
# A Sunday, 10:00 in Doha: the hall of the embassy is open, and tickets are given for hours.
OPEN_HALL: Final = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
STOP_SECONDS: Final = 20.0
SERVICE: Final = "attest-single"
COUNTER: Final = "c4"

# Runs a query past the program and returns its rows.
Fetch: TypeAlias = Callable[[Any], list[Any]]


@dataclass(frozen=True)
class Place:
    """A folder of this run, the address of a furnished database, and the shift of its clock."""

    folder: Path
    url: str
    step: timedelta

    @contextlib.contextmanager
    def hall(self) -> Iterator[Hall]:
        """The database, opened in this process and closed before a server uses it."""
        from tests.kit.hall import enter

        with self.database() as found:
            yield enter(found)

    @contextlib.contextmanager
    def database(self) -> Iterator[Database]:
        """The database itself, as `hall`."""
        found = Database(self.url, ShiftedClock(self.step))
        try:
            yield found
        finally:
            found.close()

    @contextlib.contextmanager
    def bare(self) -> Iterator[Fetch]:
        """A query by the bare driver, beside the program."""
        if self.url.startswith("sqlite"):
            with contextlib.closing(sqlite3.connect(self.file)) as file:
                yield lambda query: file.execute(query).fetchall()
        else:
            with psycopg.connect(self.url, autocommit=True) as session:
                yield lambda query: session.execute(query).fetchall()

    def processor_seconds(self) -> float:
        """The processor time of the database server so far, with all that it has started; 0 for SQLite, which has none."""
        if self.url.startswith("sqlite"):
            return 0.0
        server = _database_server(self.url)
        return sum(map(processor_seconds_of, (server, *children_of(server))))

    @property
    def file(self) -> Path:
        """The file of a SQLite database."""
        return Path(self.url.removeprefix("sqlite:///"))


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """A folder for this run, in TMPDIR, which should be on the kind of disk that an installation would use."""
    with tempfile.TemporaryDirectory(prefix="queue-bench-") as name:
        yield Path(name)


def sqlite_place(where: Path, name: str = "queue") -> Place:
    """The embassy in a new SQLite file; the application itself opens it with synchronous=FULL."""
    return _furnished(empty_sqlite(where, name))


@contextlib.contextmanager
def durable_postgres(where: Path) -> Iterator[str]:
    """The address of a PostgreSQL server of our own with fsync on."""
    url = postgres.start(where, durable=True)
    try:
        yield url
    finally:
        postgres.stop(where)
        # Its guard removes files in the folder, and the folder is removed after this.
        deadline = time.monotonic() + STOP_SECONDS
        while (where / "postgres.url").exists() and time.monotonic() < deadline:
            time.sleep(0.02)


def postgres_place(where: Path, server: str) -> Place:
    """The embassy in a new database of a server."""
    return _furnished(empty_postgres(where, server))


def empty_sqlite(where: Path, name: str = "queue") -> Place:
    """A new SQLite file with our schema and nothing else."""
    return _migrated(where, f"sqlite:///{where / name}.db")


def empty_postgres(where: Path, server: str) -> Place:
    """A new database of a server, with our schema and nothing else."""
    return _migrated(where, postgres.create_database(server, f"bench_{uuid.uuid4().hex[:12]}"))


def _migrated(where: Path, url: str) -> Place:
    place = Place(where, url, OPEN_HALL - SystemClock().now())
    with place.database() as database:
        schema.migrate(database)
    return place


def _furnished(place: Place) -> Place:
    with place.database() as database:
        furnish(database)
    return place


def kiosk_token(hall: Hall) -> str:
    """The token of a paired kiosk."""
    kiosk = hall.db.read_now(devices, hall.branch.id, "kiosk")[0]
    return hall.db.write_now(enrol_device, hall.branch.id, kiosk.id)


def clerk(hall: Hall, login: str = "clerk") -> uuid.UUID:
    """An officer without a real password hash, because the clerk never signs in with a password."""
    new = staff.NewStaff(login, login, "-", "ar", ((hall.branch.id, "officer"),))
    return hall.db.write_now(staff.create_staff, new)


# ---------------------------------------------------------------- servers


@dataclass(frozen=True)
class Server:
    """A server in a process of its own."""

    port: int
    process_id: int

    def processor_seconds(self) -> float:
        """The processor time of the process so far, in user and in system mode."""
        return processor_seconds_of(self.process_id)


def processor_seconds_of(process_id: int) -> float:
    """The processor time of a process and of its ended children; 0 if it has ended itself.

    Its own is that of its clock, because proc(5) counts in hundredths of a second, which is more than most of our presses
    take; the number of the clock is as clock_getcpuclockid(3) makes it.
    """
    try:
        fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
        own = time.clock_gettime(~process_id << 3 | 2)
    except OSError:
        return 0.0
    return own + sum(map(int, fields[13:15])) / os.sysconf("SC_CLK_TCK")


@cache
def _database_server(url: str) -> int:
    """The process of a database server; asked once, because the session that asks would count."""
    with psycopg.connect(url) as session:
        (data,) = session.execute("SHOW data_directory").fetchone() or ("",)
    return int((Path(data) / "postmaster.pid").read_text().split()[0])


@contextlib.contextmanager
def our_server(place: Place, *, forecasts: bool = True) -> Iterator[Server]:
    """The application on a place's database; without `forecasts` it makes none, to see what they cost."""
    step = str(place.step.total_seconds())
    with _process("fixtures", "serve_ours", place.url, str(place.folder), step, str(forecasts)) as server:
        yield server


@contextlib.contextmanager
def bare_server(text: Path) -> Iterator[Server]:
    """`bare.serve`."""
    with _process("bare", "serve", str(text)) as server:
        yield server


def serve_ours(url: str, data: str, step: str, forecasts: str) -> None:
    """The body of the process of `our_server`."""
    from queue_system.app import create_app
    from queue_system.configuration import Configuration
    from queue_system.ops.serving import listen, serve
    from queue_system.web.forecaster import Forecaster

    async def nothing(_: Forecaster) -> None:
        """In place of a look at the branches."""

    if forecasts != str(True):
        Forecaster.look = nothing  # type: ignore[assignment, method-assign]
    settings = Configuration.model_validate({"database_url": url, "data_dir": data, "port": 0, "log_level": "warning"})
    listener, settings = listen(settings)
    app = create_app(settings, ShiftedClock(timedelta(seconds=float(step))))
    sys.exit(serve(app, settings, listener, lambda: print(settings.port, flush=True)))


@contextlib.contextmanager
def _process(module: str, function: str, *arguments: str) -> Iterator[Server]:
    """Run a function of this package with `arguments` in a process; it prints its port once it serves."""
    program = f"import sys; from benchmarks.{module} import {function}; {function}(*sys.argv[1:])"
    process = subprocess.Popen(
        [sys.executable, "-c", program, *arguments], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        said = process.stdout.readline()
        if not said:
            raise RuntimeError(f"{module}.{function} did not start, see above")
        yield Server(int(said), process.pid)
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


@contextlib.contextmanager
def both_halls() -> Iterator[Iterator[tuple[str, Hall, Fetch]]]:
    """The embassy on each kind of database, one after the other: its name, its hall, and a bare query beside the program."""
    with folder() as where:
        yield _halls(where)


def _halls(where: Path) -> Iterator[tuple[str, Hall, Fetch]]:
    place = sqlite_place(where)
    with place.hall() as hall, contextlib.closing(sqlite3.connect(place.file)) as bare:
        yield "SQLite", hall, lambda query: bare.execute(query).fetchall()
    with durable_postgres(where) as server:
        place = postgres_place(where, server)
        with place.hall() as hall, psycopg.connect(place.url) as connection:
            yield "PostgreSQL", hall, lambda query: connection.execute(query).fetchall()
