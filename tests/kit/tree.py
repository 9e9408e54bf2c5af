"""The project's files, as the tests of the architecture read them."""

from __future__ import annotations

import ast
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("queue_system", "displays", "kiosk", "printers")
#: The folder of each surface, by its name.
SURFACES = {
    **{
        path.name: path
        for path in sorted((ROOT / "queue_system" / "surfaces").iterdir())
        if (path / "__init__.py").is_file()
    },
    "kiosk": ROOT / "kiosk",
    "displays": ROOT / "displays",
}


@cache
def python_files() -> tuple[Path, ...]:
    """The project's Python, tests included."""
    return tuple(path for path in files("*.py") if "vendor" not in path.parts)


@cache
def package_files() -> tuple[Path, ...]:
    """The Python of the four packages."""
    return tuple(path for path in python_files() if path.relative_to(ROOT).parts[0] in PACKAGES)


@cache
def parse(path: Path) -> ast.Module:
    """The syntax tree of a Python file; cached, so do not change it."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


@cache
def nodes(tree: ast.AST) -> tuple[ast.AST, ...]:
    """All nodes of a tree; cached, because a walk takes longer than what a rule does with the nodes."""
    return tuple(ast.walk(tree))


@cache
def files(pattern: str) -> list[Path]:
    """Files of the project: what git tracks or would track."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", pattern],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [path for name in sorted(set(listed.stdout.split("\0"))) if name and (path := ROOT / name).is_file()]
