"""Where a visitor can be sent from a counter: services, counters, people, and back to the counter that sent them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ...store.queries.desk import DeskView, HolderView
from ...store.queries.line import TicketView, served_queues
from ...store.queries.settings import BranchSettings, CounterView, Names
from ...web.departments import in_use


@dataclass(frozen=True, slots=True)
class Target:
    """A service that a visitor can be transferred to, and whether an open counter serves it."""

    id: UUID
    names: Names
    counter_open: bool


@dataclass(frozen=True, slots=True)
class Whom:
    """Another counter, with its clerk; None: it is closed, and then nobody can be sent there.

    `same`: it serves the queue in which the visitor is. If it does not, a service of one of `queues` must be chosen too.
    """

    counter: CounterView
    holder: HolderView | None
    same: bool
    queues: tuple[Names, ...]


def services_to(view: DeskView, now: datetime) -> list[tuple[Names, list[Target]]]:
    """The services of the branch to which the visitor at the counter can be transferred, by department."""
    return _services(view.settings, view.current, served_queues(view.settings, view.holders), now)


def next_services(view: DeskView, now: datetime) -> list[tuple[Names, list[Target]]]:
    """The services that can be given next at the counter itself, which is open for each of them."""
    return _services(view.settings, view.current, frozenset(view.settings.queues), now, view.given_now)


def whom_to(view: DeskView, now: datetime) -> list[Whom]:
    """The other counters that serve a visitor for some service: first those of the same queue, and the closed last.

    None at all while each of them is closed, because then there is nothing to choose.
    """
    settings, current = view.settings, view.current
    if current is None:
        return []
    given = {one.queue_id for one in settings.services_on(settings.timetable.business_date(now)).values()}
    found = [
        Whom(
            counter,
            view.holders.get(counter.id),
            current.queue_id in counter.queues,
            tuple(settings.queues[one].names for one in counter.queues if one in given),
        )
        for counter in in_use(settings.counters.values(), settings, view.holders, now)
        if counter.id != view.counter.id and given & set(counter.queues)
    ]
    if all(one.holder is None for one in found):
        return []
    return sorted(found, key=lambda one: (one.holder is None, not one.same))


def sender(view: DeskView) -> CounterView | None:
    """The open counter that sent the visitor here; None without one."""
    sent = view.current.sent_counter_id if view.current else None
    return view.settings.counters.get(sent) if sent in view.holders and sent != view.counter.id else None


def whom_values(whom: list[Whom], sent_by: CounterView | None) -> set[str]:
    """What the form calls the sender, the counters and the people that it names: "back", "counter:ID", "person:ID"."""
    counters = {f"counter:{one.counter.id}" for one in whom}
    people = {f"person:{one.holder.staff_id}" for one in whom if one.holder}
    return counters | people | ({"back"} if sent_by else set())


def _services(
    settings: BranchSettings,
    ticket: TicketView | None,
    served: Collection[UUID],
    now: datetime,
    without: UUID | None = None,
) -> list[tuple[Names, list[Target]]]:
    """Services that the visitor can go on with, by department; those that the service refers to come first in each.

    `without` is the service that they have already: the ticket's, unless another is given.
    """
    if ticket is None:
        return []
    has = without or ticket.service_id
    usual = settings.services[ticket.service_id].referrals
    given = settings.services_on(settings.timetable.business_date(now)).values()
    groups: list[tuple[Names, list[Target]]] = []
    for department in settings.departments.values():
        services = [service for service in given if service.department_id == department.id and service.id != has]
        services.sort(key=lambda service: service.queue_id not in usual)
        if services:
            # With their own names, because several services can share one neutral name.
            targets = [Target(service.id, service.names, service.queue_id in served) for service in services]
            groups.append((department.names, targets))
    return groups
