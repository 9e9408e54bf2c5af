"""The PostgreSQL server of the tests is shared and private, and ends with its last user, however that one ends."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote

import psycopg
import pytest

from queue_system.clock import FrozenClock
from queue_system.store.database import Database
from tests.kit import postgres
from tests.kit.hall import furnish
from tests.kit.postgres_pool import Pool
from tests.kit.tree import ROOT

pytestmark = pytest.mark.postgres

USER = """
import sys
from pathlib import Path
from tests.kit import postgres
print(postgres.start(Path(sys.argv[1])), flush=True)
sys.stdin.read()
"""


@contextmanager
def user_of(directory: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Another process that uses the server of `directory` until its standard input ends; and the URL that it got."""
    with subprocess.Popen(
        [sys.executable, "-c", USER, str(directory)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        yield process, process.stdout.readline().strip()


@pytest.mark.slow
def test_users_share_a_server_that_ends_with_the_last_of_them(tmp_path: Path) -> None:
    with user_of(tmp_path) as (first, url), user_of(tmp_path) as (second, same):
        assert same == url
        first.send_signal(signal.SIGKILL)
        first.wait()
        mine = postgres.create_database(url, "worker-1")
        with psycopg.connect(mine) as connection:
            assert connection.execute("SELECT current_database()").fetchone() == ("worker-1",)
            assert connection.info.server_version >= 180000
        second.send_signal(signal.SIGKILL)
        second.wait()
    await_until(lambda: not reachable(url))
    home = Path(url.split("host=")[1])
    await_until(lambda: not home.exists())

    again = postgres.start(tmp_path)
    try:
        assert again != url
        assert reachable(again)
    finally:
        postgres.stop(tmp_path)
    await_until(lambda: not reachable(again))


def test_server_is_nobodys_business_but_ours(postgres_server: str) -> None:
    home = Path(unquote(postgres_server.split("host=")[1]))
    assert home.stat().st_mode & 0o077 == 0
    assert home.stat().st_uid != 0
    with psycopg.connect(postgres_server) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)


def test_databases_are_copied_and_dropped(postgres_server: str) -> None:
    first = postgres.create_database(postgres_server, "first")
    with psycopg.connect(first) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 'موعد' AS word")
    copy = postgres.create_database(postgres_server, "a copy", template="first")
    with psycopg.connect(copy) as connection:
        assert connection.execute("SELECT word FROM kept").fetchone() == ("موعد",)
        postgres.drop_database(postgres_server, "a copy")
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    assert not reachable(copy)
    assert reachable(first)
    postgres.drop_database(postgres_server, "first")


def test_a_database_is_handed_on_without_its_rows_and_sessions(
    postgres_server: str, postgres_template: str, clock: FrozenClock
) -> None:
    pool = Pool(postgres_server, postgres_template)
    with pool.database() as first:
        database = Database(first, clock)
        furnish(database).issue()
        database.close()
        left = psycopg.connect(first)
        left.execute("LOCK TABLE branch")
    with pytest.raises(psycopg.OperationalError):
        left.execute("SELECT 1")
    left.close()
    with pool.database() as second, psycopg.connect(second) as connection:
        assert second == first
        for table in ("organisation", "branch", "ticket", "entry"):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM alembic_version").fetchone() == (1,)


@pytest.mark.parametrize(
    "change",
    [
        "DROP INDEX one_open_code",
        "ALTER TABLE entry DISABLE TRIGGER USER",
        "ALTER DATABASE {} SET lock_timeout = 1",
        "REVOKE INSERT ON entry FROM CURRENT_USER",
        "UPDATE alembic_version SET version_num = '9999'",
        "DROP TABLE alembic_version",
    ],
)
def test_a_database_with_another_schema_is_not_handed_on(
    postgres_server: str, postgres_template: str, change: str
) -> None:
    pool = Pool(postgres_server, postgres_template)
    with pool.database() as first, psycopg.connect(first) as connection:
        connection.execute(change.format(connection.info.dbname))
    assert not reachable(first)
    with pool.database() as second:
        assert second != first
        postgres.drop_database(postgres_server, second.split("?", maxsplit=1)[0].rsplit("/", 1)[1])


def test_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    # A guard that gives up at once.
    code = (
        "import sys\nfrom pathlib import Path\nfrom tests.kit import postgres\n"
        "postgres.__file__ = sys.argv[2]\npostgres.start(Path(sys.argv[1]))"
    )
    broken = tmp_path / "guard.py"
    broken.write_text("raise SystemExit('no room on the disk')\n", encoding="utf-8")
    result = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path), str(broken)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 1
    assert "RuntimeError: PostgreSQL did not start" in result.stderr
    assert "no room on the disk" in result.stderr


def reachable(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=60).close()
    except psycopg.OperationalError:
        return False
    return True


def await_until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
