"""Days and times as people read them: the branch's zone, the page's language, the branch's digits.

Weekdays and months come from CLDR. Times are 24-hour, `14:30`, always one left-to-right run.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from babel.dates import format_date

from . import isolates
from .numerals import to_digits
from .words import Words

LEVANT: Final = frozenset({"SY", "LB", "JO", "IQ", "PS"})
"""Countries that name the months كانون الثاني … كانون الأول (CLDR, ar_SY)."""

_PATTERNS: Final = {"ar": "EEEE d {} y", "en": "EEEE d MMMM y"}


def day(on: date, words: Words, region: str | None = None) -> str:
    """A civil day with weekday and month name: «الأحد 22 تشرين الثاني/نوفمبر 2026», `Sunday 22 November 2026`.

    Arabic has two sets of month names, and most readers know only one. So both are given, except in a
    `region` (ISO 3166-1) of the Levant, where all readers know the Levantine names.
    """
    levant_only = region in LEVANT
    return to_digits(_day(on, words.language, levant_only), words.digits)


def near_day(on: date, today: date, words: Words, region: str | None = None) -> str:
    """As `day`, with «اليوم» or «غدًا» in front for today or tomorrow; `today` is the branch's civil day."""
    text = day(on, words, region)
    if on == today:
        return words.text("common.today-is", day=text)
    if on == today + timedelta(days=1):
        return words.text("common.tomorrow-is", day=text)
    return text


def weekday(on: date, words: Words) -> str:
    """The weekday and the number of the day, for lists under the name of the month: «الأحد 22»."""
    return to_digits(format_date(on, "EEEE d", locale=words.language), words.digits)


def month(on: date, words: Words, region: str | None = None) -> str:
    """The month with its year: «تشرين الثاني/نوفمبر 2026»; both Arabic names except in a `region` of the Levant."""
    return to_digits(_month(on.replace(day=1), words.language, region in LEVANT), words.digits)


def time(instant: datetime, zone: ZoneInfo, words: Words) -> str:
    """The wall time of an aware instant in `zone`, as one left-to-right isolate: `14:30`.

    In an hour that a clock change repeats, the zone's abbreviation is added: `02:30 CEST`.
    """
    local = _local(instant, zone)
    text = f"{local:%H:%M}"
    if local.utcoffset() != local.replace(fold=1 - local.fold).utcoffset():
        text += f" {local.tzname()}"
    return isolates.ltr(to_digits(text, words.digits))


def day_time(instant: datetime, zone: ZoneInfo, words: Words, region: str | None = None) -> str:
    """Day and wall time of an aware instant in `zone`, joined as the language joins them."""
    on = _local(instant, zone).date()
    return words.text("common.day-time", day=day(on, words, region), time=time(instant, zone, words))


def time_range(start: datetime, end: datetime, zone: ZoneInfo, words: Words) -> str:
    """From one wall time to another, in words, because a dash between two times is read backwards in Arabic."""
    return words.text("common.time-range", start=time(start, zone, words), end=time(end, zone, words))


def minutes(count: int, words: Words) -> str:
    """A whole number of minutes ≥ 0 as a counted noun: «5 دقائق»; from an hour on in hours and minutes."""
    hours, rest = divmod(count, 60)
    if hours == 0:
        return words.plural("common.minutes", rest)
    if rest == 0:
        return words.plural("common.hours", hours)
    return words.text(
        "common.hours-and-minutes",
        hours=words.plural("common.hours", hours),
        minutes=words.plural("common.minutes", rest),
    )


def minutes_range(low: int, high: int, words: Words) -> str:
    """Between two whole numbers of minutes: «من 15 إلى 30 دقيقة»; the noun follows the second number."""
    if low >= high:
        return minutes(high, words)
    return words.plural("common.minutes-range", high, low=low)


def _local(instant: datetime, zone: ZoneInfo) -> datetime:
    if instant.tzinfo is None:
        raise ValueError("an instant must be aware: a wall time alone may stand for two instants")
    return instant.astimezone(zone)


@lru_cache(maxsize=4096)
def _day(on: date, language: str, levant_only: bool) -> str:
    if language != "ar":
        pattern = _PATTERNS.get(language, "full")
        return format_date(on, pattern, locale=language)
    # The month is quoted in the pattern, so that its letters are not read as fields.
    return format_date(on, _PATTERNS["ar"].format(f"'{_arabic_month(on, levant_only)}'"), locale="ar")


@lru_cache(maxsize=256)
def _month(on: date, language: str, levant_only: bool) -> str:
    if language != "ar":
        return format_date(on, "LLLL y", locale=language)
    return f"{_arabic_month(on, levant_only)} {on.year}"


def _arabic_month(on: date, levant_only: bool) -> str:
    levant = format_date(on, "MMMM", locale="ar_SY")
    return levant if levant_only else f"{levant}/{format_date(on, 'MMMM', locale='ar')}"
