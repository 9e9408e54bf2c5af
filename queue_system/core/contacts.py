"""Names and contacts as people type them, brought into the one form in which they are stored and compared."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from .errors import Invalid

SHORTEST_NAME: Final = 2
LONGEST_NAME: Final = 80

# E.164: at most 15 digits with the country's. Fewer than 7 after a country code is nobody's telephone.
_INTERNATIONAL: Final = re.compile(r"\+[1-9][0-9]{7,14}")
_PUNCTUATION: Final = re.compile(r"[\s().\-/]+")
# The characters of an atom in RFC 5322, dots between them; quoted local parts are legal, and nobody has one.
_LOCAL: Final = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_LONGEST_LOCAL: Final = 64
_LONGEST_ADDRESS: Final = 254

# Persian and Urdu names are spelled with these two; every other invisible character is dropped.
_JOINERS: Final = "\u200c\u200d"
_IN_NAMES: Final = frozenset("'’ʼ‘`´·.,()")


class ContactKind(StrEnum):
    PHONE = "phone"
    EMAIL = "email"


@dataclass(frozen=True, slots=True)
class Contact:
    """A telephone number as `+` and digits, or an e-mail address in small letters."""

    kind: ContactKind
    value: str


def read_contact(typed: str, country_code: str | None = None, *, phone_only: bool = False) -> Contact:
    """The contact that was typed: an e-mail address where there is an @, else a telephone number.

    Raises Invalid("contact-missing"), Invalid("email-wrong") or Invalid("phone-wrong"), all on the field
    `contact`. `country_code` (digits, without +) completes numbers that are written as at home. With `phone_only`,
    because somebody is going to call, an e-mail address or nothing is Invalid("phone-needed").
    """
    text = _visible(unicodedata.normalize("NFKC", typed)).strip()
    if phone_only and (not text or "@" in text):
        raise Invalid("phone-needed", "contact")
    if not text:
        raise Invalid("contact-missing", "contact")
    if "@" in text:
        return Contact(ContactKind.EMAIL, _email(text))
    return Contact(ContactKind.PHONE, _phone(text, country_code))


def read_name(typed: str) -> str:
    """The name that was typed, on one line, without invisible characters: 2 to 80 characters of any script.

    Raises Invalid on the field `name`: name-missing, name-short, name-long (values["limit"]), or
    name-signs for digits and signs that belong to no name.
    """
    name = " ".join(_visible(unicodedata.normalize("NFC", typed), keep=_JOINERS).split())
    if not name:
        raise Invalid("name-missing", "name")
    if not all(_belongs_to_name(sign) for sign in name):
        raise Invalid("name-signs", "name")
    if sum(1 for sign in name if unicodedata.category(sign).startswith("L")) < SHORTEST_NAME:
        raise Invalid("name-short", "name")
    if len(name) > LONGEST_NAME:
        raise Invalid("name-long", "name", limit=LONGEST_NAME)
    return name


def _email(text: str) -> str:
    address = text.lower()
    local, _, domain = address.rpartition("@")
    labels = domain.split(".")
    good = (
        len(address) <= _LONGEST_ADDRESS
        and len(local) <= _LONGEST_LOCAL
        and _LOCAL.fullmatch(local) is not None
        and len(labels) > 1
        and all(_LABEL.fullmatch(label) for label in labels)
        and not labels[-1].isdigit()
    )
    if not good:
        raise Invalid("email-wrong", "contact")
    return address


def _phone(text: str, country_code: str | None) -> str:
    compact = _PUNCTUATION.sub("", "".join(_plain_digit(sign) for sign in text))
    if compact.startswith("00"):
        number = "+" + compact[2:]
    elif compact.startswith("+") or country_code is None:
        number = compact
    else:
        # The 0 that is dialled at home before an area code is not part of the international number.
        number = f"+{country_code}{compact.removeprefix('0')}"
    if _INTERNATIONAL.fullmatch(number) is None:
        raise Invalid("phone-wrong", "contact")
    return number


def _plain_digit(sign: str) -> str:
    return str(unicodedata.digit(sign)) if sign.isdigit() else sign


def _visible(text: str, keep: str = "") -> str:
    """Line breaks and tabs become spaces; other control and format characters go, with the directions they carry."""
    spaced = (" " if sign in "\t\n\r\v\f" else sign for sign in text)
    return "".join(sign for sign in spaced if sign in keep or unicodedata.category(sign) not in {"Cc", "Cf"})


def _belongs_to_name(sign: str) -> bool:
    return (
        sign in _IN_NAMES
        or sign in _JOINERS
        or unicodedata.category(sign)[0] in "LMZ"
        or unicodedata.category(sign) == "Pd"
    )
