"""Which person may change which setting, also where a right is held for one department only."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final
from uuid import UUID

from ..core.edit_rights import edit_rights
from ..core.errors import Denied
from ..core.rights import Rights
from ..settings.branch import Branch
from ..settings.catalogue import Catalogue
from ..settings.edits import Edit, retirable
from ..store.queries.access import StaffView
from ..store.queries.values import Value
from .second_person import shows_more

LEVEL: Final = "confidentiality"
#: The kinds of things that belong to departments; a role for one department reaches no others.
OF_DEPARTMENTS: Final = ("service", "queue", "counter")


def check_rights(
    person: StaffView, place: UUID, edits: Iterable[Edit], before: Value, after: Value, catalogue: Catalogue
) -> None:
    """Raise Denied("not-allowed") unless the person may change each of these fields."""
    for edit in edits:
        added = edit.was is None and edit.now is not None
        # To add or remove a thing needs the right to its kind.
        fields = edit.fields if edit.was is not None and edit.now is not None else ("",)
        needed = {edit_rights(edit.kind, field) for field in fields}
        if added and edit.kind == "service" and _needs_right_to_level(edit, before, catalogue):
            needed.add(edit_rights("service", LEVEL))
        for rights in needed:
            if not may_change(person, rights, place, edit.kind, edit.slug, (before, after)):
                raise Denied("not-allowed")


def may_change(person: StaffView, rights: Rights, place: UUID, kind: str, slug: str, values: Collection[Value]) -> bool:
    """Whether the person has one of `rights` for an object, which is in `values` as it is before and after a change."""
    if not person.may_any(rights, place):
        return False
    allowed = person.departments(rights, place)
    if allowed is None:
        return True
    concerned = {department for value in values for department in _departments(value, kind, slug)}
    return bool(concerned) and concerned <= allowed


def may_change_some(person: StaffView, rights: Rights, place: UUID, kind: str) -> bool:
    """Whether there can be an object of this kind for which the person has one of `rights`."""
    whole = person.departments(rights, place) is None
    return person.may_any(rights, place) and (whole or kind in OF_DEPARTMENTS)


def may_add(person: StaffView, rights: Rights, place: UUID, kind: str) -> bool:
    """Whether the person may add an object; only a service says by itself to which department it belongs."""
    whole = person.departments(rights, place) is None
    return person.may_any(rights, place) and (whole or kind == "service")


def may_retire(person: StaffView, place: UUID) -> bool:
    """Whether the person may retire everything that a branch has, in all departments."""
    needed = [edit_rights(kind, "until") for kind in retirable()]
    return all(person.may_any(rights, place) and person.departments(rights, place) is None for rights in needed)


def level_of_new_service(branch: Branch, department: str, catalogue: Catalogue) -> str | None:
    """The level that a service gets without the right to set levels; None if no level of the place hides enough.

    It hides all that any other service of the department hides, or of the branch where the department has none.
    """
    used = _levels_near(branch, department)
    return next((level for level in used if _hides_all(level, used, catalogue)), None)


def _needs_right_to_level(edit: Edit, before: Value, catalogue: Catalogue) -> bool:
    """Whether a new service shows more than another service near it, or there is no other with which to compare it."""
    if not isinstance(before, Branch):
        return True
    wanted = edit.now or {}
    used = _levels_near(before, str(wanted.get("department")))
    return not used or not _hides_all(str(wanted.get(LEVEL)), used, catalogue)


def _levels_near(branch: Branch, department: str) -> list[str]:
    services = list(branch.services.values())
    near = [service for service in services if service.department == department] or services
    return list(dict.fromkeys(service.confidentiality for service in near))


def _hides_all(level: str, others: Iterable[str], catalogue: Catalogue) -> bool:
    levels = catalogue.confidentialities
    return not any(shows_more(levels.get(other), levels.get(level)) for other in others)


def _departments(value: Value, kind: str, slug: str) -> set[str]:
    """The departments that a service, queue or counter belongs to; none of other things."""
    if not isinstance(value, Branch):
        return set()
    if kind == "service":
        return {value.services[slug].department} if slug in value.services else set()
    queues: set[str] = {slug} if kind == "queue" else set()
    if kind == "counter" and slug in value.counters:
        queues = set(value.counters[slug].queues)
    return {service.department for service in value.services.values() if service.queue in queues}
