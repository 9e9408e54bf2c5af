"""The dates of a series as questions: each is taken, moved or left out, and none is left open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time
from typing import Any, Final

from starlette.requests import Request

from ...core.calendars import minutes_of
from ...core.errors import DomainError, Invalid
from ...core.hours import instant_at
from ...core.series import MOST_DATES, Chance
from ...store.database import Tx
from ...store.queries.apart import people_of
from ...store.queries.bookings import BookingView
from ...store.queries.series_chances import Prospect, WantedDate, prospects
from ...store.queries.settings import BranchSettings, Names, ServiceView
from ...web import kit
from ...web.errors import message
from ...web.here import StaffAtBranch
from .moments import read_day, read_start, start_key

#: For each date a choice, a day and a time, and some fields of the form itself.
MOST_FIELDS: Final = 3 * MOST_DATES + 20
#: To leave a date out, or as it is, and to choose a time that is not in the list.
LEAVE, OTHER = "leave", "other"
#: The button that leaves out what is not decided yet, and shows the dates once more.
MOST_DIGITS: Final = 5
LEAVE_REST: Final = "leave-rest"


@dataclass(frozen=True, slots=True)
class Row:
    """A date with what can be chosen for it; `chosen` is one of `times` as forms send them, LEAVE, OTHER or "".

    `settled`: it has its place already, so nothing is asked. `day` and `wall` were typed for OTHER. `error` is a key.
    """

    n: int
    wanted: datetime
    chance: Chance
    why: Names
    times: tuple[datetime, ...]
    chosen: str = ""
    day: str = ""
    wall: str = ""
    error: str = ""
    settled: bool = False
    now: datetime | None = None

    @property
    def name(self) -> str:
        """The name of its field."""
        return f"at-{self.n}"


async def read(request: Request) -> dict[str, str]:
    """The fields of a form with dates."""
    return dict(await kit.form_items(request, most=MOST_FIELDS))


async def rows_of(
    here: StaffAtBranch,
    service: ServiceView,
    wishes: Sequence[WantedDate],
    form: Mapping[str, str],
    like: BookingView,
    settled: Iterable[int] = (),
    *,
    sees_apart: bool = False,
) -> list[Row]:
    """The rows for some wishes, with the choices of a form; what was chosen and is not free any more is open again.

    They are for the people of an appointment `like` them; whoever `sees_apart` is told of a meeting once they choose it.
    """
    people = frozenset[str]() if sees_apart else await here.read(people_of, like)
    rows = [_row(one, form, here.branch) for one in await here.read(_prospects, here.branch, service, wishes, people)]
    known = set(settled)
    rows = [replace(row, settled=True, error="") if row.n in known else row for row in rows]
    rows = [_unread(row, here.branch) for row in rows]
    typed = {row.n: at for row in rows if not row.settled and (at := _typed(row, here.branch)) is not None}
    by_n = {one.n: one for one in wishes}
    others = [replace(by_n[n], starts_at=at) for n, at in typed.items()]
    looked = {one.wish.n: one for one in await here.read(_prospects, here.branch, service, others, people)}
    return [_with_other(row, looked[row.n]) if row.n in looked else row for row in rows]


def is_number(text: str) -> bool:
    """Whether it is a number that has a meaning here; Python reads none of thousands of digits."""
    return text.isdecimal() and len(text) < MOST_DIGITS


def times_of(rows: Iterable[Row]) -> dict[int, datetime | None]:
    """What was decided, by number; rows that are open are missing."""
    found: dict[int, datetime | None] = {}
    for row in rows:
        if not row.settled and not row.error and row.chosen:
            found[row.n] = None if row.chosen == LEAVE else read_start(row.chosen)
    return found


def errors_of(rows: Iterable[Row], here: StaffAtBranch) -> dict[str, str]:
    """The words for the rows that are still open, by field."""
    return {
        row.name: here.words.text(row.error or "series.error-open")
        for row in rows
        if not row.settled and (row.error or not row.chosen)
    }


def dates_after(
    rows: Sequence[Row], here: StaffAtBranch, failure: DomainError | None, *, undecided: bool
) -> tuple[dict[str, Any], int]:
    """What a form says of its dates as they were sent, and the status of the page.

    A mistake is told beside its field where no date can be shown for it, and else above the form.
    """
    field = failure.field if isinstance(failure, Invalid) and not rows else None
    words = message(failure, here.words) if failure else ""
    values = {
        "rows": rows,
        "open": sum(1 for row in rows if not row.settled and not row.chosen),
        "errors": {field: words} if field else errors_of(rows, here) if undecided or failure else {},
        "refusal": "" if field else words,
    }
    return values, failure.status if failure else 422 if undecided else 200


def _prospects(
    tx: Tx, branch: BranchSettings, service: ServiceView, wishes: Sequence[WantedDate], people: frozenset[str]
) -> list[Prospect]:
    return prospects(tx, branch, service, [replace(one, people=people) for one in wishes])


def read_wall(text: str) -> int | None:
    """Minutes after midnight, from a time as browsers send it, 14:00; None for anything else."""
    try:
        return minutes_of(time.fromisoformat(text))
    except ValueError:
        return None


def _row(found: Prospect, form: Mapping[str, str], branch: BranchSettings) -> Row:
    wish = found.wish
    free = [wish.starts_at] if found.chance is Chance.FREE else []
    times = (*free, *(slot.start for slot in found.alternatives))
    keys = {start_key(one) for one in times}
    local = wish.starts_at.astimezone(branch.zone)
    chosen = form.get(f"at-{wish.n}", start_key(free[0]) if free and LEAVE_REST not in form else "")
    day, wall = form.get(f"day-{wish.n}", f"{local:%Y-%m-%d}"), form.get(f"time-{wish.n}", f"{local:%H:%M}")
    row = Row(wish.n, wish.starts_at, found.chance, found.why, times, chosen, day, wall)
    if chosen in keys or chosen in (LEAVE, OTHER):
        return row
    if LEAVE_REST in form:
        return replace(row, chosen=start_key(free[0]) if free else LEAVE)
    try:
        gone = read_start(chosen) if chosen else None
    except Invalid:
        gone = None
    # The time that was chosen has gone, or is one that was typed before.
    return replace(row, chosen="" if gone is None else start_key(gone))


def _unread(row: Row, branch: BranchSettings) -> Row:
    """Without the choice of a time that is none."""
    if row.chosen == OTHER and _typed(row, branch) is None:
        return replace(row, chosen="", error="series.error-typed")
    return row


def _typed(row: Row, branch: BranchSettings) -> datetime | None:
    """The time that was typed, or was chosen and is not in the list any more."""
    if row.chosen == OTHER:
        day, wall = read_day(row.day), read_wall(row.wall)
        return None if day is None or wall is None else instant_at(day, wall, branch.zone)
    known = {start_key(one) for one in row.times}
    return None if row.chosen in known or row.chosen in ("", LEAVE) else read_start(row.chosen)


def _with_other(row: Row, found: Prospect) -> Row:
    if found.chance is Chance.FREE:
        at = found.wish.starts_at
        return replace(row, times=tuple(dict.fromkeys((*row.times, at))), chosen=start_key(at))
    more = tuple(dict.fromkeys((*row.times, *(slot.start for slot in found.alternatives))))
    return replace(row, times=more, chosen="", error=f"series.error-{found.chance.value.replace('_', '-')}")
