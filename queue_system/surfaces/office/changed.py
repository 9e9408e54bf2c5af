"""Changes of settings in words: what each field was, and what it becomes. `office/_changes.html` shows them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...i18n.filters import localised
from ...i18n.words import Words
from ...settings.declared import Declared, bare
from ...settings.edits import POSITION, Edit
from ...settings.merging import is_group
from ...settings.objects import Shape, fields_of, normal
from ...settings.references import object_kind
from ...web.setting_forms import SettingForm
from ...web.setting_words import Things, label_of, usual_name
from .places import SettingsPlace, named


@dataclass(frozen=True, slots=True)
class ChangedField:
    """A field in words; "" for what is not set."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ChangedObject:
    """A thing that changes: `op` is add, remove, retire or edit; of what is added or removed, `fields` are its values."""

    kind: str
    slug: str
    name: str
    op: str
    fields: tuple[ChangedField, ...]


class Sayer:
    """Says values of a place in the words of a page."""

    def __init__(self, place: SettingsPlace, words: Words) -> None:
        self._place = place
        self._words = words
        self._things = place.things(words)
        self._called = _by_kind(self._things)

    @property
    def _shape(self) -> Shape:
        return self._place.shape

    def changes(self, edits: Iterable[Edit]) -> list[ChangedObject]:
        """All of some edits in words."""
        return [self.change(edit) for edit in edits]

    def change(self, edit: Edit) -> ChangedObject:
        """One edit in words."""
        values = edit.now if edit.now is not None else edit.was
        return ChangedObject(
            edit.kind, edit.slug, self.name(edit.kind, edit.slug, values), _op(edit), tuple(self._fields(edit))
        )

    def whole(self, kind: str, slug: str, values: Mapping[str, Any] | None, other: Mapping[str, Any] | None) -> str:
        """A thing that is there, or was removed; beside an `other` one, in what it differs from that."""
        if values is None:
            return self._words.text("office.edit-gone")
        if other is None:
            return self._words.text("office.edit-there")
        empty = self._words.text("office.edit-empty")
        told = self._fields(Edit(kind, slug, other, values))
        return "; ".join(
            self._words.text("office.log-value", field=one.label, value=one.after or empty) for one in told
        )

    def name(self, kind: str, slug: str, values: Mapping[str, Any] | None = None) -> str:
        """What people call a thing; `values` are those of one that is not there yet, or no longer."""
        return (
            self._called.get(kind, {}).get(slug)
            or (usual_name(kind, slug, self._words) if kind in ("letter", "text", "message") else "")
            or localised(named(self._place.object((kind, slug))) or named(values), self._words.language)
            or usual_name(kind, slug, self._words)
        )

    def label(self, kind: str, path: str) -> str:
        """What people call a field, by its path."""
        name, _, rest = path.partition(".")
        declaration = fields_of(kind, self._shape).get(name)
        if declaration is None:
            return path
        label = label_of(declaration, name, self._words)
        part = _part(declaration, name)
        if rest and part is not None and rest in part.model_fields:
            return self._words.text("office.edit-part", group=label, field=label_of(part, rest, self._words))
        return label

    def value(self, kind: str, path: str, value: Any) -> str:
        """A value of a field in words; "" for none."""
        name, _, rest = path.partition(".")
        declaration = fields_of(kind, self._shape).get(name)
        if declaration is None:
            return "" if value is None else json.dumps(value, ensure_ascii=False)
        if kind == self._shape.kind and name in self._shape.lists:
            of = next(one for one, field in self._shape.things.items() if field == name)
            return f"{self._words.text('desk.list-comma')} ".join(self.name(of, slug) for slug in value or ())
        part = _part(declaration, name)
        if rest and part is not None and rest in part.model_fields:
            return self._say(part, rest, value)
        if rest:
            return "" if value is None else self._say(declaration, name, {rest: value})
        return self._say(declaration, name, value)

    def _say(self, declaration: type[Declared], name: str, value: Any) -> str:
        return SettingForm(declaration, self._things, self._words, self._place.languages, (name,)).say(name, value)

    def _fields(self, edit: Edit) -> Iterator[ChangedField]:
        was, now = edit.was or {}, edit.now or {}
        order = [name for name in fields_of(edit.kind, self._shape) if name in edit.fields]
        for name in [*order, *(name for name in edit.fields if name not in order and name != POSITION)]:
            for path, before, after in self._parts(edit.kind, name, was.get(name), now.get(name)):
                yield ChangedField(
                    self.label(edit.kind, path),
                    "" if edit.was is None else self.value(edit.kind, path, before),
                    "" if edit.now is None else self.value(edit.kind, path, after),
                )

    def _parts(self, kind: str, name: str, before: Any, after: Any) -> Iterator[tuple[str, Any, Any]]:
        """A group of independent settings by those that differ; any other field whole."""
        declaration = fields_of(kind, self._shape).get(name)
        both = isinstance(before, dict) and isinstance(after, dict)
        if declaration is None or not both or not is_group(declaration.model_fields[name]) or "kind" in before:
            yield name, *without_common((before, after))
            return
        for key in {**before, **after}:
            if before.get(key) != after.get(key):
                yield f"{name}.{key}", before.get(key), after.get(key)


def without_common(values: Sequence[Any]) -> tuple[Any, ...]:
    """Lists of several things without what all of them have, because a long list hides what differs; other values whole."""
    lists = [value for value in values if value is not None]
    if len(lists) < 2 or not all(isinstance(one, list) and _has_things(one) for one in lists):
        return tuple(values)
    rest = tuple(
        None if of is None else [one for one in of if not all(one in other for other in lists)] for of in values
    )
    # Only the order differs.
    return rest if any(rest) else tuple(values)


def fields_of_others(edits: Iterable[Edit], place: SettingsPlace, say: Sayer) -> list[str]:
    """The fields that others have changed since the author saw them, and whose new values stay."""
    found = []
    for edit in edits:
        present = place.object((edit.kind, edit.slug))
        if present is None or edit.was is None or edit.now is None:
            continue
        was, now = (normal(edit.kind, values, place.shape) for values in (edit.was, edit.now))
        found += [
            say.label(edit.kind, name) for name in edit.was if present.get(name) not in (was.get(name), now.get(name))
        ]
    return found


def _has_things(value: list[Any]) -> bool:
    return all(isinstance(one, dict) for one in value)


def _op(edit: Edit) -> str:
    if edit.was is None:
        return "add"
    if edit.now is None:
        return "remove"
    return "retire" if edit.now.get("until") is not None and edit.was.get("until") is None else "edit"


def _part(declaration: type[Declared], name: str) -> type[Declared] | None:
    """The declaration of a field that is a group."""
    field = declaration.model_fields[name]
    kind, _ = bare(field.annotation, field.metadata)
    return kind if isinstance(kind, type) and issubclass(kind, Declared) else None


def _by_kind(things: Things) -> dict[str, dict[str, str]]:
    """The names of things by the kind of object."""
    found: dict[str, dict[str, str]] = {}
    for called, names in things.items():
        found.setdefault(object_kind(called), {}).update(names)
    return found
