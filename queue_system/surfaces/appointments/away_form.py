"""The questions of an absence as a form answers them: who, from when to when, how often, and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Final
from uuid import UUID

from ...core import hours
from ...core.block_dates import Repeats
from ...core.blocks import OF_PEOPLE, OF_THINGS, Absence, BlockReason, check, read_note
from ...core.errors import Invalid
from ...core.rights import ABSENCE_RIGHTS
from ...store.queries.members import PEOPLE, MemberView
from ...store.queries.settings import BranchSettings
from ...web.errors import message
from ...web.here import StaffAtBranch
from .members_away import members_for
from .moments import read_day
from .series_rows import is_number

#: Fields with one answer, and those with several.
FIELDS: Final = (
    "member",
    "from",
    "from_time",
    "until",
    "until_time",
    "every",
    "times",
    "last",
    "reason",
    "note",
    "scope",
    "whom",
)
SEVERAL: Final = ("also", "weekday", "skip")
_DAYS_OF_A_WEEK: Final = 7


@dataclass(frozen=True, slots=True)
class Form:
    """What was sent: `one` answer to most questions, and to some `several`."""

    one: Mapping[str, str]
    several: Mapping[str, Sequence[str]]

    @classmethod
    def of(cls, items: Sequence[tuple[str, str]]) -> Form:
        """The fields of a request."""
        one = {name: value for name, value in items if name not in SEVERAL}
        return cls(one, {each: [value for name, value in items if name == each] for each in SEVERAL})

    def get(self, name: str) -> str:
        """One answer; "" for none."""
        return self.one.get(name, "")

    @property
    def kept(self) -> list[tuple[str, str]]:
        """The questions with their answers, for the next form; what is left out is asked for again there."""
        several = [(name, value) for name in SEVERAL if name != "skip" for value in self.several[name]]
        return [(name, self.get(name)) for name in FIELDS if name in self.one] + several


@dataclass(frozen=True, slots=True)
class Asked:
    """Absences of `members` as the form says them, one for each of the `days` that is not left out; `errors` by field."""

    members: tuple[MemberView, ...]
    reason: BlockReason
    note: str
    absences: tuple[Absence, ...] = ()
    days: tuple[date, ...] = ()
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Times:
    """A stretch by days and by wall times in minutes after midnight; without these it is whole days."""

    first: date
    opens: int | None
    last: date
    closes: int | None

    def of(self, here: StaffAtBranch, member: MemberView, day: date) -> Absence:
        """The same stretch of a member, moved so that it begins on `day`."""
        branch, last = here.branch, self.last + (day - self.first)
        starts_at = _instant(here, day, self.opens) or hours.day_bounds(day, branch.zone, branch.day_starts)[0]
        ends_at = _instant(here, last, self.closes) or hours.day_bounds(last, branch.zone, branch.day_starts)[1]
        return Absence(member.id, starts_at, ends_at)


def read_asked(here: StaffAtBranch, form: Form) -> Asked:
    """The absences that a form asks for."""
    errors: dict[str, str] = {}
    mine = list(members_for(here, ABSENCE_RIGHTS).values())
    named = [form.get("member"), *form.several["also"]]
    members = tuple(one for one in mine if one.slug in named)
    if not any(one.slug == form.get("member") for one in members):
        errors["member"] = here.words.text("blocks.which")
    times = read_times(here, form, errors)
    reason, note = read_why(here, form, members, errors)
    asked = Asked(members, reason, note, errors=errors)
    if errors or times is None:
        return asked
    return with_absences(
        here, asked, lambda: _days(here, form, times), lambda day: [times.of(here, one, day) for one in members], form
    )


def with_absences(
    here: StaffAtBranch,
    asked: Asked,
    days_of: Callable[[], Sequence[date]],
    absences_on: Callable[[date], Sequence[Absence]],
    form: Form,
    since: datetime | None = None,
) -> Asked:
    """What was asked, with the absences of its days but those that are left out, or with why they cannot be."""
    branch = here.branch
    today = hours.day_bounds(branch.timetable.business_date(here.now), branch.zone, branch.day_starts)[0]
    try:
        days = tuple(days_of())
        kept = [day for day in days if day.isoformat() not in form.several["skip"]]
        if not kept:
            raise Invalid("block-repeats-none", "times")
        absences = tuple(one for day in kept for one in absences_on(day))
        for one in absences:
            check(one, today if since is None else min(today, since))
        if _overlap(absences):
            raise Invalid("block-repeats-meet", "until")
    except Invalid as mistake:
        errors = {mistake.field or "from": message(mistake, here.words)}
        return Asked(asked.members, asked.reason, asked.note, errors=errors)
    return Asked(asked.members, asked.reason, asked.note, absences, days)


def read_times(here: StaffAtBranch, form: Form, errors: dict[str, str]) -> Times | None:
    """The stretch, or what is wrong with it."""
    first, last = read_day(form.get("from")), read_day(form.get("until"))
    begin, finish = _minutes(form.get("from_time")), _minutes(form.get("until_time"))
    for name, value in (("from", first), ("until", last)):
        if value is None:
            errors[name] = here.words.text("blocks.no-day")
    for name, minutes in (("from_time", begin), ("until_time", finish)):
        if form.get(name) and minutes is None:
            errors[name] = here.words.text("blocks.no-time")
    return None if first is None or last is None else Times(first, begin, last, finish)


def read_why(
    here: StaffAtBranch, form: Form, members: Sequence[MemberView], errors: dict[str, str]
) -> tuple[BlockReason, str]:
    """The reason, also in words; OTHER where it is none of those of a person, or of a thing."""
    known = OF_PEOPLE if all(one.kind in PEOPLE for one in members) else OF_THINGS
    reason = next((one for one in known if one == form.get("reason")), BlockReason.OTHER)
    try:
        return reason, read_note(form.get("note"))
    except Invalid as mistake:
        errors["note"] = message(mistake, here.words)
    return reason, ""


def _days(here: StaffAtBranch, form: Form, times: Times) -> Sequence[date]:
    """The days on which the absences begin."""
    if not form.get("every"):
        return [times.first]
    ticked = (int(one) for one in form.several["weekday"] if one.isdecimal() and len(one) == 1)
    weekdays = frozenset(one for one in ticked if one < _DAYS_OF_A_WEEK) or {times.first.weekday()}
    last, every, often = read_day(form.get("last")), form.get("every"), form.get("times").strip()
    if form.get("last") and last is None:
        raise Invalid("block-repeats-end", "last")
    if often and not is_number(often):
        raise Invalid("block-repeats-end", "times")
    rule = Repeats(
        times.first,
        frozenset(weekdays),
        int(every) if is_number(every) else 0,
        int(often) if often else None,
        last,
    )
    return rule.days(here.branch.week_starts)


def why_words(here: StaffAtBranch) -> list[tuple[str, str]]:
    """The reasons with their words."""
    return [(one.value, here.words.text(f"blocks.reason-{one}")) for one in BlockReason]


def week_of(branch: BranchSettings) -> list[int]:
    """The weekdays (Monday = 0) in the order of the branch."""
    return [(branch.week_starts + n) % _DAYS_OF_A_WEEK for n in range(_DAYS_OF_A_WEEK)]


def _overlap(absences: Sequence[Absence]) -> bool:
    """Whether a member is away twice at a time."""
    ends: dict[UUID, datetime] = {}
    for one in sorted(absences, key=lambda one: one.starts_at):
        if one.member in ends and one.starts_at < ends[one.member]:
            return True
        ends[one.member] = one.ends_at
    return False


def _instant(here: StaffAtBranch, day: date, minutes: int | None) -> datetime | None:
    return None if minutes is None else hours.instant_at(day, minutes, here.branch.zone)


def _minutes(text: str) -> int | None:
    try:
        at = time.fromisoformat(text.strip())
    except ValueError:
        return None
    return timedelta(hours=at.hour, minutes=at.minute) // timedelta(minutes=1)
