"""The ways to write to the database, derived from the source: methods from which `Database` gets a write."""

from __future__ import annotations

import ast
from functools import cache

from tests.kit.tree import ROOT, package_files, parse

#: Where `Database` hands a write to its writers, and its connections that can write.
WRITING = frozenset({"_submit", "writing", "migrating"})


@cache
def ways_to_write() -> frozenset[str]:
    """The names of the public methods of `store` and `web` that lead to a write, through one another or directly."""
    methods = [
        (method.name, {node.attr for node in ast.walk(method) if isinstance(node, ast.Attribute)})
        for path in package_files()
        if path.relative_to(ROOT).parts[:2] in (("queue_system", "store"), ("queue_system", "web"))
        if path.name != "dialect.py"
        for owner in ast.walk(parse(path))
        if isinstance(owner, ast.ClassDef)
        for method in owner.body
        if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef) and not method.name.startswith("_")
    ]
    ways = set(WRITING)
    while more := {name for name, used in methods if used & ways} - ways:
        ways |= more
    return frozenset(ways - {"_submit"})
