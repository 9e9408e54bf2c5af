"""Doctor, and every command that meets a problem of the installation, names it and says what to do."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from queue_system.actions.staff import NewStaff, create_staff
from queue_system.clock import ShiftedClock, SystemClock
from queue_system.configuration import read_configuration, secret_key
from queue_system.profiles import profile_names
from queue_system.store import schema
from queue_system.store.database import Database
from tests.kit.command_line import PASSWORD, Run

EVERY_COMMAND = [("serve",), ("migrate",), ("doctor",), ("audit", "verify"), ("staff", "add", "x"), ("init", "forum")]


@pytest.mark.parametrize("arguments", EVERY_COMMAND)
def test_a_damaged_file_is_named_with_what_to_do(run: Run, folder: Path, arguments: tuple[str, ...]) -> None:
    folder.mkdir()
    (folder / "queue.db").write_bytes(b"no database at all " * 1000)
    said = run(*arguments, entered=f"{PASSWORD}\n")
    assert said.code == 1
    told = said.out + said.err
    assert f"cannot use the database sqlite:///{folder}/queue.db (file is not a database)" in told
    assert "restore the last backup" in told
    assert "Traceback" not in told


@pytest.mark.parametrize("arguments", EVERY_COMMAND)
def test_the_database_of_a_newer_program_is_left_alone(run: Run, folder: Path, arguments: tuple[str, ...]) -> None:
    run("migrate")
    with sqlite3.connect(folder / "queue.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    said = run(*arguments, entered=f"{PASSWORD}\n")
    assert said.code == 1
    told = said.out + said.err
    assert "A newer version of this program has worked on this database (schema 9999). Nothing was changed" in told
    assert "queue-system migrate" not in told


@pytest.mark.parametrize("arguments", EVERY_COMMAND)
@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            "PRAGMA user_version = 7",
            f"was made by an unreleased version of this program (schema {schema.newest()}). Nothing was changed",
        ),
        ("DELETE FROM alembic_version", "does not say which version of this program made them. Nothing was changed"),
        ("INSERT INTO alembic_version VALUES ('0000')", "does not say which version of this program made them"),
    ],
)
def test_a_database_whose_tables_are_not_ours_is_left_alone(
    run: Run, folder: Path, arguments: tuple[str, ...], change: str, told: str
) -> None:
    run("migrate")
    with closing(sqlite3.connect(folder / "queue.db")) as connection, connection:
        connection.execute(change)
    said = run(*arguments, entered=f"{PASSWORD}\n")
    assert (said.code, told in said.out + said.err) == (1, True)


def test_a_newer_schema_that_still_serves_this_program_is_used_and_left_as_it_is(run: Run, folder: Path) -> None:
    """So nodes can be upgraded one by one, and a hall can go back to the version before."""
    newer = f"9999_from_{schema.number(schema.newest())}"
    run.load("forum")
    with sqlite3.connect(folder / "queue.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (newer,))
    connection.close()
    assert run("migrate").out == f"The schema is at {newer}.\n"
    said = run("doctor")
    assert (said.code, "that of a newer version, on which this one still works" in said.out) == (0, True)
    assert run("staff", "add", "x", entered=f"{PASSWORD}\n").code == 0


# These read the log and add staff beside a running server, so they do not take its lock.
@pytest.mark.parametrize(
    "arguments", [*(command for command in EVERY_COMMAND if command[0] not in ("audit", "staff")), ("demo",)]
)
def test_a_folder_that_cannot_be_written_is_named_with_what_to_do(
    run: Run, folder: Path, arguments: tuple[str, ...]
) -> None:
    run("migrate")
    # Something else is where the database writes first, so that not even root can write it.
    (folder / "queue.db-wal").unlink(missing_ok=True)
    (folder / "queue.db-wal").mkdir()
    said = run(*arguments, entered=f"{PASSWORD}\n", QUEUE_PORT="0")
    assert said.code == 1
    told = said.out + said.err
    assert f"cannot use the database sqlite:///{folder}/queue.db" in told
    assert "Check that QUEUE_DATA_DIR is the right one and can be written" in told
    assert "Traceback" not in told


def test_doctor_looks_without_making_anything(run: Run, folder: Path) -> None:
    said = run("doctor")
    assert said.code == 1
    assert f"there is no database at {folder}/queue.db yet: queue-system init PROFILE" in said.out
    assert said.err == ""
    assert not folder.exists()


# ---------------------------------------------------------------- doctor


def test_doctor_names_what_is_good_what_to_note_and_each_thing_not_in_force(run: Run) -> None:
    run.load("embassy")
    said = run("doctor")
    assert said.code == 0
    lines = said.out.splitlines()
    assert {line[:4].strip() for line in lines if not line.startswith("        ")} == {"ok", "note"}
    assert any(line.startswith("ok") and "SQLite" in line for line in lines)
    assert any("QUEUE_PUBLIC_URL is not set" in line for line in lines)
    # It names everything that the embassy sets and nothing acts on yet.
    for thing in ("doha-main/passport-apply (weekly_ballot)", "consul: approve_urgent", "mobile-consulate/mk1"):
        assert any(thing in line for line in lines), thing
    # Each sentence is there once with all its subjects, and without marks that a terminal cannot show.
    notes = [line for line in lines if line.startswith("note")]
    assert len(notes) == len(set(notes)) < 30
    assert not any("doctor." in line or "{" in line or "\u2068" in line or line.endswith(" ") for line in lines)
    quiet = run("doctor", QUEUE_PUBLIC_URL="https://queue.example.org")
    assert "QUEUE_PUBLIC_URL" not in quiet.out


@pytest.mark.parametrize("profile", [name for name in profile_names() if name != "embassy"])
def test_doctor_reads_every_sample(run: Run, profile: str) -> None:
    run.load(profile)
    said = run("doctor")
    assert said.code == 0
    assert said.out.count("\nnote") > 3
    assert "doctor." not in said.out


@pytest.mark.parametrize(
    ("environment", "advice"),
    [
        ({"QUEUE_PROT": "81"}, "QUEUE_PROT is set, and there is no such setting"),
        ({"QUEUE_HOST": "192.0.2.1"}, "without TLS passwords"),
        ({"QUEUE_PUBLIC_URL": "http://queue.example.org"}, "without TLS passwords"),
        ({"QUEUE_PUBLIC_URL": "https://queue.example.org"}, "QUEUE_TRUSTED_PROXIES is not set"),
        ({"QUEUE_HOST": "192.0.2.1", "QUEUE_TRUSTED_PROXIES": "*"}, "can claim any address"),
    ],
)
def test_doctor_notes_what_is_risky_about_the_way_in(run: Run, environment: dict[str, str], advice: str) -> None:
    run.load("forum")
    assert advice not in run("doctor").out
    said = run("doctor", **environment)
    assert said.code == 0
    assert any(line.startswith("note") and advice in line for line in said.out.splitlines())
    safe = run("doctor", QUEUE_PUBLIC_URL="https://queue.example.org", QUEUE_TRUSTED_PROXIES="127.0.0.1").out
    assert not any(word in safe for word in ("TLS", "PROXIES", "PUBLIC_URL"))


def test_doctor_says_that_a_server_is_running(run: Run, folder: Path) -> None:
    run.load("forum")
    database = Database(f"sqlite:///{folder / 'queue.db'}", SystemClock())
    database.claim_process()
    try:
        assert "a server is running" in run("doctor").out
        for arguments in (("serve",), ("migrate",), ("init", "forum")):
            said = run(*arguments)
            assert said.code == 1
            assert "in use by another running program" in said.err
    finally:
        database.close()
    assert "a server is running" not in run("doctor").out


def test_a_key_file_that_holds_no_key_stops_the_server_and_is_named(run: Run, folder: Path) -> None:
    run.load("forum")
    (folder / "secret.key").write_text("")
    for command in ("doctor", "serve"):
        said = run(command, QUEUE_PORT="0")
        assert said.code != 0
        assert "holds no key. Restore it from the backup" in said.out + said.err


def test_the_key_is_made_whole_once_and_for_our_own_user(tmp_path: Path) -> None:
    settings = read_configuration({}, data_dir=tmp_path)
    with ThreadPoolExecutor(8) as together:
        keys = set(together.map(lambda _: secret_key(settings), range(16)))
    assert len(keys) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["secret.key"]
    assert (tmp_path / "secret.key").stat().st_mode & 0o777 == 0o600


def test_a_log_that_is_ahead_of_the_clock_is_named(run: Run, folder: Path) -> None:
    run.load("forum")
    assert "ahead of this machine's clock" not in run("doctor").out
    database = Database(f"sqlite:///{folder / 'queue.db'}", ShiftedClock(timedelta(days=3)))
    database.write_now(create_staff, NewStaff("layla", "Layla", "-", "ar", ()))
    database.close()
    assert "4320 minutes ahead of this machine's clock" in run("doctor").out
