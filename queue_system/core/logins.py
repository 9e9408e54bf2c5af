"""Sign-in names: their stored form, and matching a typed name with the stored ones."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from typing import Final

from .errors import Count, Invalid
from .names import same_letters

# The letter that each Latin key types in the layout Arabic (101), the usual one of the region: people forget to switch
# the layout, and then blame the password for the failed sign-in.
_ARABIC_KEYS: Final = str.maketrans(
    dict(zip("qwertyuiop[]asdfghjkl;'zxcvnm,./`", "ضصثقفغعهخحجدشسيبلاتنمكطئءؤرىةوزظذ", strict=True)) | {"b": "لا"}
)
# The spelling of German names on keyboards without umlauts.
_WITHOUT_UMLAUTS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})

# Checked before normalising, because composing a letter with thousands of marks takes seconds.
LONGEST_TYPED: Final = 200
LONGEST_LOGIN: Final = 64
LONGEST_NAME: Final = 100

#: Stored in place of a password's hash for people who sign in at the provider alone; no password has this hash.
AT_THE_PROVIDER: Final = "provider"
#: Stored in place of the hash of a password that was taken away; its person has joined, and cannot sign in.
FORGOTTEN: Final = "-"


def check_login(login: str) -> None:
    """Raises Invalid("login-wrong") for a name without letters and digits, longer than LONGEST_LOGIN, or with line
    ends or other control characters, which a terminal cannot show.
    """
    if not _can_be_shown(login, LONGEST_LOGIN) or not login_key(login):
        raise Invalid("login-wrong", "login", n=Count(LONGEST_LOGIN))


def check_name(name: str) -> None:
    """Checks the name that colleagues read likewise, up to LONGEST_NAME; raises Invalid("staff-name-wrong")."""
    if not _can_be_shown(name, LONGEST_NAME):
        raise Invalid("staff-name-wrong", "name", n=Count(LONGEST_NAME))


def login_key(typed: str) -> str:
    """A sign-in name in its stored form: small letters of normal width (NFKC), without surrounding spaces and without
    invisible marks (direction, zero width), which come along when a name is pasted from an Arabic message. It is cut
    at LONGEST_TYPED, which is longer than any stored name.
    """
    folded = unicodedata.normalize("NFKC", typed[:LONGEST_TYPED]).casefold()
    return "".join(letter for letter in folded if unicodedata.category(letter) != "Cf").strip()


def find_login(typed: str, logins: Collection[str]) -> str | None:
    """The stored name that was meant: the exact match, else the only one that differs by spelling or keyboard alone.

    Accents, vowel signs, hamza, dotless i, umlauts, the kind of digits and the keyboard layout (Arabic or Latin) are
    ignored. None where several names match.
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
    """Whether the text has a letter or digit, and only characters that neither end a line nor control a terminal."""
    kinds = [unicodedata.category(sign) for sign in text[: longest + 1]]
    unseen = ("Cc", "Cs", "Co", "Cn", "Zl", "Zp")
    return (
        len(kinds) <= longest and any(kind[0] in "LN" for kind in kinds) and not any(kind in unseen for kind in kinds)
    )
