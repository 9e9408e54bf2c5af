"""Accepted passwords: sentences of any language, but no common password."""

from __future__ import annotations

import pytest

from queue_system.core.errors import Invalid
from queue_system.core.passphrases import LONGEST, check_password


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery",
        "long enough",
        "قهوة الصباح في الشام",
        "Regenbogen über Köln",
        "çay iki şeker",
        "K7d$9mWt!pQ2",
        "مفتاح١٩٧٣ الأزرق",
        " with spaces ",
        "x" * 50 + "قمر في السماء" + "y" * (LONGEST - 63),
    ],
)
def test_a_sentence_is_a_good_password(password: str) -> None:
    check_password(password, "layla")


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("", "password-short"),
        ("K7d$9mWt!", "password-short"),
        ("a" + "b c d" * 40, "password-long"),
        ("aaaaaaaaaaaa", "password-easy"),
        ("abababababab", "password-easy"),
        ("1234567890", "password-easy"),
        ("12345678901234567890", "password-easy"),
        ("9876543210", "password-easy"),
        ("qwertyuiop", "password-easy"),
        ("qwerty123456", "password-easy"),
        ("asdfghjkl1", "password-easy"),
        ("1qaz2wsx3edc", "password-easy"),
        ("ضصثقفغعهخح", "password-easy"),
        ("شسيبلاتنمك", "password-easy"),
        ("password123", "password-easy"),
        ("Passwort2026", "password-easy"),
        ("P@ssw0rd2026", "password-easy"),
        ("كلمة السر ١٢٣", "password-easy"),
        ("administrator", "password-easy"),
        ("layla-layla", "password-easy"),
        ("LAYLA2026!", "password-easy"),
        ("embassy2026", "password-easy"),
    ],
)
def test_what_is_tried_first_is_not(password: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_password(password, "layla")
    assert (refused.value.code, refused.value.field) == (code, "password")
