"""Reads an installed organisation from its rows, as a profile."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from ...core.errors import Missing
from ...settings.agenda import BranchClosure, HoursRule, OutreachDay
from ...settings.branch import Branch
from ...settings.catalogue import Catalogue, Closure, Season
from ...settings.declared import Names, Thing, entry_of
from ...settings.devices import KITS, Device, PrinterPlace
from ...settings.organisation import Profile
from .. import tables
from ..branch_rows import HALL, LISTS, NAMED
from ..database import Tx
from ..profile_rows import CATALOGUE, IN_THE_ORGANISATION
from ..setting_rows import SlugOf, declared_of, fields_of, unreadable
from .rows import Rows, StoredRows, of_branch, rows


def stored_profile(tx: Tx) -> Profile:
    """The organisation in the tables, branches in order; `sha256` is that of the file from which it was installed.

    Raises Unreadable.
    """
    source = StoredRows(tx)
    branches = {branch.slug: stored_branch(source, branch.id) for branch in places(source)}
    return stored_organisation(source).changed(branches=branches)


def stored_organisation(source: Rows) -> Profile:
    """The organisation without its branches. Raises Unreadable."""
    return source.once(organisation_without_branches, tables.ORGANISATION)


def organisation_without_branches(source: Rows, _place: UUID) -> Profile:
    """`stored_organisation`, read anew."""
    row = source.of(tables.Organisation)[0]
    kept = {name: row.data[name] for name in IN_THE_ORGANISATION if name in row.data}
    try:
        catalogue = Catalogue(**kept, **_catalogue(source))
    except ValidationError as error:
        raise unreadable("catalogue", None, error) from None
    return declared_of(Profile, row, catalogue=catalogue, branches={}, sha256=row.profile_sha256)


def places(source: Rows) -> list[Any]:
    """The rows of all branches in their order, without that of the organisation's log."""
    return [row for row in rows(source, tables.Branch) if row.id != tables.ORGANISATION]


def stored_branch(source: Rows, branch_id: UUID) -> Branch:
    """A branch in the tables, with names in place of ids. Raises Unreadable; Missing("branch")."""
    return source.once(_branch_at, branch_id)


def _branch_at(source: Rows, branch_id: UUID) -> Branch:
    found = source.of(tables.Branch, branch_id)
    if not found or branch_id == tables.ORGANISATION:
        raise Missing("branch")
    return _branch(source, found[0])


def _catalogue(source: Rows) -> dict[str, Any]:
    things = {
        name: {row.slug: fields_of(entry_of(Catalogue, name), row) for row in rows(source, table)}
        for name, table in CATALOGUE.items()
    }
    return {
        **things,
        "seasons": _seasons(rows(source, tables.SeasonRow)),
        "closures": tuple(
            declared_of(Closure, row) for row in of_branch(source, tables.ClosureRow, tables.ORGANISATION)
        ),
        "documents": _named(rows(source, tables.Document)),
        "texts": _texts(source, tables.ORGANISATION),
    }


def _branch(source: Rows, row: Any) -> Branch:
    def here(table: type[Any]) -> list[Any]:
        return _ordered(source, table, row.id)

    slugs: dict[UUID, str] = {}
    fields: dict[str, Any] = {}
    for name, (_, table) in NAMED.items():
        found = here(table)
        slugs |= {one.id: one.slug for one in found}
        fields[name] = _named(found)
    things = {name: here(table) for name, table in HALL.items()}
    devices = here(tables.Device)
    slugs |= {one.id: one.slug for found in (*things.values(), devices) for one in found}

    def slug_of(_: str, known: UUID) -> str:
        return slugs[known]

    for name, found in things.items():
        declaration = entry_of(Branch, name)
        lists = {of: _lists(here(table), declaration, column, slugs) for of, table, column, _ in LISTS.get(name, ())}
        fields[name] = {
            one.slug: fields_of(declaration, one, slug_of) | {of: items.get(one.id, ()) for of, items in lists.items()}
            for one in found
        }
    return declared_of(
        Branch,
        row,
        **fields,
        devices={one.slug: _device(one, slug_of) for one in devices},
        priorities=tuple(link.priority for link in here(tables.BranchPriority)),
        hours=tuple(declared_of(HoursRule, rule, slug_of) for rule in here(tables.OpeningHours)),
        closures=tuple(
            declared_of(BranchClosure, closure) for closure in here(tables.ClosureRow) if closure.calendar is None
        ),
        seasons=_seasons(here(tables.BranchSeason)),
        outreach_days=tuple(declared_of(OutreachDay, day) for day in here(tables.OutreachDay)),
        texts=_texts(source, row.id),
    )


def _seasons(stretches: Iterable[Any]) -> dict[str, tuple[Season, ...]]:
    found: dict[str, list[Season]] = {}
    for stretch in stretches:
        found.setdefault(stretch.slug, []).append(declared_of(Season, stretch))
    return {slug: tuple(items) for slug, items in found.items()}


def _device(row: Any, slug_of: SlugOf) -> Device:
    kit = KITS[row.kind]
    is_printer = row.kind == "printer"
    return declared_of(
        Device,
        row,
        slug_of,
        kit=declared_of(kit, row),
        place=declared_of(PrinterPlace, row) if is_printer else None,
    )


def _ordered(source: Rows, table: type[Any], branch_id: UUID) -> list[Any]:
    """The rows of a branch by their column of order."""
    columns = tables.table(table).c
    return of_branch(source, table, branch_id, next(name for name in ("position", "number", "day") if name in columns))


def _lists(links: Iterable[Any], of: type[Thing], column: str, slugs: Mapping[UUID, str]) -> dict[UUID, list[str]]:
    """The names in a list of each thing, by the thing's id."""
    found: dict[UUID, list[str]] = {}
    for link in links:
        item = getattr(link, column)
        found.setdefault(getattr(link, f"{of.kind_of_thing}_id"), []).append(slugs.get(item, item))
    return found


def _texts(source: Rows, branch_id: UUID) -> dict[str, Names]:
    return _named(_ordered(source, tables.Text, branch_id))


def _named(found: Iterable[Any]) -> dict[str, Names]:
    return {row.slug: row.names for row in found}
