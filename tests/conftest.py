"""Fixtures: both databases for every test with `db`, a clock that stands still, and shared servers."""

from __future__ import annotations

import gc
import io
import os
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import hypothesis
import pytest
import sqlalchemy as sa
import structlog
from argon2 import PasswordHasher
from playwright.sync_api import Browser, expect

from queue_system.clock import FrozenClock
from queue_system.store import schema
from queue_system.store.database import Database
from queue_system.web import passwords
from tests.kit import postgres
from tests.kit.carried import carry_what_goes_apart
from tests.kit.chromium import SharedChromium
from tests.kit.compiled import share_compiled
from tests.kit.hall import Hall, furnish
from tests.kit.postgres_pool import Pool
from tests.kit.process_log import process_log
from tests.kit.put_off import put_off_the_first_turn

pytest_plugins = ("tests.kit.effort",)

# A real hash takes a third of a second of processor time, and nearly every test of a page signs in. Tests of that cost
# use `real_passwords`.
REAL_PASSWORDS = {name: getattr(passwords, name) for name in ("_HASHER", "_NOBODY")}
vars(passwords).update(
    _HASHER=PasswordHasher(time_cost=1, memory_cost=8, parallelism=1),
    _NOBODY=f"$argon2id$v=19$m=8,t=1,p=1${'A' * 22}${'A' * 43}",
)

share_compiled()
carry_what_goes_apart()
put_off_the_first_turn()

# A page or an example may take this long on a busy machine; an answer that never comes still fails.
expect.set_options(timeout=30_000)
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.register_profile("thorough", deadline=None, max_examples=3_000)
hypothesis.settings.load_profile("patient")

# structlog's default prints every local variable of every frame, which would take minutes for one error.
structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.processors.format_exc_info,
        structlog.processors.KeyValueRenderer(),
    ]
)

# A Sunday, 10:00 in Doha: the halls of the sample organisations are open.
SUNDAY_MORNING = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)


def pytest_collection_finish() -> None:
    """Look through what is loaded and collected once, and not again with every collection of garbage."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def real_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords cost what they cost outside tests."""
    for name, value in REAL_PASSWORDS.items():
        monkeypatch.setattr(passwords, name, value)


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[io.StringIO]:
    """The log of the process."""
    with process_log(tmp_path, monkeypatch) as stream:
        yield stream


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(SUNDAY_MORNING)


@pytest.fixture(scope="session")
def shared_chromium() -> Iterator[SharedChromium]:
    shared = SharedChromium()
    yield shared
    shared.close()


@pytest.fixture
def browser(shared_chromium: SharedChromium) -> Iterator[Browser]:
    """Chromium, the same for all tests of a worker; the contexts that a test leaves open are closed after it."""
    with shared_chromium.lent() as found:
        yield found


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of the run's PostgreSQL; all workers share one server."""
    shared = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        shared = shared.parent
    return postgres.start(shared)


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> str:
    """A database with our schema that tests copy; one for each worker."""
    name = f"template_{uuid.uuid4().hex[:12]}"
    url = postgres.create_database(postgres_server, name)
    database = Database(url, FrozenClock(SUNDAY_MORNING))
    schema.migrate(database)
    database.close()
    return name


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "template.db"
    database = Database(f"sqlite:///{path}", FrozenClock(SUNDAY_MORNING))
    schema.migrate(database)
    with database.migrating() as connection:
        connection.execute(sa.text("SELECT 1"))
    database.close()
    return path


@pytest.fixture
def sqlite_url(tmp_path: Path, sqlite_template: Path) -> str:
    """An empty SQLite database with our schema."""
    path = tmp_path / "queue.db"
    path.write_bytes(sqlite_template.read_bytes())
    return f"sqlite:///{path}"


@pytest.fixture(scope="session")
def postgres_pool(postgres_server: str, postgres_template: str) -> Pool:
    return Pool(postgres_server, postgres_template)


@pytest.fixture
def postgres_url(postgres_pool: Pool) -> Iterator[str]:
    """An empty PostgreSQL database with our schema."""
    with postgres_pool.database() as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def db_url(request: pytest.FixtureRequest) -> str:
    """The address of an empty database with our schema; the test runs once on each kind."""
    return str(request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url"))


@pytest.fixture
def db(db_url: str, clock: FrozenClock) -> Iterator[Database]:
    """An empty database with our schema, on each kind."""
    database = Database(db_url, clock, secret=b"the key of the installation")
    yield database
    database.close()


@pytest.fixture
def hall(db: Database) -> Hall:
    """The main branch of the embassy, on each kind of database."""
    return furnish(db)
