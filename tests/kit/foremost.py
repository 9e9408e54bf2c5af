"""Which tickets of a line decide its next calls: the statement that `store/queries/foremost.py` relies on, as a function."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

from queue_system.core.dispatch import Waiting


def foremost(line: Iterable[Waiting], count: int = 1) -> list[Waiting]:
    """The tickets of a line that decide its first `count` calls: `choose` and `order` need no others.

    These are of each kind the first `count`, and all that were passed over or are reserved.
    """
    kinds: defaultdict[tuple[UUID, float, bool, frozenset[str], str], list[Waiting]] = defaultdict(list)
    found: list[Waiting] = []
    for ticket in line:
        (
            found
            if ticket.aside or ticket.reserved_until
            else kinds[ticket.queue_id, ticket.weight, ticket.appointment, ticket.skills, ticket.language]
        ).append(ticket)
    for kind in kinds.values():
        found += heapq.nsmallest(count, kind, key=lambda ticket: (ticket.anchor_at, ticket.ticket_id))
    return found
