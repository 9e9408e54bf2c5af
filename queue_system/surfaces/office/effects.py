"""How pages of the office show what a change of settings takes away, and read what is decided on it.

A page puts `shown` into its template as `effect`, includes `office/_effect.html` inside its form, and reads the answer with
`read_choices`. Without JavaScript: one choice for each reason, and another one for single appointments.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Final
from uuid import UUID

from ...core.calendars import Window
from ...core.changed_days import ChangedDay
from ...core.effect import Effect, IdleDevice
from ...core.hours import to_instants
from ...core.outside import OpenAlone
from ...core.promises import Choice, Choices
from ...core.support import Why
from ...i18n import dates
from ...i18n.words import Words
from ...store.queries.bookings import BookingView
from ...store.queries.settings import BranchSettings, Names
from ...web.safe_contact import WayInForce
from .line_effects import LineGroup, line_groups, read_line_choices

BY_WHY: Final = "why-"
BY_BOOKING: Final = "booking-"
# A form may decide on so many appointments one by one.
MOST_FIELDS: Final = 5_000


@dataclass(frozen=True, slots=True)
class Row:
    """An appointment: its time in words, the name of its service for lists, and that of its visitor if it may be seen.

    `way` is how the visitor may be contacted, where there is anything to observe. `chosen` is the choice for this one alone,
    if it has one. `unanswered`: another time was offered in vain. `hand_over` is the address of the page on which another
    person or room takes it, if one could.
    `second` is the key of what is said where one person may not keep it.
    """

    id: UUID
    code: str
    at: str
    service: Names
    name: str | None = None
    contact: str | None = None
    chosen: Choice | None = None
    unanswered: bool = False
    way: WayInForce | None = None
    hand_over: str = ""
    second: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """The appointments that are lost for one reason, and what is chosen for all of them."""

    why: Why
    rows: tuple[Row, ...]
    chosen: Choice


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days that change in the same way, in words; `service` is None for the branch. `closed`: it has no hours then."""

    service: Names | None
    days: tuple[str, ...]
    before: tuple[str, ...]
    after: tuple[str, ...]
    decided: str
    named: Names

    @property
    def first(self) -> str:
        return self.days[0]

    @property
    def last(self) -> str:
        return self.days[-1]


@dataclass(frozen=True, slots=True)
class Alone:
    """A service that is open while its branch is closed: the first such day, how many more there are, both hours."""

    service: Names
    day: str
    more: int
    own: tuple[str, ...]
    branch: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ShownEffect:
    """An effect as a page shows it; `choices` are those that the person may make.

    `alone` are the services that would keep open while the branch is closed.
    """

    groups: tuple[Group, ...]
    stretches: tuple[Stretch, ...]
    lines: tuple[LineGroup, ...]
    devices: tuple[IdleDevice, ...]
    choices: tuple[Choice, ...]
    alone: tuple[Alone, ...] = ()

    @property
    def count(self) -> int:
        """How many appointments lose their support."""
        return sum(len(group.rows) for group in self.groups)

    @property
    def in_line(self) -> int:
        """How many people in line lose their support."""
        return sum(len(group.rows) for group in self.lines)

    @property
    def nothing(self) -> bool:
        return not (self.groups or self.stretches or self.lines or self.devices)


def shown(
    effect: Effect,
    branch: BranchSettings,
    words: Words,
    choices: Choices,
    may: Collection[Choice],
    may_in_line: Mapping[str, frozenset[Choice]],
    names: Mapping[UUID, str] | None = None,
    alone: Iterable[OpenAlone] = (),
) -> ShownEffect:
    """An effect for `_effect.html`; `may_in_line` are the choices for people in line by slug of the service.

    `names` are those of visitors, by booking, for people who may see them.
    """
    services = {service.slug: service.listed_names for service in branch.services.values()}
    rows = [
        (
            one.why,
            Row(
                id=one.id,
                code=one.code,
                at=dates.day_time(one.starts_at, branch.zone, words),
                service=services.get(one.service, {}),
                name=(names or {}).get(one.id),
                chosen=choices.by_booking.get(one.id),
            ),
        )
        for one in effect.bookings
    ]
    return ShownEffect(
        groups=grouped(rows, choices),
        stretches=stretches_of(effect.days, branch, words),
        lines=line_groups(
            effect.tickets,
            branch,
            effect.takes_in,
            may_in_line,
            choices,
        ),
        devices=effect.devices,
        choices=tuple(choice for choice in Choice if choice in may),
        alone=alone_of(alone, branch, words),
    )


def grouped(rows: Iterable[tuple[Why, Row]], choices: Choices) -> tuple[Group, ...]:
    """Appointments by their reason, in the order of the reasons."""
    found: dict[Why, list[Row]] = {}
    for why, row in rows:
        found.setdefault(why, []).append(row)
    return tuple(Group(why, tuple(found[why]), choices.by_why.get(why, Choice.LATER)) for why in Why if why in found)


def rows_of(bookings: Iterable[BookingView], branches: Mapping[UUID, BranchSettings], words: Words) -> list[Row]:
    """Appointments of several branches as a list shows them; without the names of their visitors."""
    found = []
    for one in bookings:
        if (branch := branches.get(one.branch_id)) is not None:
            service = branch.services[one.service_id].listed_names
            found.append(Row(one.id, one.code, dates.day_time(one.starts_at, branch.zone, words), service))
    return found


def stretches_of(days: Sequence[ChangedDay], branch: BranchSettings, words: Words) -> tuple[Stretch, ...]:
    """The changed days, those together that change in the same way; the branch before its services."""
    services = {service.slug: service.names for service in branch.services.values()}

    def alike(one: ChangedDay) -> tuple[str, tuple[Window, ...], tuple[Window, ...], str]:
        return one.service or "", one.before, one.after, one.decided.by.value

    found = []
    for _, group in groupby(sorted(days, key=lambda one: (*alike(one), one.day)), alike):
        same = tuple(group)
        first = same[0]
        stretch = Stretch(
            service=services.get(first.service) if first.service else None,
            days=tuple(dates.day(one.day, words) for one in same),
            before=_hours(first.day, first.before, branch, words),
            after=_hours(first.day, first.after, branch, words),
            decided=first.decided.by.value,
            named=dict(first.decided.names),
        )
        found.append((first.service is not None, first.day, stretch))
    return tuple(stretch for *_, stretch in sorted(found, key=lambda one: one[:2]))


def alone_of(found: Iterable[OpenAlone], branch: BranchSettings, words: Words) -> tuple[Alone, ...]:
    """Services that are open while the branch is closed, in words."""
    return tuple(
        Alone(
            service=branch.services[one.service_id].names,
            day=dates.day(one.days[0], words),
            more=len(one.days) - 1,
            own=_hours(one.days[0], one.own, branch, words),
            branch=_hours(one.days[0], one.branch, branch, words),
        )
        for one in found
        if one.service_id in branch.services
    )


def read_choices(fields: Sequence[tuple[str, str]], may: Collection[Choice]) -> Choices:
    """What a form decides; choices that the person may not make, and unknown ones, are left out."""
    by_why: dict[Why, Choice] = {}
    by_booking: dict[UUID, Choice] = {}
    for name, value in fields:
        if value not in {choice.value for choice in may}:
            continue
        with suppress(ValueError):
            if name.startswith(BY_WHY):
                by_why[Why(name.removeprefix(BY_WHY))] = Choice(value)
            elif name.startswith(BY_BOOKING):
                by_booking[UUID(name.removeprefix(BY_BOOKING))] = Choice(value)
    return Choices(by_why, by_booking, *read_line_choices(fields))


def _hours(day: date, windows: Iterable[Window], branch: BranchSettings, words: Words) -> tuple[str, ...]:
    spans: list[tuple[datetime, datetime]] = [to_instants(day, window, branch.zone) for window in windows]
    return tuple(dates.time_range(opens, closes, branch.zone, words) for opens, closes in spans)
