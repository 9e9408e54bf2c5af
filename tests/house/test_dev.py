"""`./dev.py` in a small tree of its own, with empty locks, so that no package is fetched."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.kit.tree import ROOT

PROGRAM = """
import json, os, signal, sys
def stop(number, frame):
    print("stopped properly", flush=True)
    raise SystemExit(0)
signal.signal(signal.SIGINT, stop)
print(json.dumps({"arguments": sys.argv[1:], "pid": os.getpid(), "path": sys.path[0], "word": "\\u0645\\u0648\\u0639\\u062f"}, ensure_ascii=False), flush=True)
if "--wait" in sys.argv:
    signal.pause()
raise SystemExit(3)
"""

# Making an environment takes long.
pytestmark = [pytest.mark.process, pytest.mark.slow]

# Another test covers the case without both.
INSTALLERS = [
    *(["pip"] if importlib.util.find_spec("ensurepip") or importlib.util.find_spec("pip") else []),
    *(["uv"] if shutil.which("uv") else []),
]

# A stand-in for uv in tests that are not about the installer, because pip needs seconds to install itself.
STAND_IN = f"""#!{sys.executable}
import os, re, sys
command, *rest = sys.argv[1:]
if command == "venv":
    os.execv(sys.executable, [sys.executable, "-m", "venv", "--without-pip", rest[-1]])
if command == "pip":
    wanted = re.findall("^[^#\\n]+", open(rest[-1]).read(), re.MULTILINE)
    sys.exit(f"not found: {{wanted}}" if wanted else 0)
"""


@pytest.fixture(scope="module", autouse=True)
def installer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The first uv on the PATH is the stand-in."""
    folder = tmp_path_factory.mktemp("installer")
    (folder / "uv").write_text(STAND_IN, encoding="utf-8")
    (folder / "uv").chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(folder), prepend=os.pathsep)
        yield


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A checkout with a space in its path, a program, and empty locks."""
    return checkout(tmp_path / "the tree")


def checkout(root: Path) -> Path:
    (root / "requirements").mkdir(parents=True)
    (root / "queue_system").mkdir()
    shutil.copy(ROOT / "dev.py", root)
    for name in ("build", "runtime", "dev"):
        (root / "requirements" / f"{name}.txt").write_text("# nothing\n", encoding="utf-8")
    (root / "queue_system" / "__init__.py").touch()
    (root / "queue_system" / "__main__.py").write_text(PROGRAM, encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tree with an environment, and beside it a copy of that environment."""
    root = checkout(tmp_path_factory.mktemp("kept") / "the tree")
    assert dev(root, "run").returncode == 3
    shutil.copytree(root / ".venv", root.with_name("environment"), symlinks=True)
    return root


@pytest.fixture
def made(kept: Path) -> Path:
    """A tree with a new environment, at the same path for every test, because an environment contains its path."""
    shutil.rmtree(kept)
    checkout(kept)
    shutil.copytree(kept.with_name("environment"), kept / ".venv", symlinks=True)
    return kept


def dev(tree: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the tree's dev.py without access to any package index."""
    return subprocess.run(
        [sys.executable, tree / "dev.py", *arguments],
        cwd=tree.parent,
        env=surroundings(environment),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def surroundings(environment: dict[str, str]) -> dict[str, str]:
    return {**os.environ, "PIP_NO_INDEX": "1", "UV_OFFLINE": "1", "LC_ALL": "C", **environment}


# ---------------------------------------------------------------- with the installers themselves


@pytest.fixture(scope="module", params=INSTALLERS)
def first_run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> FirstRun:
    """A new checkout in which `run` has been started twice at once."""
    root = checkout(tmp_path_factory.mktemp("first") / "the tree")
    path = os.environ["PATH"].partition(os.pathsep)[2]
    installing = {"QUEUE_INSTALLER": request.param, "PATH": path}
    both = [
        subprocess.Popen(
            [sys.executable, root / "dev.py", "run", "--profile", "embassy", "--busy"],
            env=surroundings(installing),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        for _ in range(2)
    ]
    said = [process.communicate() for process in both]
    ended = [
        subprocess.CompletedProcess(process.args, process.returncode, *words)
        for process, words in zip(both, said, strict=True)
    ]
    return FirstRun(root, installing, ended)


@dataclass(frozen=True)
class FirstRun:
    tree: Path
    installing: dict[str, str]
    both: list[subprocess.CompletedProcess[str]]


def test_run_makes_the_environment_and_hands_everything_on(first_run: FirstRun) -> None:
    for process in first_run.both:
        assert process.returncode == 3, process.stderr
        said = json.loads(process.stdout.splitlines()[-1])
        assert said["arguments"] == ["demo", "--profile", "embassy", "--busy"]
        assert said["word"] == "موعد"
    command = subprocess.run(
        [first_run.tree / ".venv" / "bin" / "queue-system", "x"], capture_output=True, text=True, check=False
    )
    assert json.loads(command.stdout)["arguments"] == ["x"]


def test_two_at_once_make_one_environment(first_run: FirstRun) -> None:
    said = "".join(process.stdout for process in first_run.both)
    assert said.count("Installing") == 1
    assert f"with {first_run.installing['QUEUE_INSTALLER']}" in said


def test_an_installer_is_asked_only_when_there_is_something_to_do(first_run: FirstRun) -> None:
    again = dev(first_run.tree, "run", QUEUE_INSTALLER="none at all")
    assert again.returncode == 3, again.stderr
    assert len(again.stdout.splitlines()) == 1


def test_what_the_installer_does_not_find_is_said(first_run: FirstRun) -> None:
    lock = first_run.tree / "requirements" / "dev.txt"
    lock.write_text(f"no-such-package==1.0 --hash=sha256:{'0' * 64}\n", encoding="utf-8")
    failed = dev(first_run.tree, "shell", "true", **first_run.installing)
    assert failed.returncode == 1
    assert "no-such-package" in failed.stderr
    assert "run the same command again" in failed.stderr
    assert "Traceback" not in failed.stderr
    lock.write_text("# nothing\n", encoding="utf-8")
    assert dev(first_run.tree, "shell", "true", **first_run.installing).returncode == 0


# ---------------------------------------------------------------- when an environment is made


def test_changed_lock_makes_the_environment_anew(made: Path) -> None:
    leftover = made / ".venv" / "leftover"
    leftover.touch()
    (made / "requirements" / "runtime.txt").write_text("# still nothing\n", encoding="utf-8")
    again = dev(made, "run")
    assert again.returncode == 3
    assert "Installing 0 packages" in again.stdout
    assert not leftover.exists()


def test_interrupted_making_is_made_anew(tree: Path) -> None:
    (tree / ".venv" / "bin").mkdir(parents=True)
    (tree / ".venv" / "bin" / "python").touch(mode=0o755)
    assert dev(tree, "run").returncode == 3


def test_copied_tree_gets_an_environment_of_its_own(made: Path, tmp_path: Path) -> None:
    copy = tmp_path / "another tree"
    shutil.copytree(made, copy, symlinks=True)
    (copy / "queue_system" / "__main__.py").write_text("print('the copy')\n", encoding="utf-8")
    said = dev(copy, "run")
    assert said.stdout.splitlines()[-1] == "the copy"


def test_tests_need_more_and_run_does_not_take_it_away(made: Path) -> None:
    kept = made / ".venv" / "kept"
    kept.touch()
    assert "Installing" in dev(made, "shell", "true").stdout
    assert "Installing" not in dev(made, "shell", "true").stdout
    assert "Installing" not in dev(made, "run").stdout
    assert kept.exists()

    # A new lock for the tests does not affect the program, but the tests then need an exact environment.
    (made / "requirements" / "dev.txt").write_text("# something else\n", encoding="utf-8")
    assert "Installing" not in dev(made, "run").stdout
    assert "Installing" in dev(made, "shell", "true").stdout
    assert not kept.exists()


def test_ctrl_c_reaches_the_program_itself(made: Path) -> None:
    with subprocess.Popen(
        [sys.executable, made / "dev.py", "run", "--wait"],
        env=surroundings({}),
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())
        assert said["pid"] == process.pid
        process.send_signal(signal.SIGINT)
        assert process.stdout.read() == "stopped properly\n"
    assert process.returncode == 0


def test_failing_installation_says_why_and_leaves_nothing_that_looks_done(tree: Path) -> None:
    lock = tree / "requirements" / "runtime.txt"
    lock.write_text(f"no-such-package==1.0 --hash=sha256:{'0' * 64}\n", encoding="utf-8")
    failed = dev(tree, "run")
    assert failed.returncode == 1
    assert "no-such-package" in failed.stderr
    assert "run the same command again" in failed.stderr
    assert "Traceback" not in failed.stderr
    lock.write_text("# nothing\n", encoding="utf-8")
    assert dev(tree, "run").returncode == 3


def test_python_without_pip_is_told_what_to_install(tree: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    # A Python without ensurepip and pip, and no uv on the PATH, as on Debian.
    code = (
        "import importlib.util as u, runpy, sys; find = u.find_spec; "
        "u.find_spec = lambda name, *rest: None if name in ('ensurepip', 'pip') else find(name, *rest); "
        f"sys.argv = ['dev.py', 'run']; runpy.run_path({str(tree / 'dev.py')!r}, run_name='__main__')"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], env={"PATH": str(empty)}, capture_output=True, text=True, check=False
    )
    assert result.returncode == 1
    assert f"apt install python{sys.version_info.major}.{sys.version_info.minor}-venv" in result.stderr
    assert "Traceback" not in result.stderr


def test_old_python_is_told_so(tree: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    code = (
        "import runpy, sys; sys.version_info = (3, 9, 2, 'final', 0); sys.argv = ['dev.py', 'run']; "
        f"runpy.run_path({str(tree / 'dev.py')!r}, run_name='__main__')"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], env={"PATH": str(empty)}, capture_output=True, text=True, check=False
    )
    assert result.returncode == 1
    assert "Python 3.11 or newer is needed" in result.stderr


@pytest.mark.parametrize("arguments", [[], ["no-such"]])
def test_wrong_use_shows_the_commands(tree: Path, arguments: list[str]) -> None:
    result = dev(tree, *arguments)
    assert result.returncode == 2
    for command in ("run", "test", "bench", "lint", "lock", "shell"):
        assert command in result.stdout + result.stderr
    assert not (tree / ".venv").exists()


# ---------------------------------------------------------------- what cannot be tested


@pytest.fixture
def testable(made: Path) -> Path:
    """The tree with stand-ins for pytest and for the check of what is missing, because there is no browser."""
    assert dev(made, "shell", "true").returncode == 0
    (site,) = (made / ".venv" / "lib").glob("python3*/site-packages")
    (site / "pytest.py").write_text("import sys; print('pytest', *sys.argv[1:], sep='|')\n", encoding="utf-8")
    (made / "tests" / "kit").mkdir(parents=True)
    (made / "tests" / "kit" / "needs.py").write_text('print(\'{"browser": "no Chromium"}\')\n', encoding="utf-8")
    return made


def test_missing_means_are_named_and_left_out(testable: Path) -> None:
    result = dev(testable, "test", "tests/test_x.py", "-m", "slow or browser", CI="")
    assert result.returncode == 0, result.stderr
    assert "== not run: tests marked browser: no Chromium" in result.stdout
    assert result.stdout.splitlines()[-1] == "pytest|tests/test_x.py|-m|(slow or browser) and not browser"


def test_quick_leaves_out_what_takes_time_and_needs_no_means(testable: Path) -> None:
    quick = "not browser and not postgres and not process and not slow and not soak"
    result = dev(testable, "test", "--quick", CI="true")
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[-1] == f"pytest|-q|-n|4|--dist|worksteal|-m|{quick}"
    result = dev(testable, "test", "--quick", "tests/test_x.py", "-m", "anyio")
    assert result.stdout.splitlines()[-1] == f"pytest|-q|-n|4|--dist|worksteal|tests/test_x.py|-m|(anyio) and {quick}"


def test_the_checks_run_beside_the_tests_and_are_told_at_the_end(testable: Path) -> None:
    (site,) = (testable / ".venv" / "lib").glob("python3*/site-packages")
    # Each end of the pipe waits for the other, so neither program ends unless both run at the same time.
    os.mkfifo(testable / "both")
    (site / "ruff.py").write_text("print('fine')\n", encoding="utf-8")
    (site / "mypy.py").write_text(
        "import sys; open('both', 'w').close(); sys.exit('a type is wrong')\n", encoding="utf-8"
    )
    (site / "pytest.py").write_text("open('both').close(); print('tested')\n", encoding="utf-8")
    result = dev(testable, "test", CI="")
    assert result.returncode == 1
    assert result.stdout.splitlines()[-8:] == [
        "tested",
        *("== ruff check", "fine", "== ruff format", "fine", "== mypy", "a type is wrong", "== mypy FAILED"),
    ]


def test_a_run_keeps_what_its_processes_compile(testable: Path) -> None:
    (site,) = (testable / ".venv" / "lib").glob("python3*/site-packages")
    (site / "pytest.py").write_text("import sys; print(sys.dont_write_bytecode)\n", encoding="utf-8")
    for arguments in (["--quick"], ["tests/test_x.py"]):
        said = dev(testable, "test", *arguments, CI="", PYTHONDONTWRITEBYTECODE="1").stdout
        assert said.splitlines()[-1] == "False"


def test_missing_means_fail_in_ci(testable: Path) -> None:
    result = dev(testable, "test", CI="true")
    assert result.returncode == 1
    assert "pytest|" not in result.stdout
    assert "in CI every test runs" in result.stderr


def test_bench_names_what_it_does_not_know(testable: Path) -> None:
    (testable / "benchmarks").mkdir()
    (testable / "benchmarks" / "slip.py").write_text("if __name__ == '__main__': print('{}')\n", encoding="utf-8")
    (testable / "benchmarks" / "limits.py").write_text("LIMIT = 1\n", encoding="utf-8")
    assert dev(testable, "bench").stdout.splitlines() == ["== slip", "{}"]
    unknown = dev(testable, "bench", "limits")
    assert unknown.returncode == 1
    assert "There are: slip." in unknown.stderr
