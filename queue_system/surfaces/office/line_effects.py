"""How pages of the office show people in line who lose their support, and read what is decided on them.

`office/_line.html` draws the groups: one choice for each reason and queue, and another one for single numbers.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from ...actions.guarded_decisions import AS_WITH_BOOKINGS
from ...core.effect import LostTicket
from ...core.promises import Choice, Choices, LineChoice, LineDecision, line_key
from ...core.support import Why
from ...store.queries.settings import BranchSettings, Names

BY_LINE: Final = "line-"
BY_TICKET: Final = "ticket-"


@dataclass(frozen=True, slots=True)
class LineRow:
    """A number with the name of its service for lists; `chosen` is the decision for this one alone, or ""."""

    id: UUID
    code: str
    service: Names
    chosen: str


@dataclass(frozen=True, slots=True)
class LineGroup:
    """The numbers of one queue that are lost for one reason; `targets` are services that can be chosen, by slug."""

    key: str
    why: Why
    queue: Names
    rows: tuple[LineRow, ...]
    chosen: str
    choices: tuple[LineChoice, ...]
    targets: tuple[tuple[str, Names], ...]


def line_groups(
    lost: Iterable[LostTicket],
    branch: BranchSettings,
    takes_in: Collection[str],
    may: Mapping[str, frozenset[Choice]],
    choices: Choices,
) -> tuple[LineGroup, ...]:
    """People in line by reason and queue; `may` are the choices that the person has, by slug of the service."""
    services = {one.slug: one for one in branch.services.values()}
    queues = {one.slug: one.names for one in branch.queues.values()}
    groups: dict[tuple[Why, str], list[LostTicket]] = {}
    for one in lost:
        groups.setdefault((one.why, one.queue), []).append(one)
    found = []
    for (why, queue), group in groups.items():
        key = line_key(branch.slug, why, queue)
        allowed = frozenset(Choice).intersection(*(may.get(one.service, frozenset({Choice.LATER})) for one in group))
        targets = tuple((slug, services[slug].names) for slug in takes_in if slug in services)
        possible = tuple(
            choice
            for choice in LineChoice
            if AS_WITH_BOOKINGS[choice] in allowed
            and choice.is_possible(why)
            and not (choice is LineChoice.SEND and not targets)
        )
        rows = (
            LineRow(
                one.id,
                one.code,
                services[one.service].listed_names if one.service in services else {},
                str(choices.by_ticket.get(one.id, "")),
            )
            for one in group
        )
        chosen = str(choices.by_line.get(key, LineDecision()))
        found.append(LineGroup(key, why, queues.get(queue, {}), tuple(rows), chosen, possible, targets))
    return tuple(found)


def read_line_choices(fields: Iterable[tuple[str, str]]) -> tuple[dict[str, LineDecision], dict[UUID, LineDecision]]:
    """What a form decides, by group and by number; the action refuses what the person may not choose."""
    by_line: dict[str, LineDecision] = {}
    by_ticket: dict[UUID, LineDecision] = {}
    for name, value in fields:
        decision = LineDecision.read(value)
        if decision is None:
            continue
        if name.startswith(BY_LINE):
            by_line[name.removeprefix(BY_LINE)] = decision
        elif name.startswith(BY_TICKET):
            with suppress(ValueError):
                by_ticket[UUID(name.removeprefix(BY_TICKET))] = decision
    return by_line, by_ticket
