"""Telephone numbers as people type them, read with the numbering plans of the world (ITU-T E.164).

The plans come from libphonenumber, in its pure Python version; it uses neither network nor files of ours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType, ValidationResult

# The trunk zero in brackets, which is dialled inside the country only, as letterheads print it: +49 (0)30.
_ZERO_OF_HOME: Final = re.compile(r"(?<=\d)\s*[(\[]\s*0\s*[)\]]")
_PUNCTUATION: Final = re.compile(r"[\s()\[\].\-/‐‑‒–—]+")
_DIGITS: Final = re.compile(r"\+?[0-9]{5,20}")
# A number outside the plans may be newly assigned, but with fewer digits, country code included, it cannot be one.
_FEWEST_DIGITS: Final = 8
_FEWEST_FOR_TEXTS, _MOST_FOR_TEXTS = 10, 14
_COSTLY: Final = frozenset({PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST})
_MOBILE: Final = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})
# The country of the example where the organisation names none: Syria.
_NO_COUNTRY: Final = "963"


@dataclass(frozen=True, slots=True)
class Reading:
    """The numbers, in E.164, that typed digits can mean, the likeliest first. `certain`: the person need not be asked."""

    numbers: tuple[str, ...]
    certain: bool


def takes_texts(number: str) -> bool:
    """Whether text messages can reach a number in E.164: not a landline, nor one of no plan that says which it is.

    Apprise drops numbers of fewer digits than most countries have, and some gateways then write to their own sender.
    """
    if not _FEWEST_FOR_TEXTS <= len(number) - 1 <= _MOST_FOR_TEXTS:
        return False
    try:
        return phonenumbers.number_type(phonenumbers.parse(number)) in _MOBILE
    except phonenumbers.NumberParseException:
        return False


def read(typed: str, country_code: str | None) -> Reading:
    """The numbers that `typed` can mean; `country_code` (digits, without +) completes one in national form.

    Digits with + or 00 have one reading. Others are a number of this country (with or without its code or its trunk
    zero) or a number of another country without its +. If both fit, or only the second, or the number is in no plan,
    the person has to be asked.
    """
    digits = _PUNCTUATION.sub("", _ZERO_OF_HOME.sub("", "".join(_plain_digit(sign) for sign in typed)))
    if _DIGITS.fullmatch(digits) is None:
        return Reading((), certain=False)
    if digits.startswith(("+", "00")):
        return _reading(_parsed("+" + digits.lstrip("+").removeprefix("00"), None))
    at_home = _parsed(digits, _region(country_code)) if country_code else None
    abroad = None if digits.startswith("0") else _parsed("+" + digits, None)
    if at_home is None or not _is_valid(at_home):
        if abroad is not None and _is_valid(abroad):
            return Reading((_e164(abroad),), certain=False)
        return _reading(at_home)
    # Landlines are written with the trunk zero, so a number without it may be a foreign one.
    if abroad is None or not _is_valid(abroad) or phonenumbers.number_type(at_home) in _MOBILE:
        return _reading(at_home)
    if abroad.country_code == at_home.country_code:
        return _reading(abroad)
    return Reading((_e164(at_home), _e164(abroad)), certain=False)


def shown(number: str) -> str:
    """A number in E.164 in the groups in which its country writes it, with the country code: `+974 5512 3456`.

    The spaces are non-breaking, because the groups of a number would change places in an Arabic line.
    """
    return _international(phonenumbers.parse(number))


def example(country_code: str | None) -> str:
    """An unassigned mobile number of that country, in international form."""
    for code in (country_code, _NO_COUNTRY):
        found = phonenumbers.example_number_for_type(_region(code), PhoneNumberType.MOBILE) if code else None
        if found is not None:
            return _international(found)
    raise AssertionError("libphonenumber has an example for every country")


def _reading(number: PhoneNumber | None) -> Reading:
    if number is None or phonenumbers.number_type(number) in _COSTLY:
        return Reading((), certain=False)
    if _is_valid(number):
        return Reading((_e164(number),), certain=True)
    possible = phonenumbers.is_possible_number_with_reason(number) == ValidationResult.IS_POSSIBLE
    if possible and len(_e164(number)) > _FEWEST_DIGITS:
        return Reading((_e164(number),), certain=False)
    return Reading((), certain=False)


def _parsed(digits: str, region: str | None) -> PhoneNumber | None:
    try:
        found = phonenumbers.parse(digits, region)
    except phonenumbers.NumberParseException:
        return None
    if not _is_valid(found):
        # +974 0 5512 3456: the country has no trunk zero, or the zero was typed after the country code.
        bare = PhoneNumber(country_code=found.country_code, national_number=found.national_number)
        return bare if _is_valid(bare) else found
    return found


def _region(country_code: str) -> str:
    """The main country of a calling code: several countries share +1 and +7."""
    return phonenumbers.region_code_for_country_code(int(country_code))


def _is_valid(number: PhoneNumber) -> bool:
    return phonenumbers.is_valid_number(number)


def _international(number: PhoneNumber) -> str:
    return phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL).replace(" ", "\u00a0")


def _e164(number: PhoneNumber) -> str:
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def _plain_digit(sign: str) -> str:
    return str(int(sign)) if sign.isdecimal() else sign
