"""Which department calls, where counters of several departments call from one queue."""

from __future__ import annotations

from uuid import UUID

from ...core.rights import DESK_RIGHTS
from ..database import Tx
from .access import staff_by_id
from .settings import BranchSettings, CounterView, DepartmentView, derived


def department_of(settings: BranchSettings, counter: CounterView) -> DepartmentView | None:
    """The department that the settings say for a counter."""
    return next((one for one in settings.departments.values() if one.slug == counter.department), None)


def calling_department(tx: Tx, settings: BranchSettings, counter: CounterView, staff_id: UUID) -> str | None:
    """The slug of the department that calls: the counter's, else the only one for which the clerk may call.

    None where the branch does not tell departments apart, so that no call reads more there.
    """
    if not _tells_apart(settings):
        return None
    if found := department_of(settings, counter):
        return found.slug
    person = staff_by_id(tx, staff_id)
    allowed = person.departments(DESK_RIGHTS, settings.id) if person else None
    return next(iter(allowed)) if allowed and len(allowed) == 1 else None


@derived
def _tells_apart(settings: BranchSettings) -> bool:
    return any(department_of(settings, counter) for counter in settings.counters.values())
