"""Names and contacts as people type them, brought into the one form in which they are stored and compared.

The libraries that read telephone numbers and addresses are loaded when the first one is read, because they take long.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from .errors import Count, Doubtful, Invalid

SHORTEST_NAME: Final = 2
LONGEST_NAME: Final = 100
# What case numbers have besides letters and digits, and names do not: 2026/114, WQ_7, #12.
_IN_REFERENCES: Final = frozenset("/_#")
# Checked before normalising, because composing a letter with thousands of marks takes seconds. The limit leaves room
# for the marks of every letter, and for the longest address of RFC 5321 (254) with spaces around it.
LONGEST_TYPED: Final = 400

# Persian and Urdu names are spelled with these two; every other invisible character is dropped.
_JOINERS: Final = "\u200c\u200d"
# The tatweel only stretches Arabic letters, so it is dropped.
_TATWEEL: Final = "\u0640"
# Unicode classifies these as letters although they are invisible: they fill an empty position in a Hangul syllable.
_FILLERS: Final = frozenset("\u115f\u1160\u3164\uffa0")
_IN_NAMES: Final = frozenset("'’ʼ‘`´·.,،()")


class ContactKind(StrEnum):
    PHONE = "phone"
    EMAIL = "email"


@dataclass(frozen=True, slots=True)
class Contact:
    """A telephone number in E.164 (`+` and digits), or an e-mail address in small letters."""

    kind: ContactKind
    value: str


def read_contact(
    typed: str, country_code: str | None = None, *, phone_only: bool = False, sure: bool = False
) -> Contact:
    """The contact that was typed: an e-mail address where there is an @, else a telephone number.

    Raises Invalid("contact-missing"), Invalid("email-wrong") or Invalid("phone-wrong"), and
    Doubtful("contact-doubtful") for an ambiguous contact, all on the field `contact`. `sure` takes the likeliest
    reading, because the person has been asked already. `country_code` (digits, without +) completes numbers in
    national form. With `phone_only`, for services that call back, an e-mail address or nothing is
    Invalid("phone-needed").
    """
    text = _without_marks(typed, country_code)
    if phone_only and (not text or "@" in text):
        raise Invalid("phone-needed", "contact")
    kind, meant, certain = _read(text, country_code)
    if not (certain or sure):
        raise Doubtful("contact-doubtful", "contact", meant)
    return Contact(kind, meant[0])


def possible_contacts(typed: str, country_codes: Iterable[str | None]) -> frozenset[str]:
    """Every reading of `typed` as a contact in one of these countries, to search the stored contacts with.

    A search uses all readings instead of asking back. Raises Invalid as `read_contact` does if there is none.
    """
    found: set[str] = set()
    wrong: Invalid | None = None
    for country_code in country_codes:
        try:
            found.update(_read(_without_marks(typed, country_code), country_code)[1])
        except Invalid as error:
            wrong = wrong or error
    if not found:
        raise wrong or Invalid("contact-missing", "contact")
    return frozenset(found)


def shown(contact: str) -> str:
    """A stored contact as people read it: a telephone number in the groups of its country."""
    from . import telephones

    return telephones.shown(contact) if contact.startswith("+") and "@" not in contact else contact


def example(country_code: str | None) -> str:
    """A telephone number as an example, in international form (`core.telephones.example`)."""
    from . import telephones

    return telephones.example(country_code)


def read_name(typed: str) -> str:
    """The name that was typed, on one line, without invisible characters: 2 to 100 characters of any script.

    Raises Invalid on the field `name`: name-missing, name-short, name-long (values["limit"]), or
    name-signs for digits and signs that belong to no name.
    """
    if len(typed) > LONGEST_TYPED:
        raise Invalid("name-long", "name", limit=Count(LONGEST_NAME))
    text = unicodedata.normalize("NFC", typed).replace(_TATWEEL, "")
    name = " ".join(_visible(text, keep=_JOINERS).split())
    if not name:
        raise Invalid("name-missing", "name")
    if not all(_belongs_to_name(sign) for sign in name):
        raise Invalid("name-signs", "name")
    if sum(1 for sign in name if unicodedata.category(sign).startswith("L")) < SHORTEST_NAME:
        raise Invalid("name-short", "name")
    if len(name) > LONGEST_NAME:
        raise Invalid("name-long", "name", limit=Count(LONGEST_NAME))
    return name


def read_called(typed: str) -> str:
    """How staff call the person of an appointment: a name, or a case number instead of it, or "" for neither.

    A text with a digit is a case number. Raises Invalid on the field `name`, as `read_name` does.
    """
    if len(typed) > LONGEST_TYPED:
        raise Invalid("name-long", "name", limit=Count(LONGEST_NAME))
    text = " ".join(_visible(unicodedata.normalize("NFC", typed)).split())
    if not text:
        return ""
    if not is_reference(text):
        return read_name(typed)
    if not all(sign.isdigit() or sign in _IN_REFERENCES or _belongs_to_name(sign) for sign in text):
        raise Invalid("reference-signs", "name")
    if len(text) > LONGEST_NAME:
        raise Invalid("name-long", "name", limit=Count(LONGEST_NAME))
    return text


def is_reference(called: str) -> bool:
    """Whether what an appointment is called by is a case number, and not a name."""
    return any(sign.isdigit() for sign in called)


def _read(text: str, country_code: str | None) -> tuple[ContactKind, tuple[str, ...], bool]:
    """The kind of contact, its possible readings, the likeliest first, and whether the first is certain."""
    from . import addresses, telephones

    if not text:
        raise Invalid("contact-missing", "contact")
    if "@" in text:
        meant = addresses.read(text)
        if not meant:
            raise _wrong(text, country_code)
        return ContactKind.EMAIL, meant, len(meant) == 1
    reading = telephones.read(text, country_code)
    if not reading.numbers:
        raise _wrong(text, country_code)
    return ContactKind.PHONE, reading.numbers, reading.certain


def _wrong(text: str, country_code: str | None) -> Invalid:
    if "@" in text:
        return Invalid("email-wrong", "contact")
    return Invalid("phone-wrong", "contact", example=example(country_code))


def _without_marks(typed: str, country_code: str | None) -> str:
    if len(typed) > LONGEST_TYPED:
        raise _wrong(typed, country_code)
    return _visible(unicodedata.normalize("NFKC", typed)).strip()


def _visible(text: str, keep: str = "") -> str:
    """Line breaks and tabs become spaces; other invisible characters, such as direction marks, are removed."""
    spaced = (" " if sign in "\t\n\r\v\f" else sign for sign in text)
    return "".join(sign for sign in spaced if sign in keep or not _is_unseen(sign))


def _is_unseen(sign: str) -> bool:
    return sign in _FILLERS or unicodedata.category(sign) in {"Cc", "Cf"}


def _belongs_to_name(sign: str) -> bool:
    return (
        sign in _IN_NAMES
        or sign in _JOINERS
        or unicodedata.category(sign)[0] in "LMZ"
        or unicodedata.category(sign) == "Pd"
    )
