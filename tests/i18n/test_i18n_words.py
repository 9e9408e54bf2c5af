"""Texts with values: agreement, isolation, escaping, digits, fallback, choice of the language."""

from __future__ import annotations

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from queue_system.i18n import isolates
from queue_system.i18n.catalogues import Catalogue, Message
from queue_system.i18n.filters import bdi, localised
from queue_system.i18n.numerals import to_digits
from queue_system.i18n.words import OWN_NAMES, Words, available_languages, choose_language, direction_of, words_for

ARABIC = words_for("ar", strict=True)
ENGLISH = words_for("en", strict=True)


@pytest.mark.parametrize(
    ("n", "persons", "minutes"),
    [
        (0, "لا أحد أمامك", "أقل من دقيقة"),
        (1, "أمامك شخص واحد", "دقيقة واحدة"),
        (2, "أمامك شخصان", "دقيقتان"),
        (3, "أمامك 3 أشخاص", "3 دقائق"),
        (5, "أمامك 5 أشخاص", "5 دقائق"),
        (10, "أمامك 10 أشخاص", "10 دقائق"),
        (11, "أمامك 11 شخصًا", "11 دقيقة"),
        (15, "أمامك 15 شخصًا", "15 دقيقة"),
        (99, "أمامك 99 شخصًا", "99 دقيقة"),
        (100, "أمامك 100 شخص", "100 دقيقة"),
        (102, "أمامك 102 شخص", "102 دقيقة"),
        (103, "أمامك 103 أشخاص", "103 دقائق"),
        (111, "أمامك 111 شخصًا", "111 دقيقة"),
    ],
)
def test_arabic_nouns_agree_with_their_number(n: int, persons: str, minutes: str) -> None:
    assert isolates.strip(ARABIC.plural("common.people-ahead", n)) == persons
    assert isolates.strip(ARABIC.plural("common.minutes", n)) == minutes


@pytest.mark.parametrize(
    ("n", "persons"),
    [
        (0, "No one is ahead of you"),
        (1, "1 person ahead of you"),
        (2, "2 people ahead of you"),
        (101, "101 people ahead of you"),
    ],
)
def test_english_has_words_for_nothing(n: int, persons: str) -> None:
    assert isolates.strip(ENGLISH.plural("common.people-ahead", n)) == persons


def test_values_of_plain_text_are_isolated() -> None:
    assert words(text="رقمك {code} عند {place}").text("x.text", code="A012", place="3") == (
        "رقمك \u2068A012\u2069 عند \u20683\u2069"
    )


def test_an_isolate_is_not_wrapped_again_but_two_of_them_are() -> None:
    one = isolates.ltr("14:30")
    assert words(text="{x}").text("x.text", x=one) == one
    assert words(text="{x}").text("x.text", x=f"{one} {one}") == f"\u2068{one} {one}\u2069"


def test_a_value_cannot_turn_the_sentence_round() -> None:
    text = words(text="{name} ←").text("x.text", name="A\u202e\u2069\u2067B")
    assert text == "\u2068A\u2067B\u2069\u2069 ←"


@given(st.text(alphabet="A1ا (\u2066\u2067\u2068\u2069\u202a\u202e", max_size=12))
def test_any_value_leaves_the_isolates_balanced(value: str) -> None:
    text = words(text="{x}.{x}").text("x.text", x=value)
    depth = 0
    for position, character in enumerate(text):
        depth += (character in isolates.OPENING) - (character == isolates.PDI)
        assert depth >= 0
        assert depth > 0 or character in {".", isolates.PDI}, f"{position} stands outside"
    assert depth == 0
    assert isolates.strip(text) == ".".join([isolates.strip(isolates.balanced(value))] * 2)


def test_whole_numbers_are_written_in_the_branchs_digits_and_codes_are_not() -> None:
    arab = words(text="{n} {code}", digits="arab")
    assert arab.text("x.text", n=12, code="A012") == "\u2068١٢\u2069 \u2068A012\u2069"
    assert words_for("ar", "arab").plural("common.people-ahead", 15) == "أمامك \u2068١٥\u2069 شخصًا"


def test_markup_escapes_text_and_values_and_keeps_markup() -> None:
    source = words(text="1 < 2: {x} & {y} & {z}")
    assert source.html("x.text", x='<b a="1">', y=Markup("<b>ok</b>"), z=isolates.ltr("14:30")) == (
        '1 &lt; 2: <bdi>&lt;b a=&#34;1&#34;&gt;</bdi> &amp; <b>ok</b> &amp; <bdi dir="ltr">14:30</bdi>'
    )
    assert isinstance(source.html("x.text", x=1, y=2, z=3), Markup)


def test_markup_counts_too() -> None:
    assert ARABIC.html_plural("common.people-ahead", 3) == "أمامك <bdi>3</bdi> أشخاص"


def test_braces_and_percent_signs_in_values_are_left_alone() -> None:
    assert words(text="{x}").text("x.text", x="{y} %s") == "\u2068{y} %s\u2069"
    assert words(text="50% {x}").html("x.text", x="{0}") == "50% <bdi>{0}</bdi>"


def test_markup_given_to_a_plain_text_loses_its_tags() -> None:
    assert words(text="{x}").text("x.text", x=Markup("<bdi>A &amp; B</bdi>")) == "\u2068A & B\u2069"


def test_strict_words_refuse_what_is_missing() -> None:
    with pytest.raises(KeyError, match=r"ar: no text common\.nothing"):
        ARABIC.text("common.nothing")
    with pytest.raises(KeyError, match=r"ar: no counted text common\.back"):
        ARABIC.plural("common.back", 3)
    with pytest.raises(KeyError, match=r"no text common\.minutes"):
        ARABIC.text("common.minutes")
    with pytest.raises(KeyError, match=r"ar/common\.po: common\.today-is: no value for \{day\}"):
        ARABIC.html("common.today-is")
    with pytest.raises(KeyError):
        words_for("xx")


def test_at_the_counter_a_missing_text_falls_back_and_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    first, second = catalogue("xa", **{"x.a": "a"}), catalogue("xb", **{"x.a": "b", "x.b": "b {v}"})
    lenient = Words("xa", "latn", strict=False, chain=(first, second))
    with caplog.at_level(logging.ERROR):
        assert [lenient.text("x.a"), lenient.text("x.b", v=1), lenient.text("x.b", v=1)] == [
            "a",
            "b \u20681\u2069",
            "b \u20681\u2069",
        ]
        assert lenient.html("x.<c>") == "x.&lt;c&gt;"
        assert lenient.text("x.b") == "b \u2068…\u2069"
    assert [record.message for record in caplog.records] == [
        "xa: x.b: no text in this language",
        "xa: x.<c>: no text in any language",
        "xa: x.b: no value for {v}",
    ]


def test_the_chain_is_the_language_then_arabic_then_english() -> None:
    assert [one.language for one in words_for("en").chain] == ["en", "ar"]
    assert [one.language for one in words_for("ar").chain] == ["ar", "en"]
    assert [one.language for one in ENGLISH.chain] == ["en"]


def test_languages_have_a_direction_and_their_own_name() -> None:
    assert available_languages()[:2] == ("ar", "en")
    assert [direction_of(language) for language in OWN_NAMES] == ["rtl", "ltr", "ltr", "ltr"]
    assert (ARABIC.direction, ENGLISH.direction) == ("rtl", "ltr")
    assert OWN_NAMES["ar"] == "العربية"
    assert ARABIC.has("common.back")
    assert not ARABIC.has("common.nothing")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, "ar"),
        ("", "ar"),
        ("en", "en"),
        ("en-GB,en;q=0.9,ar;q=0.8", "en"),
        ("de-DE,de;q=0.9,ar-SY;q=0.8,en;q=0.7", "ar"),
        ("fr, en;q=0.3, ar;q=0.5", "ar"),
        ("EN-us", "en"),
        ("en;q=0, fr", "ar"),
        ("*", "ar"),
        ("en;q=abc, ar;q=0.1", "ar"),
        (";;,,=,en", "en"),
        ("en;q=nan", "ar"),
        ("ar;q=0.5,en;q=0.5", "ar"),
        ("en;q=0.5,ar;q=0.5", "en"),
    ],
)
def test_the_browsers_wish_is_met_where_possible(header: str | None, expected: str) -> None:
    assert choose_language(header, ("ar", "en"), "ar") == expected


def test_digits_are_shown_in_one_system() -> None:
    assert to_digits("A012 14:30", "arab") == "A٠١٢ ١٤:٣٠"
    assert to_digits(1203, "latn") == "1203"


def test_a_single_value_is_isolated_in_an_element() -> None:
    assert bdi("A012") == '<bdi dir="ltr">A012</bdi>'
    assert bdi(isolates.ltr("14:30")) == '<bdi dir="ltr">14:30</bdi>'
    assert bdi("<x>", "auto") == "<bdi>&lt;x&gt;</bdi>"
    assert bdi(Markup("<b>1</b>")) == '<bdi dir="ltr"><b>1</b></bdi>'
    assert bdi("\u2069\u202eA") == '<bdi dir="ltr">A</bdi>'


@pytest.mark.parametrize(
    ("names", "language", "expected"),
    [
        ({"ar": "سفارة", "en": "Embassy"}, "en", "Embassy"),
        ({"ar": "سفارة", "en": "Embassy"}, "de", "سفارة"),
        ({"ar": "", "en": "Embassy"}, "ar", "Embassy"),
        ({"tr": "Elçilik"}, "en", "Elçilik"),
        ({}, "ar", ""),
        (None, "ar", ""),
    ],
)
def test_an_organisations_text_is_shown_in_the_best_language(
    names: dict[str, str] | None, language: str, expected: str
) -> None:
    assert localised(names, language) == expected


def catalogue(language: str, **texts: str) -> Catalogue:
    """A catalogue of uncounted texts, cut as the reader does; `{name}` may occur once, at the end or between."""
    return Catalogue(language, {key: message(key, text) for key, text in texts.items()}, 1, "0", lambda _: 0)


def message(key: str, text: str) -> Message:
    parts: list[tuple[str, str | None]] = []
    for piece in text.split("}"):
        literal, _, name = piece.partition("{")
        parts.append((literal, name or None))
    return Message(key, "xx/x.po", (text,), (tuple(parts),), counted=False)


def words(*, text: str, digits: str = "latn") -> Words:
    return Words(
        "xx", "arab" if digits == "arab" else "latn", strict=True, chain=(catalogue("xx", **{"x.text": text}),)
    )
