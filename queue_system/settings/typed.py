"""What a typed text means: numbers, times, days, words. A file and a form share these readers; each raises Faulty."""

from __future__ import annotations

import ipaddress
import math
import re
import unicodedata
import zoneinfo
from collections.abc import Callable, Collection, Mapping
from datetime import date, time
from enum import Enum
from functools import cache
from typing import Any, Final, Literal, get_args, get_origin
from urllib.parse import urlsplit

from ..core.errors import Invalid, Language
from ..core.printers import read_path
from .declared import REQUIRED_LANGUAGES, Between, Form, Kind, Ref, find
from .faults import Fault, number, wrong

#: From a text to a value.
Meaning = Callable[[str], Any]
#: The names that a reference may use, by the kind of thing.
Scope = Mapping[str, Collection[str]]

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

#: Limits of a number that declares none.
_ANY_NUMBER: Final = Between(-(10**15), 10**15)
_SLUG: Final = re.compile(r"[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*")
_TIME: Final = re.compile(r"(\d\d?):(\d\d)(?::00)?")
_DAY: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_AMOUNT: Final = re.compile(r"\d{1,9}(\.\d{1,3})?", re.ASCII)
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")
# Joiners shape letters. Every other invisible format character could change the direction of Arabic text.
_JOINERS: Final = "\u200c\u200d"


def meaning_of(annotation: Any, marks: Collection[Any], scope: Scope) -> Meaning | None:
    """How to read a single text with this bare type and these marks; None for a group of texts."""
    if (form := find(marks, Form)) is not None:
        return _FORMS.get(form)
    if (ref := find(marks, Ref)) is not None:
        return among(scope[ref.kind])
    if annotation in _PLAIN:
        return _PLAIN[annotation]
    if annotation in (int, float):
        limits = find(marks, Between) or _ANY_NUMBER
        return decimal(limits.low, limits.high) if annotation is float else whole(int(limits.low), int(limits.high))
    if annotation is str and find(marks, Kind) is None:
        return text
    if (
        annotation is str
        or get_origin(annotation) is Literal
        or (isinstance(annotation, type) and issubclass(annotation, Enum))
    ):
        meant = words_of(annotation, marks)
        return lambda typed: meant[among(meant)(typed)]
    return None


def words_of(annotation: Any, marks: Collection[Any]) -> dict[str, Any]:
    """The words that may be written for a value, with the value that each stands for."""
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return {str(member.value): member for member in annotation}
    kind = find(marks, Kind)
    return {str(word): word for word in (kind.written if kind and kind.written else get_args(annotation))}


def text(typed: str) -> str:
    """A text that is not empty and has no control or direction characters."""
    found = typed.strip()
    if not found:
        raise wrong("setting-missing")
    for character in found:
        if unicodedata.category(character) in ("Cc", "Cf", "Co", "Cs") and character not in _JOINERS:
            raise wrong("setting-invisible", sign=f"U+{ord(character):04X}")
    return found


def names_fault(found: Mapping[str, str]) -> Fault | None:
    """What is wrong with a text by language: ar and en are needed, and all must have the same {placeholders}."""
    for language in REQUIRED_LANGUAGES:
        if language not in found:
            return Fault("setting-language-missing", language, {"language": Language(language)})
    wanted = set(_PLACEHOLDER.findall(found["ar"]))
    for language, words in found.items():
        for name in sorted(wanted ^ set(_PLACEHOLDER.findall(words))):
            return Fault("setting-placeholder", language, {"name": f"{{{name}}}", "language": Language(language)})
    return None


def flag(typed: str) -> bool:
    """yes or no."""
    if typed not in ("yes", "no"):
        raise wrong("setting-flag", text=typed)
    return typed == "yes"


#: In digits; no whole number of the settings needs as many.
LONGEST_NUMBER: Final = 18


def whole(low: int, high: int) -> Meaning:
    """A whole number from `low` to `high`, in any decimal digits."""

    def read(typed: str) -> int:
        if not typed.isdecimal():
            raise wrong("setting-whole" if typed else "setting-missing", **({"text": typed} if typed else {}))
        # Python refuses to read thousands of digits, so they are out of range before they are read.
        if len(typed) > LONGEST_NUMBER or not low <= int(typed) <= high:
            raise wrong("setting-range", low=number(low), high=number(high), text=typed)
        return int(typed)

    return read


def decimal(low: float, high: float) -> Meaning:
    """A number from `low` to `high`, with a decimal point or without."""

    def read(typed: str) -> float:
        if not typed:
            raise wrong("setting-missing")
        try:
            found = float(typed.replace("٫", "."))
        except ValueError:
            raise wrong("setting-number", text=typed) from None
        if not math.isfinite(found) or not low <= found <= high:
            raise wrong("setting-range", low=number(low), high=number(high), text=typed)
        return found

    return read


def clock_time(typed: str) -> time:
    """A wall time HH:MM, 00:00 to 23:59."""
    match = _TIME.fullmatch(typed)
    if match is None or int(match[1]) > 23 or int(match[2]) > 59:
        raise wrong("setting-time", text=typed)
    return time(int(match[1]), int(match[2]))


def day(typed: str) -> date:
    """A date YYYY-MM-DD of the Gregorian calendar."""
    match = _DAY.fullmatch(typed)
    if match is None:
        raise wrong("setting-date", text=typed)
    try:
        return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        raise wrong("setting-no-day", text=typed) from None


def weekday(typed: str) -> int:
    """mon to sun, as 0 to 6."""
    return WEEKDAYS.index(among(WEEKDAYS)(typed))


def week_moment(typed: str) -> str:
    """A moment of every week, "sun 09:00", kept as it is written."""
    name, _, clock = typed.partition(" ")
    match = _TIME.fullmatch(clock)
    if name not in WEEKDAYS or match is None or int(match[1]) > 23 or int(match[2]) > 59:
        raise wrong("setting-week-moment", text=typed)
    return f"{name} {int(match[1]):02}:{match[2]}"


def time_zone(typed: str) -> str:
    """A name of the IANA time zone database."""
    if typed not in time_zones():
        raise wrong("setting-time-zone", text=typed) if typed else wrong("setting-missing")
    return typed


@cache
def time_zones() -> frozenset[str]:
    """All names that `time_zone` knows."""
    return frozenset(zoneinfo.available_timezones())


def among(options: Collection[str]) -> Meaning:
    """One of a few words or names."""

    def read(typed: str) -> str:
        if typed not in options:
            raise wrong("setting-unknown", word=typed) if typed else wrong("setting-missing")
        return typed

    return read


def slug(typed: str) -> str:
    """A name that programs use: small Latin letters and digits, joined by - or _."""
    if not _SLUG.fullmatch(typed):
        raise wrong("setting-slug")
    return typed


def phone(typed: str) -> str:
    """A telephone number as people write it: digits, spaces and +."""
    found = text(typed)
    if not all(character.isdecimal() or character in "+ " for character in found):
        raise wrong("setting-phone", text=found)
    return found


def email(typed: str) -> str:
    """An e-mail address."""
    found = text(typed)
    # Imported here, because the library takes long to load and few people type an address.
    from email_validator import EmailNotValidError, validate_email

    try:
        return validate_email(found, check_deliverability=False).normalized
    except EmailNotValidError:
        raise wrong("setting-email", text=found) from None


def url(typed: str) -> str:
    """An address that begins with https://."""
    found = text(typed)
    if not found.startswith("https://") or " " in found or not urlsplit(found).hostname:
        raise wrong("setting-url", text=found)
    return found


def amount(typed: str) -> str:
    """An amount of money, kept as text, because binary fractions cannot hold it exactly."""
    found = text(typed)
    if not _AMOUNT.fullmatch(found):
        raise wrong("setting-amount", text=found)
    return found


def currency(typed: str) -> str:
    """Three letters of ISO 4217."""
    found = text(typed)
    if not _CURRENCY.fullmatch(found):
        raise wrong("setting-currency", text=found)
    return found


def country_code(typed: str) -> str:
    """The calling code that completes telephone numbers written without one, digits only (ITU-T E.164)."""
    return str(whole(1, 999)(typed))


def host(typed: str) -> str:
    """A host name or an IP address, without a port."""
    found = text(typed)
    try:
        return str(ipaddress.ip_address(found))
    except ValueError:
        if all(part and part.replace("-", "").isalnum() and part.isascii() for part in found.split(".")):
            return found
        raise wrong("setting-host", text=found) from None


def device_file(typed: str) -> str:
    """The device file of a printer on a cable."""
    found = text(typed)
    try:
        return read_path(found)
    except Invalid:
        raise wrong("setting-device-file", text=found) from None


_PLAIN: Final[Mapping[Any, Meaning]] = {bool: flag, time: clock_time, date: day}
_FORMS: Final[Mapping[Form, Meaning]] = {
    Form.TEXT: text,
    Form.SLUG: slug,
    Form.WEEKDAY: weekday,
    Form.WEEK_MOMENT: week_moment,
    Form.TIME_ZONE: time_zone,
    Form.COUNTRY_CODE: country_code,
    Form.PHONE: phone,
    Form.EMAIL: email,
    Form.URL: url,
    Form.AMOUNT: amount,
    Form.CURRENCY: currency,
    Form.HOST: host,
    Form.DEVICE_FILE: device_file,
}
