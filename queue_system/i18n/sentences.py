"""The sentence of an error: its values in words, each by its type."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Final, cast
from zoneinfo import ZoneInfo

from ..core.bookings import BookingState
from ..core.errors import Count, Days, Language, Minutes, Seconds, TimeOfDay, Value
from ..core.support import Why
from ..core.tickets import TicketState
from . import dates, isolates
from .numerals import to_digits
from .words import Words

_STATES: Final = {TicketState: "state.ticket", BookingState: "state.booking", Why: "state.lost"}


def error_sentence(code: str, values: Mapping[str, Value], words: Words) -> str:
    """The sentence `errors.<code>` as plain text: what is wrong and what to do."""
    return words.text(f"errors.{code}", **{name: _shown(value, words) for name, value in values.items()})


def _shown(value: Value, words: Words) -> object:
    """A value in words: lengths of time, states and reasons, instants, days."""
    match value:
        case Count():
            return int(value)
        case Minutes():
            return dates.minutes(value, words)
        case Seconds():
            return dates.minutes(max(1, round(value / 60)), words)
        case Days():
            return words.plural("common.days", value)
        case Language():
            return words.text(f"language.{value}")
        case TimeOfDay(instant=instant):
            return dates.time(instant, cast(ZoneInfo, instant.tzinfo), words)
        case datetime():
            return dates.day_time(value, cast(ZoneInfo, value.tzinfo), words)
        case date():
            return dates.day(value, words)
        case time():
            return isolates.ltr(to_digits(f"{value:%H:%M}", words.digits))
        case TicketState() | BookingState() | Why():
            return words.text(f"{_STATES[type(value)]}.{value.value}")
    return value
