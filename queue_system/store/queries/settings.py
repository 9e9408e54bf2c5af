"""The settings of a branch as one frozen value, read once and cached until its version changes (store/editing.py).

Views are the declarations of `settings`, with ids in place of names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property, wraps
from typing import Any, Concatenate, Final, ParamSpec, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
import structlog
from pydantic import ConfigDict

from ...core import hours
from ...core.bookings import Policy
from ...core.calendars import Calendar
from ...core.errors import Missing
from ...core.timetable import Timetable
from ...settings import catalogue, declared, texts
from ...settings.branch import WEEK_STARTS, BranchOwn
from ...settings.catalogue import Confidentiality, Priority
from ...settings.declared import Thing
from ...settings.hall import CounterOwn, Queue, Resource
from ...settings.services import NO_DOCUMENT, ServiceOwn
from .. import tables
from ..database import Tx
from ..setting_rows import Unreadable, declared_of
from .opening import calendar_of, grouped_services
from .organisation import OrganisationView, organisation, version_of
from .rows import Rows, StoredRows, grouped, of_branch, rows
from .rules import policy

T = TypeVar("T", bound=Thing)
V = TypeVar("V", "ServiceView", "CounterView")
P = ParamSpec("P")
R = TypeVar("R")

# The kind of branch that is a template for others and is not open to visitors.
TEMPLATE: Final = "replica"
# Limited, because settings stay for months, but values such as the open counters change by the minute.
MOST_DERIVED: Final = 2_048
_NOT_YET: Final = object()

log = structlog.get_logger(__name__)

Names = declared.Names
ShownText = texts.ShownText
ConfidentialityView = Confidentiality
PriorityView = Priority


class DocumentView(Thing):
    names: Names


class DepartmentView(Thing):
    id: UUID
    names: Names


class ZoneView(Thing):
    id: UUID
    names: Names


class QueueView(Queue):
    id: UUID
    counters: tuple[UUID, ...]


class ResourceView(Resource):
    id: UUID


class CounterView(CounterOwn):
    id: UUID
    zone_id: UUID
    queues: tuple[UUID, ...]


class ServiceView(ServiceOwn):
    id: UUID
    queue_id: UUID
    department_id: UUID
    confidentiality: Confidentiality
    documents: tuple[DocumentView, ...]
    referrals: tuple[UUID, ...]
    resources: tuple[UUID, ...]

    @property
    def listed_names(self) -> Names:
        """The names for lists that others may see: a protected service has its neutral name there, or its level's."""
        if not self.confidentiality.hides_service:
            return self.names
        return self.public_names or self.confidentiality.names

    @property
    def to_bring(self) -> tuple[DocumentView, ...]:
        """The documents that a visitor brings, in the order in which they are shown."""
        return tuple(document for document in self.documents if document.slug != NO_DOCUMENT)


class BranchSettings(BranchOwn):
    """Everything about a branch that administration changes, without the data of the day."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    organisation: OrganisationView
    id: UUID
    key: str
    config_version: int
    departments: dict[UUID, DepartmentView]
    zones: dict[UUID, ZoneView]
    queues: dict[UUID, QueueView]
    services: dict[UUID, ServiceView]
    counters: dict[UUID, CounterView]
    resources: dict[UUID, ResourceView]
    priorities: dict[str, Priority]
    policies: dict[str, Policy]
    calendar: Calendar
    texts: dict[str, Names]

    @cached_property
    def zone(self) -> ZoneInfo:
        """The time zone of the branch."""
        return ZoneInfo(self.timezone)

    @cached_property
    def timetable(self) -> Timetable:
        """The opening times by day, cached."""
        return Timetable(self.calendar, self.day_starts)

    @cached_property
    def derived(self) -> dict[tuple[Any, ...], Any]:
        """The results of `derived` functions."""
        return {}

    def __getstate__(self) -> dict[Any, Any]:
        # What was worked out from the settings is left out, because it is worked out again where it is needed.
        return super().__getstate__() | {"__dict__": {name: getattr(self, name) for name in type(self).model_fields}}

    def service(self, slug: str) -> ServiceView:
        """The service of that name; raises Missing("service")."""
        return _by_slug(self.services, slug, "service")

    def counter(self, slug: str) -> CounterView:
        """The counter of that name; raises Missing("counter")."""
        return _by_slug(self.counters, slug, "counter")

    def text(self, slug: ShownText) -> Names | None:
        """The branch's own sentence of that name, else the organisation's, if there is one."""
        return self.texts.get(slug)

    def lanes_on(self, queue_id: UUID, day: date) -> tuple[int, int]:
        """The bookings of a queue that may run at one time on `day`, and those of them for the internet."""
        return self.queues[queue_id].lanes_on(day)

    def numbers_stopped_now(self, queue_id: UUID, now: datetime) -> bool:
        """Whether staff have decided that a queue gives no more numbers on this business day."""
        return self.numbers_stopped.get(self.queues[queue_id].slug) == self.timetable.business_date(now)

    def gives_numbers(self, service_id: UUID, now: datetime) -> bool:
        """Whether a number for a service can be taken at `now`: it is open, and its queue is not stopped."""
        stopped = self.numbers_stopped_now(self.services[service_id].queue_id, now)
        return not stopped and self.timetable.takes_tickets(now, service_id)

    def is_over(self, service_id: UUID, day: date) -> bool:
        """Whether a service is retired on `day`, by itself or with its queue."""
        return hours.is_over(day, self.calendar, service_id)

    def services_on(self, day: date) -> dict[UUID, ServiceView]:
        """The services that are not retired on `day`."""
        return {key: service for key, service in self.services.items() if not self.is_over(key, day)}

    def queues_on(self, day: date) -> dict[UUID, QueueView]:
        """The queues that are not retired on `day`."""
        return {key: queue for key, queue in self.queues.items() if not queue.is_retired(day)}

    def counters_on(self, day: date) -> dict[UUID, CounterView]:
        """The counters that are not retired on `day`."""
        return {key: counter for key, counter in self.counters.items() if not counter.is_retired(day)}

    def is_retired(self, now: datetime) -> bool:
        """Whether the branch is closed for ever: it had queues, and all were retired before today."""
        return bool(self.queues) and not self.queues_on(self.timetable.business_date(now))

    def queue_of(self, service: ServiceView) -> QueueView:
        return self.queues[service.queue_id]


def derived(work: Callable[Concatenate[BranchSettings, P], R]) -> Callable[Concatenate[BranchSettings, P], R]:
    """Cache a function of settings and a few hashable values with the settings, because every ticket asks for it.

    All callers share what it returns, so they must not change it.
    """

    @wraps(work)
    def known(settings: BranchSettings, /, *args: P.args, **kwargs: P.kwargs) -> R:
        cache, key = settings.derived, (work, *args, *kwargs.items())
        found = cache.get(key, _NOT_YET)
        if found is _NOT_YET:
            if len(cache) >= MOST_DERIVED:
                cache.clear()
            found = cache[key] = work(settings, *args, **kwargs)
        return found  # type: ignore[no-any-return]

    return known


def branch_settings(tx: Tx, branch_id: UUID, config_version: int | None = None) -> BranchSettings:
    """The settings of a branch; raises Missing("branch"), Unreadable.

    `config_version` is given by callers who have the branch under lock; others spend one read on it.
    """
    version = _version(tx, branch_id) if config_version is None else config_version
    if tx.edits:
        return load(tx, branch_id)
    known: BranchSettings | _Fault | None = tx.settings.get(branch_id, version)
    if known is None:
        # One thread reads them, because after a save the whole hall asks at once.
        with tx.settings.reading(branch_id):
            known = tx.settings.get(branch_id, version)
            while known is None:
                loaded, read_at = _load_or_fault(tx, branch_id), version
                # Without the lock, an edit may be committed while the tables are read one after the other.
                version = _version(tx, branch_id) if config_version is None else config_version
                if version == read_at:
                    known = loaded
                    tx.settings.keep(branch_id, version, known)
                    if isinstance(known, _Fault):
                        log.error("settings.unreadable", branch=str(branch_id), version=version, what=known.what)
    if isinstance(known, _Fault):
        raise Unreadable(known.what)
    return known


def readable(tx: Tx, branch_ids: Iterable[UUID]) -> list[BranchSettings]:
    """The settings of these branches without those that cannot be read, so that the others are not closed with them.

    Raises Unreadable if none of them can be read.
    """
    found: list[BranchSettings] = []
    fault: Unreadable | None = None
    for branch_id in branch_ids:
        try:
            found.append(branch_settings(tx, branch_id))
        except Unreadable as error:
            fault = error
    if fault is not None and not found:
        raise fault
    return found


@dataclass(frozen=True, slots=True)
class _Fault:
    """Kept in place of settings that cannot be read, so that they are read and logged once for each version."""

    what: str


def _load_or_fault(tx: Tx, branch_id: UUID) -> BranchSettings | _Fault:
    try:
        return load(tx, branch_id)
    except Unreadable as error:
        return _Fault(error.what)


def _version(tx: Tx, branch_id: UUID) -> int:
    version = version_of(tx, branch_id)
    if version is None or branch_id == tables.ORGANISATION:
        raise Missing("branch")
    return version


def branch_ids(tx: Tx) -> dict[str, UUID]:
    """The branches that can be visited, by slug, in their order, without templates."""
    branch = tables.table(tables.Branch)
    visited = (branch.c.id != tables.ORGANISATION, branch.c.kind != TEMPLATE)
    statement = sa.select(branch.c.slug, branch.c.id).where(*visited).order_by(branch.c.position)
    return {row.slug: row.id for row in tx.rows(statement)}


def _by_slug(views: dict[UUID, V], slug: str, what: str) -> V:
    for view in views.values():
        if view.slug == slug:
            return view
    raise Missing(what)


def load(tx: Tx, branch_id: UUID) -> BranchSettings:
    """The settings of a branch, past the cache; raises Unreadable."""
    return assemble(StoredRows(tx), branch_id, organisation(tx))


def assemble(source: Rows, branch_id: UUID, of: OrganisationView) -> BranchSettings:
    """The settings of a branch from its rows and those that all branches share; raises Unreadable."""
    branch = source.of(tables.Branch, branch_id)[0]
    try:
        return _assembled(source, branch, of)
    except Unreadable as error:
        raise Unreadable(f"{branch.slug}: {error.what}") from None
    except (LookupError, ValueError) as error:
        # A name of something that is not there, or a word that the core does not know.
        raise Unreadable(f"{branch.slug}: {type(error).__name__} {error}") from error


def _assembled(source: Rows, branch: Any, of: OrganisationView) -> BranchSettings:
    branch_id = branch.id
    services = _services(source, branch_id)
    policies = {service.policy for service in services.values()}
    served = grouped(source, tables.CounterQueue, branch_id, "counter_id", "queue_id")
    serving = grouped(source, tables.CounterQueue, branch_id, "queue_id", "counter_id")

    def here(view: type[T], model: Any, order: str = "position", **more: dict[UUID, Any]) -> dict[UUID, T]:
        return {
            row.id: declared_of(view, row, **{name: of.get(row.id, ()) for name, of in more.items()})
            for row in of_branch(source, model, branch_id, order)
        }

    queues = here(QueueView, tables.Queue, counters=serving)
    resources = here(ResourceView, tables.Resource, "slug")
    return declared_of(
        BranchSettings,
        branch,
        organisation=of,
        departments=here(DepartmentView, tables.Department),
        zones=here(ZoneView, tables.Zone),
        queues=queues,
        services=services,
        counters=here(CounterView, tables.Counter, "number", queues=served),
        resources=resources,
        priorities=_priorities(source, branch_id),
        policies={
            row.slug: policy(declared_of(catalogue.Policy, row))
            for row in rows(source, tables.PolicyRow)
            if row.slug in policies
        },
        calendar=calendar_of(
            source,
            branch,
            grouped_services(services.values(), queues.values(), resources.values()),
            branch.data.get("week_starts", WEEK_STARTS),
        ),
        # A text of the branch stands in place of the organisation's.
        texts={
            row.slug: row.names
            for owner in (tables.ORGANISATION, branch_id)
            for row in of_branch(source, tables.Text, owner)
        },
    )


def _services(source: Rows, branch_id: UUID) -> dict[UUID, ServiceView]:
    services = of_branch(source, tables.Service, branch_id)
    # Only those that the branch uses, because one that this program cannot read must not close the other branches.
    used = {service.confidentiality for service in services}
    levels = {
        row.slug: declared_of(Confidentiality, row) for row in rows(source, tables.Confidentiality) if row.slug in used
    }
    papers = {row.slug: declared_of(DocumentView, row) for row in rows(source, tables.Document)}
    documents = grouped(source, tables.ServiceDocument, branch_id, "service_id", "document")
    referrals = grouped(source, tables.ServiceReferral, branch_id, "service_id", "queue_id")
    resources = grouped(source, tables.ServiceResource, branch_id, "service_id", "resource_id", order=None)
    return {
        row.id: declared_of(
            ServiceView,
            row,
            confidentiality=levels[row.confidentiality],
            documents=tuple(papers[slug] for slug in documents.get(row.id, ())),
            referrals=referrals.get(row.id, ()),
            resources=resources.get(row.id, ()),
        )
        for row in services
    }


def _priorities(source: Rows, branch_id: UUID) -> dict[str, Priority]:
    every = {row.slug: row for row in rows(source, tables.Priority)}
    return {
        link.priority: declared_of(Priority, every[link.priority])
        for link in of_branch(source, tables.BranchPriority, branch_id)
    }
