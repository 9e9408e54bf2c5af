"""A backup holds everything, and can be restored into either database; a damaged or half one changes nothing."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from starlette.applications import Starlette

from queue_system.actions import restoring
from queue_system.actions.installation import OPEN
from queue_system.app import create_app
from queue_system.clock import FrozenClock
from queue_system.configuration import Configuration, read_configuration
from queue_system.core.errors import DomainError, Missing, Refused, Unavailable
from queue_system.ops import backup
from queue_system.ops.drill import try_out
from queue_system.store import log, schema
from queue_system.store.database import Database, Tx
from queue_system.store.queries.organisation import organisation
from queue_system.store.tables import ORGANISATION, table
from tests.kit.filled_database import fill, state_at
from tests.kit.hall import Hall, furnish
from tests.kit.migrating import load, upgrade
from tests.kit.tree import ROOT

# What a restore itself changes: the epoch, the version of the settings, and an entry that says so.
CHANGED = {
    "organisation": {"epoch"},
    "branch": {"config_version", "last_seq", "last_at", "chain"},
}
# What ends with a restore.
ENDED = {table(model).name for model in OPEN}


@pytest.fixture
def configuration(tmp_path: Path) -> Configuration:
    return read_configuration({}, data_dir=tmp_path / "data")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def other(request: pytest.FixtureRequest, tmp_path: Path, clock: FrozenClock) -> Iterator[Database]:
    """Another, empty database of each kind; on SQLite it is not even there yet."""
    with contextlib.ExitStack() as stack:
        url = f"sqlite:///{tmp_path / 'other.db'}"
        if request.param == "postgresql":
            url = stack.enter_context(request.getfixturevalue("postgres_pool").database())
        database = Database(url, clock)
        yield database
        database.close()


def everything(tx: Tx) -> dict[str, list[str]]:
    return {
        one.name: sorted(
            (
                repr(tuple(value for name, value in row._mapping.items() if name not in CHANGED.get(one.name, ())))
                for row in tx.rows(sa.select(one))
            )
            if one.name != "entry"
            else (repr(tuple(row)) for row in tx.rows(sa.select(one)) if row.kind != "organisation.restored")
        )
        for one in schema.METADATA.sorted_tables
        if one.name not in ENDED
    }


# ---------------------------------------------------------------- there and back


def test_a_filled_database_is_restored_into_either_database_table_by_table(
    hall: Hall, other: Database, clock: FrozenClock, configuration: Configuration
) -> None:
    fill(hall, clock)
    before = hall.db.read_now(everything)
    made = backup.make(configuration, hall.db)
    counts = backup.restore_from(made, other)
    assert other.read_now(everything) == before
    assert {name: rows for name, rows in counts.items() if name not in ENDED} == {
        name: len(rows) for name, rows in before.items()
    }
    assert all(verdict.broken_at is None for verdict in other.read_now(log.verify))
    newest = other.read_now(log.after, ORGANISATION, 0)[-1]
    assert (newest.kind, newest.data["made_at"]) == ("organisation.restored", clock.now().isoformat())
    # Screens accept lower positions as newer.
    assert other.read_now(organisation).epoch != hall.db.read_now(organisation).epoch
    # And from there back again: a backup of a restored database holds the same.
    again = backup.make(configuration, other, configuration.data_dir / "again")
    others = made.manifest.sha256.keys() - {"entry", *CHANGED, *ENDED}
    assert {name: again.manifest.sha256[name] for name in others} == {
        name: made.manifest.sha256[name] for name in others
    }


def test_a_restore_opens_nothing_that_may_have_been_closed_since(
    hall: Hall, other: Database, clock: FrozenClock, configuration: Configuration
) -> None:
    """A person who was locked out later, or a link that was used later, would come back with the backup."""
    fill(hall, clock)
    counts = backup.restore_from(backup.make(configuration, hall.db), other)
    assert all(counts[name] for name in ENDED)
    assert [model for model in OPEN if other.read_now(Tx.rows, sa.select(table(model)))] == []


def test_a_restore_replaces_what_came_later_only_if_it_is_told_to(
    hall: Hall, clock: FrozenClock, configuration: Configuration
) -> None:
    hall.issue()
    before = hall.db.read_now(everything)
    made = backup.make(configuration, hall.db)
    hall.issue()
    after = hall.db.read_now(everything)
    url = hall.db.url.render_as_string(hide_password=False)
    hall.db.close()
    database = Database(url, clock)
    try:
        with pytest.raises(Refused, match="restore-not-empty"):
            backup.restore_from(made, database)
        assert database.read_now(everything) == after
        backup.restore_from(made, database, replace=True)
        assert database.read_now(everything) == before
        # The log is append-only again.
        with pytest.raises((sa.exc.DBAPIError, DomainError)), database.migrating() as connection:
            connection.execute(sa.text("DELETE FROM entry"))
    finally:
        database.close()


def test_a_backup_of_an_older_schema_is_restored_and_then_migrated(
    other: Database, clock: FrozenClock, tmp_path: Path, configuration: Configuration
) -> None:
    old = Database(f"sqlite:///{tmp_path / 'old.db'}", clock)
    upgrade(old, "0001", None)
    state = state_at("0001", tmp_path)
    load(old, state)
    made = backup.make(configuration, old)
    assert made.manifest.revision == "0001"
    backup.restore_from(made, other)
    assert schema.current(other) == schema.newest()
    found = other.read_now(everything)
    assert {name: len(rows) for name, rows in found.items() if name in state} == {
        name: len(rows) for name, rows in state.items() if name not in ENDED
    }
    old.close()


def test_it_is_one_snapshot_although_the_hall_goes_on(hall: Hall, configuration: Configuration) -> None:
    hall.issue()
    issued: list[object] = []

    def breathe() -> None:
        if not issued:
            issued.append(hall.issue())

    made = backup.make(configuration, hall.db, breathe=breathe)
    assert issued
    assert made.manifest.counts["ticket"] == 1
    [seq] = [position.seq for slug, position in made.manifest.positions.items() if slug == hall.branch.slug]
    assert seq == hall.db.read_now(log.positions)[hall.branch.id] - 1


# ---------------------------------------------------------------- the file


def test_the_file_says_what_it_is_and_is_for_our_user_only(hall: Hall, configuration: Configuration) -> None:
    made = backup.make(configuration, hall.db)
    assert made.path.parent == configuration.data_dir / "backups"
    assert made.path.stat().st_mode & 0o777 == 0o600
    assert made.path.parent.stat().st_mode & 0o777 == 0o700
    manifest = json.loads(text_of(made.path, "manifest.json"))
    assert manifest["organisation"] == "embassy-sy-doha"
    assert manifest["database"].startswith(hall.db.dialect.name)
    assert (manifest["revision"], manifest["fingerprint"]) == (
        schema.newest(),
        schema.fingerprint_of(schema.newest()),
    )
    assert any("secret key" in what for what in manifest["without"])
    backup.check(made)


def test_the_key_is_recognised_and_not_told(hall: Hall, configuration: Configuration) -> None:
    assert backup.key_mark(configuration) == ""
    assert not (configuration.data_dir / "secret.key").exists()
    mine = configuration.model_copy(
        update={"secret_key": read_configuration({"QUEUE_SECRET_KEY": "x" * 32}).secret_key}
    )
    made = backup.make(mine, hall.db)
    assert made.manifest.key == backup.key_mark(mine) != ""
    assert b"x" * 16 not in made.path.read_bytes() + made.manifest.key.encode()


def test_the_newest_stay_and_files_of_others_too(hall: Hall, clock: FrozenClock, configuration: Configuration) -> None:
    folder = configuration.data_dir / "backups"
    foreign = folder / "queue-of-somebody.backup"
    made = backup.make(configuration, hall.db, keep=2)
    for hour in range(1, 4):
        clock.set(clock.now() + timedelta(hours=hour))
        made = backup.make(configuration, hall.db, keep=2)
        foreign.write_bytes(b"no backup")
    assert backup.backups(folder)[0].path == made.path
    assert len(backup.backups(folder)) == 2
    assert foreign.exists()
    assert backup.newest(configuration).path == made.path
    assert backup.is_fresh(configuration, hall.db)
    clock.set(clock.now() + timedelta(hours=24))
    assert not backup.is_fresh(configuration, hall.db)


def test_a_backup_that_was_just_made_stays_although_the_clock_was_put_back(
    hall: Hall, clock: FrozenClock, configuration: Configuration
) -> None:
    now = clock.now()
    for day in (20, 21):
        clock.set(now + timedelta(days=day))
        backup.make(configuration, hall.db, keep=2)
    clock.set(now)
    made = backup.make(configuration, hall.db, keep=2)
    assert made.path.exists()
    assert len(backup.backups(made.path.parent)) == 2


def test_two_backups_in_one_folder_do_not_meet(hall: Hall, configuration: Configuration) -> None:
    refused = []

    def breathe() -> None:
        with pytest.raises(Refused, match="backup-running"):
            backup.make(configuration, hall.db)
        refused.append(True)

    backup.make(configuration, hall.db, breathe=breathe)
    assert refused
    assert len(backup.backups(configuration.data_dir / "backups")) == 1


@pytest.mark.process
def test_a_killed_backup_leaves_no_file_that_counts(
    sqlite_url: str, clock: FrozenClock, tmp_path: Path, configuration: Configuration
) -> None:
    program = (
        "import sys, time; from queue_system.clock import SystemClock; from queue_system.configuration import *; "
        "from queue_system.ops import backup; from queue_system.store.database import Database; "
        "backup.make(read_configuration({}, data_dir=sys.argv[1]), Database(sys.argv[2], SystemClock()), "
        "breathe=lambda: (print('writing', flush=True), time.sleep(600)))"
    )
    database = Database(sqlite_url, clock)
    furnish(database)
    child = subprocess.Popen(
        [sys.executable, "-c", program, str(configuration.data_dir), sqlite_url], cwd=ROOT, stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"writing\n"
    folder = configuration.data_dir / "backups"
    assert [path.suffix for path in folder.iterdir()] == [".part"]
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    assert backup.backups(folder) == []
    with pytest.raises(Missing):
        backup.newest(configuration)
    made = backup.make(configuration, database)
    assert list(folder.iterdir()) == [made.path]
    database.close()


# ---------------------------------------------------------------- refusals


def test_an_empty_database_has_no_backup(other: Database, configuration: Configuration) -> None:
    with pytest.raises(Unavailable, match="not-initialised"):
        backup.make(configuration, other)


def test_a_damaged_backup_changes_nothing(
    hall: Hall, other: Database, tmp_path: Path, configuration: Configuration
) -> None:
    made = backup.make(configuration, hall.db)
    whole = made.path.read_bytes()
    for name, damaged in {
        "half": whole[: len(whole) // 2],
        "altered": _altered(made.path, "rows/queue.jsonl"),
        "missing": _altered(made.path, "rows/queue.jsonl", remove=True),
        "other": b"something else",
    }.items():
        path = tmp_path / f"queue-{name}.backup"
        path.write_bytes(damaged)
        with pytest.raises(Refused, match="backup-damaged"):
            backup.restore_from(backup.read(path), other)
    if other.dialect.is_embedded:
        assert schema.current(other) is None
    else:
        assert not any(other.read_now(everything).values())


def text_of(path: Path, member: str) -> bytes:
    with zipfile.ZipFile(path) as packed:
        return packed.read(member)


def _altered(path: Path, member: str, old_word: bytes = b"a", word: bytes = b"b", *, remove: bool = False) -> bytes:
    """The backup with one word of one text changed, and every checksum of the zip file right."""
    copy = path.with_suffix(".copy")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(copy, "w") as new:
        for name in old.namelist():
            text = old.read(name)
            if name != member:
                new.writestr(name, text)
            elif not remove:
                new.writestr(name, text.replace(old_word, word, 1))
    try:
        return copy.read_bytes()
    finally:
        copy.unlink()


def test_a_broken_log_is_not_restored(
    hall: Hall, other: Database, tmp_path: Path, configuration: Configuration
) -> None:
    """Somebody who changes a backup with all its checksums is found by the chain."""
    made = backup.make(configuration, hall.db)
    path = tmp_path / "queue-forged.backup"
    path.write_bytes(_altered(made.path, "rows/entry.jsonl", b"system", b"device"))
    forged = backup.read(path)
    text = text_of(path, "rows/entry.jsonl")
    sums = {**forged.manifest.sha256, "entry": hashlib.sha256(text).hexdigest()}
    forged = backup.Backup(path, forged.manifest.model_copy(update={"sha256": sums}))
    backup.check(forged)
    with pytest.raises(Refused, match="backup-damaged"):
        backup.restore_from(forged, other)


def test_an_interrupted_restore_leaves_the_old_state(
    hall: Hall, clock: FrozenClock, configuration: Configuration, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = backup.make(configuration, hall.db)
    hall.issue()
    before = hall.db.read_now(everything)
    url = hall.db.url.render_as_string(hide_password=False)
    hall.db.close()
    database = Database(url, clock)

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(restoring, "new_epoch", interrupted)
    with pytest.raises(KeyboardInterrupt):
        backup.restore_from(made, database, replace=True)
    assert database.read_now(everything) == before
    database.close()


@pytest.mark.postgres
def test_a_server_that_nodes_use_is_left_alone(
    sqlite_url: str, postgres_url: str, clock: FrozenClock, configuration: Configuration
) -> None:
    source, database = Database(sqlite_url, clock), Database(postgres_url, clock)
    furnish(source)
    made = backup.make(configuration, source)
    with psycopg.connect(postgres_url, application_name="queue-system of a node"):  # noqa: SIM117
        with pytest.raises(Unavailable, match="nodes-running"):
            backup.restore_from(made, database)
    assert database.read_now(lambda tx: tx.scalar(sa.select(sa.func.count()).select_from(sa.table("branch")))) == 0
    source.close()
    database.close()


def test_a_backup_of_a_newer_program_is_left_alone(hall: Hall, other: Database, configuration: Configuration) -> None:
    made = backup.make(configuration, hall.db)
    newer = made.manifest.model_copy(update={"revision": "9999"})
    with pytest.raises(Unavailable, match="schema-newer"):
        backup.restore_from(backup.Backup(made.path, newer), other)


# ---------------------------------------------------------------- the drill


def test_a_drill_restores_examines_and_opens_pages_and_leaves_nothing(
    hall: Hall, clock: FrozenClock, configuration: Configuration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    # A drill must never touch the database that the environment names.
    monkeypatch.setenv("QUEUE_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/real")
    fill(hall, clock)
    made = backup.make(configuration, hall.db)
    before = set(tmp_path.iterdir())
    verdict = try_out(made, clock, create_app)
    assert verdict.backup == made
    assert set(tmp_path.iterdir()) == before


def test_a_drill_removes_what_a_killed_one_has_left_and_nothing_of_a_running_one(
    hall: Hall, clock: FrozenClock, configuration: Configuration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    killed, running, foreign = tmp_path / "queue-drill-1", tmp_path / "queue-drill-2", tmp_path / "something"
    for folder in (killed, running, foreign):
        folder.mkdir()
        (folder / "queue.db").write_bytes(b"names")
    handle = os.open(running, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    try_out(backup.make(configuration, hall.db), clock, create_app)
    os.close(handle)
    assert [folder.exists() for folder in (killed, running, foreign)] == [False, True, True]


def test_a_drill_fails_if_a_page_does_not_open(hall: Hall, clock: FrozenClock, configuration: Configuration) -> None:
    made = backup.make(configuration, hall.db)
    with pytest.raises(Refused, match="drill-failed"):
        try_out(made, clock, lambda _: Starlette())
