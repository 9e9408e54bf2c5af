"""Reads from a file what `settings` declares: the declaration says what each key means and what it may refer to."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import date, time
from typing import Any, Final, Literal, TypeVar, get_args, get_origin

from pydantic.fields import FieldInfo

from ..settings.catalogue import Dates
from ..settings.declared import (
    Among,
    Between,
    Declared,
    Derived,
    Form,
    Kind,
    Least,
    Once,
    Ref,
    Thing,
    bare,
    key_of,
    mark,
)
from . import values
from .nodes import Read, Section, Value

D = TypeVar("D", bound=Declared)
T = TypeVar("T", bound=Thing)

#: The names that a reference may use, by the kind of thing.
Scope = Mapping[str, Collection[str]]
Fields = dict[str, Any]

FORMS: Final[Mapping[Form, Read[Any]]] = {
    Form.TEXT: values.text,
    Form.SLUG: values.slug_of,
    Form.NAMES: values.names,
    Form.WEEKDAY: values.weekday,
    Form.WEEKDAYS: values.weekdays,
    Form.WEEK_MOMENT: values.week_moment,
    Form.TIME_ZONE: values.timezone,
    Form.COUNTRY_CODE: values.country_code,
    Form.PHONE: values.phone,
    Form.EMAIL: values.email,
    Form.URL: values.url,
    Form.AMOUNT: values.amount,
    Form.CURRENCY: values.currency,
    Form.HOST: values.host,
    Form.DEVICE_FILE: values.device_file,
}
_PLAIN: Final[Mapping[Any, Read[Any]]] = {bool: values.flag, time: values.clock_time, date: values.day}


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
    if (reason := made.mistake()) is not None:
        raise value.error(reason)
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
    unique = {name: once for name, field in declaration.model_fields.items() if (once := mark(field, Once))}

    def read_all(value: Value) -> dict[str, T]:
        taken: dict[tuple[str, Any], str] = {}

        def one(slug: str, entry: Value) -> T:
            made = read_one(slug, entry) if read_one else read(declaration, entry, scope, {"slug": slug})
            for name, once in unique.items():
                this = getattr(made, name)
                if (other := taken.setdefault((name, this), slug)) != slug:
                    kind = declaration.kind_of_thing
                    raise entry.error(f'the {once.name} {this} belongs to {kind} "{other}" already')
            return made

        return values.keyed(declaration.kind_of_thing, one)(value)

    return read_all


def reader_of(annotation: Any, marks: Collection[Any], scope: Scope) -> Read[Any]:
    """How to read a value of this type with these marks."""
    annotation, marks = bare(annotation, list(marks))
    if (form := _one(marks, Form)) is not None:
        return FORMS[form]
    if (ref := _one(marks, Ref)) is not None:
        return values.one_of(ref.kind, scope[ref.kind])
    if annotation in _PLAIN:
        return _PLAIN[annotation]
    if annotation in (int, float):
        limits = _one(marks, Between)
        if annotation is int:
            return values.whole(int(limits.low), int(limits.high))
        return values.number(limits.low, limits.high)
    if annotation is str or get_origin(annotation) is Literal:
        return _word(annotation, marks)
    if get_origin(annotation) is tuple:
        return _list(annotation, marks, scope)
    if get_origin(annotation) is dict:
        return _mapping(annotation, marks, scope)
    return lambda value: read(annotation, value, scope)


def _word(annotation: Any, marks: Collection[Any]) -> Read[Any]:
    kind = _one(marks, Kind)
    meant = {str(word): word for word in kind.written or get_args(annotation)}
    reader = values.one_of(kind.name, meant, dict(kind.renamed))
    return lambda value: meant[reader(value)]


def _list(annotation: Any, marks: Collection[Any], scope: Scope) -> Read[Any]:
    item = get_args(annotation)[0]
    kind, _ = bare(item)
    least = _one(marks, Least)
    is_group = isinstance(kind, type) and issubclass(kind, Declared)
    return values.listed(reader_of(item, (), scope), least.items if least else 1, unique=not is_group)


def _mapping(annotation: Any, marks: Collection[Any], scope: Scope) -> Read[Any]:
    key, entry = get_args(annotation)
    thing, entry_marks = bare(entry)
    if isinstance(thing, type) and issubclass(thing, Thing):
        return things(thing, scope)
    reader = reader_of(thing, entry_marks, scope)
    word, key_marks = bare(key)
    if (ref := _one(key_marks, Ref)) is not None:
        return values.table(reader, scope[ref.kind], ref.kind)
    if (kind := _one(key_marks, Kind)) is not None:
        return values.table(reader, get_args(word), kind.name)
    return values.keyed(_one(marks, Kind).name, lambda _, value: reader(value))


def _one(marks: Collection[Any], kind: type[Any]) -> Any:
    return next((found for found in marks if isinstance(found, kind)), None)
