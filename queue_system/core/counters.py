"""What a counter can do besides calling: its clerk is away for some time, or works on files."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from .errors import Invalid, Refused

#: Work without visitors, at the counter or elsewhere; the other reasons are absences of the clerk.
BACK_OFFICE: Final = "back_office"
#: Why an open counter calls nobody for some time; the words of a reason are `state.away.<reason>`.
AWAY_REASONS: Final = ("break", "prayer", "meal", "meeting", BACK_OFFICE)
#: The minutes that the desk offers, and the longest that can be asked for.
AWAY_MINUTES: Final = (5, 10, 15, 20, 30, 45, 60, 90, 120)
LONGEST_AWAY: Final = 8 * 60


def away_until(reason: str, minutes: int, now: datetime) -> datetime:
    """When a clerk who leaves now expects to be back.

    Raises Refused("away-reason-unknown"), Invalid("away-minutes", "minutes") for no minute or more than LONGEST_AWAY.
    """
    if reason not in AWAY_REASONS:
        raise Refused("away-reason-unknown")
    if not 1 <= minutes <= LONGEST_AWAY:
        raise Invalid("away-minutes", "minutes")
    return now + timedelta(minutes=minutes)


def quiet_for(seated_at: datetime | None, pressed_at: datetime | None, now: datetime) -> timedelta:
    """How long nothing has happened at an open counter: since it was opened, or since the last press there."""
    known = [at for at in (seated_at, pressed_at) if at is not None]
    return now - max(known) if known else timedelta()
