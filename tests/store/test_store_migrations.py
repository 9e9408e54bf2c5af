"""Every migration runs on a filled database of the state before, on both databases. Decision 0020."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import psycopg
import pytest

from queue_system.actions import tickets
from queue_system.clock import FrozenClock
from queue_system.store import schema
from queue_system.store.database import Database
from queue_system.store.log import SYSTEM
from queue_system.store.queries.access import staff_by_login
from queue_system.store.queries.bookings import booking_by_code
from queue_system.store.queries.line import at_counter
from queue_system.store.queries.settings import branch_ids
from tests.kit import filled_database, postgres
from tests.kit.filled_database import State
from tests.kit.hall import enter
from tests.kit.migrating import REFUSED, Empty, Step, contents, faults, load, opened, steps, upgrade

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server_database(request: pytest.FixtureRequest) -> Iterator[str]:
    """A database on the server for this whole file, because making one for each test would take most of its time."""
    server, name = request.getfixturevalue("postgres_server"), f"empty_{uuid.uuid4().hex[:12]}"
    yield postgres.create_database(server, name)
    postgres.drop_database(server, name)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def empty(request: pytest.FixtureRequest, tmp_path: Path, clock: FrozenClock) -> Empty:
    """Makes databases without any table, one after the other."""
    numbers = count()

    def in_a_file() -> Database:
        return Database(f"sqlite:///{tmp_path}/empty-{next(numbers)}.db", clock)

    def on_the_server() -> Database:
        url = request.getfixturevalue("server_database")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")
        return Database(url, clock)

    return in_a_file if request.param == "sqlite" else on_the_server


@pytest.fixture(scope="module")
def newest_state(tmp_path_factory: pytest.TempPathFactory) -> State:
    return filled_database.newest_state(tmp_path_factory.mktemp("filled"))


# ---------------------------------------------------------------- the migrations that there are


def test_every_migration_keeps_what_was_there_and_lets_the_program_before_go_on(empty: Empty, tmp_path: Path) -> None:
    found = {
        step.revision: wrong
        for step in steps()
        if (wrong := faults(empty, step, filled_database.state_at(step.before, tmp_path)))
    }
    assert found == {}


def test_every_state_before_a_migration_was_written_down() -> None:
    missing = [step.before for step in steps() if not (filled_database.KEPT / f"{step.before}.json").exists()]
    assert missing == [], "go back to the commit before the migration and run: python -m tests.kit.filled_database"


def test_revisions_are_numbered_and_say_which_program_they_still_serve() -> None:
    every = ["0001", *(step.revision for step in steps())]
    assert [schema.number(revision) for revision in every] == [f"{n:04}" for n in range(1, len(every) + 1)]
    assert all(re.fullmatch(r"\d{4}(_from_\d{4})?", revision) for revision in every)
    oldest = [schema.oldest_program(revision) for revision in every]
    assert oldest == sorted(oldest)
    assert all(old <= schema.number(revision) for old, revision in zip(oldest, every, strict=True))


def test_the_filled_database_has_something_in_every_table(newest_state: State) -> None:
    assert [name for name, rows in newest_state.items() if not rows] == []


def test_a_filled_database_serves_once_it_is_loaded(empty: Empty, newest_state: State) -> None:
    with opened(empty) as database:
        schema.migrate(database)
        load(database, newest_state)
        assert enter(database, next(iter(database.read_now(branch_ids)))).issue().created


# What tests/filled/0001.json holds: layla at counter c4 with F001, F002 and K001 waiting, and an appointment for the day
# after the next, which was cancelled there; here it was not.
APPOINTMENT = "4K58JRH4"
UPGRADED_AT = datetime(2026, 11, 22, 8, 5, tzinfo=UTC)
ITS_TIME = datetime(2026, 11, 24, 5, 30, tzinfo=UTC)


def test_visitors_and_appointments_of_the_first_schema_are_called_and_received_after_the_upgrade(
    empty: Empty, tmp_path: Path, clock: FrozenClock
) -> None:
    state = filled_database.state_at("0001", tmp_path)
    (kept,) = (row for row in state["booking"] if row["code"] == APPOINTMENT)
    kept |= {"state": "confirmed", "ended_at": None}
    state["freed_place"], state["seat"] = [], [row | {"freed_id": None} for row in state["seat"]]
    with opened(empty) as database:
        upgrade(database, "0001", None)
        load(database, state)
        schema.migrate(database)
        hall = enter(database)
        clock.set(UPGRADED_AT)
        found = database.read_now(staff_by_login, "layla")
        assert found is not None
        current = database.read_now(at_counter, hall.branch.id, hall.counter("c4"))
        codes = []
        while current is not None:
            codes.append(current.code)
            current = hall.call_next(hall.at(found[0], expected=current.id))
        assert codes == ["F001", "F002", "K001"]
        clock.set(ITS_TIME)
        booking = database.read_now(booking_by_code, hall.branch.id, APPOINTMENT)
        issued = database.write_in_now(hall.branch.id, tickets.check_in, hall.branch.id, booking.id, SYSTEM)
        assert (issued.created, issued.ticket.anchor_at) == (True, ITS_TIME)


# ---------------------------------------------------------------- migrations that we do not have

# The numbers of the newest migration and of the next one.
NEWEST = schema.number(schema.newest())
NEXT = f"{int(NEWEST) + 1:04}"
ADDS = f"{NEXT}_from_{NEWEST}"

HEAD = """
from alembic import op
import sqlalchemy as sa

revision = "{revision}"
down_revision = "{before}"
branch_labels = depends_on = None
"""

# Changes that are allowed while programs of the version before run.
HARMLESS = {
    "a column that may be empty": """
def upgrade():
    op.add_column("zone", sa.Column("floor", sa.Integer(), nullable=True))
""",
    "a column with a default in the database": """
def upgrade():
    op.add_column("zone", sa.Column("floor", sa.Integer(), nullable=False, server_default="0"))
""",
    "a table and an index": """
def upgrade():
    op.create_table("wing", sa.Column("id", sa.Uuid(), primary_key=True))
    op.create_index("staff_by_name", "staff", ["name"])
""",
    "a table that others refer to, built anew": """
def upgrade():
    always = "always" if op.get_bind().dialect.name == "sqlite" else "never"
    with op.batch_alter_table("staff", recreate=always) as staff:
        staff.alter_column("name", type_=sa.Text())
""",
    "values that are meant to be others": """
REWRITES = {"staff.name"}

def upgrade():
    op.execute("UPDATE staff SET name = 'somebody'")
""",
}

# Harmful changes, and the message for each.
HARMFUL = {
    "a column that must be filled": (
        "does not go through",
        """
def upgrade():
    op.add_column("zone", sa.Column("floor", sa.Integer(), nullable=False))
""",
    ),
    "a column that only the new program fills": (
        "the program before can no longer write",
        """
def upgrade():
    op.add_column("zone", sa.Column("floor", sa.Integer(), nullable=True))
    op.execute("UPDATE zone SET floor = 0")
    with op.batch_alter_table("zone") as zone:
        zone.alter_column("floor", existing_type=sa.Integer(), nullable=False)
""",
    ),
    "a column that goes": (
        "zone.names is gone",
        """
def upgrade():
    with op.batch_alter_table("zone") as zone:
        zone.drop_column("names")
""",
    ),
    "a column that gets another name": (
        "zone.names is gone",
        """
def upgrade():
    with op.batch_alter_table("zone") as zone:
        zone.alter_column("names", new_column_name="called")
""",
    ),
    "a table that goes": (
        "print_job is gone",
        """
def upgrade():
    op.drop_table("print_job")
""",
    ),
    "rows that go": (
        "print_job had 1 rows and has 0",
        """
def upgrade():
    op.execute("DELETE FROM print_job")
""",
    ),
    "rows that others refer to": (
        "does not go through",
        """
def upgrade():
    op.execute("DELETE FROM zone")
""",
    ),
    "values that change in passing": (
        "staff.name has other values",
        """
def upgrade():
    op.execute("UPDATE staff SET name = 'somebody'")
""",
    ),
    "a log that can be changed": (
        "entry allows UPDATE",
        """
def upgrade():
    op.rename_table("entry", "entry_before")
    op.execute("CREATE TABLE entry AS SELECT * FROM entry_before")
    op.drop_table("entry_before")
""",
    ),
}
DROPS_A_COLUMN = HARMFUL["a column that goes"][1]


def written(folder: Path, text: str, revision: str = ADDS) -> tuple[Step, Path]:
    """A migration after the newest, in a folder of its own."""
    versions = folder / "more"
    versions.mkdir()
    head = HEAD.format(revision=revision, before=schema.newest())
    (versions / f"{NEXT}_next.py").write_text(head + text, encoding="utf-8")
    return steps(versions)[-1], versions


@pytest.mark.parametrize("what", HARMLESS)
def test_a_migration_that_only_adds_is_accepted(empty: Empty, newest_state: State, tmp_path: Path, what: str) -> None:
    step, more = written(tmp_path, HARMLESS[what])
    assert faults(empty, step, newest_state, more) == []


@pytest.mark.parametrize("what", HARMFUL)
def test_a_migration_that_does_harm_is_found(empty: Empty, newest_state: State, tmp_path: Path, what: str) -> None:
    said, text = HARMFUL[what]
    step, more = written(tmp_path, text)
    assert any(fault.startswith(said) for fault in faults(empty, step, newest_state, more))


def test_what_no_running_program_uses_may_go(empty: Empty, newest_state: State, tmp_path: Path) -> None:
    step, more = written(tmp_path, DROPS_A_COLUMN, revision=NEXT)
    assert step.contracts
    assert not step.rolls
    assert faults(empty, step, newest_state, more) == []


def test_a_migration_that_fails_leaves_everything_as_it_was(empty: Empty, newest_state: State, tmp_path: Path) -> None:
    text = DROPS_A_COLUMN + '    op.execute("SELECT nonsense FROM nowhere")\n'
    step, more = written(tmp_path, text)
    with opened(empty) as database:
        upgrade(database, step.before, more)
        load(database, newest_state)
        before = contents(database)
        with pytest.raises(REFUSED):
            upgrade(database, step.revision, more)
        assert schema.current(database) == step.before
        assert contents(database) == before


# ---------------------------------------------------------------- programs of two versions


def test_an_older_program_serves_a_schema_that_still_has_what_it_uses(empty: Empty, tmp_path: Path) -> None:
    _, more = written(tmp_path, HARMLESS["a column that may be empty"])
    with opened(empty) as database:
        upgrade(database, "head", more)
        assert schema.migrate(database) == schema.current(database) == ADDS


@pytest.mark.parametrize(
    ("revision", "served"),
    [
        (schema.newest(), True),
        (f"9999_from_{NEWEST}", True),
        ("9999_from_9998", False),
        ("9999", False),
        ("nonsense", False),
    ],
)
def test_a_schema_says_which_programs_it_serves(revision: str, served: bool) -> None:
    assert schema.serves(revision) is served
