"""The book of a demonstration: made-up appointments of a week, visits at home, a series, an absence, and who came this morning."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

from ..actions.attendance import record_attendance
from ..actions.blocks import BlockOrder, block_members
from ..actions.bookings import HoldOrder, confirm_booking, hold_slot
from ..actions.channels import How
from ..actions.series import SeriesOrder, make_series
from ..clock import FrozenClock
from ..core import hours
from ..core.attendance import Attendance
from ..core.blocks import Absence, BlockReason, fingerprint
from ..core.bookings import Booker, BookingState
from ..core.series import Chance, Rhythm, SeriesRule
from ..store.database import Database, Tx
from ..store.log import SYSTEM
from ..store.queries.appointments import appointments_on
from ..store.queries.bookings import BookingView, free_days
from ..store.queries.members import members_of
from ..store.queries.series_chances import WantedDate, dates_shown, planned, prospect
from ..store.queries.settings import BranchSettings, branch_ids, branch_settings
from .people import Cast

#: The book is filled for so many days from today on.
DAYS: Final = 7
#: The first appointments are made so long before the business day.
MADE_BEFORE: Final = timedelta(hours=10)
SERIES_DATES: Final = 4
ABSENT_ONE_IN: Final = 5
HOME: Final = "شارع المثال 7"
VISITORS: Final = (
    "سلمى الأتاسي",
    "خالد الحموي",
    "ريم الشامي",
    "يوسف النجار",
    "هدى الخطيب",
    "سامر العلي",
    "ليان الحسن",
    "مازن الدروبي",
    "نجلاء القاسم",
    "عدنان الرفاعي",
    "وفاء السباعي",
    "بسام حداد",
)


def fill(
    database: Database,
    casts: Mapping[str, Cast],
    until: Mapping[str, str],
    save: Callable[[dict[str, str]], None],
) -> None:
    """Fill the book of each branch for a week; `until` are the last days that were filled (ISO 8601), by branch.

    Where nothing was filled before, today is a full day whose appointments were made on the evening before, so that some of
    them are over. The appointments of a branch are one transaction, and after each `save` gets the last days as they are
    then, because a run that ends between two branches must not fill the first one again.
    """
    clock, filled = database.clock, dict(until)
    for branch in database.read_now(_branches_of, casts):
        cast, today = casts[branch.slug], branch.timetable.business_date(clock.now())
        known = date.fromisoformat(filled[branch.slug]) if branch.slug in filled else date.min
        later = [day for n in range(DAYS) if (day := today + timedelta(days=n)) > known]
        last = max(known, *later, today).isoformat()
        if branch.slug in filled:
            database.write_now(_fill_days, branch, cast, later)
            filled[branch.slug] = last
            save(filled)
            continue
        evening = hours.day_bounds(today, branch.zone, branch.day_starts)[0] - MADE_BEFORE
        database.clock = FrozenClock(evening)
        try:
            database.write_now(_fill_week, branch, cast, later)
        finally:
            database.clock = clock
        filled[branch.slug] = last
        save(filled)
        database.write_now(_record_who_came, branch, today)


def booked_until(notes: Mapping[str, Any], casts: Iterable[str]) -> dict[str, str]:
    """The last day that was filled in the book, by branch; notes of an earlier version have one day for all branches."""
    found = notes.get("booked_until", {})
    return dict.fromkeys(casts, found) if isinstance(found, str) else found


def _branches_of(tx: Tx, casts: Mapping[str, Cast]) -> list[BranchSettings]:
    """The branches that have their people: a demonstration may be older than these, or somebody has changed its settings."""
    found = [branch_settings(tx, key) for slug, key in branch_ids(tx).items() if slug in casts]
    return [
        one for one in found if casts[one.slug].members.keys() <= {member.slug for member in members_of(one).values()}
    ]


def _fill_week(tx: Tx, branch: BranchSettings, cast: Cast, days: Sequence[date]) -> None:
    _fill_first_day(tx, branch, cast, days[0])
    _fill_days(tx, branch, cast, days[1:])


def _fill_first_day(tx: Tx, branch: BranchSettings, cast: Cast, day: date) -> None:
    """A full day with an absence, and a series that goes on for some weeks; as made at `tx.now`."""
    _absence(tx, branch, cast.away, day)
    booked = _book_all(tx, branch, cast.day, day)
    first = next((one for one in booked if one.service_id == branch.service(cast.series).id), None)
    if first is not None:
        _repeat(tx, branch, first)


def _fill_days(tx: Tx, branch: BranchSettings, cast: Cast, days: Sequence[date]) -> None:
    """Every second appointment of a full day, so that there is free time; what would be over at `tx.now` is left out."""
    for day in days:
        _book_all(tx, branch, cast.day[day.toordinal() % 2 :: 2], day)


def _record_who_came(tx: Tx, branch: BranchSettings, day: date) -> None:
    """Record that most of those came whose appointment is over."""
    over = [one for one in appointments_on(tx, branch, day).bookings if one.ends_at <= tx.now]
    said = {
        (one.id, 0): Attendance.ABSENT if place % ABSENT_ONE_IN == ABSENT_ONE_IN - 1 else Attendance.CAME
        for place, one in enumerate(over)
        if one.state is BookingState.CONFIRMED
    }
    record_attendance(tx, branch.id, SYSTEM, said)


def _book_all(tx: Tx, branch: BranchSettings, services: tuple[str, ...], day: date) -> list[BookingView]:
    """One after the other, spread over the day."""
    found = [_book(tx, branch, slug, day, place, place / len(services)) for place, slug in enumerate(services)]
    return [one for one in found if one is not None]


def _book(tx: Tx, branch: BranchSettings, slug: str, day: date, place: int, share: float) -> BookingView | None:
    """The appointment at this place of a day, after a `share` of its free times; None where there is none."""
    service = branch.service(slug)
    [found] = free_days(tx, branch, service, day, day, public=False)
    starts = [one.start for one in found.slots if one.start > tx.now]
    if not starts:
        return None
    order = HoldOrder(
        branch.id,
        service.id,
        starts[int(share * len(starts))],
        VISITORS[(place + day.day) % len(VISITORS)],
        # Nobody reads what is sent to this domain. Each is another person, because policies limit how many appointments one has.
        f"visitor-{day:%m%d}-{place}@example.org",
        branch.default_language,
        SYSTEM,
        source="staff",
        booker=Booker.STAFF,
        how=How(address=HOME) if service.at_home else None,
    )
    return confirm_booking(tx, branch.id, hold_slot(tx, order).id, SYSTEM)


def _repeat(tx: Tx, branch: BranchSettings, first: BookingView) -> None:
    """Repeat it every week, without the dates on which it cannot be."""
    rule = SeriesRule(Rhythm.WEEKLY, dates=SERIES_DATES)
    dates = planned(branch, first, rule)
    service = branch.services[first.service_id]
    chances = {n: prospect(tx, branch, service, WantedDate(n, at)).chance for n, at in dates[1:]}
    times = {n: at if chances[n] is Chance.FREE else None for n, at in dates[1:]}
    make_series(tx, branch.id, SeriesOrder(first.id, rule, times, dates_shown(first, dates)), SYSTEM)


def _absence(tx: Tx, branch: BranchSettings, slug: str, day: date) -> None:
    """Somebody is at a training in the last hour of a day on which the branch is open."""
    windows = hours.windows(day, branch.calendar)
    if not windows:
        return
    _, end = hours.to_instants(day, windows[-1], branch.zone)
    member = next(key for key, one in members_of(branch).items() if one.slug == slug)
    absence = Absence(member, end - timedelta(hours=1), end)
    block_members(tx, branch.id, BlockOrder((absence,), BlockReason.TRAINING, fingerprint([])), SYSTEM)
