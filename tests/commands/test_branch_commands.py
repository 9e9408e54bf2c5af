"""`queue-system export` and `queue-system import`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from queue_system.profiles import read_profile
from queue_system.store.database import Database
from queue_system.store.queries.stored import stored_profile
from tests.kit.command_line import Run, opened


@pytest.fixture
def installed(run: Run, folder: Path) -> Iterator[Database]:
    run.load("embassy")
    database = opened(folder)
    yield database
    database.close()


def test_a_branch_is_exported_changed_and_imported(run: Run, installed: Database, tmp_path: Path) -> None:
    file = tmp_path / "branch.yaml"
    assert run("export", "doha-main", str(file)).code == 0
    already = run("import", str(file), "--dry-run")
    assert (already.code, already.out) == (0, "doha-main is as the file says already.\n")
    changed = file.read_text("utf-8").replace("late_grace_min: 10", "late_grace_min: 20")
    assert changed != file.read_text("utf-8")
    file.write_text(changed, "utf-8")
    dry = run("import", str(file), "--dry-run")
    assert dry.code == 0
    assert "doha-main: branch doha-main is changed" in dry.out
    assert grace(installed) == 10
    assert run("import", str(file), entered="n\n").code == 1
    assert grace(installed) == 10
    assert run("import", str(file), "--yes").code == 0
    assert grace(installed) == 20
    assert run("audit", "verify").code == 0


def test_a_new_branch_starts_from_the_file_of_another(run: Run, installed: Database, tmp_path: Path) -> None:
    file = tmp_path / "branch.yaml"
    run("export", "mission-template", str(file))
    said = run("import", str(file), "--into", "ankara")
    assert (said.code, "new branch ankara" in said.out) == (0, True)
    assert installed.read_now(stored_profile).branches["ankara"].kind == "office"


def test_the_whole_organisation_is_a_profile(run: Run, installed: Database, tmp_path: Path) -> None:
    file = tmp_path / "ours.yaml"
    assert run("export", "--all", str(file)).code == 0
    assert read_profile(file).branches == installed.read_now(stored_profile).branches


def test_mistakes_are_said_and_nothing_is_changed(run: Run, installed: Database, tmp_path: Path) -> None:
    before = installed.read_now(stored_profile)
    file = tmp_path / "branch.yaml"
    run("export", "doha-main", str(file))
    text = file.read_text("utf-8")
    wrongs = [
        (text.replace("format: 1", "format: 9"), "branch.yaml:2:9: format: 9 is newer than this program"),
        (text.replace("late_grace_min: 10", "late_grace_min: soon"), "late_grace_min"),
    ]
    for wrong, said in wrongs:
        file.write_text(wrong, "utf-8")
        ran = run("import", str(file), "--yes")
        assert (ran.code, said in ran.err) == (1, True), ran.err
    assert "there is no branch nowhere" in run("export", "nowhere").err
    assert run("export").code == 2
    assert installed.read_now(stored_profile) == before


def test_scenario_10_a_file_with_bad_rows_writes_nothing_and_names_all_of_them(
    run: Run, installed: Database, tmp_path: Path
) -> None:
    before = installed.read_now(stored_profile)
    file = tmp_path / "branch.yaml"
    run("export", "doha-main", str(file))
    lines = file.read_text("utf-8").splitlines()
    durations = [n for n, line in enumerate(lines) if line.strip().startswith("duration_min:")]
    bad = [durations[0], durations[5]]
    for n in bad:
        lines[n] = lines[n].split(":")[0] + ": soon"
    # One more is right and would be a change.
    lines[durations[2]] = lines[durations[2]].split(":")[0] + ": 35"
    file.write_text("\n".join(lines), "utf-8")
    ran = run("import", str(file), "--yes")
    assert ran.code == 1
    for n in bad:
        assert f"branch.yaml:{n + 1}:" in ran.err, ran.err
    assert installed.read_now(stored_profile) == before


def grace(database: Database) -> int:
    return database.read_now(stored_profile).branches["doha-main"].queue_rules.late_grace_min
