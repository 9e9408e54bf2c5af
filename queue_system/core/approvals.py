"""What needs a second person, and for how long a request for one counts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Final

from .rights import EVERYTHING, Right

#: The actions that a second person must approve. Each has its words under `audit.approval-action.<action>`.
APPROVAL_ACTIONS: Final = (
    "grant-role",
    "change-role",
    "reset-sign-in",
    "change-settings",
    "void-ticket",
    "decide-bookings",
    "erase-person",
    "accept-meeting",
)

#: The action that decides on many appointments; what was written of another reason is the `text` of its parameters.
DECIDE_BOOKINGS: Final = "decide-bookings"

#: What whoever sees or decides a request must be allowed besides, because the request itself tells a secret.
TOLD_TO: Final[Mapping[str, Right]] = {"accept-meeting": "keep_apart"}

#: More appointments than these are not moved or called off by one person alone.
MANY_BOOKINGS: Final = 20

# A request that nobody has decided ends then.
LIFETIME: Final = timedelta(hours=24)
# Where nobody else could approve, the action waits so long, and everybody can see it.
DELAY: Final = timedelta(hours=24)

#: With one of these everything else can be made possible; with `approve`, by a second account of one's own.
GUARDED: Final = frozenset({EVERYTHING, "grant_roles", "edit_sign_in", "approve"})


class ApprovalState(StrEnum):
    """The state of a request."""

    ASKED = "asked"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    DONE = "done"
    # The person who asked may no longer enter.
    ENDED = "ended"


def is_guarded(rights: Collection[str]) -> bool:
    """Whether a role with these atomic rights is given only with a second person."""
    return not GUARDED.isdisjoint(rights)
