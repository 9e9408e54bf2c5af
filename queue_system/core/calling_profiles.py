"""Which queues a counter calls first: a calling profile narrows the candidates, and the published rule chooses among them.

A profile is a list of steps, each with queues and a condition. The first step whose condition holds, and in whose queues
somebody may be called, decides from which of the counter's queues the rule of `core.dispatch` chooses; without such a step
it chooses among all of them. A profile never adds a queue to a counter.

The promise of `dispatch.longest_bypass` stays true (docs/decisions/0047): if the choice of a step would pass somebody whom
the counter may call, and who came that much earlier, the rule decides among all queues of the counter. Emergencies go first
whatever the profile says.

Calls and replays of the log decide with `decide`; all that it looks at is in its arguments.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

from . import dispatch
from .dispatch import CallingRules, Choice, Reason, Waiting, is_callable, is_emergency, longest_bypass

#: Conditions look at no call that is older, and at no share of more calls than these.
LOOKED_BACK: Final = timedelta(hours=4)
LONGEST_SHARE: Final = 20
#: How many calls `line_up` foretells by the profile; whoever comes after them stands in the order of the rule.
FORETOLD: Final = 20
_MINUTE: Final = timedelta(minutes=1)

When = Literal["always", "waiting", "fewer", "share"]
Whose = Literal["counter", "branch"]


@dataclass(frozen=True, slots=True)
class Step:
    """Call from `queues` first, if the condition `when` holds (what each looks at, see `RecentCall`):

    always   it holds
    waiting  somebody who may be called in the queue `watched` has waited longer than `minutes`, from the anchor
    fewer    fewer than `calls` were called from `watched` in the last `minutes`, by this counter or in the whole branch
             (`whose`)
    share    always, in turns with the queue `watched`: as long as fewer than `calls` of the last `calls` + `others` − 1 calls
             of this counter from these queues were from `queues`, these are next; otherwise `watched` is
    """

    queues: frozenset[UUID]
    when: When = "always"
    watched: UUID | None = None
    minutes: int = 0
    calls: int = 0
    others: int = 0
    whose: Whose = "counter"


@dataclass(frozen=True, slots=True)
class Profile:
    """A calling profile: its slug, and its steps, of which the first that applies decides."""

    slug: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: a counter, the queues that it serves, the person who sits there with their skills and languages.

    Visitors who speak one of `languages` come first until the others have waited for `language_first`; without it the
    others are not called. Without languages, none matters.
    """

    counter_id: UUID
    queues: frozenset[UUID]
    staff_id: UUID | None = None
    skills: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    language_first: timedelta | None = None


@dataclass(frozen=True, slots=True)
class RecentCall:
    """A call, as the hall heard it, also one that was taken back: which counter, from which queue, when (UTC)."""

    counter_id: UUID
    queue_id: UUID
    at: datetime


def decide(
    waiting: Sequence[Waiting],
    counter: Caller,
    profile: Profile | None,
    recent_calls: Sequence[RecentCall],
    rules: CallingRules,
    now: datetime,
) -> Choice | None:
    """The ticket that the counter calls at `now`, and why; None when nobody waits in its queues.

    `waiting` are the tickets of its queues and of those that the profile watches, `recent_calls` those of the branch in
    the last LOOKED_BACK, the oldest first. Without a profile it is `dispatch.choose`.
    """
    waiting = [one for one in waiting if may_call(one, counter, now)]
    by_rule = dispatch.choose(waiting, counter.queues, rules, now)
    if by_rule is None or (profile is None and not counter.languages):
        return by_rule
    # Of the tickets that may be called, because nobody else is passed by a call.
    able = [one for one in waiting if is_callable(one, rules, now)]
    candidates = [one for one in able if one.queue_id in counter.queues]
    if any(is_emergency(one.weight) for one in candidates):
        return by_rule
    understood = [one for one in candidates if _comes_first(one, counter, now)] or candidates
    for place, step in enumerate(profile.steps if profile else (), start=1):
        queues = _queues_of(step, able, counter, recent_calls, now)
        inside = [one for one in understood if one.queue_id in queues]
        if not inside:
            continue
        if len(inside) == len(understood):
            # The step leaves nobody out, so the rule alone explains the call.
            break
        chosen = _first(inside, queues, rules, now)
        if passes_too_far(chosen, candidates, rules):
            return _as_promised(by_rule, waiting, profile, now) if profile else by_rule
        return Choice(chosen.ticket_id, _reason(step, place, profile, able, now)) if profile else by_rule
    if len(understood) == len(candidates):
        return by_rule
    chosen = _first(understood, counter.queues, rules, now)
    if chosen.ticket_id == by_rule.ticket_id or passes_too_far(chosen, candidates, rules):
        return by_rule
    return Choice(chosen.ticket_id, Reason("language"))


def looked_at(queues: Collection[UUID], profile: Profile | None) -> frozenset[UUID]:
    """The queues whose tickets a call is decided from: those of the counter, and those that its profile watches."""
    watched = (step.watched for step in (profile.steps if profile else ()) if step.when == "waiting")
    return frozenset(queues) | {queue_id for queue_id in watched if queue_id is not None}


def line_up(
    waiting: Sequence[Waiting],
    counter: Caller,
    profile: Profile | None,
    recent_calls: Sequence[RecentCall],
    rules: CallingRules,
    now: datetime,
) -> list[Choice]:
    """The tickets in the order in which this counter would call them if it called all of them at `now`.

    Each reason is as if those before had been called already. With a profile, the order after FORETOLD calls is the rule's.
    """
    waiting = [one for one in waiting if may_call(one, counter, now)]
    if profile is None and not counter.languages:
        return dispatch.order(waiting, counter.queues, rules, now)
    rest, calls = list(waiting), list(recent_calls)
    line: list[Choice] = []
    while len(line) < FORETOLD and (choice := decide(rest, counter, profile, calls, rules, now)) is not None:
        line.append(choice)
        called = next(one for one in rest if one.ticket_id == choice.ticket_id)
        calls.append(RecentCall(counter.counter_id, called.queue_id, now))
        rest = [
            replace(one, aside=one.aside - 1) if one.aside and one.queue_id in counter.queues else one
            for one in rest
            if one is not called
        ]
    return [*line, *dispatch.order(rest, counter.queues, rules, now)]


def may_call(ticket: Waiting, counter: Caller, now: datetime) -> bool:
    """Whether the person at the counter gets this ticket by "next": it is not for others, and they can serve it."""
    if is_for_others(ticket, counter, now) or not ticket.skills <= counter.skills:
        return False
    only = bool(counter.languages) and counter.language_first is None
    return not only or is_emergency(ticket.weight) or ticket.language in counter.languages


def callers_key(ticket: Waiting, now: datetime) -> Hashable:
    """What of a ticket decides who may call it at `now`: tickets of one kind may be called by the same counters."""
    reserved = None
    if ticket.reserved_until is not None and ticket.reserved_until > now:
        reserved = ticket.reserved_counter, ticket.reserved_staff
    return ticket.queue_id, is_emergency(ticket.weight), ticket.skills, ticket.language, reserved


def is_for_others(ticket: Waiting, counter: Caller, now: datetime) -> bool:
    """Whether a ticket is reserved for another counter or person at `now`; emergencies never are."""
    if ticket.reserved_until is None or ticket.reserved_until <= now or is_emergency(ticket.weight):
        return False
    if ticket.reserved_counter is not None:
        return ticket.reserved_counter != counter.counter_id
    return ticket.reserved_staff != counter.staff_id


def passes_too_far(chosen: Waiting, candidates: Collection[Waiting], rules: CallingRules) -> bool:
    """Whether calling `chosen` breaks the promise to somebody among `candidates`, who all may be called."""
    for other in candidates:
        bypass = longest_bypass(other.weight, rules)
        if bypass is not None and chosen.anchor_at - other.anchor_at > bypass:
            return True
    return False


def _comes_first(ticket: Waiting, counter: Caller, now: datetime) -> bool:
    """Whether a ticket is among those that the clerk's languages put first."""
    if not counter.languages or counter.language_first is None or ticket.language in counter.languages:
        return True
    return now - ticket.anchor_at >= counter.language_first


def _first(tickets: Sequence[Waiting], queues: Collection[UUID], rules: CallingRules, now: datetime) -> Waiting:
    """Whom the rule chooses among some tickets, of which at least one is in these queues."""
    choice = dispatch.choose(tickets, queues, rules, now)
    return next(one for one in tickets if choice is not None and one.ticket_id == choice.ticket_id)


def _queues_of(
    step: Step, able: Sequence[Waiting], counter: Caller, recent_calls: Sequence[RecentCall], now: datetime
) -> Collection[UUID]:
    """The queues that a step puts first at `now`; none where its condition does not hold."""
    match step.when:
        case "waiting" if _longest(step, able, now) <= step.minutes * _MINUTE:
            return ()
        case "fewer" if _called(step, counter, recent_calls, now) >= step.calls:
            return ()
        case "share" if step.watched is not None and not _is_behind(step, counter, recent_calls, now):
            return (step.watched,)
    return step.queues


def _called(step: Step, counter: Caller, recent_calls: Sequence[RecentCall], now: datetime) -> int:
    """How many the condition `fewer` counts."""
    since = now - min(step.minutes * _MINUTE, LOOKED_BACK)
    return sum(
        call.at > since
        and call.queue_id == step.watched
        and (step.whose == "branch" or call.counter_id == counter.counter_id)
        for call in recent_calls
    )


def _is_behind(step: Step, counter: Caller, recent_calls: Sequence[RecentCall], now: datetime) -> bool:
    """Whether the queues of a share are next, and not the one that takes turns with them."""
    own = [
        call.queue_id
        for call in recent_calls
        if call.counter_id == counter.counter_id
        and call.at > now - LOOKED_BACK
        and (call.queue_id in step.queues or call.queue_id == step.watched)
    ]
    row = min(step.calls + step.others, LONGEST_SHARE) - 1
    return sum(queue_id in step.queues for queue_id in own[max(0, len(own) - row) :]) < step.calls


def _longest(step: Step, able: Sequence[Waiting], now: datetime) -> timedelta:
    """How long the first in the watched queue has waited; nothing where nobody does."""
    waits = [now - one.anchor_at for one in able if one.queue_id == step.watched]
    return max(waits, default=timedelta(0))


def _reason(step: Step, place: int, profile: Profile, able: Sequence[Waiting], now: datetime) -> Reason:
    """Why the queues of a step come first: the profile, the number of the step, and the figures of its condition."""
    values: dict[str, Any] = {"profile": profile.slug, "step": place}
    match step.when:
        case "waiting":
            values |= {"n": _longest(step, able, now) // _MINUTE, "limit": step.minutes}
        case "fewer":
            values |= {"calls": step.calls, "minutes": step.minutes}
        case "share":
            values |= {"calls": step.calls, "of": step.calls + step.others}
    return Reason(f"profile-{step.when}", values)


def _as_promised(by_rule: Choice, waiting: Sequence[Waiting], profile: Profile, now: datetime) -> Choice:
    """The rule's own choice, where the profile would have let somebody pass who came too long after another."""
    chosen = next(one for one in waiting if one.ticket_id == by_rule.ticket_id)
    waited = max(timedelta(0), now - chosen.anchor_at) // _MINUTE
    return Choice(by_rule.ticket_id, Reason("profile-promise", {"n": waited, "profile": profile.slug}))
