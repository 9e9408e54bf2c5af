"""Fields that two people have changed in different ways: the choice between their values, and the edits after it.

The form sends, for each of them, `keep-…` with "theirs" or "yours", and `theirs-…` with the value that was shown, because a
third person's value must not be lost either.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from pydantic import ValidationError

from ...settings.edits import Conflict, Edit
from ...settings.objects import Shape, fields_of

KEEP: Final = "keep-"
THEIRS: Final = "theirs"
YOURS: Final = "yours"


@dataclass(frozen=True, slots=True)
class EditOfSome(Edit):
    """An edit of lists whose values are some of the elements; all other elements are no matter of its author."""


@dataclass(frozen=True, slots=True)
class Disputed:
    """A conflict for a page: the names of its inputs, and the three values in words; `by` and `at` tell whose theirs is.
    `name` is the thing whose field it is, "" for a whole thing."""

    key: str
    name: str
    label: str
    was: str
    theirs: str
    yours: str
    seen: str
    by: str
    at: str


def key_of(kind: str, slug: str, field: str) -> str:
    """The end of the names of inputs; no slug has a slash."""
    return f"{kind}/{slug}/{field}"


def seen_value(conflict: Conflict) -> str:
    """Their value, to be sent along."""
    return json.dumps(conflict.theirs, ensure_ascii=False)


def resolved(edits: Iterable[Edit], items: Sequence[tuple[str, str]], shape: Shape) -> tuple[Edit, ...]:
    """The edits with what was chosen for their conflicts; a value that its field cannot have decides nothing."""
    kept = {name.removeprefix(KEEP): value for name, value in items if name.startswith(KEEP)}
    seen = {name.removeprefix(f"{THEIRS}-"): value for name, value in items if name.startswith(f"{THEIRS}-")}
    found: list[Edit] = []
    for edit in edits:
        one: Edit | None = edit
        for key, choice in kept.items():
            kind, _, rest = key.partition("/")
            slug, _, field = rest.partition("/")
            if one is not None and (kind, slug) == (edit.kind, edit.slug) and key in seen:
                theirs = _read(seen[key])
                one = _chosen(one, field, choice, theirs) if _fits(one, field, theirs, shape) else one
        if one is not None:
            found.append(one)
    return tuple(found)


def _chosen(edit: Edit, field: str, choice: str, theirs: Any) -> Edit | None:
    """The edit with one conflict decided; None if nothing is left of it."""
    if not field:
        if choice != YOURS:
            return None
        return replace(edit, was=theirs if isinstance(theirs, dict) else None)
    was, now = dict(edit.was or {}), dict(edit.now or {})
    if choice == YOURS:
        if isinstance(edit, EditOfSome):
            now = _with(now, field, _exchanged(theirs, _at(was, field), _at(now, field)))
        return replace(edit, was=_with(was, field, theirs), now=now)
    return replace(edit, was=was, now=_with(now, field, _at(was, field)))


def _fits(edit: Edit, field: str, theirs: Any, shape: Shape) -> bool:
    """Whether a field can have this value."""
    name = field.partition(".")[0]
    if not name or theirs is None:
        return theirs is None or isinstance(theirs, dict)
    if edit.kind == shape.kind and name in shape.lists:
        return isinstance(theirs, list) and all(isinstance(one, str) for one in theirs)
    declaration = fields_of(edit.kind, shape).get(name)
    if declaration is None:
        return False
    try:
        declaration.model_validate({name: _with(edit.was or {}, field, theirs)[name]})
    except ValidationError as error:
        return all(one["loc"][:1] != (name,) for one in error.errors())
    return True


def _exchanged(theirs: Any, was: Any, now: Any) -> list[Any]:
    """Their list with some elements in place of others, because only these were edited."""
    left = [one for one in theirs or [] if one not in (was or [])]
    return [*left, *(one for one in now or [] if one not in left)]


def _at(values: Mapping[str, Any], path: str) -> Any:
    """The value at a path with dots; None if it is not set."""
    name, _, rest = path.partition(".")
    found = values.get(name)
    return found if not rest else _at(found, rest) if isinstance(found, dict) else None


def _with(values: Mapping[str, Any], path: str, value: Any) -> dict[str, Any]:
    """The values with another one at a path."""
    name, _, rest = path.partition(".")
    if not rest:
        return {**values, name: value}
    inner = values.get(name)
    return {**values, name: _with(inner if isinstance(inner, dict) else {}, rest, value)}


def _read(sent: str) -> Any:
    try:
        return json.loads(sent)
    except (ValueError, RecursionError):
        return None
