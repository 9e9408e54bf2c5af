"""What is wrong with the values of one declaration, as its marks say: references, forms, limits, words, lists."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date, time
from enum import Enum
from functools import cache
from typing import Any, Literal, get_args, get_origin

from ..core.errors import Count
from .declared import Among, Declared, Form, Kind, Least, Ref, bare, find
from .faults import Called, Fault, Faulty
from .typed import WEEKDAYS, Scope, meaning_of, names_fault, text


def faults_in(declared: Declared, scope: Scope, without: Collection[str] = ()) -> Iterator[Fault]:
    """All of them, those of nested declarations too, and at last the contradiction between its fields.

    The fields `without` are not looked at.
    """
    for name, (required, default, annotation, marks) in _fields(type(declared)).items():
        value = None if name in without else getattr(declared, name)
        if value is None or (not required and value == default):
            continue
        if (among := find(marks, Among)) is not None:
            found = _unknown(value, getattr(declared, among.field))
        else:
            found = _bare_faults(value, annotation, marks, scope)
        for fault in found:
            yield fault.below(name)
    if (mistake := declared.mistake()) is not None:
        yield mistake


def value_faults(value: Any, annotation: Any, marks: Collection[Any], scope: Scope) -> Iterator[Fault]:
    """What is wrong with one value of this type with these marks."""
    yield from _bare_faults(value, *bare(annotation, marks), scope)


@cache
def _fields(declaration: type[Declared]) -> dict[str, tuple[bool, Any, Any, list[Any]]]:
    """The fields but the slug: whether it is required, its default, its bare type and its marks. Read once."""
    return {
        name: (
            field.is_required(),
            field.get_default(call_default_factory=True),
            *bare(field.annotation, field.metadata),
        )
        for name, field in declaration.model_fields.items()
        if name != "slug"
    }


def _bare_faults(value: Any, annotation: Any, marks: Collection[Any], scope: Scope) -> Iterator[Fault]:
    if isinstance(value, Declared):
        yield from faults_in(value, scope)
    elif find(marks, Form) is Form.NAMES:
        yield from _of_names(value)
    elif find(marks, Form) is Form.WEEKDAYS:
        yield from _of_list(value, int, [Form.WEEKDAY], marks, scope)
    elif get_origin(annotation) is tuple:
        yield from _of_list(value, get_args(annotation)[0], (), marks, scope)
    elif get_origin(annotation) is dict:
        yield from _of_mapping(value, annotation, scope)
    elif (ref := find(marks, Ref)) is not None:
        yield from _unknown(value, scope[ref.kind], ref.kind)
    elif get_origin(annotation) is Literal:
        yield from () if value in get_args(annotation) else (Fault("choice-wrong"),)
    elif (meaning := meaning_of(annotation, marks, scope)) is not None:
        try:
            meaning(written(value, marks))
        except Faulty as error:
            yield from error.faults


def written(value: Any, marks: Collection[Any] = ()) -> str:
    """A single value as a text, which `typed.meaning_of` reads as this value."""
    match value:
        case bool():
            return "yes" if value else "no"
        case Enum():
            return str(value.value)
        case int() if find(marks, Form) is Form.WEEKDAY:
            return WEEKDAYS[value] if value in range(7) else str(value)
        case time():
            return f"{value:%H:%M}"
        case date():
            return value.isoformat()
        case float():
            return f"{value:.15g}"
    return str(value)


def _of_names(names: Mapping[str, str]) -> Iterator[Fault]:
    for language, words in names.items():
        try:
            text(words)
        except Faulty as error:
            yield from (fault.below(language) for fault in error.faults)
    if (fault := names_fault(names)) is not None:
        yield fault


def _of_list(
    values: Collection[Any], item: Any, item_marks: Collection[Any], marks: Collection[Any], scope: Scope
) -> Iterator[Fault]:
    least = find(marks, Least)
    fewest = least.items if least else 1
    if len(values) < fewest:
        yield Fault("setting-too-few", "", {"least": Count(fewest)})
    before: list[Any] = []
    item, item_marks = bare(item, item_marks)
    for index, value in enumerate(values):
        for fault in _bare_faults(value, item, item_marks, scope):
            yield fault.below(index)
        if value in before and not isinstance(value, Declared | dict):
            yield Fault("setting-twice", "", {"word": written(value, item_marks)}).below(index)
        before.append(value)


def _of_mapping(values: Mapping[str, Any], annotation: Any, scope: Scope) -> Iterator[Fault]:
    key, entry = get_args(annotation)
    word, key_marks = bare(key)
    known = scope[ref.kind] if (ref := find(key_marks, Ref)) else get_args(word) if find(key_marks, Kind) else values
    entry, marks = bare(entry)
    for slug, value in values.items():
        found = [*_unknown(slug, known), *_bare_faults(value, entry, marks, scope)]
        yield from (fault.below(slug) for fault in found)


def _unknown(word: str, known: Collection[str], kind: str = "") -> Iterator[Fault]:
    if word not in known:
        yield Fault("setting-unknown", "", {"word": Called(word, kind)})
