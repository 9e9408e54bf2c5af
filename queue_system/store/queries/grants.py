"""What the roles of a person grant, and where."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from ...core.rights import DEPARTMENTAL, EVERYTHING, Right, Rights, granted
from ..tables import ORGANISATION


@dataclass(frozen=True, slots=True)
class Grant:
    """The atomic rights of one role of a person at a place: a branch, or ORGANISATION for all of them.

    A `department` (its slug, "" for all) limits the role to the services of that department and to their queues and
    counters: on the desk, in the lists of the office, and wherever `StaffView.departments` is asked. Rights that
    services do not divide, such as those over people or devices, are then left out.
    """

    place: UUID
    department: str
    role: str
    rights: Rights

    def gives(self, right: Right, branch_id: UUID) -> bool:
        """Whether the right is granted at the branch, at least for the department."""
        return self.place in (branch_id, ORGANISATION) and (right in self.rights or EVERYTHING in self.rights)


def grant(place: UUID, department: str, role: str, can: Collection[str]) -> Grant:
    """The grant of a role whose words are `can`."""
    rights = granted(can)
    if department:
        rights = DEPARTMENTAL if EVERYTHING in rights else rights & DEPARTMENTAL
    return Grant(place, department, role, rights)


def beyond(held: Iterable[Grant], wanted: Grant) -> Rights:
    """The rights of `wanted` that nobody may give who has only `held`: one gives what one has, where one has it."""
    wide = [
        one for one in held if one.place in (wanted.place, ORGANISATION) and one.department in ("", wanted.department)
    ]
    own = frozenset[Right]().union(*(one.rights for one in wide))
    return frozenset() if EVERYTHING in own else wanted.rights - own
