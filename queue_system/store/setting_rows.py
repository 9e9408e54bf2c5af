"""Declared settings as rows of their tables, and back.

A field with a column of its own is stored in that column, and a reference within the branch as an id. All other fields
are stored in the column `data` under their own names, but only if they were given.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, TypeVar
from uuid import UUID

import sqlalchemy as sa
from pydantic import ValidationError
from pydantic_core import ErrorDetails
from sqlmodel import SQLModel

from ..core.errors import Unavailable
from ..settings.declared import Declared, Ref, mark
from .tables import table

D = TypeVar("D", bound=Declared)

Row = dict[str, Any]
IdOf = Callable[[str, str], UUID]
SlugOf = Callable[[str, UUID], str]


class Unreadable(Unavailable):
    """A stored setting that this program cannot read, because a newer program or a person at the database wrote it.

    `what` says for administrators which thing, field and value that is; `fields` are the fields.
    """

    def __init__(self, what: str, fields: Collection[str] = ()) -> None:
        super().__init__("settings-unreadable")
        self.what = what
        self.fields = fields


def row_of(
    declared: Declared,
    model: type[SQLModel],
    id_of: IdOf | None = None,
    *,
    elsewhere: Collection[str] = (),
    **more: Any,
) -> Row:
    """The row of a declared setting. Fields in `elsewhere` have tables of their own; `more` are undeclared columns.

    `id_of` gives the id for a kind and a name. Raises ValueError, with nothing stored, for a value that could not be read
    back, because it would close the branch on every node (`Unreadable`).
    """
    declared = declared.checked()
    columns = table(model).c
    written = declared.model_dump(mode="json", exclude_unset=True)
    row: Row = {}
    data: Row = {}
    for name, field in type(declared).model_fields.items():
        if name in elsewhere:
            continue
        value = getattr(declared, name)
        if (column := _reference(name, columns)) is not None:
            kind = mark(field, Ref)
            row[column] = id_of(kind.kind, value) if value and kind and id_of else None
        elif name in columns:
            row[name] = _stored(declared, name, written) if isinstance(columns[name].type, sa.JSON) else value
        elif name in written:
            data[name] = written[name]
    if "data" in columns:
        row["data"] = data
    return row | more


def declared_of(declaration: type[D], row: Any, slug_of: SlugOf | None = None, **more: Any) -> D:
    """The declared setting of a row, the reverse of `row_of`; `more` are fields that other tables hold.

    Raises Unreadable.
    """
    try:
        return declaration.model_validate(fields_of(declaration, row, slug_of) | more)
    except ValidationError as error:
        raise unreadable(declaration.kind_of_thing or declaration.__name__, row._mapping.get("slug"), error) from None


def unreadable(kind: str, slug: str | None, error: ValidationError) -> Unreadable:
    """The refusal of a thing whose stored values pydantic does not accept, with what it found."""
    faults = error.errors(include_url=False, include_context=False)
    told = [f"{_named(fault)} is {fault['input']!r} ({fault['msg']})" for fault in faults if fault["type"] != "missing"]
    told += [f"{_named(fault)} is missing" for fault in faults if fault["type"] == "missing"]
    thing = " ".join(filter(None, (kind, slug)))
    return Unreadable(f"{thing}: {'; '.join(told)}", {str(fault["loc"][0]) for fault in faults if fault["loc"]})


def _named(fault: ErrorDetails) -> str:
    return ".".join(map(str, fault["loc"]))


def fields_of(declaration: type[Declared], row: Any, slug_of: SlugOf | None = None) -> Row:
    """Those fields of a declaration that a row holds, not yet validated."""
    values = row._mapping
    data = values.get("data", {})
    fields: Row = {}
    for name, field in declaration.model_fields.items():
        column = f"{name}_id"
        if (
            (kind := mark(field, Ref)) is not None
            and slug_of
            and (column in values or isinstance(values.get(name), UUID))
        ):
            found = values[column] if column in values else values[name]
            fields[name] = slug_of(kind.kind, found) if found else None
        elif name in values:
            fields[name] = values[name]
        elif name in data:
            fields[name] = data[name]
    return fields


def _reference(name: str, columns: Any) -> str | None:
    """The column that holds an id in place of a name."""
    if f"{name}_id" in columns:
        return f"{name}_id"
    return name if name in columns and isinstance(columns[name].type, sa.Uuid) else None


def _stored(declared: Declared, name: str, written: Row) -> Any:
    """The value of a JSON column: the given one, else the default."""
    return written[name] if name in written else declared.model_dump(mode="json", include={name})[name]
