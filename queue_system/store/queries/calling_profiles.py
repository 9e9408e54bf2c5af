"""What a counter's next call is decided from: its calling profile, the queues it looks at, the calls of the last hours."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from ...core import calling_profiles
from ...core.calling_profiles import LOOKED_BACK, Caller, Profile, RecentCall
from ...core.dispatch import Waiting
from ...settings.calling_profiles import CallingStep
from ..database import AnyRow, Tx
from ..prepared import Prepared
from ..tables import Call, Counter, Staff, table
from . import line
from .settings import BranchSettings, CounterView, derived

CALL = table(Call)
COUNTER = table(Counter)
STAFF = table(Staff)


def _recent(row: AnyRow) -> RecentCall:
    return RecentCall(row.counter_id, row.queue_id, row.at)


_CLERK = Prepared(
    sa.select(STAFF.c.id, STAFF.c.skills, STAFF.c.languages, STAFF.c.calling_profile).where(
        STAFF.c.id == sa.bindparam("staff")
    )
)
_SITTING = Prepared(
    sa.select(COUNTER.c.id.label("counter_id"), STAFF.c.id, STAFF.c.skills, STAFF.c.languages, STAFF.c.calling_profile)
    .join(STAFF, STAFF.c.id == COUNTER.c.staff_id)
    .where(COUNTER.c.branch_id == sa.bindparam("branch"))
    .order_by(COUNTER.c.id)
)
_COLUMNS = (CALL.c.counter_id, CALL.c.queue_id, CALL.c.at)
_OF_BRANCH = Prepared(
    sa.select(*_COLUMNS)
    .where(
        CALL.c.branch_id == sa.bindparam("branch"),
        CALL.c.at > sa.bindparam("since"),
        CALL.c.kind == "call",
        CALL.c.queue_id.is_not(None),
    )
    .order_by(CALL.c.at, CALL.c.seq),
    _recent,
)
_OF_COUNTER = Prepared(
    sa.select(*_COLUMNS)
    .where(
        CALL.c.branch_id == sa.bindparam("branch"),
        CALL.c.at > sa.bindparam("since"),
        CALL.c.counter_id == sa.bindparam("counter"),
        CALL.c.kind == "call",
        CALL.c.queue_id.is_not(None),
    )
    .order_by(CALL.c.at, CALL.c.seq),
    _recent,
)


@dataclass(frozen=True, slots=True)
class ClerkView:
    """What a person has that decides whom they call; `profile` is the slug of a calling profile."""

    staff_id: UUID
    skills: frozenset[str]
    languages: frozenset[str]
    profile: str | None


def clerk(tx: Tx, staff_id: UUID) -> ClerkView:
    """A person as calls are decided; somebody without skills and languages if there is no such account."""
    row = tx.row(_CLERK, {"staff": staff_id})
    if row is None:
        return ClerkView(staff_id, frozenset(), frozenset(), None)
    return _clerk(row)


def caller_at(settings: BranchSettings, counter: CounterView, clerk: ClerkView | None) -> Caller:
    """A counter, and who sits there, as its calls are decided."""
    if clerk is None:
        return Caller(counter.id, frozenset(counter.queues))
    languages = frozenset[str]() if settings.queue_rules.language_match == "off" else clerk.languages
    first = language_first(settings)
    return Caller(counter.id, frozenset(counter.queues), clerk.staff_id, clerk.skills, languages, first)


def language_first(settings: BranchSettings) -> timedelta | None:
    """`Caller.language_first` as the branch has it; None also where languages do not matter."""
    rules = settings.queue_rules
    return timedelta(minutes=rules.language_first_min) if rules.language_match == "prefer" else None


def looks_at_clerks(settings: BranchSettings) -> bool:
    """Whether anything of a clerk can decide a call of the branch: a skill, a language, or a profile of their own."""
    by_language = settings.queue_rules.language_match != "off"
    return by_language or bool(settings.calling_profiles) or bool(line.skills_needed(settings))


def profile_at(settings: BranchSettings, counter: CounterView, clerk: ClerkView | None) -> Profile | None:
    """The profile that counts: the person's if the branch has it, else the counter's."""
    return profile_named(settings, own_profile(settings, clerk) or counter.calling_profile)


def own_profile(settings: BranchSettings, clerk: ClerkView | None) -> str | None:
    """The slug of the person's own profile if the branch has it."""
    return clerk.profile if clerk and clerk.profile in settings.calling_profiles else None


def callers(tx: Tx, settings: BranchSettings, opened: Collection[UUID]) -> list[Caller]:
    """The open counters with their clerks, by their ids; `opened` are these ids."""
    return [
        caller_at(settings, settings.counters[row.counter_id], _clerk(row))
        for row in tx.rows(_SITTING, {"branch": settings.id})
        if row.counter_id in opened
    ]


def callers_of(
    tx: Tx, settings: BranchSettings, opened: Collection[UUID], waiting: Iterable[Waiting]
) -> Sequence[Caller]:
    """`callers` as far as they matter for whom of `waiting` each may call; nothing is read where only the queues do."""
    if looks_at_clerks(settings) or any(one.reserved_staff for one in waiting):
        return callers(tx, settings, opened)
    return [caller_at(settings, settings.counters[one], None) for one in sorted(opened)]


@derived
def profile_named(settings: BranchSettings, slug: str | None) -> Profile | None:
    """A calling profile of the branch with ids in place of names; None without one."""
    found = settings.calling_profiles.get(slug) if slug else None
    if found is None:
        return None
    ids = {queue.slug: queue.id for queue in settings.queues.values()}
    return Profile(found.slug, tuple(_step(step, ids) for step in found.steps))


def watched_queues(counter: CounterView, profile: Profile | None) -> frozenset[UUID]:
    """`core.calling_profiles.looked_at` of a counter."""
    return calling_profiles.looked_at(counter.queues, profile)


def recent_calls(tx: Tx, branch_id: UUID, counter: CounterView, profile: Profile | None) -> list[RecentCall]:
    """The calls that the conditions of a profile count, the oldest first; none is read that no condition needs."""
    steps = profile.steps if profile else ()
    of_branch = [step.minutes for step in steps if step.when == "fewer" and step.whose == "branch"]
    own = [step.minutes for step in steps if step.when == "fewer" and step.whose == "counter"]
    shares = any(step.when == "share" for step in steps)
    back = LOOKED_BACK if shares else timedelta(minutes=max([*of_branch, *own], default=0))
    if not back:
        return []
    values = {"branch": branch_id, "since": tx.now - back}
    if of_branch:
        found: list[RecentCall] = tx.rows(_OF_BRANCH, values)
    else:
        found = tx.rows(_OF_COUNTER, values | {"counter": counter.id})
    return found


def _clerk(row: AnyRow) -> ClerkView:
    return ClerkView(row.id, frozenset(row.skills), frozenset(row.languages), row.calling_profile)


def _step(step: CallingStep, ids: dict[str, UUID]) -> calling_profiles.Step:
    return calling_profiles.Step(
        queues=frozenset(ids[slug] for slug in step.queues),
        when=step.when,
        watched=ids[step.watched] if step.watched else None,
        minutes=(step.waits_min if step.when == "waiting" else step.last_min) or 0,
        calls=step.calls or 0,
        others=step.others or 0,
        whose=step.whose,
    )
