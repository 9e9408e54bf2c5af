"""Days and times to choose from: for a new appointment and for moving one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, TypeVar

from babel.dates import get_timezone_location
from starlette.exceptions import HTTPException

from ...core import bookings
from ...core.bookings import Booker
from ...core.errors import Refused
from ...core.slots import Slot
from ...i18n import dates
from ...i18n.words import Words
from ...store.database import Tx
from ...store.queries.bookings import BookingView, DaySlots, free_days, policy_of
from ...store.queries.known_members import promised_members
from ...store.queries.settings import BranchSettings, Names, ServiceView
from .services import DaysOut, closure_on, days_out

# How many days one page shows, and how far ahead one can page if the policy sets no limit.
Instant = TypeVar("Instant", date, datetime)

# Days near the ends of the calendar have no instants in UTC.
YEARS: Final = range(1970, 3000)
DAYS_ON_PAGE: Final = 28
FARTHEST: Final = timedelta(days=366)
# How many times are shown first to a family that wants to come together.
NEAR: Final = 4

_START: Final = "%Y%m%dT%H%MZ"
# The local hour at which each part of the day ends.
_PARTS: Final = ((12, "booking.morning"), (17, "booking.afternoon"), (24, "booking.evening"))
_AFTER_MIDNIGHT: Final = "booking.after-midnight"


@dataclass(slots=True)
class DayRow:
    """A line of the list: one open day, or several closed ones in a row. `places` is 0 if nothing is free."""

    first: date
    last: date
    places: int = 0
    closed: bool = False
    closure: Names | None = None


@dataclass(slots=True)
class Month:
    """The days of one calendar month."""

    first: date
    rows: list[DayRow] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Days:
    """A page of days.

    `earlier` and `later` are the first days of the pages before and after it, `last` the end of booking. `out` is set
    at a branch that only goes out; while none of its days can be booked, `months` is empty. `promised`: only times with
    whoever the visitor of the booking that moves was promised.
    """

    months: tuple[Month, ...]
    earlier: date | None
    later: date | None
    last: date | None
    places: int
    out: DaysOut | None
    promised: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """Times in the same part of a day, with the key of that part's name."""

    name: str
    slots: tuple[Slot, ...]


@dataclass(frozen=True, slots=True)
class Times:
    """The times of a day by part of the day, or the refusal that says why there are none."""

    parts: tuple[Part, ...]
    refusal: Refused | None

    def offers(self, start: datetime) -> bool:
        """Whether a time is among those that can be booked."""
        return any(slot.start == start for part in self.parts for slot in part.slots)

    def nearest(self, start: datetime) -> tuple[Slot, ...]:
        """The few times that are nearest to `start`, in order."""
        slots = [slot for part in self.parts for slot in part.slots]
        near = sorted(slots, key=lambda slot: abs(slot.start - start))[:NEAR]
        return tuple(sorted(near, key=lambda slot: slot.start))


def read_day(text: str) -> date:
    """A day as written in an address, 2026-11-22; raises HTTPException(404) for anything else."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise HTTPException(404) from None
    return _in_reach(day)


def read_start(text: str) -> datetime:
    """The instant as written in an address, 20261122T0700Z; raises HTTPException(404) for anything else."""
    try:
        start = datetime.strptime(text, _START).replace(tzinfo=UTC)
    except ValueError:
        raise HTTPException(404) from None
    return _in_reach(start)


def _in_reach(when: Instant) -> Instant:
    """The same, unless it is so near the ends of the calendar that the days around it are none; then HTTPException(404)."""
    if when.year not in YEARS:
        raise HTTPException(404)
    return when


def start_key(start: datetime) -> str:
    """A time as written in an address: in UTC, because a local hour can occur twice in a day."""
    return f"{start.astimezone(UTC):{_START}}"


def days(
    tx: Tx, branch: BranchSettings, service: ServiceView, asked: date | None, own: BookingView | None = None
) -> Days:
    """The days from `asked` on, from today if that is past or None. The time of the booking `own` counts as free.

    With the members whom its visitor was promised.
    """
    today = tx.now.astimezone(branch.calendar.zone).date()
    out = days_out(branch, service, tx.now)
    if out is not None and not out.open:
        return Days((), None, None, None, 0, out)
    limit = bookings.last_day(policy_of(branch, service), today)
    end = limit or today + FARTHEST
    first = min(max(asked or today, today), end)
    last = min(first + timedelta(days=DAYS_ON_PAGE - 1), end)
    promised = promised_members(tx, branch, own) if own else {}
    found = free_days(tx, branch, service, first, last, own=own.id if own else None, asked=promised)
    back = max(today, first - timedelta(days=DAYS_ON_PAGE))
    return Days(
        months=tuple(_by_month(branch, service, found)),
        earlier=back if first > today else None,
        later=last + timedelta(days=1) if last < end else None,
        last=limit,
        places=sum(day.places for day in found),
        out=out,
        promised=bool(promised),
    )


def times(tx: Tx, branch: BranchSettings, service: ServiceView, day: date, own: BookingView | None = None) -> Times:
    """The times of one day that can be booked. What the booking `own` holds, or gave back itself, counts as free.

    With the members whom its visitor was promised.
    """
    promised = promised_members(tx, branch, own) if own else {}
    (found,) = free_days(tx, branch, service, day, day, own=own.id if own else None, asked=promised)
    zone = branch.calendar.zone
    midnight = datetime.combine(day, time())
    parts: dict[str, list[Slot]] = {}
    for slot in found.slots:
        local = slot.start.astimezone(zone).replace(tzinfo=None)
        hour = (local - midnight) // timedelta(hours=1)
        name = next((name for until, name in _PARTS if hour < until), _AFTER_MIDNIGHT)
        parts.setdefault(name, []).append(slot)
    refusal = bookings.against_day(policy_of(branch, service), Booker.PUBLIC, tx.now.astimezone(zone).date(), day)
    if refusal is None and found.refusal is not None:
        refusal = Refused(found.refusal)
    return Times(tuple(Part(name, tuple(slots)) for name, slots in parts.items()), refusal)


def soon(day: date, today: date, words: Words) -> str:
    """A day in one word if it is near, «اليوم» or «غدًا», else the whole date."""
    if day == today:
        return words.text("common.today")
    if day == today + timedelta(days=1):
        return words.text("common.tomorrow")
    return dates.day(day, words)


def place_of_zone(branch: BranchSettings, words: Words) -> str:
    """The zone of the times, in words: its city, or the country if that has one zone."""
    return get_timezone_location(branch.calendar.zone.key, locale=words.language, return_city=True)


def row_label(row: DayRow, today: date, words: Words) -> str:
    """«الأحد 22», «غدًا، الاثنين 23», or the stretch of closed days «من الجمعة 27 إلى السبت 28»."""
    first = dates.weekday(row.first, words)
    if row.first == row.last:
        near = {today: "common.today-is", today + timedelta(days=1): "common.tomorrow-is"}.get(row.first)
        return words.text(near, day=first) if near else first
    return words.text("booking.day-range", first=first, last=dates.weekday(row.last, words))


def next_day(tx: Tx, branch: BranchSettings, service: ServiceView, day: date, own: BookingView | None = None) -> date:
    """The first day from `day` on that has times; `day` itself where none of the next ones has."""
    promised = promised_members(tx, branch, own) if own else {}
    first = max(day, tx.now.astimezone(branch.calendar.zone).date())
    last = first + timedelta(days=DAYS_ON_PAGE - 1)
    found = free_days(tx, branch, service, first, last, own=own.id if own else None, asked=promised)
    return next((one.day for one in found if one.slots), day)


def _by_month(branch: BranchSettings, service: ServiceView, found: list[DaySlots]) -> list[Month]:
    months: list[Month] = []
    for day in found:
        if not months or (day.day.year, day.day.month) != (months[-1].first.year, months[-1].first.month):
            months.append(Month(day.day))
        rows = months[-1].rows
        if day.refusal != "day-closed":
            rows.append(DayRow(day.day, day.day, day.places))
            continue
        closure = closure_on(branch, day.day, service.id)
        if rows and rows[-1].closed and rows[-1].closure == closure:
            rows[-1].last = day.day
        else:
            rows.append(DayRow(day.day, day.day, closed=True, closure=closure))
    return months
