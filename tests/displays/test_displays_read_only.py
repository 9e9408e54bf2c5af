"""Screens cannot write: no type that they get leads to a type with a write."""

from __future__ import annotations

import ast
import inspect
import typing
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from queue_system.core.errors import Unavailable
from queue_system.store.database import Database, Tx
from queue_system.store.reader import Reader
from queue_system.store.tables import Staff, table
from queue_system.web.installation import Installation, ReadOnlyInstallation
from tests.kit.tree import PACKAGES, ROOT, package_files, parse

# What the module that makes contexts may give to screens.
FOR_SCREENS = {"ReadOnlyInstallation", "read_only_installation"}


def test_no_type_that_a_screen_is_given_leads_to_a_database() -> None:
    assert not writers(reachable(ReadOnlyInstallation))


def test_the_way_to_the_database_is_found_where_there_is_one() -> None:
    assert Database in writers(reachable(Installation))


def test_screens_take_nothing_else_from_the_module_that_makes_contexts() -> None:
    taken = {
        name
        for path in package_files()
        if path.relative_to(ROOT).parts[0] == "displays"
        for node in ast.walk(parse(path))
        if isinstance(node, ast.ImportFrom) and node.module == "queue_system.web.installation"
        for name in (alias.name for alias in node.names)
    }
    assert taken == FOR_SCREENS


@pytest.mark.anyio
async def test_the_database_refuses_a_write_in_a_read(db: Database) -> None:
    def rename(tx: Tx) -> None:
        tx.execute(sa.update(table(Staff)).values(name="nobody"))

    with pytest.raises((Unavailable, sa.exc.DBAPIError)):
        await Reader(db).read(rename)


def writers(types: set[type]) -> set[type]:
    """The types that have a method for writing."""
    return {one for one in types if any(name.startswith("write") or name == "migrating" for name in vars(one))}


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
    for name, member in vars(one).items():
        called = member.fget if isinstance(member, property) else member
        if not name.startswith("_") and inspect.isfunction(called):
            yield typing.get_type_hints(called).get("return")


def classes_in(hint: Any) -> Iterator[type]:
    if isinstance(hint, type) and hint.__module__.split(".")[0] in PACKAGES:
        yield hint
    for part in typing.get_args(hint):
        yield from classes_in(part) if not isinstance(part, list) else ()
