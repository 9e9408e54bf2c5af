"""Reads an installed organisation from its rows, as a profile."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from pydantic import ValidationError

from ...settings.agenda import HoursRule, OutreachDay
from ...settings.branch import Branch
from ...settings.catalogue import Catalogue, Season
from ...settings.declared import Names, Thing, entry_of
from ...settings.devices import KITS, Device, PrinterPlace
from ...settings.organisation import Profile
from .. import tables
from ..branch_rows import HALL, LISTS, NAMED
from ..database import AnyRow, Tx
from ..profile_rows import CATALOGUE, IN_THE_ORGANISATION
from ..setting_rows import SlugOf, declared_of, fields_of, unreadable


def stored_profile(tx: Tx) -> Profile:
    """The organisation in the tables, branches in order; `sha256` is that of the file from which it was installed.

    Raises Unreadable.
    """
    row = tx.rows(sa.select(tables.table(tables.Organisation)))[0]
    kept = {name: row.data[name] for name in IN_THE_ORGANISATION if name in row.data}
    try:
        catalogue = Catalogue(**kept, **_catalogue(tx))
    except ValidationError as error:
        raise unreadable("catalogue", None, error) from None
    branches = _ordered(tx, tables.Branch, tables.table(tables.Branch).c.id != tables.ORGANISATION)
    return declared_of(
        Profile,
        row,
        catalogue=catalogue,
        branches={found.slug: _branch(tx, found) for found in branches},
        sha256=row.profile_sha256,
    )


def _catalogue(tx: Tx) -> dict[str, Any]:
    seasons: dict[str, list[Season]] = {}
    for row in sorted(_ordered(tx, tables.SeasonRow), key=lambda row: (row.position, row.first)):
        seasons.setdefault(row.slug, []).append(declared_of(Season, row))
    things = {
        name: {row.slug: fields_of(entry_of(Catalogue, name), row) for row in _ordered(tx, table)}
        for name, table in CATALOGUE.items()
    }
    return {
        **things,
        "seasons": seasons,
        "documents": _named(_ordered(tx, tables.Document)),
        "texts": _texts(tx, tables.ORGANISATION),
    }


def _branch(tx: Tx, row: AnyRow) -> Branch:
    def here(table: type[Any]) -> list[AnyRow]:
        return _ordered(tx, table, tables.table(table).c.branch_id == row.id)

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
        outreach_days=tuple(declared_of(OutreachDay, day) for day in here(tables.OutreachDay)),
        texts=_texts(tx, row.id),
    )


def _device(row: AnyRow, slug_of: SlugOf) -> Device:
    kit = KITS[row.kind]
    is_printer = row.kind == "printer"
    return declared_of(
        Device,
        row,
        slug_of,
        kit=declared_of(kit, row),
        place=declared_of(PrinterPlace, row) if is_printer else None,
    )


def _ordered(tx: Tx, table: type[Any], *conditions: Any) -> list[AnyRow]:
    """Rows by their column of order, if they have one."""
    columns = tables.table(table).c
    order = next(columns[name] for name in ("position", "number", "day") if name in columns)
    return tx.rows(sa.select(tables.table(table)).where(*conditions).order_by(order))


def _lists(links: Iterable[AnyRow], of: type[Thing], column: str, slugs: Mapping[UUID, str]) -> dict[UUID, list[str]]:
    """The names in a list of each thing, by the thing's id."""
    found: dict[UUID, list[str]] = {}
    for link in links:
        item = getattr(link, column)
        found.setdefault(getattr(link, f"{of.kind_of_thing}_id"), []).append(slugs.get(item, item))
    return found


def _texts(tx: Tx, branch_id: UUID) -> dict[str, Names]:
    return _named(_ordered(tx, tables.Text, tables.table(tables.Text).c.branch_id == branch_id))


def _named(rows: Iterable[AnyRow]) -> dict[str, Names]:
    return {row.slug: row.names for row in rows}
