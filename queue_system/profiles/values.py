"""What a text means: words, numbers, times, days, names by language, references. Each reader raises ProfileError."""

from __future__ import annotations

import ipaddress
import math
import re
import unicodedata
import zoneinfo
from collections.abc import Callable, Collection, Mapping
from datetime import date, time
from functools import cache
from typing import Final, TypeVar
from urllib.parse import urlsplit

from email_validator import EmailNotValidError, validate_email

from ..core.errors import Invalid
from ..core.printers import read_path
from ..settings.declared import LANGUAGES, REQUIRED_LANGUAGES, Names
from .nodes import Read, Value

T = TypeVar("T")

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_SLUG: Final = re.compile(r"[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*")
_TIME: Final = re.compile(r"(\d\d?):(\d\d)")
_DAY: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_AMOUNT: Final = re.compile(r"\d{1,9}(\.\d{1,3})?", re.ASCII)
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")
# Joiners shape letters. Every other invisible format character could change the direction of Arabic text.
_JOINERS: Final = "\u200c\u200d"


def text(value: Value) -> str:
    """A text that is not empty and has no control or direction characters."""
    found = value.scalar().strip()
    if not found:
        raise value.error("must not be empty")
    for character in found:
        if unicodedata.category(character) in ("Cc", "Cf", "Co", "Cs") and character not in _JOINERS:
            raise value.error(f"holds the invisible character U+{ord(character):04X}")
    return found


def names(value: Value) -> Names:
    """A text by language. ar and en are needed, and each language must have the same {placeholders}."""
    found: dict[str, str] = {}
    for language, entry in value.entries().items():
        if language not in LANGUAGES:
            raise entry.unknown("language", language, LANGUAGES)
        found[language] = text(entry)
    for language in REQUIRED_LANGUAGES:
        if language not in found:
            raise value.error(f'"{language}" is missing: texts need {" and ".join(REQUIRED_LANGUAGES)}')
    wanted = set(_PLACEHOLDER.findall(found["ar"]))
    for language, words in found.items():
        for name in wanted ^ set(_PLACEHOLDER.findall(words)):
            raise value.error(f"{{{name}}} is not in both ar and {language}")
    return found


def flag(value: Value) -> bool:
    """yes or no."""
    found = value.scalar()
    if found not in ("yes", "no"):
        raise value.error(f'must be yes or no, not "{found}"')
    return found == "yes"


def whole(low: int, high: int) -> Read[int]:
    """A whole number from `low` to `high`, in any decimal digits."""

    def read(value: Value) -> int:
        found = value.scalar()
        if not found.isdecimal():
            raise value.error(f'"{found}" is not a whole number')
        if not low <= int(found) <= high:
            raise value.error(f"must be {low} to {high}, not {found}")
        return int(found)

    return read


def number(low: float, high: float) -> Read[float]:
    """A number from `low` to `high`, with a decimal point or without."""

    def read(value: Value) -> float:
        found = value.scalar()
        try:
            result = float(found)
        except ValueError:
            raise value.error(f'"{found}" is not a number') from None
        if not math.isfinite(result) or not low <= result <= high:
            raise value.error(f"must be {low:g} to {high:g}, not {found}")
        return result

    return read


def clock_time(value: Value) -> time:
    """A wall time HH:MM, 00:00 to 23:59."""
    found = value.scalar()
    match = _TIME.fullmatch(found)
    if match is None or int(match[1]) > 23 or int(match[2]) > 59:
        raise value.error(f'"{found}" is not a time of day (HH:MM, 00:00 to 23:59)')
    return time(int(match[1]), int(match[2]))


def day(value: Value) -> date:
    """A date YYYY-MM-DD of the Gregorian calendar."""
    found = value.scalar()
    match = _DAY.fullmatch(found)
    if match is None:
        raise value.error(f'"{found}" is not a date (YYYY-MM-DD)')
    try:
        return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        raise value.error(f'there is no day "{found}"') from None


def weekday(value: Value) -> int:
    """mon to sun, as 0 to 6."""
    return WEEKDAYS.index(one_of("weekday", WEEKDAYS)(value))


def weekdays(value: Value) -> tuple[int, ...]:
    """A list of weekdays, each once, as numbers in the order of the week."""
    return tuple(sorted(listed(weekday)(value)))


def week_moment(value: Value) -> str:
    """A moment of every week, "sun 09:00", kept as it is written."""
    found = value.scalar()
    name, _, clock = found.partition(" ")
    match = _TIME.fullmatch(clock)
    if name not in WEEKDAYS or match is None or int(match[1]) > 23 or int(match[2]) > 59:
        raise value.error(f'"{found}" is not a weekday and a time (sun 09:00)')
    return f"{name} {int(match[1]):02}:{match[2]}"


def timezone(value: Value) -> str:
    """A name of the IANA time zone database."""
    found = value.scalar()
    zones = _time_zones()
    if found not in zones:
        near = [zone for zone in zones if found and zone.split("/")[-1].lower() == found.split("/")[-1].lower()]
        if near:
            raise value.error(f'unknown time zone "{found}" — did you mean "{min(near)}"?')
        raise value.unknown("time zone", found, zones) if found else value.error("must not be empty")
    return found


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


def one_of(kind: str, options: Collection[str], renamed: Mapping[str, str] | None = None) -> Read[str]:
    """One of a few words, or the name of one of the things called `kind`.

    `renamed` are former words with the present ones.
    """

    def read(value: Value) -> str:
        found = value.scalar()
        if found not in options:
            raise value.unknown(kind, found, options, meant=(renamed or {}).get(found, ""))
        return found

    return read


def listed(read_item: Read[T], least: int = 1, *, unique: bool = True) -> Read[tuple[T, ...]]:
    """A list of at least `least` items; unless `unique` is false, no item may be there twice."""

    def read(value: Value) -> tuple[T, ...]:
        found: list[T] = []
        for item in value.items():
            result = read_item(item)
            if unique and result in found:
                raise item.error(f'"{item.scalar()}" is here twice')
            found.append(result)
        if len(found) < least:
            raise value.error("must not be empty")
        return tuple(found)

    return read


def keyed(kind: str, read_entry: Callable[[str, Value], T]) -> Read[dict[str, T]]:
    """A mapping of things by slug; errors inside begin with `kind "slug"`."""

    def read(value: Value) -> dict[str, T]:
        return {
            key: read_entry(slug(key, entry), entry.about(f'{kind} "{key}"')) for key, entry in value.entries().items()
        }

    return read


def named(kind: str) -> Read[dict[str, Names]]:
    """A mapping of names by slug."""
    return keyed(kind, lambda _, value: names(value))


def table(read_entry: Read[T], keys: Collection[str], kind: str) -> Read[dict[str, T]]:
    """A mapping whose keys are references to things called `kind`."""

    def read(value: Value) -> dict[str, T]:
        found = {}
        for key, entry in value.entries().items():
            if key not in keys:
                raise entry.unknown(kind, key, keys)
            found[key] = read_entry(entry)
        return found

    return read


def slug(key: str, entry: Value) -> str:
    """A name that programs use: small Latin letters and digits, joined by - or _."""
    if not _SLUG.fullmatch(key):
        raise entry.error("is not a name of small letters and digits, joined by - or _")
    return key


def slug_of(value: Value) -> str:
    """The same for the text of a value."""
    return slug(value.scalar(), value)


def phone(value: Value) -> str:
    """A telephone number as people write it: digits, spaces and +."""
    found = text(value)
    if not all(character.isdecimal() or character in "+ " for character in found):
        raise value.error(f'"{found}" is not a telephone number')
    return found


def email(value: Value) -> str:
    """An e-mail address."""
    found = text(value)
    try:
        return validate_email(found, check_deliverability=False).normalized
    except EmailNotValidError:
        raise value.error(f'"{found}" is not an e-mail address') from None


def url(value: Value) -> str:
    """An address that begins with https://."""
    found = text(value)
    if not found.startswith("https://") or " " in found or not urlsplit(found).hostname:
        raise value.error(f'"{found}" is not an address that begins with https://')
    return found


def amount(value: Value) -> str:
    """An amount of money, kept as text, because binary fractions cannot hold it exactly."""
    found = text(value)
    if not _AMOUNT.fullmatch(found):
        raise value.error(f'"{found}" is not an amount such as 200 or 12.50')
    return found


def currency(value: Value) -> str:
    """Three letters of ISO 4217."""
    found = text(value)
    if not _CURRENCY.fullmatch(found):
        raise value.error(f'"{found}" is not the three letters of a currency, such as QAR')
    return found


def country_code(value: Value) -> str:
    """The calling code that completes telephone numbers written without one, digits only (ITU-T E.164)."""
    return str(whole(1, 999)(value))


def host(value: Value) -> str:
    """A host name or an IP address, without a port."""
    found = text(value)
    try:
        return str(ipaddress.ip_address(found))
    except ValueError:
        if all(part and part.replace("-", "").isalnum() and part.isascii() for part in found.split(".")):
            return found
        raise value.error(f'"{found}" is not a host name or an address') from None


def device_file(value: Value) -> str:
    """The device file of a printer on a cable."""
    found = text(value)
    try:
        return read_path(found)
    except Invalid:
        raise value.error(f'"{found}" is not a device file such as /dev/usb/lp0') from None
