"""A day as a table: a column for each member and each queue, a row for each tick, drawn without scripts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from typing import Final
from uuid import UUID

from ...core import hours
from ...core.free_time import FreeTime
from ...core.slots import EPOCH, tick_of
from ...store.database import Tx
from ...store.queries.appointments import DayOfBookings
from ...store.queries.bookings import BookingView
from ...store.queries.members import MemberView, member_day, members_of, needs_of
from ...store.queries.settings import BranchSettings, Names, ServiceView
from .line import Line
from .moments import start_key
from .selection import ALL, Selection
from .wished import Wished, way_to_book

OPEN: Final = "open"
CLOSED: Final = "closed"
AWAY: Final = "away"
TAKEN: Final = "taken"
MINUTES_OF_HOUR: Final = 60
# A cell of less would be too low to be hit.
SHORTEST: Final = 15


@dataclass(frozen=True, slots=True)
class Cell:
    """A stretch of one lane: `rows` ticks that are `open`, `closed`, `away` (the member is) or `taken`.

    `line` is the appointment that takes it; None where it is of another department. `now`: it begins now. `book` is what
    the address of booking says from here, and `at` the instant; "" and None where nothing can be booked.
    """

    kind: str
    rows: int
    line: Line | None = None
    now: bool = False
    book: str = ""
    at: datetime | None = None


@dataclass(slots=True)
class Row:
    """A tick: the cells that begin in it, and the instant where a full hour begins."""

    at: datetime | None
    span: int
    cells: list[Cell] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Column:
    """A member or a queue, with as many lanes as it has appointments at one time.

    `free`: it has no appointment. `beside`: so many appointments of the queue are in the columns of members.
    """

    names: Names
    lanes: int
    free: bool = False
    beside: int = 0


@dataclass(frozen=True, slots=True)
class Grid:
    """The table of a day; without columns where nobody and nothing is there that day."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    #: Whether a time of it leads to booking.
    books: bool = False


@dataclass(frozen=True, slots=True)
class _Taken:
    span: range
    line: Line | None


@dataclass(frozen=True, slots=True)
class _Whole:
    """A column before it is divided into lanes and cells; `book` as for cells, but without a time."""

    names: Names
    taken: list[_Taken]
    open_: FreeTime
    away: FreeTime
    book: str
    beside: int = 0


def grid_of(
    tx: Tx,
    branch: BranchSettings,
    day: date,
    found: DayOfBookings,
    lines: Sequence[Line],
    seen: frozenset[UUID],
    selection: Selection = ALL,
    bookable: Sequence[ServiceView] = (),
) -> Grid:
    """The day for the services `seen`; `lines` are their appointments, `found` are all, `bookable` leads to booking.

    A time whose appointment is not selected is shown as taken, like those of other departments.
    """
    ticks = _ticks(branch, day, found)
    if not ticks:
        return Grid((), ())
    shown = {one.booking.id: one if selection.takes(branch, one) else None for one in lines}
    working = FreeTime.of(ticks, _windows(branch, day))
    now = tick_of(tx.now, branch.tick_minutes)
    columns: list[Column] = []
    rows = _rows(branch, ticks)
    links = partial(way_to_book, branch, bookable, selection.service)
    for column in _columns(tx, branch, day, ticks, found, shown, seen, working, selection, links):
        lanes = _lanes(column.taken)
        columns.append(Column(column.names, len(lanes), not column.taken, column.beside))
        for lane in lanes:
            for first, cell in _cells(branch, lane, ticks, column, now):
                rows[first - ticks.start].cells.append(cell)
    if not columns:
        return Grid((), ())
    return Grid(tuple(columns), tuple(rows), any(cell.book for row in rows for cell in row.cells))


def _columns(
    tx: Tx,
    branch: BranchSettings,
    day: date,
    ticks: range,
    found: DayOfBookings,
    shown: dict[UUID, Line | None],
    seen: frozenset[UUID],
    working: FreeTime,
    selection: Selection,
    links: Callable[[Wished], str],
) -> Iterator[_Whole]:
    services = services_seen(branch, day, seen)
    members = {key: one for key, one in members_seen(branch, services).items() if selection.shows(one.slug)}
    days = member_day(tx, branch, list(members), ticks)
    had_by = found.by_member()
    for key, member in members.items():
        taken = [_Taken(had.span, shown.get(one.id)) for one, had in had_by.get(key, ())]
        open_ = FreeTime(ticks, days[key].working.bits & working.bits)
        if taken or open_.bits:
            yield _Whole(member.names, taken, open_, days[key].away, links(Wished(with_=member.slug)))
    nobody = FreeTime(ticks, 0)
    alone = [one for one in found.bookings if not found.had(one)]
    for key, queue in branch.queues.items():
        own = [one for one in alone if branch.services[one.service_id].queue_id == key]
        taken = [_Taken(_span(branch, one.starts_at, one.ends_at), shown[one.id]) for one in own if one.id in shown]
        if not selection.shows(queue.slug):
            continue
        if taken or serves_alone(branch, key, services):
            beside = sum(
                shown.get(one.id) is not None and with_members(found, one, members)
                for one in found.bookings
                if branch.services[one.service_id].queue_id == key
            )
            yield _Whole(queue.names, taken, working, nobody, links(Wished(queue=queue.slug)), beside)


def with_members(found: DayOfBookings, booking: BookingView, members: Collection[UUID]) -> bool:
    """Whether an appointment stands with one of these members, and so not with its queue."""
    return any(had.member in members for had in found.had(booking))


def services_seen(branch: BranchSettings, day: date, seen: frozenset[UUID]) -> list[ServiceView]:
    """The services of a day that this person sees."""
    return [one for key, one in branch.services_on(day).items() if key in seen]


def members_seen(branch: BranchSettings, services: Iterable[ServiceView]) -> dict[UUID, MemberView]:
    """The members that these services can have, in the order of the settings."""
    ids = {option for one in services for need in needs_of(branch, one.id) for option in need.options}
    return {key: one for key, one in members_of(branch).items() if key in ids}


def serves_alone(branch: BranchSettings, queue_id: UUID, services: Iterable[ServiceView]) -> bool:
    """Whether one of these services has only the lanes of this queue, and no member."""
    return any(one.queue_id == queue_id and not needs_of(branch, one.id) for one in services)


def _lanes(taken: Iterable[_Taken]) -> list[list[_Taken]]:
    """As few lanes as possible, in each of which nothing overlaps; one at least."""
    lanes: list[list[_Taken]] = [[]]
    for one in sorted(taken, key=lambda one: one.span.start):
        lane = next((lane for lane in lanes if not lane or lane[-1].span.stop <= one.span.start), None)
        if lane is None:
            lanes.append([one])
        else:
            lane.append(one)
    return lanes


def _cells(
    branch: BranchSettings, lane: Sequence[_Taken], ticks: range, column: _Whole, now: int
) -> Iterator[tuple[int, Cell]]:
    at = ticks.start
    for one in lane:
        first, stop = max(one.span.start, at), min(max(one.span.stop, one.span.start + 1), ticks.stop)
        yield from _gap(branch, range(at, first), ticks, column, now)
        if first < stop:
            yield first, Cell(TAKEN, stop - first, one.line)
            at = stop
    yield from _gap(branch, range(at, ticks.stop), ticks, column, now)


def _gap(branch: BranchSettings, gap: range, ticks: range, column: _Whole, now: int) -> Iterator[tuple[int, Cell]]:
    """The cells between two appointments, divided where the kind changes, at the present tick, and for booking at full hours."""
    kinds = [_kind(tick, column.open_, column.away) for tick in gap]
    first, hour = gap.start, MINUTES_OF_HOUR // branch.tick_minutes
    for place, kind in enumerate(kinds, 1):
        end = gap.start + place
        books = bool(column.book) and kind == OPEN and first >= now and (end - first) * branch.tick_minutes >= SHORTEST
        is_hour = books and (end - ticks.start) % hour == 0
        if end == gap.stop or kinds[place] != kind or end == now or is_hour:
            at = _instant(branch, first) if books else None
            book = f"at={start_key(at)}{column.book}" if at else ""
            yield first, Cell(kind, end - first, now=first == now, book=book, at=at)
            first = end


def _kind(tick: int, open_: FreeTime, away: FreeTime) -> str:
    one = range(tick, tick + 1)
    return AWAY if away.has(one) else OPEN if open_.has(one) else CLOSED


def _rows(branch: BranchSettings, ticks: range) -> list[Row]:
    """The rows; where an hour begins the first one says which, and for how many rows."""
    hour = MINUTES_OF_HOUR // branch.tick_minutes
    return [
        Row(_instant(branch, tick) if (tick - ticks.start) % hour == 0 else None, min(hour, ticks.stop - tick))
        for tick in ticks
    ]


def _ticks(branch: BranchSettings, day: date, found: DayOfBookings) -> range:
    """From the first full hour to the last in which the branch is open or has an appointment."""
    spans = [*_windows(branch, day)]
    spans += [had.span for one in found.bookings for had in found.had(one)]
    spans += [_span(branch, one.starts_at, one.ends_at) for one in found.bookings]
    if not spans:
        return range(0)
    first = _instant(branch, min(span.start for span in spans)).astimezone(branch.zone)
    start = tick_of(first.replace(minute=0, second=0), branch.tick_minutes)
    hour = MINUTES_OF_HOUR // branch.tick_minutes
    length = max(span.stop for span in spans) - start
    return range(start, start + -(-length // hour) * hour)


def _windows(branch: BranchSettings, day: date) -> Iterator[range]:
    for window in hours.windows(day, branch.calendar):
        yield _span(branch, *hours.to_instants(day, window, branch.zone))


def _span(branch: BranchSettings, start: datetime, end: datetime) -> range:
    return range(tick_of(start, branch.tick_minutes), tick_of(end - timedelta.resolution, branch.tick_minutes) + 1)


def _instant(branch: BranchSettings, tick: int) -> datetime:
    return EPOCH + timedelta(minutes=tick * branch.tick_minutes)
