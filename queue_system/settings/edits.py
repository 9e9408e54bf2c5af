"""Edits of settings: from a form, from a file, an undo or a plan, an edit is a three-way change of declared values.

    difference(before, after)   the edits that lead from one value to another
    applied(place, edits)       the value after them; what others have changed meanwhile stays

Decision 0022.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, TypeVar

from pydantic.fields import FieldInfo

from ..core.errors import Stale
from .branch import Branch
from .merging import Difference, merged_field, reordered
from .objects import OF_BRANCH, Objects, Shape, Values, fields_of, normal, objects_of, place_of, shape_of
from .organisation import Profile

P = TypeVar("P", bound=Branch | Profile)

#: Not a setting: where in its list a thing was, or shall be. In values of edits that add or remove it.
POSITION: Final = "position"


@dataclass(frozen=True, slots=True)
class Edit:
    """A change of one object: the values of some fields as its author saw them, and as they shall be.

    A field that is missing, or None, is not set. `was` None adds the object, `now` None removes it. `kind` and `slug` as
    in `objects.objects_of`; the own object of a place has the kind of the place, and its slug.
    """

    kind: str
    slug: str
    was: Values | None
    now: Values | None

    @property
    def undone(self) -> Edit:
        """The edit that leads back."""
        return Edit(self.kind, self.slug, was=self.now, now=self.was)

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that it changes, in alphabetical order."""
        was, now = self.was or {}, self.now or {}
        return tuple(sorted(name for name in {*was, *now} - {POSITION} if was.get(name) != now.get(name)))


@dataclass(frozen=True, slots=True)
class Conflict:
    """A field of an object that somebody else has changed in another way since the author of an edit saw it.

    `field` is a path with dots, or "" for the whole object, whose values then follow; None: not set, or no such object.
    """

    kind: str
    slug: str
    field: str
    was: Any
    theirs: Any
    yours: Any


class Conflicted(Stale):
    """The edits cannot be made on the present settings; nothing was changed."""

    def __init__(self, conflicts: Sequence[Conflict]) -> None:
        super().__init__("settings-conflict")
        self.conflicts = tuple(conflicts)


def difference(before: P, after: P) -> tuple[Edit, ...]:
    """The edits that make `before` equal `after`; in reverse order and undone, they lead back exactly."""
    shape = shape_of(before)
    old, new = objects_of(before), objects_of(after)
    removed: list[Edit] = [
        Edit(kind, slug, {**old[kind, slug], POSITION: position}, None)
        for kind, slug, position in _missing(shape, old, new, before.slug)
    ]
    added: list[Edit] = [
        Edit(kind, slug, None, {**new[kind, slug], POSITION: position})
        for kind, slug, position in _missing(shape, new, old, after.slug)
    ]
    changed: list[Edit | None] = [_changed(*key, old[key], new[key], shape) for key in old if key in new]
    return (*reversed(removed), *added, *(edit for edit in changed if edit is not None))


def retirement(branch: Branch, last: date | None) -> tuple[Edit, ...]:
    """The edits that retire a branch: all that can be retired in it, and is not retired before, ends with the day `last`.

    What ends with the branch already gets the new day; with None it goes on.
    """
    ends = last_day(branch)
    edits = []
    for (kind, slug), values in objects_of(branch).items():
        until = _until(values)
        outlives = last is not None and (until is None or until > last)
        with_it = ends is not None and until == ends
        if kind in retirable() and until != last and (outlives or with_it):
            edits.append(Edit(kind, slug, _ending(until), _ending(last)))
    return tuple(edits)


def last_day(branch: Branch) -> date | None:
    """The day on which the last of its queues ends; None of a branch that goes on."""
    days = [queue.until for queue in branch.queues.values()]
    known = [day for day in days if day is not None]
    return max(known) if known and len(known) == len(days) else None


def retirable() -> tuple[str, ...]:
    """The kinds of things of a branch that can be retired."""
    return tuple(kind for kind in OF_BRANCH.things if "until" in fields_of(kind, OF_BRANCH))


def _until(values: Values) -> date | None:
    return date.fromisoformat(values["until"]) if "until" in values else None


def _ending(last: date | None) -> dict[str, str]:
    return {"until": last.isoformat()} if last else {}


def applied(place: P, edits: Iterable[Edit]) -> P:
    """The place after these edits. Raises Conflicted; pydantic's ValidationError for values that cannot be set."""
    objects, conflicts = merged(place, edits)
    if conflicts:
        raise Conflicted(conflicts)
    return place_of(objects, place)


def merged(place: Branch | Profile, edits: Iterable[Edit]) -> tuple[Objects, list[Conflict]]:
    """The objects of a place after these edits, not yet validated; where there is a conflict, they stay as they are."""
    shape = shape_of(place)
    objects = objects_of(place)
    conflicts: list[Conflict] = []
    for edit in edits:
        conflicts += _merge(objects, _normal(edit, shape), shape, place.slug)
    return objects, conflicts


def _missing(shape: Shape, these: Objects, those: Objects, slug: str) -> list[tuple[str, str, int]]:
    """Kind, slug and position of what is not among `those`."""
    lists = these[shape.kind, slug]
    return [
        (kind, name, position)
        for kind, field in shape.things.items()
        for position, name in enumerate(lists[field])
        if (kind, name) not in those
    ]


def _changed(kind: str, slug: str, old: Values, new: Values, shape: Shape) -> Edit | None:
    fields = [
        name for name in fields_of(kind, shape) if _differ(name, old, new, kind == shape.kind and name in shape.lists)
    ]
    if not fields:
        return None
    was, now = ({name: of[name] for name in fields if name in of} for of in (old, new))
    return Edit(kind, slug, was, now)


def _differ(name: str, old: Values, new: Values, is_order: bool) -> bool:
    if not is_order:
        return bool(old.get(name) != new.get(name))
    # Adding and removing keep the order of the others.
    common = set(old[name]) & set(new[name])
    return [slug for slug in old[name] if slug in common] != [slug for slug in new[name] if slug in common]


def _normal(edit: Edit, shape: Shape) -> Edit:
    was, now = (None if of is None else normal(edit.kind, of, shape) for of in (edit.was, edit.now))
    return Edit(edit.kind, edit.slug, was, now)


def _merge(objects: Objects, edit: Edit, shape: Shape, place: str) -> list[Conflict]:
    """Put one edit into the objects."""
    key = edit.kind, edit.slug
    current = objects.get(key)
    if edit.was is None or edit.now is None:
        wanted = None if edit.now is None else _without_position(edit.now)
        if current == wanted:
            return []
        if not _is_as_seen(current, edit.was):
            return [Conflict(*key, "", edit.was, current, edit.now)]
        _put(objects, edit, shape, place)
        return []
    if current is None:
        return [Conflict(*key, "", edit.was, None, edit.now)]
    return _merge_fields(current, edit, shape)


def _is_as_seen(current: Values | None, was: Values | None) -> bool:
    """Whether an object is as the author of an edit saw it."""
    if current is None or was is None:
        return current is was
    return all(current.get(name) == value for name, value in _without_position(was).items())


def _put(objects: Objects, edit: Edit, shape: Shape, place: str) -> None:
    """Add or remove a thing, and its place in the list."""
    order: list[str] = objects[shape.kind, place][shape.things[edit.kind]]
    if edit.now is None:
        order.remove(edit.slug)
        del objects[edit.kind, edit.slug]
    else:
        order.insert(edit.now.get(POSITION, len(order)), edit.slug)
        objects[edit.kind, edit.slug] = _without_position(edit.now)


def _merge_fields(current: dict[str, Any], edit: Edit, shape: Shape) -> list[Conflict]:
    was, now = edit.was or {}, edit.now or {}
    conflicts: list[Conflict] = []
    for name in {**was, **now}:
        old, theirs, yours = was.get(name), current.get(name), now.get(name)
        if edit.kind == shape.kind and name in shape.lists:
            order = reordered(old or [], theirs or [], yours or [])
            if order is None:
                conflicts.append(Conflict(edit.kind, edit.slug, name, old, theirs, yours))
            else:
                current[name] = order
            continue
        value, differences = merged_field(name, _field(edit.kind, name, shape), old, theirs, yours)
        conflicts += [_conflict(edit, found) for found in differences]
        if value is None:
            current.pop(name, None)
        else:
            current[name] = value
    return conflicts


def _field(kind: str, name: str, shape: Shape) -> FieldInfo | None:
    declaration = fields_of(kind, shape).get(name)
    return None if declaration is None else declaration.model_fields[name]


def _conflict(edit: Edit, found: Difference) -> Conflict:
    return Conflict(edit.kind, edit.slug, found.field, found.was, found.theirs, found.yours)


def _without_position(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name != POSITION}
