"""Rows of settings, from the tables or from a value that is not stored, so that the same code reads both."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Concatenate, Final, ParamSpec, Protocol, TypeVar
from uuid import UUID

import sqlalchemy as sa

from ..prepared import Prepared
from ..setting_rows import Row
from ..tables import Device, table
from ..tx import Tx
from .organisation import version_of

P = ParamSpec("P")
R = TypeVar("R")

# Printers are adjusted without an edit of settings, so their branch keeps its version.
_DEVICES: Final = Prepared(
    sa.select(
        *(table(Device).c[name] for name in ("id", "position", "slug", "kind", "model", "names", "zone_id")),
        *(table(Device).c[name] for name in ("attached_to", "data")),
    )
    .where(table(Device).c.branch_id == sa.bindparam("branch"))
    .order_by(table(Device).c.id)
)
# Of `once`: no arguments and no named ones.
_NOTHING_ASKED: Final = ((), ())


class Rows(Protocol):
    """Rows by table. A row has its columns as attributes, and as a mapping in `_mapping`."""

    def of(self, model: Any, branch_id: UUID | None = None) -> Sequence[Any]:
        """The rows of a table, or those of one branch in it, in any order."""

    def once(self, work: Callable[Concatenate[Rows, UUID, P], R], place: UUID, *args: P.args, **kwargs: P.kwargs) -> R:
        """`work(rows, place, …)`, a value of the settings of a branch or of ORGANISATION that callers do not change."""


class StoredRows:
    """The rows that the tables have."""

    __slots__ = ("_tx",)

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    def of(self, model: Any, branch_id: UUID | None = None) -> Sequence[Any]:
        """The rows of a table, or those of one branch in it."""
        of = table(model)
        conditions = () if branch_id is None else (_owner(of) == branch_id,)
        return self._tx.rows(sa.select(of).where(*conditions))

    def once(self, work: Callable[Concatenate[Rows, UUID, P], R], place: UUID, *args: P.args, **kwargs: P.kwargs) -> R:
        """`work(rows, place, …)`, done once for each version of the place; in an edit each time."""
        tx, key = self._tx, (work, place)
        if tx.edits:
            return work(self, place, *args, **kwargs)
        asked = (args, tuple(kwargs.items()))
        version = self._version(place), asked
        known: tuple[R] | None = tx.settings.get(key, version)
        while known is None:
            found, read_at = work(self, place, *args, **kwargs), version
            # Without the lock, an edit may be committed while the tables are read one after the other.
            version = self._version(place), asked
            if version == read_at:
                known = (found,)
                tx.settings.keep(key, version, known)
        return known[0]

    def will_be(self, value: R, work: Callable[[Rows, UUID], R], place: UUID, version: int) -> None:
        """Say, in an edit and after its changes, what `once` would find after the commit at this version of the place."""
        at = (version, device_rows(self._tx, place)), _NOTHING_ASKED
        self._tx.keep_after((work, place), at, (value,))

    def stay(self, works: Iterable[Callable[[Rows, UUID], Any]], place: UUID, version: int) -> None:
        """Say that the edit has not changed the values of a place, as far as this node knows them."""
        of_devices = device_rows(self._tx, place)
        for work in works:
            known = self._tx.settings.get((work, place), ((version - 1, of_devices), _NOTHING_ASKED))
            if known is not None:
                self._tx.keep_after((work, place), ((version, of_devices), _NOTHING_ASKED), known)

    def _version(self, place: UUID) -> tuple[Any, ...]:
        return version_of(self._tx, place), device_rows(self._tx, place)


class GivenRows:
    """Rows that were made of a value; other branches, and tables that it has no rows of, are read from `others`."""

    __slots__ = ("_branches", "_given", "_others")

    def __init__(self, given: Iterable[tuple[Any, Iterable[Row]]], others: Rows) -> None:
        self._given: dict[Any, list[GivenRow]] = {}
        for model, rows in given:
            self._given.setdefault(model, []).extend(GivenRow(complete(model, row)) for row in rows)
        self._branches = {row._mapping[owner] for model, owner in self._owned() for row in self._given[model]}
        self._others = others

    def of(self, model: Any, branch_id: UUID | None = None) -> Sequence[Any]:
        """The rows of a table, or those of one branch in it."""
        owner = _owner(table(model))
        if model not in self._given or (branch_id is not None and branch_id not in self._branches):
            return self._others.of(model, branch_id)
        given = self._given[model]
        if branch_id is not None and owner is not None:
            return [row for row in given if row._mapping[owner.key] == branch_id]
        if owner is None:
            return given
        others = self._others.of(model)
        return [*given, *(row for row in others if row._mapping[owner.key] not in self._branches)]

    def once(self, work: Callable[Concatenate[Rows, UUID, P], R], place: UUID, *args: P.args, **kwargs: P.kwargs) -> R:
        """`work(rows, place, …)`, done each time, because nobody else has these rows."""
        return work(self, place, *args, **kwargs)

    def _owned(self) -> Iterator[tuple[Any, str]]:
        """The given tables whose rows belong to branches, with the column that says to which."""
        for model in self._given:
            if (owner := _owner(table(model))) is not None:
                yield model, owner.key


class GivenRow:
    """A row that is in no table."""

    __slots__ = ("_mapping",)

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._mapping = values

    def __getattr__(self, name: str) -> Any:
        try:
            return self._mapping[name]
        except KeyError:
            raise AttributeError(name) from None


def device_rows(tx: Tx, branch_id: UUID) -> list[Any]:
    """What the settings of a branch say of its devices, to be compared."""
    return tx.rows(_DEVICES, {"branch": branch_id})


def complete(model: Any, row: Row) -> Row:
    """A row with the defaults of the columns that it does not name."""
    return {name: row[name] if name in row else _default(column) for name, column in table(model).c.items()}


def rows(source: Rows, model: Any) -> list[Any]:
    """The rows of a table in their order; those at the same place by their keys."""
    return _sorted(source.of(model), [*(["position"] if "position" in table(model).c else []), *_keys(model)])


def of_branch(source: Rows, model: Any, branch_id: UUID, order: str = "position") -> list[Any]:
    """The rows of a branch, in their order; those at the same place by their keys."""
    return _sorted(source.of(model, branch_id), [order, *_keys(model)])


def grouped(
    source: Rows, model: Any, branch_id: UUID, by: str, value: str, order: str | None = "position"
) -> dict[Any, tuple[Any, ...]]:
    """The values of one column by those of another, of a branch and in their order.

    Values at the same place, such as the counters of which each calls a queue first, follow one another by their keys,
    because a database may give them in another order each time.
    """
    groups: dict[Any, list[Any]] = {}
    for row in _sorted(source.of(model, branch_id), [order, value] if order else [value]):
        groups.setdefault(getattr(row, by), []).append(getattr(row, value))
    return {group: tuple(items) for group, items in groups.items()}


def _sorted(found: Sequence[Any], by: Sequence[str]) -> list[Any]:
    return sorted(found, key=lambda row: [getattr(row, name) for name in by])


def _keys(model: Any) -> list[str]:
    return [column.key for column in table(model).primary_key.columns]


def _owner(of: sa.Table) -> sa.Column[Any] | None:
    return of.c.id if of.name == "branch" else of.c.get("branch_id")


def _default(column: sa.Column[Any]) -> Any:
    default = column.default
    if default is None:
        return None
    return default.arg(None) if default.is_callable else default.arg  # type: ignore[attr-defined]
