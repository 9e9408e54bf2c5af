"""The calls of a branch, computed again from its log and the settings of each moment."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from ...core import hours
from ...core.facts import UnknownFact, from_data
from ...core.replayed import Called, Entry, Hall, Place
from ...core.replaying import Replay
from .. import log, tables
from ..tx import Tx
from . import line
from .calling_profiles import language_first, looks_at_clerks, profile_named
from .past_settings import past_settings
from .settings import BranchSettings, derived

ENTRY = tables.table(tables.Entry)
#: A session may last over a change of day, so whoever waits at the beginning came at most so long before.
BEFORE: Final = timedelta(days=2)
AT_ONCE: Final = 2_000
_BEGINNING: Final = datetime.min.replace(tzinfo=UTC)


def replayed_days(tx: Tx, settings: BranchSettings, first: date | None, last: date) -> list[Called]:
    """`replayed` for business days of a branch, both included; from the beginning of the log where `first` is None."""
    until = hours.day_bounds(last, settings.zone, settings.day_starts)[1]
    since = hours.day_bounds(first, settings.zone, settings.day_starts)[0] if first else None
    return replayed(tx, settings.id, since, until)


def replayed(tx: Tx, branch_id: UUID, since: datetime | None, until: datetime) -> list[Called]:
    """All calls from `since` to before `until`, in the order of the log, each with what the rule says of it.

    Raises Missing("branch"), Unreadable. Takes long where the log is long.
    """
    start = log.first_since(tx, branch_id, since - BEFORE if since else _BEGINNING)
    end = log.first_since(tx, branch_id, until)
    settings = past_settings(tx, branch_id, start)
    replay = Replay()
    found: list[Called] = []
    for entry in _entries(tx, branch_id, start, end):
        while settings and settings[0].seq < entry.seq:
            known = settings.pop(0).settings
            replay.hall = None if known is None else hall_of(known)
        called = replay.follow(entry)
        if called is not None and (since is None or called.at >= since):
            found.append(called)
    return list(replay.settled(found))


@derived
def hall_of(settings: BranchSettings) -> Hall:
    """What the settings say of calling."""
    return Hall(
        rules=line.calling_rules(settings),
        weights={slug: priority.weight for slug, priority in settings.priorities.items()},
        queues={queue.slug: queue.id for queue in settings.queues.values()},
        counters={
            counter.number: Place(frozenset(counter.queues), profile_named(settings, counter.calling_profile))
            for counter in settings.counters.values()
        },
        profiles={
            slug: profile
            for slug in settings.calling_profiles
            if (profile := profile_named(settings, slug)) is not None
        },
        skills={service.slug: frozenset(service.skills) for service in settings.services.values() if service.skills},
        looks_at_clerks=looks_at_clerks(settings),
        language_first=language_first(settings),
    )


def _entries(tx: Tx, branch_id: UUID, start: int, end: int) -> Iterator[Entry]:
    """The entries about tickets and counters from `start` to before `end`."""
    after = start - 1
    told = (ENTRY.c.seq, ENTRY.c.at, ENTRY.c.kind, ENTRY.c.subject, ENTRY.c.data, ENTRY.c.actor_kind, ENTRY.c.actor_id)
    of_the_hall = ENTRY.c.kind.like("ticket.%") | ENTRY.c.kind.like("counter.%")
    entries = sa.select(*told).where(ENTRY.c.branch_id == branch_id, of_the_hall, ENTRY.c.seq < end)
    while rows := tx.rows(entries.where(ENTRY.c.seq > after).order_by(ENTRY.c.seq).limit(AT_ONCE)):
        for row in rows:
            after = row.seq
            actor = row.actor_id if row.actor_kind == "staff" else ""
            try:
                yield Entry(row.seq, row.at, from_data(row.kind, row.subject, row.data), actor)
            except UnknownFact:
                continue
