"""What an object of the settings refers to, as the marks of its declaration say."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final, get_args, get_origin

from .branch import CLASS_OF_THE_BRANCH, Branch
from .catalogue import Catalogue
from .declared import Declared, Ref, bare, find
from .objects import Key

#: The kinds of objects that marks and messages call otherwise.
_CALLED: Final[Mapping[str, str]] = {
    "confidentiality level": "confidentiality",
    "priority class": "priority",
    CLASS_OF_THE_BRANCH: "priority",
    "service tag": "service_tag",
    "device model": "device_model",
    "kiosk": "device",
    "calling profile": "calling_profile",
}
_CATALOGUE: Final[Mapping[str, str]] = {
    "letter": "spoken_prefixes",
    "confidentiality": "confidentialities",
    "priority": "priorities",
    "policy": "policies",
    "service_tag": "service_tags",
    "document": "documents",
    "season": "seasons",
    "device_model": "device_models",
    "calendar": "calendars",
}


def object_kind(called: str) -> str:
    """The kind of object that a mark or a message calls so."""
    return _CALLED.get(called, called)


def references(declared: Declared, *, without: Collection[str] = ()) -> Iterator[Key]:
    """The kind and slug of everything that a declared value refers to, at any depth; some more than once.

    `without` are fields of its own that do not count.
    """
    for name, field in type(declared).model_fields.items():
        if name in without:
            continue
        value = getattr(declared, name)
        if value is not None:
            yield from _in_value(value, field.annotation, field.metadata)


def used_entries(branch: Branch, catalogue: Catalogue) -> dict[Key, Any]:
    """The entries of the catalogue that a branch uses, in a fixed order."""
    found = {key for key in references(branch) if key[0] in _CATALOGUE}
    for slug in branch.calendars:
        found |= {("service_tag", closure.service_tag) for closure in _closures(catalogue, slug) if closure.service_tag}
    for slug in [slug for kind, slug in found if kind == "priority"]:
        if slug in catalogue.priorities:
            found |= set(references(catalogue.priorities[slug]))
    return {
        (kind, slug): entries[slug]
        for kind, slug in sorted(found)
        if slug in (entries := getattr(catalogue, _CATALOGUE[kind]))
    }


def _closures(catalogue: Catalogue, calendar: str) -> Any:
    return catalogue.calendars[calendar].closures if calendar in catalogue.calendars else ()


def _in_value(value: Any, annotation: Any, marks: Any = ()) -> Iterator[Key]:
    annotation, marks = bare(annotation, marks)
    if isinstance(value, Declared):
        yield from references(value)
    elif isinstance(value, tuple):
        item = get_args(annotation)[0] if get_args(annotation) else None
        for one in value:
            yield from _in_value(one, item)
    elif isinstance(value, dict) and get_origin(annotation) is dict:
        key, entry = get_args(annotation)
        for name, one in value.items():
            yield from _in_value(name, key)
            yield from _in_value(one, entry)
    elif isinstance(value, str) and (ref := find(marks, Ref)) is not None:
        yield object_kind(ref.kind), value
