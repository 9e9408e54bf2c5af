"""Screens cannot write: no type that they get leads to a type with a write."""

from __future__ import annotations

import ast
import importlib
import inspect
import typing
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from queue_system.core.errors import Unavailable
from queue_system.store.database import Database, Tx
from queue_system.store.reader import Reader
from queue_system.store.tables import Ticket, table
from queue_system.web.here import AtBranch
from tests.kit.tree import PACKAGES, ROOT, package_files, parse
from tests.kit.writes import ways_to_write

# What screens may import of `web`: whole modules, and names of a module.
FROM_WEB = {
    "queue_system.web.kit",
    "queue_system.web.screens",
    "queue_system.web.installation.ReadOnlyInstallation",
    "queue_system.web.rules.wall_promise",
    "queue_system.web.waits",
    "queue_system.web.whole_line.everybody",
}


def imported_by_screens() -> list[str]:
    """The dotted names of ours that `displays` imports from elsewhere."""
    names = set()
    for path in package_files():
        if path.relative_to(ROOT).parts[0] == "displays":
            for node in ast.walk(parse(path)):
                if isinstance(node, ast.Import):
                    names |= {alias.name for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and not node.level:
                    names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return sorted(name for name in names if name.startswith("queue_system"))


def test_screens_import_nothing_else_of_web() -> None:
    taken = {name for name in imported_by_screens() if name.startswith("queue_system.web")}
    used = {name: {allowed for allowed in FROM_WEB if f"{name}.".startswith(f"{allowed}.")} for name in taken}
    assert [name for name, allowed in used.items() if not allowed] == []
    assert set().union(*used.values()) == FROM_WEB


@pytest.mark.parametrize("name", [*imported_by_screens(), "queue_system.web.screens"])
def test_nothing_that_screens_import_leads_to_a_way_to_write(name: str) -> None:
    given = [classes for one in public(resolved(name)) for classes in types_of(one)]
    assert writers({found for start in given for found in reachable(start)}) == set()


@pytest.mark.parametrize(
    "name", ["queue_system.web.here.at_branch", "queue_system.web.here", "queue_system.web.here.Here"]
)
def test_a_way_to_write_is_found_where_there_is_one(name: str) -> None:
    given = [classes for one in public(resolved(name)) for classes in types_of(one)]
    assert Database in writers({found for start in given for found in reachable(start)})


def test_the_ways_to_write_are_known() -> None:
    assert ways_to_write() >= {"write", "write_now", "write_in", "write_in_now", "migrating"}
    assert {name for name in vars(AtBranch) if name in ways_to_write()} == {"write", "do"}
    assert "read" not in ways_to_write()


@pytest.mark.anyio
async def test_the_database_refuses_a_write_in_a_read(db: Database) -> None:
    def serve_everybody(tx: Tx) -> None:
        tx.execute(sa.update(table(Ticket)).values(state="served"))

    with pytest.raises((Unavailable, sa.exc.DBAPIError)):
        await Reader(db).read(serve_everybody)


def resolved(name: str) -> Any:
    """The module, or the object that a module has under that name."""
    module, _, attribute = name.rpartition(".")
    found = getattr(importlib.import_module(module), attribute, None)
    return importlib.import_module(name) if found is None else found


def public(one: Any) -> list[Any]:
    """The public objects of a module; anything else, itself."""
    if not inspect.ismodule(one):
        return [one]
    return [
        member
        for name, member in vars(one).items()
        if not name.startswith("_") and getattr(member, "__module__", None) == one.__name__
    ]


def types_of(one: Any) -> Iterator[type]:
    """A class itself; for a function, the classes of its result."""
    if inspect.isfunction(one):
        yield from classes_in(typing.get_type_hints(one).get("return"))
    elif isinstance(one, type):
        yield one


def writers(types: set[type]) -> set[type]:
    """The types that have a method for writing."""
    return {one for one in types if ways_to_write() & set(dir(one))}


def reachable(start: type) -> set[type]:
    """Our classes that public fields, properties and results of methods lead to, transitively."""
    found: set[type] = set()
    ahead = {start}
    while ahead:
        one = ahead.pop()
        found.add(one)
        ahead |= {other for hint in given_by(one) for other in classes_in(hint)} - found
    return found


def given_by(one: type) -> Iterator[Any]:
    """The types that one gets from an object of this type."""
    yield from (hint for name, hint in typing.get_type_hints(one).items() if not name.startswith("_"))
    members = [entry for base in one.__mro__ if is_ours(base) for entry in vars(base).items()]
    for name, member in members:
        called = member.fget if isinstance(member, property) else member
        if not name.startswith("_") and inspect.isfunction(called):
            yield typing.get_type_hints(called).get("return")


def is_ours(one: type) -> bool:
    return one.__module__.split(".")[0] in PACKAGES


def classes_in(hint: Any) -> Iterator[type]:
    if isinstance(hint, type) and is_ours(hint):
        yield hint
    for part in typing.get_args(hint):
        yield from classes_in(part) if not isinstance(part, list) else ()
