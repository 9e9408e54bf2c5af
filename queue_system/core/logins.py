"""Sign-in names, as they are stored and as they are recognised."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from typing import Final

from .errors import Count, Invalid
from .names import same_letters

# Which letter each key of a Latin keyboard writes while Arabic (101) is switched on, as on most keyboards of the
# region: the one who types sees a name that looks wrong, and thinks the password was.
_ARABIC_KEYS: Final = str.maketrans(
    dict(zip("qwertyuiop[]asdfghjkl;'zxcvnm,./`", "ضصثقفغعهخحجدشسيبلاتنمكطئءؤرىةوزظذ", strict=True)) | {"b": "لا"}
)
# How German names are written where the keyboard has no umlauts.
_WITHOUT_UMLAUTS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})


# Measured before anything looks at it: composing a letter with thousands of marks takes seconds.
LONGEST_TYPED: Final = 200
LONGEST_LOGIN: Final = 64
LONGEST_NAME: Final = 100


def check_login(login: str) -> None:
    """Raises Invalid("login-wrong") for what nobody could sign in with, or no terminal could show: nothing to read,
    more than LONGEST_LOGIN signs, line ends and other control signs.
    """
    if not _can_be_shown(login, LONGEST_LOGIN) or not login_key(login):
        raise Invalid("login-wrong", "login", n=Count(LONGEST_LOGIN))


def check_name(name: str) -> None:
    """The same of the name that colleagues read, with LONGEST_NAME; raises Invalid("staff-name-wrong")."""
    if not _can_be_shown(name, LONGEST_NAME):
        raise Invalid("staff-name-wrong", "name", n=Count(LONGEST_NAME))


def login_key(typed: str) -> str:
    """A sign-in name as it is stored: without capitals, the width of letters (NFKC), space around it, and marks that
    nobody sees (direction, zero width), which a name brings along when it is pasted from an Arabic message. What is
    longer than LONGEST_TYPED is cut off there: nobody's name is.
    """
    folded = unicodedata.normalize("NFKC", typed[:LONGEST_TYPED]).casefold()
    return "".join(letter for letter in folded if unicodedata.category(letter) != "Cf").strip()


def find_login(typed: str, logins: Collection[str]) -> str | None:
    """Which of the stored names was meant: the very one, else the only one that another keyboard would write so.

    Accents, vowel signs, hamza, dotless i and umlauts do not matter, nor which digits, nor whether the keyboard was
    switched to Arabic or from it. Where that fits several people, none of them is meant.
    """
    exact = login_key(typed)
    if exact in logins:
        return exact
    keys = _keys(exact)
    found = [login for login in logins if keys & _keys(login)]
    return found[0] if len(found) == 1 else None


def _keys(login: str) -> frozenset[str]:
    return frozenset(
        {same_letters(login), same_letters(login.translate(_WITHOUT_UMLAUTS)), login.translate(_ARABIC_KEYS)}
    )


def _can_be_shown(text: str, longest: int) -> bool:
    """Whether somebody can read it: a letter or digit, and no sign that ends a line or steers a terminal."""
    kinds = [unicodedata.category(sign) for sign in text[: longest + 1]]
    unseen = ("Cc", "Cs", "Co", "Cn", "Zl", "Zp")
    return (
        len(kinds) <= longest and any(kind[0] in "LN" for kind in kinds) and not any(kind in unseen for kind in kinds)
    )
