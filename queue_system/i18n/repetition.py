"""How a series of appointments runs, in a sentence: «كل أسبوعين يوم الثلاثاء الساعة 14:00، 12 مرة»."""

from __future__ import annotations

from datetime import date
from typing import Final

from babel.dates import format_date

from ..core.series import Course, Rhythm
from . import isolates
from .numerals import to_digits
from .words import Words

DAYS_OF_A_WEEK: Final = 7


def rule(course: Course, dates: int, words: Words) -> str:
    """The whole rule of a series with so many dates."""
    wall = to_digits(f"{course.minutes // 60:02}:{course.minutes % 60:02}", words.digits)
    return words.text(
        "series.rule",
        rhythm=rhythm(course.rhythm, course.every, course.day, words),
        time=isolates.ltr(wall),
        times=words.plural("series.times", dates),
    )


def rhythm(how: Rhythm, every: int, day: date, words: Words) -> str:
    """The rhythm of a series with a date on `day`, without its time: `Every month on the second Tuesday`."""
    weekday = format_date(day, "EEEE", locale=words.language)
    if how is Rhythm.WEEKLY:
        return words.plural("series.weekly", every, weekday=weekday)
    if how is Rhythm.MONTHLY:
        return words.plural("series.monthly", every, day=day.day)
    nth = words.text(f"series.nth-{(day.day - 1) // DAYS_OF_A_WEEK + 1}")
    return words.plural("series.monthly-weekday", every, weekday=weekday, nth=nth)
