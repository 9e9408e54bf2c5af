"""Whose absences a person plans, and the other pages about members that lead on from a day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

from ...core import hours
from ...core.rights import (
    ABSENCE_RIGHTS,
    ATTENDANCE_RIGHTS,
    DECISION_RIGHTS,
    HAND_OVER_RIGHTS,
    MOVE_RIGHTS,
    PHONE_LIST_RIGHTS,
    Rights,
)
from ...i18n import dates
from ...store.queries.effect import undecided
from ...store.queries.members import MemberView, members_of, needs_of
from ...store.queries.phone_calls import phone_calls
from ...store.queries.settings import BranchSettings
from ...web.here import StaffAtBranch


def members_for(here: StaffAtBranch, rights: Rights) -> dict[UUID, MemberView]:
    """The members of the services for which the person has one of `rights`, in the order of the settings."""
    branch = here.branch
    ids = {option for one in here.services(rights) for need in needs_of(branch, one) for option in need.options}
    today = branch.timetable.business_date(here.now)
    return {
        key: one for key, one in members_of(branch).items() if key in ids and (one.until is None or one.until >= today)
    }


def named_among(members: Mapping[UUID, MemberView], slug: str) -> MemberView | None:
    """The member with a slug; None where it is none of these."""
    return next((one for one in members.values() if one.slug == slug), None)


def could_stand_in(branch: BranchSettings, member: UUID, among: Mapping[UUID, MemberView]) -> list[MemberView]:
    """Those who share a need with a member."""
    together = {
        option
        for service in branch.services
        for need in needs_of(branch, service)
        if member in need.options
        for option in need.options
    }
    return [one for key, one in among.items() if key in together and key != member]


async def links_of(here: StaffAtBranch, day: date) -> list[tuple[str, str, int | None]]:
    """The addresses that lead on from a day, each with the key of its words and how many wait there."""
    base = f"/appointments/{here.branch.slug}"
    found: list[tuple[str, str, int | None]] = []
    if here.may_any(ABSENCE_RIGHTS) and members_for(here, ABSENCE_RIGHTS):
        found.append((f"{base}/away", "blocks.away", None))
    if here.may_any(HAND_OVER_RIGHTS) and members_for(here, HAND_OVER_RIGHTS):
        found.append((f"{base}/hand-over?{urlencode({'day': day.isoformat()})}", "blocks.hand-over", None))
    if here.may_any(MOVE_RIGHTS):
        found.append((f"{base}/moves?{urlencode({'day': day.isoformat()})}", "moving.several", None))
    if here.may_any(PHONE_LIST_RIGHTS):
        mine = here.services(PHONE_LIST_RIGHTS)
        open_ = [
            one
            for one in await here.read(phone_calls, here.branch)
            if one.reached_at is None and one.booking.service_id in mine
        ]
        if open_:
            found.append((f"{base}/calls", "blocks.calls", len(open_)))
    if here.may_any(DECISION_RIGHTS):
        mine = here.services(DECISION_RIGHTS)
        listed = sum(one.booking.service_id in mine for one in await here.read(undecided, here.branch))
        if listed:
            found.append(("/office/undecided", "office.undecided", listed))
    if here.may_any(ATTENDANCE_RIGHTS):
        found.append((f"{base}/attendance", "appointments.attendance", None))
    return found


def stretch_of(here: StaffAtBranch, starts_at: datetime, ends_at: datetime) -> str:
    """A stretch of time in words: its days where these are whole, else the instants, of one day as two times."""
    branch, words = here.branch, here.words

    def bounds(day: date) -> tuple[datetime, datetime]:
        return hours.day_bounds(day, branch.zone, branch.day_starts)

    first = branch.timetable.business_date(starts_at)
    last = branch.timetable.business_date(ends_at - timedelta.resolution)
    whole = (starts_at, ends_at) == (bounds(first)[0], bounds(last)[1])
    if not whole and first == last:
        times = dates.time_range(starts_at, ends_at, branch.zone, words)
        return words.text("blocks.stretch-of-day", day=dates.day(first, words), times=times)
    if not whole:
        start, end = (dates.day_time(at, branch.zone, words) for at in (starts_at, ends_at))
    elif first == last:
        return dates.day(first, words)
    else:
        start, end = dates.day(first, words), dates.day(last, words)
    return words.text("blocks.stretch", start=start, end=end)
