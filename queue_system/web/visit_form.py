"""The form that asks for times of a whole visit: its parts, from when on, near which time. For visitors and for staff."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Final
from uuid import UUID

from ..actions.channels import How
from ..core import hours
from ..core.channels import Channel
from ..store.queries.bookings import BookingView
from ..store.queries.channels import channels_to_choose
from ..store.queries.common_times import CommonTimes, Step, WantedTimes
from ..store.queries.settings import BranchSettings, ServiceView

ROWS: Final = 3
MOST_DIGITS: Final = 5
LAST_YEAR: Final = 3000
MOST_PERSONS: Final = 5
MOST_PARTS: Final = 10
GAPS: Final = (0, 15, 30, 60, 120)
HALVES: Final = ("morning", "afternoon")


@dataclass(frozen=True, slots=True)
class Asked:
    """A line of the form: a service, for how many persons, and with whom (the slug of a member, or "" for anybody)."""

    service: ServiceView | None
    persons: int
    with_: str


def lines_of(known: Mapping[str, ServiceView], sent: Mapping[str, str]) -> list[Asked]:
    """The lines as they were sent; `known` are the services that can be chosen, by their value in the form."""
    return [
        Asked(known.get(sent.get(f"s{n}", "")), _number(sent.get(f"n{n}", ""), MOST_PERSONS), sent.get(f"w{n}", ""))
        for n in range(1, ROWS + 1)
    ]


def steps_of(
    lines: Iterable[Asked], members: Callable[[ServiceView, str], Mapping[UUID, UUID]] | None = None
) -> list[Step]:
    """The parts of the visit in their order, one for each person; `members` gives those that are wanted."""
    steps: list[Step] = []
    for one in lines:
        if one.service is not None:
            asked = members(one.service, one.with_) if members else {}
            steps += [Step(one.service, asked)] * one.persons
    return steps


def first_day(branch: BranchSettings, now: datetime, wanted: date | None) -> date:
    """The day from which on times are searched: today, or a later one that is wanted in this or the next years."""
    today = hours.business_date(now, branch.zone, branch.day_starts)
    # The last days of the calendar have no instants in UTC.
    return max(wanted, today) if wanted is not None and wanted.year < LAST_YEAR else today


def wish_of(
    branch: BranchSettings, now: datetime, day: date, sent: Mapping[str, str], *, public: bool = False
) -> WantedTimes:
    """What was sent besides the parts; what is no time or number counts as not said."""
    start, _ = hours.day_bounds(day, branch.zone, branch.day_starts)
    try:
        at = datetime.combine(day, time.fromisoformat(sent.get("at", "")), branch.zone)
    except ValueError:
        at = None
    half, gap = sent.get("half", ""), sent.get("gap", "")
    return WantedTimes(
        max(start, now),
        at,
        half if half in HALVES else "",
        int(gap) if gap in map(str, GAPS) else 0,
        public,
    )


def ends_of(branch: BranchSettings, found: CommonTimes | None, steps: Sequence[Step]) -> dict[datetime, datetime]:
    """When the last part of each visit ends, by the time at which the first begins."""
    visits = (*found.near, *found.first) if found else ()
    return {one[0]: end_of(branch, steps[-1].service, one[-1]) for one in visits}


def end_of(branch: BranchSettings, service: ServiceView, begin: datetime) -> datetime:
    """When an appointment that begins then is over, by the terms of its day."""
    return begin + timedelta(minutes=service.on(begin.astimezone(branch.zone).date()).duration_min)


def persons_of(services: Iterable[UUID]) -> list[int]:
    """Which person each part is for, by the services of the parts: the n-th part of a service is for the n-th person."""
    seen: Counter[UUID] = Counter()
    persons = []
    for service in services:
        seen[service] += 1
        persons.append(seen[service])
    return persons


def names_of(parts: Sequence[BookingView]) -> dict[int, BookingView]:
    """The first part of each person, by the number of the person."""
    persons = persons_of(one.service_id for one in parts)
    first = dict(zip(reversed(persons), reversed(parts), strict=True))
    return dict(sorted(first.items()))


def search_of(
    branch: BranchSettings, parts: Sequence[BookingView], value_of: Callable[[ServiceView], str]
) -> dict[str, str]:
    """What the form says that finds such a visit, near its time; `value_of` is that of a service in the form.

    `parts` are those of one visit, in their order.
    """
    sent: dict[str, str] = {}
    for n, line in enumerate(lines_made(parts), 1):
        sent |= {f"s{n}": value_of(branch.services[line[0].service_id]), f"n{n}": str(len(line))}
    begin = parts[0].starts_at.astimezone(branch.zone)
    day = hours.business_date(begin, branch.zone, branch.day_starts)
    waits = [later.starts_at - sooner.ends_at for sooner, later in pairwise(parts)]
    longest = max(waits, default=timedelta()) // timedelta(minutes=1)
    gap = next((gap for gap in GAPS if longest <= gap), GAPS[-1])
    return sent | {"from": day.isoformat(), "at": f"{begin:%H:%M}", "gap": str(gap)}


def lines_made(parts: Iterable[BookingView]) -> list[list[BookingView]]:
    """The parts of a visit by the lines of the form that may have asked for it: each is one service, for some persons."""
    lines: list[list[BookingView]] = []
    for part in parts:
        if not lines or lines[-1][0].service_id != part.service_id or len(lines[-1]) == MOST_PERSONS:
            lines.append([])
        lines[-1].append(part)
    return lines


def channel_field(part: int) -> str:
    """The field of a form that says how a part of a visit takes place, the first of which has number 0."""
    return f"channel{part + 1}"


def issued_field(part: int) -> str:
    """The field of a form for the number that another office gave the request of a part, the first of which has number 0."""
    return f"issued{part + 1}"


#: The fields that say who comes to a visit and how, beside those that search for times.
ANSWERS: Final = (
    "contact",
    "contact_sure",
    "language",
    *(f"name{person}" for person in range(1, MOST_PERSONS + 1)),
    *(field(part) for field in (channel_field, issued_field) for part in range(MOST_PARTS)),
)


def how_of(branch: BranchSettings, service: ServiceView, sent: Mapping[str, str], part: int) -> How | None:
    """What a form says of how a part takes place; None where there is nothing to choose, and nobody was asked."""
    return How(sent.get(channel_field(part), "")) if channels_to_choose(branch, service) else None


def chosen_channel(booking: BookingView) -> str:
    """The value of `channel_field` for a part that is held."""
    return Channel.VIDEO.value if booking.channel is Channel.VIDEO else ""


def _number(text: str, most: int) -> int:
    # A query may be as long as it likes, and Python reads no number of thousands of digits.
    return min(max(int(text), 1), most) if text.isascii() and text.isdigit() and len(text) < MOST_DIGITS else 1
