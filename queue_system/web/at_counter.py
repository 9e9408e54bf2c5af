"""The context of a clerk's request or socket at a counter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from starlette.requests import HTTPConnection

from ..actions.counters import Desk
from ..core.errors import Denied
from ..core.rights import DESK_RIGHTS, PARK_RIGHTS, TRANSFER_RIGHTS, Rights
from ..store.queries.settings import CounterView
from .departments import counters_for
from .here import StaffAtBranch, onlooker_at_branch, staff_at_branch

# What needs a right of its own at a counter, besides the right to call.
NEEDED_TOO: Final[Mapping[str, Rights]] = {"parkings": PARK_RIGHTS, "transfers": TRANSFER_RIGHTS}


@dataclass(frozen=True, kw_only=True)
class AtCounter(StaffAtBranch):
    """A clerk at a counter."""

    counter: CounterView

    def desk(self, expected: UUID | None = None) -> Desk:
        """Who acts, and the ticket that the page or program showed."""
        return Desk(self.branch.id, self.counter.id, self.person.id, expected)

    def require(self, act: str) -> None:
        """Raises Denied("not-allowed") if the act has a right of its own and the person has it not."""
        if act in NEEDED_TOO and not self.may_any(NEEDED_TOO[act]):
            raise Denied("not-allowed")


async def at_counter(connection: HTTPConnection) -> AtCounter:
    """The clerk at the counter that the address names; raises SignedOut, Missing, Denied."""
    return _at_counter(await staff_at_branch(connection, DESK_RIGHTS))


async def onlooker_at_counter(connection: HTTPConnection) -> AtCounter:
    """Like `at_counter`, but it does not prolong the session."""
    return _at_counter(await onlooker_at_branch(connection, DESK_RIGHTS))


def _at_counter(here: StaffAtBranch) -> AtCounter:
    counter = here.branch.counter(here.connection.path_params["counter"])
    if counter not in counters_for(here.person, here.branch, DESK_RIGHTS):
        raise Denied("not-allowed")
    return AtCounter(**vars(here), counter=counter)
