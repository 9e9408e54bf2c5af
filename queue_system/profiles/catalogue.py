"""The sections that both the library and an organisation's file have: the choices for branches."""

from __future__ import annotations

import string
from collections.abc import Collection, Mapping
from typing import Any, Final

from pydantic.fields import FieldInfo

from ..settings.catalogue import Catalogue, Closure, Season, overlap_of_seasons
from ..settings.declared import Names, key_of
from ..settings.devices import KITS, DeviceModel
from ..settings.typed import Scope
from .nodes import Read, Section, Value
from .reading import read, read_fields, reader_of, things
from .values import keyed, listed, names, one_of


def read_catalogue(section: Section, base: Catalogue | None = None) -> Catalogue:
    """The catalogue sections of a file. Without `base` all are needed; with `base` they add to it.

    An entry that the base already has is refused; only texts may replace those of the base. The section
    CHANGES replaces others, so that nobody replaces one by mistake.
    """
    parts: dict[str, Any] = {}
    for name, field in SECTIONS.items():
        before = getattr(base, name) if base else {}
        reader = _added_to(before, _reader(name, field, parts), replaces=name == "texts")
        key = key_of(name, field)
        parts[name] = section.required(key, reader) if base is None else section.optional(key, reader, before)
    found = Catalogue(**parts, closures=section.optional(CLOSURES, _closures(parts), ()))
    return section.optional(CHANGES, lambda value: _changed(value, base, found), found) if base else found


def _added_to(before: Mapping[str, Any], read_all: Read[dict[str, Any]], *, replaces: bool) -> Read[dict[str, Any]]:
    def read_more(value: Value) -> dict[str, Any]:
        for slug, entry in value.entries().items():
            if slug in before and not replaces:
                raise entry.error("is already in the library")
        return {**before, **read_all(value)}

    return read_more


def _changed(value: Value, base: Catalogue, found: Catalogue) -> Catalogue:
    """The catalogue with other entries in place of those of the base, each written whole."""
    parts = {name: getattr(found, name) for name in Catalogue.model_fields}
    with value.section() as section:
        for name, field in SECTIONS.items():
            reader = _replacing(parts[name], getattr(base, name), _reader(name, field, parts))
            parts[name] = section.optional(key_of(name, field), reader, parts[name])
    return Catalogue(**parts)


def _replacing(found: Mapping[str, Any], base: Collection[str], read_all: Read[dict[str, Any]]) -> Read[dict[str, Any]]:
    def read_changed(value: Value) -> dict[str, Any]:
        for slug, entry in value.entries().items():
            if slug not in base:
                raise entry.unknown("entry of the library", slug, base)
        return {**found, **read_all(value)}

    return read_changed


def _reader(name: str, field: FieldInfo, parts: Mapping[str, Any]) -> Read[dict[str, Any]]:
    if (particular := _PARTICULAR.get(name)) is not None:
        return particular
    scope = {"service tag": parts.get("service_tags", ()), "season": parts.get("seasons", ())}
    return reader_of(field.annotation, field.metadata, scope)


def _closures(parts: Mapping[str, Any]) -> Read[tuple[Closure, ...]]:
    field = Catalogue.model_fields[CLOSURES]
    return reader_of(field.annotation, field.metadata, {"service tag": parts["service_tags"]})


def _spoken_prefixes(value: Value) -> dict[str, Names]:
    found = {}
    for letter, entry in value.entries().items():
        if letter not in string.ascii_uppercase or len(letter) != 1:
            raise entry.error("is not one capital letter A to Z")
        found[letter] = names(entry.about(f'letter "{letter}"'))
    return found


def read_stretches(value: Value) -> tuple[Season, ...]:
    """The stretches of one season, in order."""
    stretches = listed(lambda entry: read(Season, entry, NOTHING), unique=False)(value)
    if (fault := overlap_of_seasons(stretches)) is not None:
        raise value.faulty(fault)
    return stretches


def _device_model(slug: str, value: Value) -> DeviceModel:
    with value.section() as section:
        kit = KITS[section.required("kind", one_of("kind of device", KITS))]
        read_kit = kit(**read_fields(kit, section, NOTHING, {"kind": kit.model_fields["kind"].default}))
        return DeviceModel(**read_fields(DeviceModel, section, NOTHING, {"slug": slug, "kit": read_kit}))


#: The section without names, and those whose entries have names.
CLOSURES: Final = "closures"
SECTIONS: Final = {name: field for name, field in Catalogue.model_fields.items() if name != CLOSURES}
#: The section of a file whose entries stand in place of those of the library.
CHANGES: Final = "library_changes"
NOTHING: Final[Scope] = {}
_PARTICULAR: Final[Mapping[str, Read[dict[str, Any]]]] = {
    "spoken_prefixes": _spoken_prefixes,
    "seasons": keyed("season", lambda _, value: read_stretches(value)),
    "device_models": things(DeviceModel, NOTHING, _device_model),
}
