"""Booking codes: random, read by people, typed with mistakes."""

from __future__ import annotations

import random
from itertools import combinations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from queue_system.core.bookings import ALPHABET, CODE_LENGTH, new_code, read_code, spaced_code
from queue_system.core.errors import Invalid

CODES = st.integers(0, 2**32).map(lambda seed: new_code(random.Random(seed)))
PLACES = st.integers(0, CODE_LENGTH - 1)


def test_the_alphabet_spells_no_words_and_has_no_two_signs_alike() -> None:
    assert not set(ALPHABET) & set("AEIOUY")
    for alike in ("0O", "1IL", "2Z", "5S", "8B", "6G", "UV"):
        assert len(set(ALPHABET) & set(alike)) <= 1, alike
    size = len(ALPHABET)
    assert len(set(ALPHABET)) == size
    assert all(size % divisor for divisor in range(2, size)), "the check needs a prime"


@given(CODES)
def test_a_new_code_is_read_back(code: str) -> None:
    assert len(code) == CODE_LENGTH
    assert read_code(code) == code
    assert read_code(spaced_code(code)) == code
    assert read_code(f" {code[:4].lower()}-{code[4:].lower()} \u200f") == code


def test_codes_do_not_repeat_soon_and_use_the_whole_alphabet() -> None:
    source = random.Random(7)
    codes = {new_code(source) for _ in range(2000)}
    assert len(codes) == 2000
    for place in range(CODE_LENGTH):
        assert {code[place] for code in codes} == set(ALPHABET)


@given(CODES, PLACES, st.sampled_from(ALPHABET))
def test_one_wrong_sign_is_noticed(code: str, place: int, sign: str) -> None:
    assume(code[place] != sign)
    with pytest.raises(Invalid):
        read_code(code[:place] + sign + code[place + 1 :])


@given(CODES)
def test_two_signs_that_changed_places_are_noticed(code: str) -> None:
    for first, second in combinations(range(CODE_LENGTH), 2):
        if code[first] != code[second]:
            signs = list(code)
            signs[first], signs[second] = signs[second], signs[first]
            with pytest.raises(Invalid):
                read_code("".join(signs))


@given(CODES)
def test_digits_may_be_arabic_or_persian_and_look_alikes_are_put_right(code: str) -> None:
    for script in ("٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹"):
        assert read_code(code.translate(str.maketrans("0123456789", script))) == code
    assert read_code(code.translate(str.maketrans("8526V", "BSZGU"))) == code


@pytest.mark.parametrize(
    "typed", ["K7D4", "K7D49MWTX", "0OI1L000", "كلمة", "ＫＫ", "²²²²²²²²²", "a" + "\u0301\u0323" * 15_500]
)
def test_what_cannot_be_a_code_is_refused(typed: str) -> None:
    with pytest.raises(Invalid) as refusal:
        read_code(typed)
    assert (refusal.value.code, refusal.value.field) == ("code-wrong", "code")


@pytest.mark.parametrize("typed", ["", "   ", " - ", "\x00" * 8])
def test_nothing_is_a_code_that_is_missing(typed: str) -> None:
    with pytest.raises(Invalid) as refusal:
        read_code(typed)
    assert (refusal.value.code, refusal.value.field) == ("code-missing", "code")


@given(st.text(max_size=30))
def test_whatever_is_typed_is_read_or_refused(typed: str) -> None:
    try:
        code = read_code(typed)
    except Invalid:
        return
    assert set(code) <= set(ALPHABET)
    assert len(code) == CODE_LENGTH
