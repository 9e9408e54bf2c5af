"""The context of a clerk's request or socket at a counter."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from starlette.requests import HTTPConnection

from ..actions.counters import Desk
from ..core.rights import DESK_RIGHTS
from ..store.queries.settings import CounterView
from .here import StaffAtBranch, onlooker_at_branch, staff_at_branch


@dataclass(frozen=True, kw_only=True)
class AtCounter(StaffAtBranch):
    """A clerk at a counter."""

    counter: CounterView

    def desk(self, expected: UUID | None = None) -> Desk:
        """Who acts, and the ticket that the page or program showed."""
        return Desk(self.branch.id, self.counter.id, self.person.id, expected)


async def at_counter(connection: HTTPConnection) -> AtCounter:
    """The clerk at the counter that the address names; raises SignedOut, Missing, Denied."""
    return _at_counter(await staff_at_branch(connection, DESK_RIGHTS))


async def onlooker_at_counter(connection: HTTPConnection) -> AtCounter:
    """Like `at_counter`, but it does not prolong the session."""
    return _at_counter(await onlooker_at_branch(connection, DESK_RIGHTS))


def _at_counter(here: StaffAtBranch) -> AtCounter:
    return AtCounter(**vars(here), counter=here.branch.counter(here.connection.path_params["counter"]))
