"""The number under which another office keeps a request, such as that of an application, as people type it."""

from __future__ import annotations

import unicodedata
from typing import Final

from .errors import Count, Invalid

FIELD: Final = "issued_number"
LONGEST_NUMBER: Final = 40
# Checked before normalising; the limit leaves room for spaces between the signs.
LONGEST_TYPED: Final = 200
# What such numbers have besides letters and digits: 2026/114, A-7.2, #12, WQ_7.
_SIGNS: Final = frozenset("/-._#")
# What people put between digits so that they can be read; it belongs to no number of digits alone.
_BETWEEN_DIGITS: Final = frozenset(" -./")


def read_issued(typed: str, *, digits_only: bool = False, length: int | None = None) -> str:
    """The number that was typed, its digits as 0–9, at most 40 signs; "" for none.

    With `digits_only` spaces and dashes are left out. `length` is how many letters and digits it has, None for any.
    Raises Invalid on the field `issued_number`: issued-long (values["limit"]), issued-signs for signs that belong to no such
    number, issued-digits for other signs than digits, issued-length (values["count"]).
    """
    if len(typed) > LONGEST_TYPED:
        raise Invalid("issued-long", FIELD, limit=Count(LONGEST_NUMBER))
    plain = "".join(_plain(sign) for sign in unicodedata.normalize("NFKC", typed))
    number = " ".join(plain.split())
    if digits_only:
        number = "".join(sign for sign in number if sign not in _BETWEEN_DIGITS)
        if not all(sign.isdigit() for sign in number):
            raise Invalid("issued-digits", FIELD)
    if not all(sign.isalnum() or sign == " " or sign in _SIGNS for sign in number):
        raise Invalid("issued-signs", FIELD)
    if len(number) > LONGEST_NUMBER:
        raise Invalid("issued-long", FIELD, limit=Count(LONGEST_NUMBER))
    if number and length is not None and sum(sign.isalnum() for sign in number) != length:
        raise Invalid("issued-length", FIELD, count=Count(length))
    return number


def _plain(sign: str) -> str:
    """A digit of any script as 0–9, a dash as "-", any space as one, nothing for what cannot be seen."""
    if sign.isdigit():
        return str(unicodedata.digit(sign))
    kind = unicodedata.category(sign)
    if kind == "Pd":
        return "-"
    if kind.startswith("Z") or sign in "\t\r\n":
        return " "
    return "" if kind.startswith("C") else sign
