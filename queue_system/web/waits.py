"""How long people are told they will wait: the latest forecast of each branch, as this node has it.

What was told with a number is stored with the ticket, so every node learns the same from how those waits ended (decision
0044). What is told after that is in the memory of each node.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from ..core import hours
from ..core.tickets import ORDINARY
from ..core.waits.accuracy import Outcome
from ..core.waits.announce import Announced, Announcements, Longer, Pressure, Range, Standing
from ..core.waits.hall import Newcomer
from ..core.waits.last_ticket import is_too_late
from ..store.queries.bookings import BookingView
from ..store.queries.line import TicketView, told_with
from ..store.queries.past_waits import Learnt
from ..store.queries.settings import BranchSettings, ServiceView
from ..store.queries.waits import FRESH, Played, booked_newcomer, newcomer_of

_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody in line is told: the range, and why it goes beyond what was promised; None where it does not."""

    range: Range
    longer: Longer | None


@dataclass(frozen=True, slots=True)
class _InLine:
    """What somebody is told who waits in a queue."""

    queue_id: UUID
    standing: Standing


@dataclass(slots=True)
class _Branch:
    announcements: Announcements = field(default_factory=Announcements)
    learnt: Learnt | None = None
    played: Played | None = None
    standing: dict[UUID, _InLine] = field(default_factory=dict)
    # What was said last of a number taken for a service.
    late: dict[UUID, bool] = field(default_factory=dict)


class Waits:
    """What is told in the branches of this node."""

    def __init__(self) -> None:
        self._branches: defaultdict[UUID, _Branch] = defaultdict(_Branch)

    def for_newcomer(
        self,
        branch: BranchSettings,
        service: ServiceView,
        now: datetime,
        priority: str = ORDINARY,
        language: str | None = None,
    ) -> Announced | None:
        """What somebody is told who takes a number for a service now, in a class and a language (the branch's own).

        None where no range can be told.
        """
        day = branch.timetable.business_date(now)
        return self._told(branch.id, newcomer_of(branch, service, day, priority, language), now)

    def for_booking(
        self, branch: BranchSettings, booking: BookingView, now: datetime, language: str | None = None
    ) -> Announced | None:
        """What somebody is told who checks in for an appointment now; None where no range can be told."""
        found = booked_newcomer(branch, booking, now, language or booking.language)
        return self._told(branch.id, found, now) if found else None

    def for_queue(self, branch: BranchSettings, queue_id: UUID, now: datetime) -> Range | None:
        """What most people are told who take a number of a queue now; None where nobody can, or no range can be told."""
        services = (
            one
            for one in branch.services.values()
            if one.queue_id == queue_id and one.walk_in and branch.gives_numbers(one.id, now)
        )
        told = [found for one in services if (found := self.for_newcomer(branch, one, now))]
        # Those of lighter classes are the most.
        return max((one.range for one in told), key=lambda one: (one.most, one.least), default=None)

    def of_ticket(self, branch_id: UUID, ticket_id: UUID, now: datetime) -> Told | None:
        """What somebody in line is told; None where no range can be told."""
        known = self._fresh(branch_id, now)
        found = known.standing.get(ticket_id) if known else None
        return None if found is None else Told(found.standing.at(now), found.standing.longer)

    def too_late(
        self,
        branch: BranchSettings,
        service: ServiceView,
        now: datetime,
        priority: str = ORDINARY,
        language: str | None = None,
    ) -> bool:
        """Whether a number taken for a service now would be called after closing, for one person of ten or more."""
        known = self._fresh(branch.id, now)
        if known is None or known.played is None or not _may_be_told(known, service.queue_id):
            return False
        day = branch.timetable.business_date(now)
        wait = known.played.forecast.newcomers.get(newcomer_of(branch, service, day, priority, language))
        if wait is None:
            return False
        minutes = known.announcements.upper(service.queue_id, wait)
        closes = hours.last_closing(now, branch.calendar, branch.day_starts, service.id)
        # Of a class or a language that is called sooner something else may be true, so only the ordinary one of the branch
        # is remembered.
        usual = priority == ORDINARY and language in (None, branch.default_language)
        before = usual and known.late.get(service.id, False)
        found = not math.isfinite(minutes) or is_too_late(known.played.at + minutes * _MINUTE, closes, before=before)
        if usual:
            known.late[service.id] = found
        return found

    def last_call(self, branch_id: UUID, now: datetime) -> datetime | None:
        """When the last of all who wait now, and whom a counter serves, is called at the earliest in half of the cases.

        None where nobody waits or nothing can be said.
        """
        known = self._fresh(branch_id, now)
        if known is None or known.played is None:
            return None
        told = [
            wait.p50
            for one in known.played.waiting
            if _may_be_told(known, one.queue_id) and math.isfinite((wait := known.played.forecast.tickets[one.id]).p50)
        ]
        return known.played.at + timedelta(minutes=max(told)) if told else None

    def learn(self, branch_id: UUID, learnt: Learnt, outcomes: Iterable[Outcome]) -> None:
        """Take in what the past says, and how the waits ended that were told."""
        known = self._branches[branch_id]
        known.learnt = learnt
        for outcome in outcomes:
            known.announcements.learn(outcome.announced, outcome.minutes, came=outcome.called)

    def take(self, branch_id: UUID, played: Played | None) -> None:
        """Tell from now on what this forecast says; nothing where there is none."""
        known = self._branches[branch_id]
        known.played = played
        known.standing = dict(_standing(known, played)) if played else {}
        if played is None:
            known.late.clear()

    def _told(self, branch_id: UUID, newcomer: Newcomer, now: datetime) -> Announced | None:
        known = self._fresh(branch_id, now)
        if known is None or known.played is None or not _may_be_told(known, newcomer.queue_id):
            return None
        wait = known.played.forecast.newcomers.get(newcomer)
        return None if wait is None else known.announcements.say(newcomer.queue_id, wait)

    def _fresh(self, branch_id: UUID, now: datetime) -> _Branch | None:
        known = self._branches.get(branch_id)
        return known if known and known.played and now - known.played.at < FRESH else None


def _standing(known: _Branch, played: Played) -> Iterable[tuple[UUID, _InLine]]:
    """What everybody in line is told now, by ticket, after what they were told before."""
    for ticket in played.waiting:
        if not _may_be_told(known, ticket.queue_id):
            continue
        said = known.announcements.say(ticket.queue_id, played.forecast.tickets[ticket.id])
        if said is None:
            continue
        ahead = played.ahead[ticket.id]
        before = known.standing.get(ticket.id)
        if before is None or before.queue_id != ticket.queue_id:
            before = _with_number(ticket, ahead)
        standing = (
            before.standing.after(said.range, ahead, played.at)
            if before
            else Standing.first(said.range, played.at, ahead)
        )
        yield ticket.id, _InLine(ticket.queue_id, standing)


def _with_number(ticket: TicketView, ahead: Pressure) -> _InLine | None:
    """What was told with the number; nothing once that wait is over, or where the visitor stands in another queue now."""
    told = told_with(ticket)
    if told is None or ticket.wait_ended_at is not None or ticket.queue_id != ticket.series_id:
        return None
    return _InLine(ticket.queue_id, Standing.first(told, ticket.issued_at, ahead))


def _may_be_told(known: _Branch, queue_id: UUID) -> bool:
    visits = known.learnt.visits.get(queue_id, 0) if known.learnt else 0
    return known.announcements.may_be_told(queue_id, visits)
