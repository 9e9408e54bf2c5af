"""Backup, restore, drill and migration on the command line, and doctor for programs."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from queue_system.actions import upkeep
from queue_system.ops import backup
from queue_system.store import schema
from queue_system.store.queries.upkeep import last_done
from queue_system.store.tables import ORGANISATION
from tests.kit.command_line import Run, opened
from tests.kit.filled_database import state_at
from tests.kit.migrating import load, upgrade


def only_backup(folder: Path) -> Path:
    (found,) = (folder / "backups").iterdir()
    return found


# ---------------------------------------------------------------- backup, restore, drill


@pytest.mark.parametrize("url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_a_hall_moves_to_another_machine_with_five_commands(
    url: str, run: Run, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Load, back up, try out, restore on an empty machine with another database, examine."""
    here = {"QUEUE_DATA_DIR": str(tmp_path / "here"), "QUEUE_PUBLIC_URL": ""}
    if url == "postgresql":
        here["QUEUE_DATABASE_URL"] = request.getfixturevalue("postgres_url")
    there = {"QUEUE_DATA_DIR": str(tmp_path / "there"), "QUEUE_PUBLIC_URL": ""}

    def command(environment: dict[str, str], *arguments: str) -> str:
        done = run(*arguments, **environment)
        assert done.code == 0, done.out + done.err
        return done.out

    command(here, "init", "forum")
    command(here, "backup", str(tmp_path / "kept"), "--keep", "3")
    (made,) = (tmp_path / "kept").iterdir()
    assert command(here, "drill", str(made)).startswith("GOOD")
    # From PostgreSQL into a file; from a file into a file.
    assert "rows are in" in command(there, "restore", str(made))
    assert "the schema is the newest" in command(there, "doctor")
    # And back into a server, over what is there.
    command(there, "backup")
    (back,) = (tmp_path / "there" / "backups").iterdir()
    slug = backup.read(back).manifest.organisation
    assert "rows are in" in command(here, "restore", str(back), "--replace", slug)
    assert "the schema is the newest" in command(here, "doctor")


def test_a_restore_names_what_it_replaces_and_keeps_it(run: Run, folder: Path) -> None:
    run.load("forum")
    assert run("backup").code == 0
    made = only_backup(folder)
    assert "The database is not empty, so nothing was changed" in run("restore", str(made)).err
    said = run("restore", str(made), "--replace", "somebody-else")
    assert (said.code, "and not somebody-else. Nothing was changed" in said.err) == (1, True)
    slug = backup.read(made).manifest.organisation
    said = run("restore", str(made), "--replace", slug)
    assert said.code == 0, said.err
    assert "The present data are kept in" in said.out


def test_another_key_is_told(run: Run, folder: Path, tmp_path: Path) -> None:
    run.load("forum")
    run("backup", QUEUE_SECRET_KEY="x" * 32)
    made = only_backup(folder)
    said = run("restore", str(made), QUEUE_DATA_DIR=str(tmp_path / "other"))
    assert said.code == 0
    assert "links that visitors have are void: put the old secret.key" in said.out
    said = run("restore", str(made), QUEUE_DATA_DIR=str(tmp_path / "third"), QUEUE_SECRET_KEY="x" * 32)
    assert "void" not in said.out


@pytest.mark.parametrize("arguments", [("backup",), ("drill",), ("restore", "nothing.backup")])
def test_nothing_to_work_on_is_told(run: Run, folder: Path, arguments: tuple[str, ...]) -> None:
    said = run(*arguments)
    assert said.code == 1
    assert "there is no database at" in said.err or "There is no backup of this name" in said.err
    assert not (folder / "queue.db").exists()


def test_backup_and_drill_are_remembered(run: Run, folder: Path) -> None:
    run.load("forum")
    assert {finding["code"] for finding in _findings(run)} >= {"backup-none"}
    run("backup")
    assert run("drill").code == 0
    database = opened(folder)
    assert database.read_now(last_done).keys() == {"backup", "drill"}
    database.close()
    assert {finding["code"] for finding in _findings(run)} >= {"backup-fresh", "drill-fresh"}


# ---------------------------------------------------------------- migration


@pytest.fixture
def old(folder: Path) -> Path:
    """A database of the schema before, with rows."""
    folder.mkdir()
    database = opened(folder)
    upgrade(database, "0001", None)
    load(database, state_at("0001", folder))
    database.close()
    return folder


def test_a_database_with_rows_is_not_migrated_without_a_backup_of_the_last_day(run: Run, old: Path) -> None:
    said = run("serve")
    assert "First: queue-system backup, then: queue-system migrate" in said.err
    for arguments in (("migrate",), ("migrate", "--check")):
        said = run(*arguments)
        assert (said.code, "there is no backup of it from the last 24 hours" in said.err) == (1, True)
    with closing(sqlite3.connect(old / "queue.db")) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == ("0001",)
    # The program of today makes a backup of the schema before.
    assert run("backup").code == 0
    assert run("migrate", "--check").code == 1
    assert run("migrate").out == f"The schema is at {schema.newest()}.\n"
    assert run("migrate", "--check").code == 0


def test_who_wants_to_goes_on_without(run: Run, old: Path) -> None:
    assert run("migrate", "--no-backup").out == f"The schema is at {schema.newest()}.\n"


def test_a_backup_of_yesterday_or_of_another_hall_does_not_count(run: Run, old: Path, tmp_path: Path) -> None:
    run("backup")
    made = only_backup(old)
    run("init", "forum", QUEUE_DATA_DIR=str(tmp_path / "other"))
    run("backup", str(old / "backups"), QUEUE_DATA_DIR=str(tmp_path / "other"))
    assert len(list((old / "backups").iterdir())) == 2
    made.unlink()
    assert run("migrate").code == 1


# ---------------------------------------------------------------- doctor


def test_doctor_tells_programs_codes_and_people_sentences(run: Run) -> None:
    run.load("forum")
    said = run("doctor", "--json")
    found = json.loads(said.out)["findings"]
    assert said.code == 0
    assert {
        name: value
        for name, value in next(one for one in found if one["code"] == "backup-none").items()
        if name != "text"
    } == {"level": "note", "code": "backup-none", "values": {}}
    assert all(one.keys() == {"level", "code", "values", "text"} for one in found)
    # The same sentences as without --json.
    plain = run("doctor").out
    assert all(one["text"].splitlines()[0] in plain for one in found)


def test_what_failed_in_the_night_is_bad(run: Run, folder: Path) -> None:
    run.load("forum")
    database = opened(folder)
    night = database.clock.now().date()
    for attempt in range(1, upkeep.MOST_ATTEMPTS + 1):
        database.write_in_now(ORGANISATION, upkeep.begin, "backup", night, "one")
        database.write_in_now(ORGANISATION, upkeep.failed, "backup", night, attempt, "OSError")
    database.close()
    said = run("doctor")
    assert said.code == 1
    assert f"the backup of the night to {night.isoformat()} failed (OSError)" in said.out
    run("backup")
    assert "failed (OSError)" not in run("doctor").out


def test_an_old_backup_is_bad(run: Run, folder: Path) -> None:
    run.load("forum")
    run("backup")
    then = datetime.now(UTC) - timedelta(days=3, hours=1)
    with closing(sqlite3.connect(folder / "queue.db")) as connection, connection:
        connection.execute("UPDATE upkeep SET ended_at = ?", (then.strftime("%Y-%m-%d %H:%M:%S.%f"),))
    said = run("doctor")
    assert (said.code, "the newest backup is 3 days old" in said.out) == (1, True)


def _findings(run: Run) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(run("doctor", "--json").out)["findings"]
    return found
