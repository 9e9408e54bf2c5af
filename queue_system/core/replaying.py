"""Every call of a branch, computed again from its log: who waited, by which rule, and whom the rule calls.

The log is followed entry by entry. At each call the line is as the entries before it leave it, the instant is that of
the entry, and the settings are those of that moment; then `calling_profiles.decide` is asked, as in the hall. Calls by
hand claim something else (parked, passed over before, out of turn for a reason), and that is checked.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from .calling_profiles import LOOKED_BACK, Caller, Profile, RecentCall, decide, looked_at, may_call
from .dispatch import Choice, Reason, Waiting, is_emergency, longest_bypass
from .facts import Fact, families, tickets
from .facts.counters import CounterClosed, CounterOpened
from .reasons import BY_HAND, OUT_OF_TURN
from .replayed import Bypass, Called, Entry, Hall, Verdict
from .tickets import AT_COUNTER, TicketState

#: The state of a ticket after an entry about it; the others leave it as it is, or say it themselves.
_STATES: Final[Mapping[type[Fact], TicketState]] = {
    tickets.TicketCalled: TicketState.CALLED,
    tickets.TicketStarted: TicketState.SERVING,
    tickets.TicketServed: TicketState.SERVED,
    tickets.TicketSkipped: TicketState.WAITING,
    tickets.TicketNoShow: TicketState.NO_SHOW,
    tickets.TicketParked: TicketState.PARKED,
    tickets.TicketResumed: TicketState.WAITING,
    tickets.TicketReturned: TicketState.WAITING,
    tickets.TicketTransferred: TicketState.WAITING,
    tickets.TicketLeft: TicketState.LEFT,
    tickets.TicketVoided: TicketState.VOID,
    families.TicketJoined: TicketState.VOID,
    families.TicketSplit: TicketState.WAITING,
}
#: After these, missed calls are forgotten (`actions.steps.AFRESH`).
_AFRESH: Final = (tickets.TicketParked, tickets.TicketReturned, tickets.TicketTransferred)


@dataclass(frozen=True, slots=True)
class _Reserved:
    """For whom alone a ticket waits, and until when."""

    until: datetime | None = None
    counter: UUID | None = None
    staff: UUID | None = None


_FOR_ALL: Final = _Reserved()


@dataclass(slots=True)
class _Ticket:
    """A ticket as the log tells of it; not `sure` where an older entry has left out what counts in line."""

    id: UUID
    code: str
    queue: str
    service: str
    priority: str
    #: None where an older entry does not say it.
    language: str | None
    anchor_at: datetime
    appointment: bool
    state: TicketState = TicketState.WAITING
    skips: int = 0
    aside: int = 0
    reserved: _Reserved = _FOR_ALL
    #: As it was before the last call, because a call that is taken back is as if it had not been.
    reserved_before: _Reserved = _FOR_ALL
    sure: bool = True


@dataclass(slots=True)
class Replay:
    """Follows the log of a branch. `hall` is set by the caller before the entries that it counts for."""

    hall: Hall | None = None
    #: Up to this entry somebody may have waited of whom the log no longer says where and since when.
    doubtful_until: int = 0
    _tickets: dict[str, _Ticket] = field(default_factory=dict)
    #: Whoever waits, by queue, so that a long day costs no more than its line.
    _lines: dict[str, dict[str, _Ticket]] = field(default_factory=dict)
    #: The calls of the last hours, the oldest first: counter, queue, instant.
    _calls: deque[tuple[UUID, str, datetime]] = field(default_factory=deque)
    _sits: dict[str, UUID] = field(default_factory=dict)
    #: What each counter has set free by closing, because it stays reserved where a colleague takes the counter over.
    _freed: dict[str, list[tuple[_Ticket, _Reserved]]] = field(default_factory=dict)

    def follow(self, entry: Entry) -> Called | None:
        """Take one entry; returns the call where it is one."""
        fact = entry.fact
        if isinstance(fact, tickets.TicketIssued):
            self._issue(fact)
            return None
        if isinstance(fact, CounterOpened):
            self._open(fact, entry.actor)
        if isinstance(fact, CounterClosed):
            self._close(fact)
        if not isinstance(fact, tickets.TicketFact):
            return None
        ticket = self._tickets.get(fact.subject)
        called = self._judge(entry, fact, ticket) if isinstance(fact, tickets.TicketCalled) else None
        if ticket is None:
            self.doubtful_until = entry.seq
            return called
        self._leave_line(ticket)
        self._step(ticket, fact, entry.at)
        self._join_line(ticket)
        if isinstance(fact, tickets.TicketCalled):
            self._one_less(fact)
            self._calls.append((UUID(fact.counter), ticket.queue, entry.at))
        return called

    def settled(self, calls: Iterable[Called]) -> Iterator[Called]:
        """The calls once the log has been followed to its end: none counts as reproduced that may lack somebody."""
        for call in calls:
            doubtful = call.seq <= self.doubtful_until
            yield replace(call, verdict=Verdict.UNKNOWN) if doubtful else call

    # ------------------------------------------------------------ counters

    def _open(self, fact: CounterOpened, actor: str) -> None:
        if clerk := fact.for_clerk or actor:
            self._sits[fact.subject] = UUID(clerk)
        freed = self._freed.pop(fact.subject, [])
        for ticket, reserved in freed if fact.instead_of else ():
            ticket.reserved = reserved

    def _close(self, fact: CounterClosed) -> None:
        """Everybody may call who waited for the counter alone, or for whoever sat there (`actions.reserving`).

        Whether a colleague takes the counter over, so that it never was closed, the entry after it says.
        """
        counter, staff = UUID(fact.subject), self._sits.pop(fact.subject, None)
        mine = [
            one
            for one in self._waiting(self._lines)
            if one.reserved.until and (one.reserved.counter == counter or (staff and one.reserved.staff == staff))
        ]
        self._freed[fact.subject] = [(one, one.reserved) for one in mine if one.reserved.counter == counter]
        for one in mine:
            one.reserved = _FOR_ALL

    # ------------------------------------------------------------ the line

    def _issue(self, fact: tickets.TicketIssued) -> None:
        ticket = _Ticket(
            id=UUID(fact.subject),
            code=fact.code,
            queue=fact.queue,
            service=fact.service,
            priority=fact.priority_class,
            language=fact.language,
            anchor_at=datetime.fromisoformat(fact.anchor_at),
            appointment=fact.booking is not None,
        )
        self._tickets[fact.subject] = ticket
        self._join_line(ticket)

    def _leave_line(self, ticket: _Ticket) -> None:
        self._lines.get(ticket.queue, {}).pop(str(ticket.id), None)

    def _join_line(self, ticket: _Ticket) -> None:
        if ticket.state is TicketState.WAITING:
            self._lines.setdefault(ticket.queue, {})[str(ticket.id)] = ticket

    def _step(self, ticket: _Ticket, fact: tickets.TicketFact, at: datetime) -> None:
        """Change a ticket as the entry says."""
        ticket.state = _STATES.get(type(fact), ticket.state)
        if isinstance(fact, _AFRESH):
            ticket.skips = ticket.aside = 0
        match fact:
            case tickets.TicketCalled():
                ticket.aside, ticket.reserved_before, ticket.reserved = 0, ticket.reserved, _FOR_ALL
            case tickets.TicketForCounter():
                ticket.reserved = _Reserved(datetime.fromisoformat(fact.until), counter=UUID(fact.counter))
            case tickets.TicketForPerson():
                ticket.reserved = _Reserved(datetime.fromisoformat(fact.until), staff=UUID(fact.person))
            case tickets.TicketSkipped():
                ticket.skips, ticket.aside = ticket.skips + 1, fact.others_first
            case tickets.TicketReturned():
                ticket.aside, ticket.anchor_at = fact.others_first, ticket.anchor_at if fact.others_first else at
            case tickets.TicketTransferred():
                ticket.queue, ticket.service, ticket.reserved = fact.to_queue, fact.to_service, _FOR_ALL
            case tickets.TicketRaised():
                self._raise(ticket, fact, at)
            case families.TicketJoined():
                self._stand_for_all(fact.leader, fact.anchor_at)
            case families.TicketSplit():
                ticket.anchor_at = datetime.fromisoformat(fact.own_anchor_at)
                self._stand_for_all(fact.leader, fact.anchor_at)
            case tickets.TicketTakenBack():
                self._take_back(ticket, fact)

    def _stand_for_all(self, leader: str, anchor_at: str) -> None:
        """The number in line for several stands so (`actions.families`)."""
        if leader in self._tickets:
            self._tickets[leader].anchor_at = datetime.fromisoformat(anchor_at)

    def _raise(self, ticket: _Ticket, fact: tickets.TicketRaised, at: datetime) -> None:
        ticket.priority = fact.to_class
        if fact.anchor_at is not None:
            ticket.anchor_at = datetime.fromisoformat(fact.anchor_at)
        elif self.hall is None or (is_emergency(self.hall.weights.get(fact.to_class, 1.0)) and ticket.anchor_at > at):
            ticket.sure = False

    def _take_back(self, ticket: _Ticket, fact: tickets.TicketTakenBack) -> None:
        was = ticket.state
        ticket.state, ticket.priority = TicketState(fact.to_state), fact.priority_class
        ticket.queue, ticket.service = fact.queue, fact.service
        if was is TicketState.CALLED and ticket.state in (TicketState.WAITING, TicketState.PARKED):
            before = ticket.reserved_before
            # Whoever has gone meanwhile is waited for by nobody (`actions.reserving.still_reserved`).
            is_there = str(before.counter) in self._sits if before.counter else before.staff in self._sits.values()
            ticket.reserved = before if is_there else _FOR_ALL
        elif ticket.state in AT_COUNTER:
            ticket.reserved = _FOR_ALL
        if fact.anchor_at is None or fact.skips is None or fact.others_first is None:
            # An older entry: neither the place of this one is known, nor how many are called before those passed over.
            ticket.sure = False
            for other in self._waiting(self._lines):
                other.sure = other.sure and not other.skips
            return
        ticket.anchor_at = datetime.fromisoformat(fact.anchor_at)
        ticket.skips, ticket.aside = fact.skips, fact.others_first
        for one in fact.one_more or ():
            if one in self._tickets:
                self._tickets[one].aside += 1

    def _one_less(self, fact: tickets.TicketCalled) -> None:
        """Those who were passed over wait for one call less (`actions.counter_steps.call`)."""
        if self.hall is None or fact.counter_number not in self.hall.counters:
            return
        for other in self._waiting(self._slugs(self.hall, self.hall.counters[fact.counter_number].queues)):
            if other.aside and str(other.id) != fact.subject:
                other.aside -= 1

    def _waiting(self, queues: Iterable[str]) -> Iterator[_Ticket]:
        for queue in queues:
            yield from self._lines.get(queue, {}).values()

    def _slugs(self, hall: Hall, queues: Collection[UUID]) -> list[str]:
        """Those of some queues in which somebody has waited."""
        return [slug for slug in self._lines if hall.queues.get(slug) in queues]

    # ------------------------------------------------------------ the verdict

    def _judge(self, entry: Entry, fact: tickets.TicketCalled, ticket: _Ticket | None) -> Called:
        reason = Reason(fact.reason, dict(fact.values))
        by_hand = reason.code in BY_HAND
        called = Called(
            entry.seq,
            entry.at,
            UUID(fact.subject),
            fact.code,
            ticket.queue if ticket else "",
            fact.counter_number,
            reason,
            Verdict.UNKNOWN,
            by_hand=by_hand,
        )
        if self.hall is None or ticket is None or fact.counter_number not in self.hall.counters:
            return called
        caller, profile = _caller(self.hall, entry, fact)
        seen = self._waiting(self._slugs(self.hall, looked_at(caller.queues, profile)))
        in_line = [one for one in seen if str(one.id) != fact.passed_over]
        if not ticket.sure or not all(one.sure for one in in_line):
            return called
        if self.hall.looks_at_clerks and fact.skills is None:
            return called
        if caller.languages and any(one.language is None for one in in_line):
            return called
        choice = self._choice(self.hall, in_line, caller, profile, entry.at)
        if by_hand:
            right = self._is_true_by_hand(ticket, fact, choice)
        else:
            right = choice is not None and (choice.ticket_id, choice.reason) == (ticket.id, reason)
        return replace(
            called,
            verdict=Verdict.REPRODUCED if right else Verdict.DIFFERS,
            expected=self._tickets[str(choice.ticket_id)].code if choice else None,
            why=choice.reason if choice else None,
            passed=dict(_passed(ticket, _able(in_line, caller, self.hall, entry.at), self.hall)),
        )

    def _choice(
        self, hall: Hall, in_line: Iterable[_Ticket], caller: Caller, profile: Profile | None, now: datetime
    ) -> Choice | None:
        waiting = [_waiting(one, hall) for one in in_line]
        while self._calls and self._calls[0][2] < now - LOOKED_BACK:
            self._calls.popleft()
        recent = [
            RecentCall(counter, hall.queues[queue], at) for counter, queue, at in self._calls if queue in hall.queues
        ]
        return decide(waiting, caller, profile, recent, hall.rules, now)

    def _is_true_by_hand(self, ticket: _Ticket, fact: tickets.TicketCalled, choice: Choice | None) -> bool:
        """Whether a call by hand is what it says, and was not the next one anyway (`counter_steps.why_by_hand`)."""
        hall = self.hall
        if hall is None or hall.queues.get(ticket.queue) not in hall.counters[fact.counter_number].queues:
            return False
        if choice is not None and choice.ticket_id == ticket.id:
            return False
        match fact.reason:
            case "parked-back":
                return ticket.state is TicketState.PARKED
            case "skipped-back":
                return ticket.state is TicketState.WAITING and ticket.skips > 0
            case _:
                waits = ticket.state is TicketState.WAITING and not ticket.skips
                return waits and fact.values.get("basis") in OUT_OF_TURN


def _caller(hall: Hall, entry: Entry, fact: tickets.TicketCalled) -> tuple[Caller, Profile | None]:
    """Who called, and by which profile: the clerk's own if the branch has it, else the counter's."""
    place = hall.counters[fact.counter_number]
    caller = Caller(
        counter_id=UUID(fact.counter),
        queues=place.queues,
        staff_id=UUID(entry.actor) if entry.actor else None,
        skills=frozenset(fact.skills or ()),
        languages=frozenset(fact.languages or ()),
        language_first=hall.language_first,
    )
    return caller, hall.profiles.get(fact.profile or "", place.profile)


def _waiting(one: _Ticket, hall: Hall) -> Waiting:
    return Waiting(
        ticket_id=one.id,
        queue_id=hall.queues[one.queue],
        priority=one.priority,
        weight=hall.weights.get(one.priority, 1.0),
        anchor_at=one.anchor_at,
        appointment=one.appointment,
        aside=one.aside,
        reserved_counter=one.reserved.counter,
        reserved_staff=one.reserved.staff,
        reserved_until=one.reserved.until,
        skills=hall.skills.get(one.service, frozenset()),
        language=one.language or "",
    )


def _able(in_line: Iterable[_Ticket], caller: Caller, hall: Hall, now: datetime) -> list[_Ticket]:
    """Those whom a counter could have called: of its queues, not reserved for others, and whom the clerk can serve."""
    return [
        one for one in in_line if hall.queues[one.queue] in caller.queues and may_call(_waiting(one, hall), caller, now)
    ]


def _passed(called: _Ticket, in_line: Iterable[_Ticket], hall: Hall) -> Iterator[tuple[str, Bypass]]:
    """By class, the longest time by which the called one came after somebody who still waits."""
    if is_emergency(hall.weights.get(called.priority, 1.0)):
        return
    oldest: dict[str, datetime] = {}
    for one in in_line:
        if one is not called and not one.aside and one.anchor_at < called.anchor_at:
            oldest[one.priority] = min(one.anchor_at, oldest.get(one.priority, one.anchor_at))
    for slug, anchor_at in oldest.items():
        weight = hall.weights.get(slug, 1.0)
        # An emergency can only be passed by a call by hand, of which nothing is promised.
        promise = None if is_emergency(weight) else longest_bypass(weight, hall.rules)
        yield slug, Bypass(called.anchor_at - anchor_at, promise)
