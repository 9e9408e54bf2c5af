"""Reads from a file what `settings` declares: the declaration says what each key means and what it may refer to."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, Literal, TypeVar, get_args, get_origin

from pydantic.fields import FieldInfo

from ..settings.catalogue import Dates
from ..settings.declared import (
    Among,
    Declared,
    Derived,
    Form,
    Kind,
    Least,
    Once,
    Ref,
    Thing,
    bare,
    find,
    key_of,
    mark,
)
from ..settings.faults import Fault
from ..settings.typed import Scope, meaning_of, words_of
from . import values
from .nodes import Read, Section, Value

D = TypeVar("D", bound=Declared)
T = TypeVar("T", bound=Thing)

Fields = dict[str, Any]

#: Forms whose values are groups of texts, or whose refusals suggest another word.
_FORMS: Final[Mapping[Form, Read[Any]]] = {
    Form.NAMES: values.names,
    Form.WEEKDAY: values.weekday,
    Form.WEEKDAYS: values.weekdays,
    Form.TIME_ZONE: values.timezone,
}


def read(
    declaration: type[D],
    value: Value,
    scope: Scope,
    known: Fields | None = None,
    complete: Callable[[Fields], None] | None = None,
) -> D:
    """The declared value under a key. `known` fields are not in the file; `complete` adds derived ones.

    If a derived field is still missing, the result is not validated; the caller adds the field by `changed`.
    """
    with value.section() as section:
        fields = read_fields(declaration, section, scope, known)
    if complete is not None:
        complete(fields)
    whole = all(name in fields for name, field in declaration.model_fields.items() if field.is_required())
    made = declaration(**fields) if whole else declaration.model_construct(**fields)
    if (fault := made.mistake()) is not None:
        raise value.faulty(fault)
    return made


def read_fields(
    declaration: type[Declared], section: Section, scope: Scope, known: Fields | None = None, *, partly: bool = False
) -> Fields:
    """The declared fields that a section writes. Needed fields must be there, except when it is read `partly`."""
    fields = dict(known or {})
    if issubclass(declaration, Dates) and section.given("day"):
        fields["first"] = fields["last"] = section.required("day", values.day)
    for name, field in declaration.model_fields.items():
        if name not in fields:
            read_field(name, field, section, scope, fields, needed=not partly and is_needed(field))
    return fields


def read_field(name: str, field: FieldInfo, section: Section, scope: Scope, into: Fields, *, needed: bool) -> None:
    """One declared field, if the section writes it; a `needed` one must be there."""
    key, reader = key_of(name, field), reader_of_field(field, scope, into)
    if needed or section.given(key) is not None:
        into[name] = section.required(key, reader)
    else:
        section.optional(key, reader, None)


def reader_of_field(field: FieldInfo, scope: Scope, before: Fields) -> Read[Any]:
    """How to read a field, given the fields `before` it."""
    if (among := mark(field, Among)) is not None:
        return values.one_of(among.kind, before[among.field])
    return reader_of(field.annotation, field.metadata, scope)


def is_needed(field: FieldInfo) -> bool:
    """Whether a file must write the field."""
    return field.is_required() and mark(field, Derived) is None


def things(declaration: type[T], scope: Scope, read_one: Callable[[str, Value], T] | None = None) -> Read[dict[str, T]]:
    """A mapping of things by name; values of fields marked Once must differ."""
    unique = [name for name, field in declaration.model_fields.items() if mark(field, Once)]

    def read_all(value: Value) -> dict[str, T]:
        taken: dict[tuple[str, Any], str] = {}

        def one(slug: str, entry: Value) -> T:
            made = read_one(slug, entry) if read_one else read(declaration, entry, scope, {"slug": slug})
            # What is retired leaves its letter or number to others.
            for name in () if getattr(made, "until", None) else unique:
                this = getattr(made, name)
                if (other := taken.setdefault((name, this), slug)) != slug:
                    raise entry.faulty(Fault("setting-taken", name, {"value": str(this), "other": other}))
            return made

        return values.keyed(declaration.kind_of_thing, one)(value)

    return read_all


def reader_of(annotation: Any, marks: Collection[Any], scope: Scope) -> Read[Any]:
    """How to read a value of this type with these marks."""
    annotation, marks = bare(annotation, list(marks))
    if (form := find(marks, Form)) is not None and form in _FORMS:
        return _FORMS[form]
    if (ref := find(marks, Ref)) is not None:
        return values.one_of(ref.kind, scope[ref.kind])
    if (kind := find(marks, Kind)) is not None and get_origin(annotation) in (None, Literal):
        meant = words_of(annotation, marks)
        reader = values.one_of(kind.name, meant, dict(kind.renamed))
        return lambda value: meant[reader(value)]
    if (meaning := meaning_of(annotation, marks, scope)) is not None:
        return values.scalar(meaning)
    if get_origin(annotation) is tuple:
        return _list(annotation, marks, scope)
    if get_origin(annotation) is dict:
        return _mapping(annotation, marks, scope)
    return lambda value: read(annotation, value, scope)


def _list(annotation: Any, marks: Collection[Any], scope: Scope) -> Read[Any]:
    item = get_args(annotation)[0]
    kind, _ = bare(item)
    least = find(marks, Least)
    is_group = isinstance(kind, type) and issubclass(kind, Declared)
    return values.listed(reader_of(item, (), scope), least.items if least else 1, unique=not is_group)


def _mapping(annotation: Any, marks: Collection[Any], scope: Scope) -> Read[Any]:
    key, entry = get_args(annotation)
    thing, entry_marks = bare(entry)
    if isinstance(thing, type) and issubclass(thing, Thing):
        return things(thing, scope)
    reader = reader_of(thing, entry_marks, scope)
    word, key_marks = bare(key)
    if (ref := find(key_marks, Ref)) is not None:
        return values.table(reader, scope[ref.kind], ref.kind)
    if (kind := find(key_marks, Kind)) is not None:
        return values.table(reader, get_args(word), kind.name)
    named = find(marks, Kind)
    return values.keyed(named.name if named else "", lambda _, value: reader(value))
