"""Of a branch, what belongs to the departments for which a person has a right (`StaffView.departments`)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from ..core.rights import NEVER_PROTECTED, PROTECTED_ONLY, Rights
from ..store.queries.access import StaffView
from ..store.queries.settings import BranchSettings, CounterView, ServiceView


def services_for(person: StaffView, branch: BranchSettings, rights: Rights) -> frozenset[UUID]:
    """The services for which the person has any of `rights`; some rights count only for protected services, or never there."""
    plain = person.departments(rights - PROTECTED_ONLY, branch.id)
    protected = person.departments(rights - NEVER_PROTECTED, branch.id)

    def within(service: ServiceView, departments: frozenset[str] | None) -> bool:
        return departments is None or branch.departments[service.department_id].slug in departments

    return frozenset(
        service.id
        for service in branch.services.values()
        if within(service, protected if service.confidentiality.protected else plain)
    )


def queues_for(person: StaffView, branch: BranchSettings, rights: Rights) -> frozenset[UUID]:
    """The queues for which the person has any of `rights`: those of these services, or all without a limit."""
    if person.departments(rights, branch.id) is None:
        return frozenset(branch.queues)
    return frozenset(branch.services[service].queue_id for service in services_for(person, branch, rights))


def counters_for(person: StaffView, branch: BranchSettings, rights: Rights) -> list[CounterView]:
    """The counters that serve one of these queues; without a limit all of them, in their order."""
    if person.departments(rights, branch.id) is None:
        return list(branch.counters.values())
    queues = queues_for(person, branch, rights)
    return [counter for counter in branch.counters.values() if queues.intersection(counter.queues)]


def in_use(
    counters: Iterable[CounterView], branch: BranchSettings, sitting: Collection[UUID], now: datetime
) -> list[CounterView]:
    """Those of some counters that are not retired, or at which somebody still sits."""
    day = branch.timetable.business_date(now)
    return [counter for counter in counters if counter.id in sitting or not counter.is_retired(day)]
