#!/usr/bin/env python3
"""The development command: makes `.venv` from the hash-pinned lock and runs things in it.

    ./dev.py run [--profile NAME] [--busy] ...   start the demonstration (needs only the runtime packages)
    ./dev.py test [PYTEST ARGUMENTS]             checks and tests; with arguments, only these tests
    ./dev.py test --quick [PYTEST ARGUMENTS]     only tests without a browser, a process and a server, in a minute
    ./dev.py lint                                ruff and mypy
    ./dev.py bench [NAMES]                       the benchmarks, all or by name
    ./dev.py lock [--upgrade]                    renew requirements/*.txt from pyproject.toml (needs uv)
    ./dev.py shell [COMMAND ...]                 a shell, or a command, inside the environment

Needs Python 3.11 or newer and its standard library, nothing else. Packages are installed with uv where it is
found, else with pip; QUEUE_INSTALLER=uv or pip decides. Once they are installed, no network is needed.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "made-from.json"
OLDEST = (3, 11)
IN_PARALLEL = ("-n", "4", "--dist", "worksteal")
NOT_QUICK = ["not browser", "not postgres", "not process", "not slow", "not soak"]
# In the order in which `lock` makes them: each agrees with those before.
LOCKS = ("build", "runtime", "sign-in", "sms", "dev")


class Stop(Exception):
    """Ends the command with a message that says what to do."""


def main(arguments: list[str]) -> int:
    """Run one command and return its exit code: 0 good, 1 failed, 2 wrong use, 130 interrupted."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError):
            stream.reconfigure(errors="replace", line_buffering=True)  # type: ignore[union-attr]
    name, *rest = arguments or ["help"]
    if name in ("help", "-h", "--help"):
        print(__doc__)
        return 0 if arguments else 2
    command = COMMANDS.get(name)
    if command is None:
        print(f"dev.py: there is no command {name!r}. Commands: {', '.join(COMMANDS)}.", file=sys.stderr)
        return 2
    try:
        return command(rest)
    except Stop as stop:
        print(f"dev.py: {stop}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


# ---------------------------------------------------------------- commands


def run(arguments: list[str]) -> int:
    """Replace this process by the demonstration, so that Ctrl-C and signals reach it directly."""
    environment("runtime")
    return replace([str(PYTHON), "-P", "-m", "queue_system", "demo", *arguments])


def test(arguments: list[str]) -> int:
    """The checks and all tests; with arguments, only pytest with these; with --quick, only the fast tests."""
    environment("dev")
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # else every process of a run compiles the tree again
    if "--quick" in arguments:
        arguments.remove("--quick")
        return call([str(PYTHON), "-m", "pytest", "-q", *IN_PARALLEL, *with_marks(arguments, NOT_QUICK)])
    marks = without_means()
    if arguments:
        return call([str(PYTHON), "-m", "pytest", *with_marks(arguments, marks)])
    pytest = ["-q", *IN_PARALLEL, "--durations=20", *with_marks([], [*marks, "not soak"])]
    print("== pytest, and the checks beside it", flush=True)
    with tempfile.TemporaryFile() as said:
        # At the same time, because mypy keeps one processor busy for a minute, and the others would wait.
        lint = [sys.executable, str(ROOT / "dev.py"), "lint"]
        with subprocess.Popen(lint, cwd=ROOT, env=utf8(), stdout=said, stderr=subprocess.STDOUT) as checking:
            tested = call([str(PYTHON), "-m", "pytest", *pytest])
        said.seek(0)
        print(said.read().decode("utf-8", "replace"), end="", flush=True)
    return tested or checking.returncode


def lint(arguments: list[str]) -> int:
    """ruff check, ruff format --check, mypy."""
    expect_nothing(arguments)
    environment("dev")
    steps = {"ruff check": ["ruff", "check", "."], "ruff format": ["ruff", "format", "--check", "."], "mypy": ["mypy"]}
    code = 0
    for name, step in steps.items():
        print(f"== {name}", flush=True)
        if call([str(PYTHON), "-m", *step]):
            print(f"== {name} FAILED", flush=True)
            code = 1
    return code


def bench(names: list[str]) -> int:
    """The benchmarks, each in a process of its own, one after the other."""
    scripts = {path.stem: path for path in sorted((ROOT / "benchmarks").glob("*.py")) if is_script(path)}
    unknown = [name for name in names if name not in scripts]
    if unknown:
        raise Stop(f"no benchmark is called {', '.join(unknown)}. There are: {', '.join(scripts) or 'none'}.")
    environment("dev")
    failed = []
    for name in names or scripts:
        print(f"== {name}", flush=True)
        if call([str(PYTHON), "-m", f"benchmarks.{name}"]):
            failed.append(name)
    if failed:
        raise Stop(f"failed: {', '.join(failed)}.")
    return 0


def lock(arguments: list[str]) -> int:
    """Renew the locks; versions stay as they are unless --upgrade (or uv's --upgrade-package NAME) is given."""
    uv = working_uv()
    if uv is None:
        raise Stop("renewing the locks needs uv, which was not found on the PATH.")
    # Without settings of this machine, because its own package index would change the result for everybody.
    clean = {
        key: value
        for key, value in os.environ.items()
        if not (key.startswith("UV_") and any(word in key for word in ("INDEX", "LINKS", "CONSTRAINT", "OVERRIDE")))
    }
    # Wheels for every Python from the oldest on and every platform; no address of any registry in the file.
    common = "--universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-config --quiet".split()
    for name in LOCKS:
        source = {
            "build": ["--group", "pyproject.toml:build"],
            "runtime": ["pyproject.toml"],
            "sign-in": ["pyproject.toml", "--extra", "sign-in", "-c", "requirements/runtime.txt"],
            "sms": ["pyproject.toml", "--extra", "sms", "-c", "requirements/sign-in.txt"],
            "dev": [
                *("pyproject.toml", "--group", "pyproject.toml:dev", "--group", "pyproject.toml:build"),
                *("-c", "requirements/build.txt", "-c", "requirements/sign-in.txt", "-c", "requirements/sms.txt"),
            ],
        }[name]
        ending = ["--custom-compile-command", "./dev.py lock", "-o", f"requirements/{name}.txt"]
        command = [uv, "pip", "compile", *source, *common, *ending]
        if subprocess.run([*command, *arguments], cwd=ROOT, env=clean, check=False).returncode:
            raise Stop(f"uv could not make requirements/{name}.txt, see above.")
        text = locked(name).read_text(encoding="utf-8")
        if "://" in text:
            raise Stop(f"requirements/{name}.txt carries an address; do not commit it.")
        print(f"requirements/{name}.txt: {count_packages(name)} packages")
    return 0


def shell(arguments: list[str]) -> int:
    """A shell or a command with the environment first on the PATH."""
    environment("dev")
    os.environ["VIRTUAL_ENV"] = str(VENV)
    os.environ["PATH"] = f"{PYTHON.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    command = arguments or [os.environ.get("SHELL", "/bin/sh")]
    program = shutil.which(command[0])
    if program is None:
        raise Stop(f"there is no program {command[0]!r} in the environment or on the PATH.")
    return replace([program, *command[1:]])


COMMANDS = {"run": run, "test": test, "lint": lint, "bench": bench, "lock": lock, "shell": shell}


# ---------------------------------------------------------------- steps


def without_means() -> list[str]:
    """Print what cannot be tested here and why; the marker expressions that exclude it. In CI nothing is excluded."""
    needs = [str(PYTHON), "-m", "tests.kit.needs"]
    result = subprocess.run(needs, cwd=ROOT, capture_output=True, text=True, check=False)
    if result.returncode:
        raise Stop(f"finding out what can be tested failed:\n{result.stderr}")
    for mark, reason in (missing := json.loads(result.stdout)).items():
        print(f"== not run: tests marked {mark}: {reason}", flush=True)
    if missing and os.environ.get("CI") == "true":
        raise Stop("in CI every test runs: provide what is missing.")
    return [f"not {mark}" for mark in missing]


def with_marks(arguments: list[str], marks: list[str]) -> list[str]:
    """pytest's arguments with `marks` joined to the -m that is already there."""
    rest, own = list(arguments), []
    while "-m" in rest[:-1]:
        at = rest.index("-m")
        own = [f"({rest[at + 1]})"]
        del rest[at : at + 2]
    return [*rest, "-m", " and ".join([*own, *marks])] if own or marks else rest


def is_script(path: Path) -> bool:
    return "__main__" in path.read_text(encoding="utf-8")


def expect_nothing(arguments: list[str]) -> None:
    if arguments:
        raise Stop(f"this command takes no arguments: {' '.join(arguments)}")


def call(command: list[str]) -> int:
    """Run in the tree's root; Ctrl-C goes to the command, which ends in its own way."""
    with subprocess.Popen(command, cwd=ROOT, env=utf8()) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue


def replace(command: list[str]) -> int:
    os.execve(command[0], command, utf8())  # noqa: S606 - the very purpose


def utf8() -> dict[str, str]:
    """The environment with UTF-8 output, whatever the locale: we print Arabic."""
    return {**os.environ, "PYTHONUTF8": "1"}


# ---------------------------------------------------------------- the environment


def environment(level: str) -> None:
    """Make `.venv` hold what requirements/<level>.txt pins; nothing is done, and no network used, if it does."""
    wanted = {name: digest(name) for name in ("runtime", "dev")}
    with locked("runtime").open("rb") as turn:
        # If two commands start at once, the second waits, and then finds the work done.
        fcntl.flock(turn, fcntl.LOCK_EX)
        made = stamp()
        if made.get("runtime") != wanted["runtime"]:
            make(level)
        elif level == "runtime" or made.get("dev") == wanted["dev"]:
            return
        elif made.get("dev") is None:
            fill(level)
        else:
            make(level)
        known = {"root": str(ROOT), "runtime": wanted["runtime"], "dev": wanted["dev"] if level == "dev" else None}
        STAMP.write_text(json.dumps(known), encoding="utf-8")


def stamp() -> dict[str, str | None]:
    """What the environment was made from; empty if there is none that works at this place."""
    try:
        made: dict[str, str | None] = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    # The scripts of a copied tree have the old path, and a removed Python leaves a dangling link.
    return made if made.get("root") == str(ROOT) and PYTHON.exists() else {}


def make(level: str) -> None:
    """Make the environment anew and install the packages and the project into it."""
    try:
        shutil.rmtree(VENV, ignore_errors=False) if VENV.exists() else None
    except OSError as error:
        raise Stop(f"the old environment cannot be removed ({error}). Remove {VENV} and try again.") from error
    installer = choose_installer()
    if installer == "uv":
        attempt(["uv", "venv", "--quiet", "--no-project", "--python", sys.executable, str(VENV)])
    else:
        attempt([sys.executable, "-m", "venv", *(["--without-pip"] if installer == "outer pip" else []), str(VENV)])
    fill(level)
    link_project()


def fill(level: str) -> None:
    """Install what is pinned, checking every hash; wheels only, so that no compiler is needed."""
    installer = choose_installer()
    print(f"Installing {count_packages(level)} packages into .venv with {installer.split()[-1]} ...", flush=True)
    began = time.monotonic()
    start = {
        "uv": ["uv", "pip", "install", "--python", str(PYTHON)],
        "pip": [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"],
        "outer pip": [sys.executable, "-m", "pip", "--python", str(PYTHON), "install", "--no-input"],
    }[installer]
    attempt([*start, "--quiet", "--require-hashes", "--only-binary", ":all:", "-r", str(locked(level))])
    print(f"Installed in {time.monotonic() - began:.0f} s.", flush=True)


def link_project() -> None:
    """Put the tree itself on the environment's path, and the command into its bin; needs no build and no network."""
    version = subprocess.run(
        [str(PYTHON), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True,
        text=True,
        check=True,
    )
    (Path(version.stdout.strip()) / "queue-system.pth").write_text(f"{ROOT}\n", encoding="utf-8")
    script = PYTHON.parent / "queue-system"
    # Not a shebang of the environment's Python: the kernel cuts it after 127 bytes, and at a space in the path.
    script.write_text('#!/bin/sh\nexec "$(dirname "$0")/python" -P -m queue_system "$@"\n', encoding="utf-8")
    script.chmod(0o755)


def choose_installer() -> str:
    """uv, pip (of the new environment) or outer pip (of the Python that runs this)."""
    wish = os.environ.get("QUEUE_INSTALLER", "")
    if wish not in ("", "uv", "pip"):
        raise Stop(f"QUEUE_INSTALLER is {wish!r}; it may be uv or pip.")
    if wish != "pip" and working_uv():
        return "uv"
    if wish == "uv":
        raise Stop("QUEUE_INSTALLER asks for uv, which was not found on the PATH.")
    if importlib.util.find_spec("ensurepip"):
        return "pip"
    if importlib.util.find_spec("pip"):
        return "outer pip"
    number = f"{sys.version_info.major}.{sys.version_info.minor}"
    raise Stop(
        f"this Python ({sys.executable}) can make no environment: ensurepip is missing, and neither pip nor uv is here.\n"
        f"On Debian or Ubuntu:  apt install python{number}-venv\n"
        "Elsewhere install pip for this Python, or uv, and run the same command again."
    )


def working_uv() -> str | None:
    """The path of uv, if there is one that starts (a version manager's stand-in may not)."""
    path = shutil.which("uv")
    if path is None:
        return None
    works = subprocess.run([path, "--version"], capture_output=True, check=False).returncode == 0
    return path if works else None


def attempt(command: list[str]) -> None:
    """Run without showing the output; if it fails, show the end of it."""
    try:
        result = subprocess.run(
            command,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
    except OSError as error:
        raise Stop(f"{command[0]} cannot be started: {error}") from error
    if result.returncode:
        said = "\n".join(f"    {line}" for line in result.stdout.strip().splitlines()[-15:])
        raise Stop(
            f"the environment could not be made. {Path(command[0]).name} said:\n{said}\n"
            "Check the network, then run the same command again: it starts afresh.\n"
            f"Packages exist for CPython 3.11 to 3.13 on 64-bit systems; this is {sys.version.split()[0]}."
        )


def locked(name: str) -> Path:
    return ROOT / "requirements" / f"{name}.txt"


def count_packages(name: str) -> int:
    return sum(line[:1].isalnum() for line in locked(name).read_text(encoding="utf-8").splitlines())


def digest(name: str) -> str:
    try:
        return hashlib.sha256(locked(name).read_bytes()).hexdigest()
    except OSError as error:
        raise Stop(f"the lock file cannot be read: {error}") from error


def newer_python() -> str | None:
    """Another Python on the PATH that starts and is new enough."""
    check = f"import sys; sys.exit(sys.version_info < {OLDEST})"
    for minor in (13, 12, 11, 14):
        path = shutil.which(f"python3.{minor}")
        # A version manager may have a stand-in for a Python that is not installed.
        if path and subprocess.run([path, "-c", check], stderr=subprocess.DEVNULL, check=False).returncode == 0:
            return path
    return None


if __name__ == "__main__":
    if sys.version_info < OLDEST:
        found = newer_python()
        if found:
            os.execv(found, [found, *sys.argv])  # noqa: S606 - the same command under a Python that can run it
        sys.exit(
            "dev.py: Python {}.{} or newer is needed; this is {}. Install it (on Debian or Ubuntu: apt install "
            "python3) and run the same command again.".format(*OLDEST, sys.version.split()[0])
        )
    sys.exit(main(sys.argv[1:]))
