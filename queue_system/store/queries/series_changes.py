"""What a change of a series is meant for, and when each of its appointments would be then."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ...core.errors import Invalid
from ...core.series import MOST_DATES, Course, Scope, fingerprint, meant
from ..database import Tx
from .apart import people_of
from .bookings import BookingView
from .known_members import present_members, promised
from .series import SeriesView, people_among
from .series_chances import WantedDate
from .settings import BranchSettings


@dataclass(frozen=True, slots=True)
class Change:
    """A change at number `n`: its new time, an aware instant, and members by need; None leaves to each whom it has."""

    n: int
    scope: Scope
    starts_at: datetime
    asked: Mapping[UUID, UUID] | None = None

    def moves(self, series: SeriesView) -> bool:
        """Whether the time is changed, and not only who it is with."""
        return series.number(self.n).at != self.starts_at

    def course(self, settings: BranchSettings, series: SeriesView) -> Course:
        """The course that the series has after it."""
        if self.scope is Scope.THIS or not self.moves(series):
            return series.course
        return series.course.changed(self.n, self.starts_at.astimezone(settings.zone))


def changes_of(tx: Tx, settings: BranchSettings, series: SeriesView, change: Change) -> list[WantedDate]:
    """A wish for each appointment that a change is meant for and that it changes."""
    course, moves = change.course(settings, series), change.moves(series)
    found = []
    for one in meant((date.occurrence for date in series.dates), change.n, change.scope, tx.now):
        booking = series.number(one.n).booking
        if booking is None:
            continue
        at = booking.starts_at
        if moves:
            at = change.starts_at if one.n == change.n else course.starts_at(one.n, settings.zone)
        present = present_members(tx, settings, booking)
        had = {need: one.member for need, one in present.items()}
        # Who is not named stays: its people, and who else was promised.
        stays = people_among(settings, series.service_id, had) | promised(settings, booking, present)
        asked = stays | dict(change.asked or {})
        if at != booking.starts_at or any(had.get(need) != member for need, member in asked.items()):
            found.append(WantedDate(one.n, at, booking.id, asked, people_of(tx, booking)))
    return found


def endings_of(series: SeriesView, n: int, scope: Scope, now: datetime) -> list[BookingView]:
    """The appointments that end where number `n` is called off in this scope."""
    found = (series.number(one.n).booking for one in meant((date.occurrence for date in series.dates), n, scope, now))
    return [one for one in found if one is not None]


def further(settings: BranchSettings, series: SeriesView, dates: int, asked: Mapping[UUID, UUID]) -> list[WantedDate]:
    """A wish for each of so many dates after the last one; raises Invalid("series-long") for too many or none."""
    if not 1 <= dates <= MOST_DATES - series.last:
        raise Invalid("series-long", "dates")
    numbers = range(series.last + 1, series.last + dates + 1)
    return [WantedDate(n, series.course.starts_at(n, settings.zone), asked=asked) for n in numbers]


def changes_shown(series: SeriesView, wishes: Iterable[WantedDate]) -> str:
    """The fingerprint of what becomes of some appointments of a series."""
    known = {one.n: one for one in series.dates}
    return fingerprint(
        (
            wish.n,
            wish.own,
            known[wish.n].at if wish.n in known else None,
            wish.starts_at,
        )
        for wish in wishes
    )


def endings_shown(series: SeriesView, endings: Iterable[BookingView]) -> str:
    """The fingerprint of the appointments that are to end."""
    numbers = {one.booking.id: one.n for one in series.dates if one.booking}
    return fingerprint((numbers[one.id], one.id, one.starts_at, None) for one in endings)
