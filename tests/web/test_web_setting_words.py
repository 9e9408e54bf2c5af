"""Every setting has a label and every word of a choice its words, in Arabic and English, and no key is left over."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Any, Literal, get_args, get_origin

import pytest

from queue_system.core.rights import ATOMIC
from queue_system.i18n.catalogues import REFERENCE, catalogues
from queue_system.i18n.words import words_for
from queue_system.profiles.reader import library
from queue_system.settings.declared import Declared, Kind, bare, declarations, find
from queue_system.settings.organisation import OrganisationOwn, Profile
from queue_system.settings.texts import SHOWN_TEXTS
from queue_system.settings.typed import words_of
from queue_system.surfaces.office.setting_kinds import SEASONS
from queue_system.web.setting_words import label_keys, unit_of, weekday, word_of

#: What is no object of settings, but holds them.
HOLDERS = ("Profile", "Catalogue")


def fields() -> Iterator[tuple[type[Declared], str]]:
    every: tuple[type[Declared], ...] = (OrganisationOwn, *declarations(Profile))
    for declaration in every:
        for name in declaration.model_fields:
            if declaration.__name__ not in HOLDERS and get_args(kind_of(declaration, name)) not in (
                ("kiosk",),
                ("printer",),
                ("display",),
                ("counter_display",),
            ):
                yield declaration, name


def kind_of(declaration: type[Declared], name: str) -> Any:
    return bare(declaration.model_fields[name].annotation)[0]


@pytest.mark.parametrize("language", ["ar", "en"])
def test_every_field_has_a_label(language: str) -> None:
    words = words_for(language)
    missing = [
        label_keys(declaration, name)[0]
        for declaration, name in fields()
        if not any(words.has(key) for key in label_keys(declaration, name))
    ]
    assert missing == []


@pytest.mark.parametrize("language", ["ar", "en"])
def test_every_word_of_a_choice_has_words(language: str) -> None:
    words = words_for(language, strict=True)
    for declaration, name in fields():
        for kind, word in words_in(declaration.model_fields[name].annotation, declaration.model_fields[name].metadata):
            assert word_of(kind, word, words) or (kind == "ability" and word not in ATOMIC), (declaration, name, word)


def words_in(annotation: Any, marks: Any = ()) -> Iterator[tuple[str, Any]]:
    """Every word of a type, at any depth, with the name of its kind; those of other declarations are theirs."""
    kind, marks = bare(annotation, marks)
    named = find(marks, Kind)
    if get_origin(kind) is Literal or (isinstance(kind, type) and issubclass(kind, Enum)):
        for word in words_of(kind, ()).values():
            yield named.name if named else kind.__name__, word
    elif kind is str and named is not None and named.written:
        yield from ((named.name, word) for word in named.written)
    for inner in get_args(kind):
        yield from words_in(inner)


@pytest.mark.parametrize("language", ["ar", "en"])
def test_every_unit_has_a_word(language: str) -> None:
    words = words_for(language, strict=True)
    units = {unit_of(declaration, name) for declaration, name in fields()} - {""}
    assert all(words.text(f"setting.unit.{unit}") for unit in units)
    assert {"minutes", "days", "percent"} <= units


def test_no_label_is_left_over_of_a_field_that_is_gone() -> None:
    known = {key for declaration, name in fields() for key in label_keys(declaration, name)}
    known |= {f"setting.{one}.names" for one in ("named", "sentence", "spoken")} | {"setting.stretches.stretches"}
    left_over = [
        key
        for key in catalogues()[REFERENCE].messages
        if key.startswith("setting.")
        and key.count(".") >= 2
        and not key.startswith(("setting.word.", "setting.unit.", "setting.name."))
        and key.removesuffix(".hint") not in known
    ]
    assert left_over == []


def test_no_word_is_left_over() -> None:
    known = {
        f"setting.word.{kind.replace(' ', '-').lower()}.{getattr(word, 'value', word)}"
        for declaration, name in fields()
        for kind, word in words_in(declaration.model_fields[name].annotation, declaration.model_fields[name].metadata)
    }
    known |= {f"setting.word.kind-of-device.{kind}" for kind in ("kiosk", "printer", "display", "counter_display")}
    assert {key for key in catalogues()[REFERENCE].messages if key.startswith("setting.word.")} <= known


def test_what_comes_with_the_program_has_a_name() -> None:
    known = {("season", slug) for slug in {*library().seasons, *SEASONS}}
    known |= {("calendar", slug) for slug in library().calendars} | {("text", slug) for slug in SHOWN_TEXTS}
    known |= {("device_model", slug) for slug in library().device_models}
    named = {tuple(key.split(".")[2:]) for key in catalogues()[REFERENCE].messages if key.startswith("setting.name.")}
    assert named == known


def test_a_week_has_seven_days() -> None:
    assert [weekday(day, words_for("en")) for day in (0, 6)] == ["Monday", "Sunday"]
    assert weekday(6, words_for("ar")) == "الأحد"
