"""Sign-in names are recognised on any keyboard, and never taken for those of other people."""

from __future__ import annotations

import time

import pytest

from queue_system.core.logins import find_login, login_key

PEOPLE = ("layla", "omar", "فاطمة", "ilker", "müller", "groß", "sami1", "rania.h", "بسام", "habib")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("layla", "layla"),
        (" LAYLA ", "layla"),
        ("\u200fｌａｙｌａ", "layla"),
        # The keyboard was switched to Arabic by mistake, or from it; the key b types two letters, as g and h do
        # together.
        ("مشغمش", "layla"),
        ("خةشق", "omar"),
        ("اشلاهلا", "habib"),
        ("قشىهشزا", "rania.h"),
        ("fshl", "بسام"),
        # Vowel signs, hamza, taa marbuta.
        ("فَاطِمَة", "فاطمة"),
        ("فاطمه", "فاطمة"),
        # Turkish keyboards: the capital of i is İ, that of ı is I.
        ("İLKER", "ilker"),
        ("ılker", "ilker"),
        ("ILKER", "ilker"),
        # German keyboards, and those without umlauts.
        ("MÜLLER", "müller"),
        ("mu\u0308ller", "müller"),
        ("mueller", "müller"),
        ("muller", "müller"),
        ("GROSS", "groß"),
        # Arabic digits.
        ("sami١", "sami1"),
        ("sami۱", "sami1"),
    ],
)
def test_a_name_is_known_on_every_keyboard(typed: str, meant: str) -> None:
    assert find_login(typed, [login_key(person) for person in PEOPLE]) == login_key(meant)


@pytest.mark.parametrize("typed", ["", "nobody", "lay la", "layl", "raniah", "ة"])
def test_what_is_nobody_s_name_is_nobody_s(typed: str) -> None:
    assert find_login(typed, PEOPLE) is None


def test_a_text_without_end_is_cut_before_it_is_put_in_order() -> None:
    began = time.process_time()
    assert find_login("a" + "\u0301\u0323" * 15_500, PEOPLE) is None
    assert time.process_time() - began < 0.5


def test_what_fits_two_people_means_neither_unless_it_is_exact() -> None:
    people = ("jose", "josé")
    assert find_login("JOSÉ", people) == "josé"
    assert find_login("jose", people) == "jose"
    assert find_login("jòse", people) is None
