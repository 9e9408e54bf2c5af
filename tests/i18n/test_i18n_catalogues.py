"""The catalogues agree with one another, and a wrong file is refused with its name and key."""

from __future__ import annotations

from pathlib import Path

import pytest
from babel import Locale

from queue_system.i18n.catalogues import (
    DIRECTORY,
    REFERENCE,
    ZERO,
    CatalogueError,
    Message,
    catalogues,
    read_catalogues,
)
from queue_system.i18n.numerals import ARABIC_INDIC

LANGUAGES = tuple(catalogues())
OTHERS = tuple(language for language in LANGUAGES if language != REFERENCE)
GNU_ARABIC = "nplurals=6; plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5);"


@pytest.mark.parametrize("language", OTHERS)
def test_every_language_has_the_same_keys(language: str) -> None:
    reference, other = catalogues()[REFERENCE].messages, catalogues()[language].messages
    missing = [
        f"{language}: {message.key} ({message.file} has it)"
        for message in reference.values()
        if message.key not in other
    ]
    extra = [
        f"{message.file}: {message.key} is not in {REFERENCE}"
        for message in other.values()
        if message.key not in reference and message.key.removesuffix(ZERO) not in reference
    ]
    assert not missing + extra, "\n".join(missing + extra)


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_has_the_same_placeholders_and_kind(language: str) -> None:
    reference, other = catalogues()[REFERENCE].messages, catalogues()[language].messages
    wrong = [
        f"{other[key].file}: {key}: {sorted(names(other[key]))} but {message.file}: {sorted(names(message))}"
        for key, message in reference.items()
        if key in other and (names(other[key]) != names(message) or other[key].counted is not message.counted)
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_key_stands_in_the_same_area_in_every_language(language: str) -> None:
    reference = catalogues()[REFERENCE].messages
    wrong = [
        f"{message.file}: {message.key}: is in {reference[key].file}"
        for key, message in catalogues()[language].messages.items()
        if key in reference and Path(message.file).name != Path(reference[key].file).name
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_form_that_stands_for_several_numbers_shows_the_number(language: str) -> None:
    catalogue = catalogues()[language]
    sizes = [0] * catalogue.plurals
    for n in range(1000):
        sizes[catalogue.form(n)] += 1
    wrong = [
        f"{message.file}: {message.key}[{index}]: {message.forms[index]}"
        for message in catalogue.messages.values()
        if message.counted
        for index in range(catalogue.plurals)
        if sizes[index] > 1 and "n" not in message.placeholders(index)
    ]
    assert not wrong, "a form without {n}:\n" + "\n".join(wrong)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_form_has_all_other_placeholders(language: str) -> None:
    wrong = [
        f"{message.file}: {message.key}[{index}]: {message.forms[index]}"
        for message in catalogues()[language].messages.values()
        for index in range(len(message.forms))
        if message.placeholders(index) | {"n"} != names(message) | {"n"}
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_for_nothing_belongs_to_a_counted_text_of_a_language_without_that_form(language: str) -> None:
    catalogue = catalogues()[language]
    wrong = [
        f"{message.file}: {key}"
        for key, message in catalogue.messages.items()
        if key.endswith(ZERO)
        and not (
            (counted := catalogue.messages.get(key.removesuffix(ZERO)))
            and counted.counted
            and not message.counted
            and catalogue.form(0) in {catalogue.form(n) for n in range(1, 1000)}
        )
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_files_plural_rule_is_the_languages_own(language: str) -> None:
    """The index from the header and CLDR's category distinguish the same classes, whatever their order."""
    catalogue, locale = catalogues()[language], Locale.parse(language)
    pairs = {(catalogue.form(n), locale.plural_form(n)) for n in range(2000)}
    assert len(pairs) == catalogue.plurals == len({index for index, _ in pairs}) == len({name for _, name in pairs})


def test_arabic_files_have_gettexts_order() -> None:
    form = catalogues()["ar"].form
    assert [form(n) for n in (0, 1, 2, 3, 5, 10, 11, 99, 100, 101, 102, 103, 111)] == [
        0, 1, 2, 3, 3, 3, 4, 4, 5, 5, 5, 3, 4,
    ]  # fmt: skip
    for path in sorted((DIRECTORY / "ar").glob("*.po")):
        assert GNU_ARABIC in path.read_text("utf-8"), f"ar/{path.name}: Plural-Forms is not {GNU_ARABIC}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_are_clean(language: str) -> None:
    wrong = [
        f"{message.file}: {message.key}: {form!r}"
        for message in catalogues()[language].messages.values()
        for form in message.forms
        if form != form.strip() or "  " in form or "\n" in form or "<" in form or any(mark in form for mark in HIDDEN)
    ]
    assert not wrong, "spaces at the ends, markup, or invisible direction marks:\n" + "\n".join(wrong)


@pytest.mark.parametrize("word", ["العميل", "الزبون", "إضغط", "الرجاء"])
def test_arabic_speaks_to_the_visitor_as_agreed(word: str) -> None:
    wrong = [
        f"{message.file}: {message.key}: {form}"
        for message in catalogues()["ar"].messages.values()
        for form in message.forms
        if word in form
    ]
    assert not wrong, "«المراجع», «يُرجى» or «تفضّل» instead:\n" + "\n".join(wrong)


def test_a_number_in_a_text_has_the_digits_of_the_others() -> None:
    """Only a branch chooses the digits ٠–٩, and only numbers that are filled in follow it."""
    wrong = [
        f"{message.file}: {message.key}: {form}"
        for message in catalogues()["ar"].messages.values()
        if message.key != "setting.word.kind-of-digits.arab"
        for form in message.forms
        if set(form) & set(ARABIC_INDIC)
    ]
    assert not wrong, "\n".join(wrong)


HIDDEN = "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff\u00ad"
HEADER = 'msgid ""\nmsgstr ""\n"Language: ar\\n"\n"Content-Type: text/plain; charset=UTF-8\\n"\n"Plural-Forms: ' + (
    GNU_ARABIC + '\\n"\n\n'
)
SIX = "".join(f'msgstr[{index}] "{{n}} {index}"\n' for index in range(6))


def test_a_good_file_is_read(tmp_path: Path) -> None:
    found = read(tmp_path, one='msgid "a.b"\nmsgstr "س {name}"\n', two=f'msgid "c.d"\nmsgid_plural "c.d"\n{SIX}')
    assert found["a.b"].placeholders() == {"name"}
    assert not found["a.b"].counted
    assert found["c.d"].forms[5] == "{n} 5"
    assert found["c.d"].file == "ar/two.po"


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ('msgid "a.b"\nmsgstr ""\n', "ar/one.po: a.b: has an empty text"),
        ('msgid "a.b"\nmsgstr "x {Name}"\n', "ar/one.po: a.b: a brace that belongs to no placeholder"),
        ('msgid "a.b"\nmsgstr "x }"\n', "ar/one.po: a.b: a brace that belongs to no placeholder"),
        ('#, fuzzy\nmsgid "a.b"\nmsgstr "x"\n', "ar/one.po: a.b: is marked fuzzy"),
        ('msgid "a.b"\nmsgid_plural "a.c"\n' + SIX, "ar/one.po: a.b: msgid_plural must repeat the key"),
        ('msgid "a.b"\nmsgid_plural "a.b"\nmsgstr[0] "x"\nmsgstr[1] "y"\n', "ar/one.po: a.b: has an empty text"),
        ('msgid "a.b"\nmsgid_plural "a.b"\n' + SIX.replace("{n} 4", ""), "ar/one.po: a.b: has an empty text"),
        ('msgid "a.b"\nmsgstr "x"\n\nmsgid "a.b"\nmsgstr "y"\n', "ar/one.po:10: a.b is twice"),
        ('msgid "z.z"\nmsgstr "x"\n', "ar/two.po: z.z is already in ar/one.po"),
        ('msgid "a.b\nmsgstr "x"\n', "ar/one.po:7: is not a line of a catalogue"),
        ('msgid "a.b"\nmsgid_plural "a.b"\n' + SIX + 'msgstr[6] "{n}"\n', "ar/one.po: msg has more translations"),
    ],
)
def test_a_wrong_entry_is_refused_with_file_and_key(tmp_path: Path, entry: str, reason: str) -> None:
    with pytest.raises(CatalogueError) as refusal:
        read(tmp_path, one=entry, two='msgid "z.z"\nmsgstr "x"\n')
    assert str(refusal.value).startswith(reason)


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (HEADER.replace("Language: ar", "Language: en"), "ar/one.po: the header says Language: en"),
        (HEADER.replace("Plural-Forms", "X-Plural"), "ar/one.po: the header has no Plural-Forms"),
        (HEADER.replace("n>1", "n>1").replace("n%100<=10", "n%100<=9"), "ar/two.po: Plural-Forms differs"),
    ],
)
def test_a_wrong_header_is_refused(tmp_path: Path, header: str, reason: str) -> None:
    with pytest.raises(CatalogueError) as refusal:
        read(tmp_path, header=header, one='msgid "a.b"\nmsgstr "x"\n', two='msgid "z.z"\nmsgstr "x"\n')
    assert str(refusal.value).startswith(reason)


def test_without_the_reference_language_nothing_is_read(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="reference language ar is missing"):
        read_catalogues(tmp_path)


def names(message: Message) -> frozenset[str]:
    return frozenset().union(*(message.placeholders(index) for index in range(len(message.forms))))


def read(directory: Path, *, header: str = HEADER, **areas: str) -> dict[str, Message]:
    folder = directory / "ar"
    folder.mkdir()
    for area, entries in areas.items():
        (folder / f"{area}.po").write_text((header if area == "one" else HEADER) + entries, "utf-8")
    return dict(read_catalogues(directory)["ar"].messages)
