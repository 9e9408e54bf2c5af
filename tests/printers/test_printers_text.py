"""Shaping, breaking and drawing of lines."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from printers import text
from printers.text import SUBDOTS, Block, Style

ARABIC = Style("Regular", 32, 1.6, "ar", right_to_left=True)
LATIN = Style("Regular", 28, 1.36, "de", right_to_left=False)
TATWEEL = "\u0640"


def glyphs(content: str, style: Style = ARABIC) -> list[int]:
    (line,) = text.typeset(content, style, 5000).lines
    return [glyph.code for glyph in line.glyphs]


def test_a_letter_has_four_joined_forms() -> None:
    (isolated,) = glyphs("ع")
    final, medial, initial = glyphs("ععع")
    assert len({isolated, final, medial, initial}) == 4


def test_the_joined_forms_are_the_right_ones() -> None:
    # Beside a tatweel a letter has only one possible form.
    initial = glyphs("ع" + TATWEEL)[1]
    final = glyphs(TATWEEL + "ع")[0]
    medial = glyphs(TATWEEL + "ع" + TATWEEL)[1]
    assert glyphs("ععع") == [final, medial, initial]


def test_a_letter_that_does_not_join_forward_separates() -> None:
    assert glyphs("دع")[0] == glyphs("ع")[0]
    assert glyphs("لع")[0] != glyphs("ع")[0]


def test_lam_and_alef_take_their_common_shape() -> None:
    alef, lam = glyphs("لا")
    assert alef != glyphs("عا")[0]
    assert lam != glyphs("لم")[1]


def test_vowel_marks_sit_on_their_letter_without_width() -> None:
    plain = text.typeset("ع", ARABIC, 500)
    marked = text.typeset("عَ", ARABIC, 500)
    assert len(marked.lines[0].glyphs) == 2
    assert marked.lines[0].width == plain.lines[0].width


def test_latin_letters_keep_their_order_within_arabic() -> None:
    alone = glyphs("A012")
    shown = glyphs("رقم \u2066A012\u2069")
    start = shown.index(alone[0])
    assert shown[start : start + 4] == alone


def test_brackets_are_mirrored_within_arabic() -> None:
    opening, closing = glyphs("()", LATIN)
    assert [code for code in glyphs("(نعم)") if code in (opening, closing)] == [opening, closing]


def test_turkish_keeps_the_dot_of_its_i() -> None:
    turkish = Style("Regular", 28, 1.36, "tr", right_to_left=False)
    assert len(glyphs("fi", turkish)) == 2
    assert glyphs("ı", turkish) != glyphs("i", turkish)


@pytest.mark.parametrize("face", ["Regular", "Bold"])
def test_the_typeface_covers_the_four_languages(face: text.Face) -> None:
    wanted = "ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىيپچژگ٠١٢٣٤٥٦٧٨٩۰۹،؛؟ًٌٍَُِّْ" + "İığĞşŞçÇöÖüÜâîûßäÄẞ€–—·•…„“”«»’→←№°"
    block = text.typeset(wanted, Style(face, 28, 1.6, "ar", right_to_left=True), 300)
    assert block.missing <= {"№"}


def test_missing_glyphs_are_named() -> None:
    assert text.typeset("رقم 漢 🙂", ARABIC, 500).missing == {"漢", "🙂"}


def test_control_characters_neither_show_nor_pass() -> None:
    assert text.typeset("a\x1bp\x00b\x85", LATIN, 500).missing == frozenset()
    assert glyphs("a\x1bb", LATIN) == glyphs("a b", LATIN)


def test_a_new_line_is_kept() -> None:
    assert len(text.typeset("نعم\nلا", ARABIC, 500).lines) == 2


def test_an_isolate_stays_on_one_line() -> None:
    phone = "\u2066+974 4412 3456\u2069"
    narrow = text.typeset(phone, ARABIC, 5000).width + 10
    block = text.typeset(f"للاستفسار عن المعاملة: {phone}", ARABIC, narrow)
    digits = set(glyphs("+9741234560", LATIN))
    with_digits = [line for line in block.lines if digits & {glyph.code for glyph in line.glyphs}]
    assert len(block.lines) > 1
    assert len(with_digits) == 1


def test_a_dash_does_not_begin_a_line() -> None:
    (dash,) = glyphs("–", LATIN)
    for width in range(150, 500, 10):
        block = text.typeset("Suriye – Gaziantep – Antep", LATIN, width)
        assert all(line.glyphs[0].code != dash for line in block.lines)


def test_balanced_lines_are_no_more_and_about_equally_long() -> None:
    heading = "سفارة الجمهورية العربية السورية في الدوحة"
    loose = text.typeset(heading, ARABIC, 420)
    balanced = text.typeset(heading, ARABIC, 420, balance=True)
    assert len(loose.lines) == len(balanced.lines) == 2
    assert spread(balanced) < spread(loose)


def test_a_long_word_becomes_smaller_before_it_is_cut() -> None:
    word = "Aufenthaltsangelegenheiten"
    fits = text.typeset(word, LATIN, 5000).width
    smaller = text.typeset(word, LATIN, round(fits * 0.8))
    assert len(smaller.lines) == 1
    assert smaller.style.size < LATIN.size
    cut = text.typeset(word, LATIN, round(fits * 0.3))
    assert len(cut.lines) > 1
    assert sum(len(line.glyphs) for line in cut.lines) == len(word)


words = st.text("ابتثجحدرسشصعفقكلمنهوي ABCdefß–-()0123456789:٠١٢،.", min_size=1, max_size=80)


@settings(max_examples=80, deadline=None)
@given(words, st.integers(60, 560), st.booleans(), st.booleans())
def test_no_line_is_wider_than_the_paper_and_nothing_is_left_out(
    content: str, width: int, balance: bool, arabic: bool
) -> None:
    style = ARABIC if arabic else LATIN
    block = text.typeset(content, style, width, balance=balance)
    assert all(line.width <= width * SUBDOTS for line in block.lines)
    spaces = {glyphs("a a", style)[1]}
    if content.isascii():  # Arabic letters change shape at a cut, so glyphs are counted for Latin only
        drawn = sum(glyph.code not in spaces for line in block.lines for glyph in line.glyphs)
        assert drawn == len(content.replace(" ", ""))


def test_arabic_starts_at_the_right_and_latin_at_the_left() -> None:
    right, _ = text.draw(text.typeset("نعم", ARABIC, 400), 400, "start")
    left, _ = text.draw(text.typeset("ja", LATIN, 400), 400, "start")
    right_box, left_box = right.getbbox(), left.getbbox()
    assert right_box is not None
    assert left_box is not None
    assert right_box[0] > 300
    assert left_box[2] < 100


def test_an_empty_text_is_an_empty_line() -> None:
    image, _ = text.draw(text.typeset("", ARABIC, 400), 400, "centre")
    assert image.width == 400
    assert image.getbbox() is None


@pytest.mark.parametrize("code", ["A012", "KW-1204", "012-A", "أ-012", "WWWWWWWWWWWW"])
def test_a_code_fits_and_reads_from_left_to_right(code: str) -> None:
    image, missing = text.draw_code(code, 212, 560)
    assert missing == frozenset()
    assert image.width <= 560
    assert image.height > 20


def test_a_code_is_not_reordered() -> None:
    forward, _ = text.draw_code("012-A", 200, 560)
    backward, _ = text.draw_code("A-012", 200, 560)
    assert forward.tobytes() != backward.tobytes()


def test_the_typefaces_are_the_ones_described() -> None:
    fonts = text.FONTS
    described = (fonts / "FONTS.md").read_text("utf-8")
    files = sorted(Path(fonts).glob("*.ttf"))
    assert [file.stem for file in files] == ["NotoSansSlip-Bold", "NotoSansSlip-Code", "NotoSansSlip-Regular"]
    for file in files:
        assert f"| `{hashlib.sha256(file.read_bytes()).hexdigest()}` |" in described
    assert "SIL OPEN FONT LICENSE Version 1.1" in (fonts / "OFL.txt").read_text("utf-8")


def spread(block: Block) -> int:
    widths = [line.width for line in block.lines]
    return max(widths) - min(widths)
