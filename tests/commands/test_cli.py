"""The command line: its output, its effects, and its exit codes."""

from __future__ import annotations

import os
import re
import socket
import sqlite3
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from queue_system.configuration import ConfigurationError, read_configuration
from queue_system.profiles import profile_names
from queue_system.store.queries.access import staff_by_login
from queue_system.store.queries.organisation import organisation
from queue_system.store.queries.settings import branch_ids
from queue_system.web.passwords import is_password
from tests.kit import postgres
from tests.kit.command_line import PASSWORD, Run, opened
from tests.kit.tree import ROOT

PROFILES = ROOT / "queue_system" / "profiles"


# ---------------------------------------------------------------- help and wrong use


def test_help_names_every_command_and_the_settings(run: Run) -> None:
    said = run("--help")
    assert said.code == 0
    for word in (
        "serve",
        "demo",
        "init",
        "migrate",
        "doctor",
        "audit",
        "staff",
        "restored",
        "adopt",
        "QUEUE_DATABASE_URL",
    ):
        assert word in said.out
    assert "--profile" in run("demo", "--help").out
    assert "verify" in run("audit", "--help").out


@pytest.mark.parametrize(
    "arguments", [(), ("no-such-command",), ("init",), ("serve", "--no-such-option"), ("staff", "add"), ("audit",)]
)
def test_wrong_use_ends_with_two_and_changes_nothing(run: Run, folder: Path, arguments: tuple[str, ...]) -> None:
    assert run(*arguments).code == 2
    assert not folder.exists()


# ---------------------------------------------------------------- settings


@pytest.mark.parametrize(
    ("name", "value", "advice"),
    [
        ("QUEUE_PORT", "eighty", "valid integer"),
        ("QUEUE_PORT", "70000", "from 0 to 65535"),
        ("QUEUE_PORT", "-1", "from 0 to 65535"),
        ("QUEUE_LOG_LEVEL", "loud", "one of debug, info, warning, error"),
        ("QUEUE_PUBLIC_URL", "queue.example.org", "such as https://queue.example.org"),
        ("QUEUE_PUBLIC_URL", "https://queue.example.org/queue", "without a path"),
        ("QUEUE_PUBLIC_URL", "https://name@queue.example.org", "such as https://queue.example.org"),
        ("QUEUE_SMTP_URL", "smtp://mail.example.org", "for a mail server on this machine"),
        ("QUEUE_SMTP_URL", "https://mail.example.org", "such as smtps://"),
        ("QUEUE_SMTP_URL", "smtps://mail.example.org", "needs QUEUE_MAIL_FROM"),
        ("QUEUE_MAIL_FROM", "The house <a@example.org>", "an address alone"),
        ("QUEUE_SECRET_KEY", "short", "at least 16 random characters"),
        ("QUEUE_TRUSTED_PROXIES", "10.0.0.1, proxy.example", "'proxy.example' is neither an address nor a network"),
        ("QUEUE_DATABASE_URL", "somewhere", "such as postgresql://"),
        ("QUEUE_DATABASE_URL", "mysql://root@localhost/queue", "such as postgresql://"),
    ],
)
def test_a_wrong_setting_is_named_with_what_is_wanted(
    run: Run, folder: Path, name: str, value: str, advice: str
) -> None:
    said = run("doctor", **{name: value})
    assert said.code == 1
    assert f"a setting is wrong. {name}: " in said.err
    assert advice in said.err
    assert "Traceback" not in said.err + said.out
    assert not folder.exists()


def test_proxies_are_addresses_networks_or_everybody() -> None:
    for value in ("", "*", "127.0.0.1", "::1, 10.0.0.0/8"):
        assert read_configuration({"QUEUE_TRUSTED_PROXIES": value}).trusted_proxies == value


def test_only_the_environment_that_is_given_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A drill gives an empty one, because the real one names the real database."""
    monkeypatch.setenv("QUEUE_DATABASE_URL", "postgresql://real/database")
    assert read_configuration({}).embedded
    assert not read_configuration().embedded


def test_a_secret_that_comes_from_two_places_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("abc")
    said = run("doctor", QUEUE_SECRET_KEY="abc", QUEUE_SECRET_KEY_FILE=str(tmp_path / "key"))
    assert said.code == 1
    assert "QUEUE_SECRET_KEY_FILE and QUEUE_SECRET_KEY are both set; keep one of them" in said.err


@pytest.mark.parametrize(("made", "reason"), [(False, "No such file"), (True, "directory")])
def test_a_secret_that_cannot_be_read_is_refused(run: Run, tmp_path: Path, made: bool, reason: str) -> None:
    path = tmp_path / "secret"
    if made:
        path.mkdir()
    said = run("doctor", QUEUE_DATABASE_URL_FILE=str(path))
    assert said.code == 1
    assert f"QUEUE_DATABASE_URL_FILE: cannot read {path}: " in said.err
    assert reason in said.err


def test_a_secret_is_read_from_its_file_without_the_end_of_the_line(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("postgresql://user:secret@host/db\n")
    settings = read_configuration({"QUEUE_DATABASE_URL_FILE": str(tmp_path / "url")})
    assert settings.database == "postgresql://user:secret@host/db"
    assert "secret@" not in repr(settings)


@pytest.mark.parametrize(
    ("given", "origin"),
    [
        ("https://Queue.Example.org/", "https://queue.example.org"),
        ("https://queue.example.org:443", "https://queue.example.org"),
        ("http://queue.example.org:8080", "http://queue.example.org:8080"),
        ("http://[::1]:80", "http://[::1]"),
    ],
)
def test_the_public_address_is_kept_as_browsers_write_an_origin(given: str, origin: str) -> None:
    assert read_configuration({"QUEUE_PUBLIC_URL": given}).public_url == origin


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("0.0.0.0", "http://127.0.0.1:81"),  # noqa: S104 - nobody listens here
        ("::", "http://[::1]:81"),
        ("::1", "http://[::1]:81"),
        ("hall", "http://hall:81"),
    ],
)
def test_listening_everywhere_is_told_as_an_address_that_opens(host: str, address: str) -> None:
    assert read_configuration({"QUEUE_HOST": host, "QUEUE_PORT": "81"}).address == address


def test_options_win_over_the_environment() -> None:
    assert read_configuration({"QUEUE_PORT": "81"}, port=82, host=None).port == 82
    with pytest.raises(ConfigurationError, match="QUEUE_PORT"):
        read_configuration({}, port=70_000)


def test_a_data_directory_that_cannot_be_made_is_named(run: Run, folder: Path) -> None:
    folder.write_text("a file")
    said = run("migrate")
    assert said.code == 1
    assert f"QUEUE_DATA_DIR: cannot make {folder}" in said.err


def test_nobody_else_on_the_machine_reads_the_data_directory(run: Run, folder: Path) -> None:
    assert run("migrate").code == 0
    assert folder.stat().st_mode & 0o777 == 0o700


# ---------------------------------------------------------------- init and migrate


@pytest.mark.parametrize("profile", profile_names())
def test_init_loads_each_sample_whole_and_once(run: Run, folder: Path, profile: str) -> None:
    said = run("init", profile)
    assert (said.code, said.err) == (0, "")
    assert "Next: queue-system staff add" in said.out
    database = opened(folder)
    branches = database.read_now(branch_ids)
    database.close()
    assert f"{len(branches)} branches are in" in said.out
    again = run("init", profile)
    assert again.code == 1
    assert again.err.startswith("queue-system: ")
    assert "already" in again.err or "installed" in again.err


def test_a_wrong_profile_is_refused_with_file_line_and_reason(run: Run, folder: Path, tmp_path: Path) -> None:
    text = (PROFILES / "embassy.yaml").read_text(encoding="utf-8")
    wrong = tmp_path / "mine.yaml"
    wrong.write_text(text.replace("duration_min: 15", "duration_min: soon", 1), encoding="utf-8")
    line = text[: text.index("duration_min: 15")].count("\n") + 1
    said = run("init", str(wrong))
    assert said.code == 1
    assert re.search(rf"mine\.yaml:{line}:\d+: .*(soon|whole number|minutes)", said.err)
    assert said.out == ""
    assert not folder.exists()


def test_a_profile_that_there_is_not_is_refused_with_those_that_there_are(run: Run, folder: Path) -> None:
    said = run("init", "embasy")
    assert (said.code, folder.exists()) == (1, False)
    assert "embassy" in said.err
    said = run("init", str(folder / "none.yaml"))
    assert said.code == 1
    assert "No such file" in said.err


def test_migrate_twice_is_once(run: Run) -> None:
    first, second = run("migrate"), run("migrate")
    assert (first.code, second.code) == (0, 0)
    assert first.out == second.out != ""
    assert re.search(r"schema is at \w+", first.out)


def test_after_a_restored_backup_screens_begin_anew(run: Run, folder: Path) -> None:
    run.load("forum")

    def epoch() -> object:
        database = opened(folder)
        found = database.read_now(organisation).epoch
        database.close()
        return found

    before = epoch()
    said = run("restored")
    assert (said.code, said.err) == (0, "")
    assert "audit verify" in said.out
    assert epoch() != before
    assert run("audit", "verify").code == 0


def test_adopt_says_what_is_missing(run: Run, folder: Path) -> None:
    said = run("adopt", str(folder))
    assert (said.code, said.err) == (1, f"queue-system: there is no database at {folder}/queue.db.\n")
    run.load("forum")
    said = run("adopt", str(folder))
    assert said.code == 1
    assert "QUEUE_DATABASE_URL is not set" in said.err


@pytest.mark.postgres
def test_adopt_moves_to_postgresql(run: Run, folder: Path, postgres_server: str) -> None:
    run.load("forum")
    run("staff", "add", "layla", entered=f"{PASSWORD}\n")
    name = f"adopt_{uuid.uuid4().hex[:12]}"
    url = postgres.create_database(postgres_server, name)
    try:
        said = run("adopt", str(folder), QUEUE_DATABASE_URL=url)
        assert (said.code, said.err) == (0, "")
        assert "rows are in" in said.out
        assert ": 2 entries" in run("audit", "verify", QUEUE_DATABASE_URL=url).out
        assert "already holds" in run("adopt", str(folder), QUEUE_DATABASE_URL=url).err
    finally:
        postgres.drop_database(postgres_server, name)


# ---------------------------------------------------------------- before and without a database


@pytest.mark.parametrize("arguments", [("audit", "verify"), ("doctor",)])
def test_before_init_one_is_told_to_init(run: Run, folder: Path, arguments: tuple[str, ...]) -> None:
    folder.mkdir()
    said = run(*arguments)
    assert said.code == 1
    assert "queue-system init PROFILE" in said.out + said.err
    run("migrate")
    said = run(*arguments)
    assert said.code == 1
    assert "queue-system init" in said.out + said.err


@pytest.mark.parametrize("arguments", [("serve",), ("migrate",), ("doctor",), ("audit", "verify"), ("init", "forum")])
def test_a_database_that_does_not_answer_is_named_without_its_password(run: Run, arguments: tuple[str, ...]) -> None:
    said = run(*arguments, QUEUE_DATABASE_URL="postgresql://user:hidden@127.0.0.1:1/queue")
    assert said.code == 1
    told = said.out + said.err
    assert "cannot use the database postgresql://user:***@127.0.0.1:1/queue" in told
    assert "refused" in told
    assert "QUEUE_DATABASE_URL" in told
    assert "hidden" not in told
    assert "Traceback" not in told


@pytest.mark.parametrize("command", ["serve", "demo"])
def test_an_address_that_is_taken_is_named_with_what_to_do(run: Run, folder: Path, command: str) -> None:
    if command == "serve":
        run.load("forum")
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said = run(command, QUEUE_PORT=str(port))
    assert said.code == 3
    assert f"cannot listen on 127.0.0.1 port {port}: Address already in use" in said.err
    assert "QUEUE_PORT" in said.err
    assert (folder / "queue.db").exists() is (command == "serve")
    said = run(command, QUEUE_HOST="no.such.host.invalid")
    assert said.code == 3
    assert "QUEUE_HOST" in said.err


# ---------------------------------------------------------------- the log


def test_audit_verify_is_green_until_somebody_alters_an_entry(run: Run, folder: Path) -> None:
    run.load("forum")
    assert run("staff", "add", "layla", entered=f"{PASSWORD}\n").code == 0
    good = run("audit", "verify")
    assert good.code == 0
    assert re.search(r"^ok .*: 2 entries$", good.out, re.MULTILINE)
    with sqlite3.connect(folder / "queue.db") as connection:
        connection.execute("DROP TRIGGER entry_no_update")
        connection.execute("UPDATE entry SET kind = 'staff.signed-in' WHERE seq = 2")
    connection.close()
    bad = run("audit", "verify")
    assert bad.code == 1
    broken = [line for line in bad.out.splitlines() if line.startswith("BAD")]
    assert len(broken) == 1
    assert "entry 2 does not fit (altered)" in broken[0]
    said = run("doctor")
    assert said.code == 1
    assert "BAD" in said.out
    assert "broken at entry 2" in said.out


def test_a_removed_entry_is_noticed(run: Run, folder: Path) -> None:
    run.load("forum")
    run("staff", "add", "layla", entered=f"{PASSWORD}\n")
    with sqlite3.connect(folder / "queue.db") as connection:
        connection.execute("DROP TRIGGER entry_no_delete")
        connection.execute("DELETE FROM entry WHERE seq = 2")
    connection.close()
    said = run("audit", "verify")
    assert said.code == 1
    assert "entry 2 does not fit (head)" in said.out


# ---------------------------------------------------------------- staff


def test_staff_are_added_with_a_password_from_standard_input(run: Run, folder: Path) -> None:
    run.load("embassy")
    said = run("staff", "add", "layla", "--role", "officer", "--branch", "doha-main", entered=" with spaces \n")
    assert (said.code, said.err) == (0, "")
    assert "layla can sign in" in said.out
    database = opened(folder)
    found = database.read_now(staff_by_login, "layla")
    database.close()
    assert found is not None
    assert is_password(found[1], " with spaces ")
    again = run("staff", "add", "layla", entered=f"{PASSWORD}\n")
    assert again.code == 1
    assert "taken" in again.err


@pytest.mark.parametrize(
    ("arguments", "entered", "advice"),
    [
        (("--role", "wizard"), PASSWORD, "there is no role wizard. There are: administrator, "),
        (("--branch", "atlantis"), PASSWORD, "there is no branch atlantis. There are: "),
        ((), "", "at least 10 characters"),
        ((), "ninesigns", "at least 10 characters"),
        ((), "x" * 201, "at most 200 characters"),
        ((), "aaaaaaaaaaaa", "easily guessed"),
        ((), "password123", "easily guessed"),
        ((), "layla-layla-1", "easily guessed"),
    ],
)
def test_staff_with_something_wrong_are_not_added(
    run: Run, folder: Path, arguments: tuple[str, ...], entered: str, advice: str
) -> None:
    run.load("embassy")
    said = run("staff", "add", "layla", *arguments, entered=f"{entered}\n")
    assert said.code == 1
    assert advice in said.err
    database = opened(folder)
    assert database.read_now(staff_by_login, "layla") is None
    database.close()


@pytest.mark.parametrize(
    ("login", "more", "advice"),
    [
        ("   ", (), "cannot be a sign-in name"),
        ("", (), "cannot be a sign-in name"),
        ("\u200f\u200b", (), "cannot be a sign-in name"),
        ("bad\nname", (), "cannot be a sign-in name"),
        ("red\x1b[31m", (), "cannot be a sign-in name"),
        ("a" * 65, (), "at most 64 characters"),
        ("layla", ("--name", "two\nlines"), "cannot be the name that colleagues read"),
        ("layla", ("--name", "ا" * 101), "at most 100 characters"),
        ("layla", ("--language", "tlh"), "there is no language tlh. There are: ar, en."),
    ],
)
def test_nobody_is_added_whom_no_list_could_show(
    run: Run, folder: Path, login: str, more: tuple[str, ...], advice: str
) -> None:
    run.load("embassy")
    said = run("staff", "add", login, *more, entered=f"{PASSWORD}\n")
    assert said.code == 1
    assert advice in said.err
    assert run("staff", "list").out == ""


def test_roles_change_together_and_the_last_administrator_stays(run: Run) -> None:
    run.load("embassy")
    run("staff", "add", "layla", entered=f"{PASSWORD}\n")
    before = run("staff", "list").out
    said = run("staff", "roles", "layla", "--add", "receptionist", "--remove", "consul")
    assert (said.code, "nothing was changed" in said.err) == (1, True)
    said = run("staff", "roles", "layla", "--add", "receptionist", "--remove", "administrator")
    assert (said.code, "the last account that may do everything" in said.err) == (1, True)
    assert run("staff", "list").out == before


@pytest.mark.process
@pytest.mark.slow
@pytest.mark.parametrize(
    ("argument", "entered", "code", "said"),
    [
        (b"\xff\xfe", f"{PASSWORD}\n".encode(), 2, "an argument is not valid UTF-8"),
        (b"layla", b"long enough \xff\n", 1, "the password holds bytes that are no UTF-8. Nobody was added."),
    ],
)
def test_bytes_that_are_no_text_are_refused(
    run: Run, folder: Path, argument: bytes, entered: bytes, code: int, said: str
) -> None:
    run.load("embassy")
    command: list[str | bytes] = [sys.executable, "-P", "-m", "queue_system", "staff", "add", argument]
    environment = os.environ | {"QUEUE_DATA_DIR": str(folder)}
    ended = subprocess.run(command, input=entered, capture_output=True, env=environment, check=False, timeout=60)
    assert (ended.returncode, said in ended.stderr.decode(), b"Traceback" in ended.stderr) == (code, True, False)


def test_staff_are_listed_locked_out_let_in_and_given_roles_and_passwords(run: Run, folder: Path) -> None:
    run.load("embassy")
    run(
        "staff", "add", "layla", "--name", "ليلى", "--role", "officer", "--branch", "doha-main", entered=f"{PASSWORD}\n"
    )
    assert run("staff", "list").out == "     layla  ليلى  (officer at doha-main)\n"
    assert run("staff", "lock", "Layla").code == 0
    assert run("staff", "list").out.startswith("OUT  layla")
    assert "can sign in" in run("staff", "unlock", "layla").out
    said = run("staff", "roles", "layla", "--add", "auditor")
    assert said.out == "     layla  ليلى  (auditor, officer at doha-main)\n"
    said = run("staff", "roles", "layla", "--remove", "officer", "--branch", "doha-main")
    assert said.out == "     layla  ليلى  (auditor)\n"
    assert "does not have that role" in run("staff", "roles", "layla", "--remove", "officer").err
    assert "there is no role wizard" in run("staff", "roles", "layla", "--add", "wizard").err
    assert run("staff", "password", "layla", entered="another long sentence\n").code == 0
    refused = run("staff", "password", "layla", entered="short\n")
    assert (refused.code, "The old password stays." in refused.err) == (1, True)
    database = opened(folder)
    found = database.read_now(staff_by_login, "layla")
    database.close()
    assert found is not None
    assert is_password(found[1], "another long sentence")


@pytest.mark.parametrize(
    "arguments", [("lock",), ("unlock",), ("password",), ("roles",), ("roles", "--add", "auditor")]
)
def test_nobody_of_that_name_is_changed(run: Run, arguments: tuple[str, ...]) -> None:
    run.load("embassy")
    command, *more = arguments
    said = run("staff", command, "nobody", *more, entered=f"{PASSWORD}\n")
    assert said.code == 1
    assert "no account with this sign-in name" in said.err
