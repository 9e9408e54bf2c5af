"""Three-way merge of values: what one person changed, put into what others have changed meanwhile.

A list merges by its elements, a group of independent settings by its keys. Any other value is taken whole, because a
mixture of two people's values, such as one's amount in the other's currency, is wanted by neither.
"""

from __future__ import annotations

import json
import types
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, Union, get_origin

from pydantic.fields import FieldInfo

from .branch import Access, Digits, QueueRules, Retention
from .declared import Declared, Form, bare

Values: TypeAlias = Mapping[str, Any]
# Declarations whose fields are settings on their own.
_GROUPS: Final = (QueueRules, Retention, Access, Digits)


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that two people changed in different ways; None: it is not set. `field` is a path with dots."""

    field: str
    was: Any
    theirs: Any
    yours: Any


def merged_field(
    field: str, declared: FieldInfo | None, was: Any, theirs: Any, yours: Any
) -> tuple[Any, list[Difference]]:
    """The merged value of a field, None if it is not set; theirs where both differ, with these differences."""
    if yours in (was, theirs):
        return theirs, []
    if theirs == was:
        return yours, []
    if declared is not None and is_group(declared):
        return _merged_group(field, was or {}, theirs or {}, yours or {})
    if all(value is None or isinstance(value, list) for value in (was, theirs, yours)):
        found = merged_list(was or [], theirs or [], yours or [])
        if found is not None:
            return found or None, []
    return theirs, [Difference(field, was, theirs, yours)]


def merged_list(was: Sequence[Any], theirs: Sequence[Any], yours: Sequence[Any]) -> list[Any] | None:
    """The list with both changes; None if one removed or changed what the other changed, or both changed the order."""
    values: dict[str, Any] = {}
    before, there, mine = (_keyed(values, of) for of in (was, theirs, yours))
    removed = [key for key in before if key not in mine]
    gone = [key for key in removed if key not in there]
    if gone and not (set(there) <= set(before) and set(mine) <= set(before)):
        return None
    kept = [key for key in there if key not in removed]
    order = _merged_order(before, kept, mine)
    if order is None:
        return None
    return [values[key] for key in _with_added(order, before, mine)]


def reordered(was: Sequence[str], theirs: Sequence[str], yours: Sequence[str]) -> list[str] | None:
    """Theirs in the order of yours; what only they have stays in its place. None if both changed the order."""
    return _merged_order(was, theirs, yours)


def is_group(field: FieldInfo) -> bool:
    """Whether a field holds settings on their own, by their keys."""
    kind, marks = bare(field.annotation, field.metadata)
    if get_origin(kind) in (Union, types.UnionType):
        # The kit of a device.
        return True
    if get_origin(kind) is dict:
        return Form.NAMES not in marks
    return isinstance(kind, type) and issubclass(kind, Declared) and issubclass(kind, _GROUPS)


def _merged_group(field: str, was: Values, theirs: Values, yours: Values) -> tuple[Any, list[Difference]]:
    found: dict[str, Any] = {}
    differences: list[Difference] = []
    for key in (*theirs, *(name for name in yours if name not in theirs)):
        value, more = merged_field(f"{field}.{key}", None, was.get(key), theirs.get(key), yours.get(key))
        differences += more
        if value is not None:
            found[key] = value
    return found or None, differences


def _merged_order(was: Sequence[str], theirs: Sequence[str], yours: Sequence[str]) -> list[str] | None:
    """Theirs, with what all three have in the order that one person has changed."""
    common = set(was) & set(theirs) & set(yours)
    old, there, mine = ([key for key in of if key in common] for of in (was, theirs, yours))
    if mine == old:
        return list(theirs)
    if there not in (old, mine):
        return None
    following = iter(mine)
    return [next(following) if key in common else key for key in theirs]


def _with_added(order: list[str], was: Sequence[str], yours: Sequence[str]) -> list[str]:
    """The list with what `yours` adds, each behind the one before it there.

    At the same place, what two people add is in the order of their values, so that it does not matter who was first.
    """
    found = list(order)
    for index, key in enumerate(yours):
        if key in was or key in found:
            continue
        before = next((earlier for earlier in reversed(yours[:index]) if earlier in found), None)
        place = 0 if before is None else found.index(before) + 1
        while place < len(found) and found[place] not in was and found[place] not in yours and found[place] < key:
            place += 1
        found.insert(place, key)
    return found


def _keyed(values: dict[str, Any], of: Sequence[Any]) -> list[str]:
    """The items by what they say; an item that occurs again has a number."""
    seen: Counter[str] = Counter()
    keys = []
    for item in of:
        said = json.dumps(item, ensure_ascii=False, sort_keys=True)
        seen[said] += 1
        key = f"{said} {seen[said]}"
        values[key] = item
        keys.append(key)
    return keys
