"""Checks new passwords (after NIST SP 800-63B, 5.1.1: long enough, and not among the common ones)."""

from __future__ import annotations

import unicodedata
from typing import Final

from .errors import Count, Invalid
from .names import name_key

SHORTEST: Final = 10
LONGEST: Final = 200
# Fewer different signs than this are a pattern.
FEWEST_SIGNS: Final = 5
# A shorter sign-in name is a part of too many words.
SHORTEST_WORD: Final = 3
# Signs that must remain once common words, the sign-in name and runs of neighbouring keys are removed.
LEAST_OWN: Final = 6

# Words that attackers try first, in the languages of our keyboards.
_COMMON: Final = (
    *("password", "passwort", "passw0rd", "p@ssw0rd", "kennwort", "parola", "sifre", "welcome", "willkommen"),
    *("letmein", "changeme", "administrator", "admin", "secret", "iloveyou", "monkey", "dragon", "football"),
    *("sunshine", "princess", "master", "qwertz", "queue", "embassy", "hosgeldin", "internet", "computer"),
    *("كلمة السر", "كلمة المرور", "مرحبا", "السفارة", "بسم الله", "الله أكبر", "محمد", "سوريا", "دمشق", "قطر"),
)
# Rows of neighbouring keys; `_run_at` checks them backwards too.
_ROWS: Final = (
    *("1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "yxcvbnm", "azertyuiop", "qsdfghjklm"),
    *("1qaz2wsx3edc4rfv5tgb6yhn7ujm", "abcdefghijklmnopqrstuvwxyz"),
    *("ضصثقفغعهخحجد", "شسيبلاتنمكط", "ئءؤرلاىةوزظ", "ابتثجحخدذرزسشصضطظعغفقكلمنهوي"),
)
_RUN: Final = 4


def check_password(password: str, login: str) -> None:
    """Raises Invalid with "password-short", "password-long" or "password-easy", on the field `password`."""
    password = unicodedata.normalize("NFC", password)
    if len(password) < SHORTEST:
        raise Invalid("password-short", "password", n=Count(SHORTEST))
    if len(password) > LONGEST:
        raise Invalid("password-long", "password", n=Count(LONGEST))
    if not _is_own(password, login):
        raise Invalid("password-easy", "password")


def _is_own(password: str, login: str) -> bool:
    if len(set(password.casefold())) < FEWEST_SIGNS:
        return False
    left = _key(password)
    for word in (*_COMMON, login):
        if len(word) >= SHORTEST_WORD:
            left = left.replace(_key(word), "")
    return len(_without_runs(left)) >= LEAST_OWN


def _key(text: str) -> str:
    """The text with folded letters and without spaces, so that spaces add no length; other signs stay."""
    return "".join(name_key(sign) or sign for sign in text if not sign.isspace())


def _without_runs(text: str) -> str:
    """The text without stretches of four or more neighbouring keys or equal signs."""
    kept, place = [], 0
    while place < len(text):
        length = _run_at(text, place)
        if length < _RUN:
            kept.append(text[place])
            length = 1
        place += length
    return "".join(kept)


def _run_at(text: str, place: int) -> int:
    """The length of the run that begins at `place`."""
    longest = 1
    for row in (*_ROWS, *(row[::-1] for row in _ROWS), text[place] * len(text)):
        length = 1
        while place + length < len(text) and text[place : place + length + 1] in row:
            length += 1
        longest = max(longest, length)
    return longest
