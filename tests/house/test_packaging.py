"""The contents of the wheel, and that it runs without the checkout."""

from __future__ import annotations

import email
import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.kit.tree import PACKAGES, ROOT, files

pytestmark = pytest.mark.process

LOCKS = ("build", "runtime", "sign-in", "sms", "dev")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this tree without a network."""
    directory = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(directory)], cwd=ROOT, check=True
    )
    (built,) = directory.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the wheel's content, as an installer lays it out for a pure wheel."""
    target = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
    return target


def test_wheel_holds_exactly_our_files(wheel: Path) -> None:
    """Every template, style, font, catalogue and profile is there, and no tests, documents or other files."""
    ours = {path.relative_to(ROOT).as_posix() for path in files("*") if path.relative_to(ROOT).parts[0] in PACKAGES}
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert sorted(packed ^ ours) == []
    assert {name.split("/", maxsplit=1)[0] for name in packed} == set(PACKAGES)


@pytest.mark.parametrize(
    "pattern",
    [
        "queue_system/web/templates/*.html",
        "queue_system/web/static/*.css",
        "queue_system/web/static/fonts/*.woff2",
        "queue_system/web/static/vendor/*/*.js",
        "queue_system/surfaces/*/templates/*.html",
        "queue_system/surfaces/*/static/*.js",
        "queue_system/i18n/catalogues/ar/*.po",
        "queue_system/i18n/catalogues/en/*.po",
        "queue_system/profiles/*.yaml",
        "queue_system/store/migrations/versions/*.py",
        "displays/templates/**/*.html",
        "displays/static/**/*.js",
        "kiosk/templates/**/*.html",
        "printers/fonts/*.ttf",
    ],
)
def test_wheel_holds_data_of_every_kind(installed: Path, pattern: str) -> None:
    assert list(installed.glob(pattern)) != []


def test_metadata(installed: Path) -> None:
    (info,) = installed.glob("*.dist-info")
    metadata = email.message_from_string((info / "METADATA").read_text(encoding="utf-8"))
    assert metadata["Name"] == "queue-system"
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Requires-Python"] == ">=3.11"
    assert "Private :: Do Not Upload" in (metadata.get_all("Classifier") or [])
    assert "queue-system = queue_system.__main__:main" in (info / "entry_points.txt").read_text(encoding="utf-8")
    assert (info / "licenses" / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


def test_installed_wheel_runs_away_from_the_checkout(installed: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(installed), "PYTHONSAFEPATH": "1", "COLUMNS": "200"}
    where = subprocess.run(
        [sys.executable, "-c", f"import {', '.join(PACKAGES)}; print(*(m.__file__ for m in ({', '.join(PACKAGES)})))"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert [Path(name) for name in where.stdout.split()] == [installed / name / "__init__.py" for name in PACKAGES]
    said = subprocess.run(
        [sys.executable, "-m", "queue_system", "--help"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 0, said.stderr
    for command in ("serve", "demo", "init", "migrate", "doctor", "audit"):
        assert command in said.stdout
    assert list(tmp_path.iterdir()) == []


# ---------------------------------------------------------------- the locks


@pytest.mark.parametrize("name", LOCKS)
def test_lock_pins_every_package_by_hash_and_carries_no_address(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    assert "://" not in text
    assert not [line for line in text.splitlines() if line.startswith("-")]
    packages = text.replace("\\\n", "").splitlines()
    pinned = [line for line in packages if line and not line.lstrip().startswith("#")]
    assert len(pinned) > 4
    assert [line for line in pinned if "==" not in line or "--hash=sha256:" not in line] == []


def test_locks_hold_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = project["dependency-groups"]
    asked = {
        "build": [*project["build-system"]["requires"], *groups["build"]],
        "runtime": project["project"]["dependencies"],
        "sign-in": [*project["project"]["dependencies"], *project["project"]["optional-dependencies"]["sign-in"]],
        "sms": [*project["project"]["dependencies"], *project["project"]["optional-dependencies"]["sms"]],
        "dev": [*project["project"]["dependencies"], *groups["build"], *groups["dev"]],
    }
    wrong = [
        f"requirements/{lock}.txt: {wanted} is not met; run ./dev.py lock"
        for lock, requirements in asked.items()
        for wanted in map(Requirement, requirements)
        if not wanted.specifier.contains(pins(lock).get(canonicalize_name(wanted.name), "0"))
    ]
    assert wrong == []


def test_locks_agree() -> None:
    dev = pins("dev")
    assert {
        name: version for lock in ("build", "runtime", "sign-in", "sms") for name, version in pins(lock).items()
    }.items() <= dev.items()


def pins(lock: str) -> dict[str, str]:
    """The versions in a lock, by package."""
    lines = (ROOT / "requirements" / f"{lock}.txt").read_text(encoding="utf-8").splitlines()
    found = [line.split(";", maxsplit=1)[0].rstrip(" \\").split("==") for line in lines if line[:1].isalnum()]
    return {canonicalize_name(name): version.strip() for name, version in found}
