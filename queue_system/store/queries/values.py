"""The settings of a place as a value, and as the rows that would store it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias
from uuid import UUID

from ...settings.branch import Branch
from ...settings.objects import objects_of, place_of
from ...settings.organisation import Profile
from .. import tables
from ..branch_rows import TableRows, branch_rows
from ..profile_rows import common_rows
from .known_ids import ids_of
from .rows import Rows, StoredRows
from .stored import organisation_without_branches, places, stored_branch, stored_organisation

#: A branch, or the organisation with its branches.
Value: TypeAlias = Branch | Profile


def value_at(source: Rows, place: UUID) -> Value:
    """The settings of a branch, or of ORGANISATION with all branches, defaults left out. Raises Missing, Unreadable."""
    if place != tables.ORGANISATION:
        return branch_at(source, place)
    branches = {row.slug: stored_branch(source, row.id) for row in places(source)}
    return common_at(source).changed(branches=branches)


def branch_at(source: Rows, branch_id: UUID) -> Branch:
    """The settings of a branch, defaults left out. Raises Missing("branch"), Unreadable."""
    return source.once(_branch_at, branch_id)


def common_at(source: Rows) -> Profile:
    """The settings of the organisation without its branches, defaults left out. Raises Unreadable."""
    return source.once(_common_at, tables.ORGANISATION)


def branch_will_be(source: StoredRows, branch_id: UUID, value: Branch, versions: Mapping[UUID, int]) -> None:
    """Let the value of a branch be known after the edit that makes it, as `branch_at` would read it; `versions` are new.

    The values of the organisation stay, because an edit of branches does not change them.
    """
    source.will_be(value, _branch_at, branch_id, versions[branch_id])
    source.stay((_common_at, organisation_without_branches), tables.ORGANISATION, versions[tables.ORGANISATION])


def _branch_at(source: Rows, branch_id: UUID) -> Branch:
    branch = stored_branch(source, branch_id)
    return place_of(objects_of(branch), branch)


def _common_at(source: Rows, _place: UUID) -> Profile:
    organisation = stored_organisation(source)
    return place_of(objects_of(organisation), organisation)


def rows_at(source: Rows, place: UUID) -> list[TableRows]:
    """The rows of a place as they are now, as `rows_of_value` makes them."""
    if place == tables.ORGANISATION:
        return _rows_at(source, place)
    (branch,) = source.of(tables.Branch, place)
    return [
        (model, [{**row, **_of_the_day(branch)} for row in rows] if model is tables.Branch else rows)
        for model, rows in source.once(_rows_at, place)
    ]


def _rows_at(source: Rows, place: UUID) -> list[TableRows]:
    return rows_of_value(source, place, value_at(source, place))


def rows_of_value(source: Rows, place: UUID, value: Value) -> list[TableRows]:
    """The rows of a place as they would be with this value; what `source` has keeps its id.

    The rows of branches belong to an organisation too, because they hold copies of what is common.
    """
    if isinstance(value, Branch):
        common = stored_organisation(source).catalogue
        return list(_rows_of_branch(source, place, value, common.calendars))
    (row,) = source.of(tables.Organisation)
    (zero,) = source.of(tables.Branch, tables.ORGANISATION)
    organisation = {name: getattr(row, name) for name in ("id", "epoch", "profile_sha256")}
    of_zero = {"key": zero.key, "timezone": zero.timezone, **_of_the_day(zero)}
    found = list(common_rows(value, organisation, of_zero, ids_of(source, tables.ORGANISATION)))
    for branch in places(source):
        if branch.slug in value.branches:
            found += _rows_of_branch(source, branch.id, value.branches[branch.slug], value.catalogue.calendars)
    return found


def _rows_of_branch(source: Rows, branch_id: UUID, branch: Branch, calendars: Any) -> Iterator[TableRows]:
    (row,) = source.of(tables.Branch, branch_id)
    for model, rows in branch_rows(row.position, row.key, branch, calendars, ids_of(source, branch_id)):
        yield model, [{**one, **_of_the_day(row)} for one in rows] if model is tables.Branch else rows


def _of_the_day(row: Any) -> dict[str, Any]:
    """The columns of a branch that are no settings, as they are."""
    names = (*tables.SETTINGS[tables.Branch], "config_version")
    return {name: getattr(row, name) for name in names}
