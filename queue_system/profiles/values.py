"""What a value of a file means, by the readers of `settings.typed`; lists, mappings and references have theirs here.

Each reader raises ProfileError.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

from ..core.errors import Count
from ..settings import typed
from ..settings.declared import LANGUAGES, Names
from ..settings.faults import Fault, Faulty
from .nodes import ProfileError, Read, Value

T = TypeVar("T")


def scalar(meaning: typed.Meaning) -> Read[Any]:
    """Reads one text with a reader of `settings.typed`."""

    def read(value: Value) -> Any:
        found = value.scalar()
        try:
            return meaning(found)
        except Faulty as error:
            raise value.faulty(error.faults[0]) from None

    return read


text = scalar(typed.text)
flag = scalar(typed.flag)
clock_time = scalar(typed.clock_time)
day = scalar(typed.day)


def names(value: Value) -> Names:
    """A text by language. ar and en are needed, and each language must have the same {placeholders}."""
    found = some_names(value)
    if (fault := typed.names_fault(found)) is not None:
        raise value.faulty(fault)
    return found


def some_names(value: Value) -> Names:
    """Names in one or more languages."""
    return table(text, LANGUAGES, "language")(value)


def weekday(value: Value) -> int:
    """mon to sun, as 0 to 6."""
    return typed.WEEKDAYS.index(one_of("weekday", typed.WEEKDAYS)(value))


def weekdays(value: Value) -> tuple[int, ...]:
    """A list of weekdays, each once, as numbers in the order of the week."""
    return tuple(sorted(listed(weekday)(value)))


def timezone(value: Value) -> str:
    """A name of the IANA time zone database; a similar city is suggested."""
    found = value.scalar()
    zones = typed.time_zones()
    if found and found not in zones:
        near = [zone for zone in zones if zone.split("/")[-1].lower() == found.split("/")[-1].lower()]
        raise value.unknown("time zone", found, zones, meant=min(near, default=""))
    return str(scalar(typed.time_zone)(value))


def one_of(kind: str, options: Collection[str], renamed: Mapping[str, str] | None = None) -> Read[str]:
    """One of a few words, or the name of one of the things called `kind`.

    `renamed` are former words with the present ones.
    """

    def read(value: Value) -> str:
        found = value.scalar()
        if found not in options:
            raise value.unknown(kind, found, options, meant=(renamed or {}).get(found, ""))
        return found

    return read


def listed(read_item: Read[T], least: int = 1, *, unique: bool = True) -> Read[tuple[T, ...]]:
    """A list of at least `least` items; unless `unique` is false, no item may be there twice."""

    def read(value: Value) -> tuple[T, ...]:
        found: list[T] = []
        wrong: list[ProfileError] = []
        for item in value.items():
            try:
                result = read_item(item)
                if unique and result in found:
                    raise item.faulty(Fault("setting-twice", "", {"word": item.scalar()}))
            except ProfileError as error:
                wrong.append(error)
                continue
            found.append(result)
        if wrong:
            raise ProfileError.together(wrong)
        if len(found) < least:
            raise value.faulty(Fault("setting-too-few", "", {"least": Count(least)}))
        return tuple(found)

    return read


def keyed(kind: str, read_entry: Callable[[str, Value], T], *, apart: bool = True) -> Read[dict[str, T]]:
    """A mapping of things by slug; errors inside begin with `kind "slug"`.

    Those of all things are told at once, unless things need those before them and are not `apart`: then the first ends it.
    """

    def read(value: Value) -> dict[str, T]:
        found: dict[str, T] = {}
        wrong: list[ProfileError] = []
        for key, entry in value.entries().items():
            try:
                found[key] = read_entry(slug(key, entry), entry.about(f'{kind} "{key}"'))
            except ProfileError as error:
                wrong.append(error)
                if not apart:
                    break
        if wrong:
            raise ProfileError.together(wrong)
        return found

    return read


def named(kind: str) -> Read[dict[str, Names]]:
    """A mapping of names by slug."""
    return keyed(kind, lambda _, value: names(value))


def table(read_entry: Read[T], keys: Collection[str], kind: str) -> Read[dict[str, T]]:
    """A mapping whose keys are references to things called `kind`."""

    def read(value: Value) -> dict[str, T]:
        found = {}
        for key, entry in value.entries().items():
            if key not in keys:
                raise entry.unknown(kind, key, keys)
            found[key] = read_entry(entry)
        return found

    return read


def slug(key: str, entry: Value) -> str:
    """A name that programs use, as a key."""
    try:
        return typed.slug(key)
    except Faulty as error:
        raise entry.faulty(error.faults[0]) from None
