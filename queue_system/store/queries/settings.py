"""The settings of a branch as one frozen value, read once and kept until its version moves on (store/editing.py)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import time
from typing import Any, Final, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from ...core.bookings import Policy
from ...core.errors import Missing
from ...core.freed import DEFAULT_HOUR
from ...core.hours import Calendar
from ...core.timetable import Timetable
from .. import tables
from ..database import Tx
from .opening import calendar_of
from .organisation import OrganisationView, organisation, version_of
from .rows import grouped, of_branch, rows
from .rules import policy

Names = dict[str, str]
V = TypeVar("V", "ServiceView", "CounterView")

# The catalogue of documents has an entry that says that there is nothing to bring.
NO_DOCUMENT: Final = "none_required"
# The kind of branch that others are made from: nobody works there.
TEMPLATE: Final = "replica"


@dataclass(frozen=True, slots=True)
class DepartmentView:
    id: UUID
    slug: str
    names: Names


@dataclass(frozen=True, slots=True)
class ZoneView:
    id: UUID
    slug: str
    names: Names


@dataclass(frozen=True, slots=True)
class QueueView:
    id: UUID
    slug: str
    prefix: str
    code_style: str
    names: Names
    lanes: int
    public_lanes: int
    counters: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class ConfidentialityView:
    """`display` is code, code_random or none: what a public screen may show."""

    slug: str
    names: Names
    display: str

    @property
    def hides_service(self) -> bool:
        """On paper, screens and links the service stays unnamed."""
        return self.display == "none"

    @property
    def discreet(self) -> bool:
        """That somebody comes for it is nobody else's to learn: not from a refusal, not from a calendar."""
        return self.display != "code"


@dataclass(frozen=True, slots=True)
class DocumentView:
    slug: str
    names: Names


@dataclass(frozen=True, slots=True)
class ServiceView:
    """`mode`: fcfs, ballot, staff_only, invite, walkin_only or walkin_and_fcfs.

    `priority`: the class with which its tickets wait, unless a heavier one is theirs.
    """

    id: UUID
    slug: str
    queue_id: UUID
    department_id: UUID
    names: Names
    public_names: Names | None
    note: Names | None
    priority: str | None
    duration_min: int
    buffer_min: int
    policy: str
    mode: str
    confidentiality: ConfidentialityView
    walkin_share_pct: int | None
    tags: tuple[str, ...]
    documents: tuple[DocumentView, ...]
    referrals: tuple[UUID, ...]
    resources: tuple[UUID, ...]
    data: dict[str, Any]

    @property
    def shown_names(self) -> Names:
        """What a visitor reads in public: the neutral name where the service has one."""
        return self.public_names or self.names

    @property
    def listed_names(self) -> Names:
        """In a list that others may glance at: a protected service goes by its neutral name, or its level's."""
        if not self.confidentiality.hides_service:
            return self.names
        return self.public_names or self.confidentiality.names

    @property
    def to_bring(self) -> tuple[DocumentView, ...]:
        """The documents that a visitor brings, in the order in which people are told of them."""
        return tuple(document for document in self.documents if document.slug != NO_DOCUMENT)

    @property
    def bookable(self) -> bool:
        """Can be booked on the internet now; ballots follow with their own issue of places."""
        return self.mode in ("fcfs", "walkin_and_fcfs")

    @property
    def elsewhere(self) -> bool:
        """Takes place away from the branch: nobody comes, checks in or waits."""
        return self.data.get("channel") in ("phone", "field")

    @property
    def by_phone(self) -> bool:
        """Somebody of the branch calls the visitor."""
        return self.data.get("channel") == "phone"

    @property
    def walk_in(self) -> bool:
        """Gives numbers to visitors without an appointment."""
        return self.mode not in ("staff_only", "invite") and self.walkin_share_pct != 0 and not self.elsewhere

    @property
    def by_reception(self) -> bool:
        """Gives numbers through reception alone: staff decide whom they receive."""
        return self.mode == "staff_only" and not self.elsewhere


@dataclass(frozen=True, slots=True)
class CounterView:
    id: UUID
    slug: str
    number: int
    kind: str
    names: Names
    zone_id: UUID
    accessible: bool
    queues: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class PriorityView:
    """`weight` is b of the accumulating-priority rule."""

    slug: str
    weight: float
    evidence: str
    names: Names


@dataclass(frozen=True, slots=True)
class ResourceView:
    id: UUID
    slug: str
    names: Names
    pool: int


@dataclass(frozen=True, slots=True)
class BranchSettings:
    """Everything about a branch that changes by administration, not by the day's work."""

    organisation: OrganisationView
    id: UUID
    slug: str
    key: str
    names: Names
    kind: str
    zone: ZoneInfo
    languages: tuple[str, ...]
    default_language: str
    digits: dict[str, Any]
    day_starts: time
    tick_minutes: int
    queue_rules: dict[str, Any]
    retention_days: dict[str, Any]
    data: dict[str, Any]
    config_version: int
    departments: dict[UUID, DepartmentView]
    zones: dict[UUID, ZoneView]
    queues: dict[UUID, QueueView]
    services: dict[UUID, ServiceView]
    counters: dict[UUID, CounterView]
    resources: dict[UUID, ResourceView]
    priorities: dict[str, PriorityView]
    policies: dict[str, Policy]
    calendar: Calendar
    texts: dict[str, Names]
    timetable: Timetable = field(compare=False, repr=False)

    def service(self, slug: str) -> ServiceView:
        """The service of that name; raises Missing("service")."""
        return _by_slug(self.services, slug, "service")

    def counter(self, slug: str) -> CounterView:
        """The counter of that name; raises Missing("counter")."""
        return _by_slug(self.counters, slug, "counter")

    @property
    def freed_places_at(self) -> time:
        """The published hour, on the branch's wall clock, from which places that were given back return."""
        stored = self.data.get("freed_places_at")
        return time.fromisoformat(stored) if stored else DEFAULT_HOUR

    def queue_of(self, service: ServiceView) -> QueueView:
        return self.queues[service.queue_id]


def branch_settings(tx: Tx, branch_id: UUID, config_version: int | None = None) -> BranchSettings:
    """The settings of a branch; raises Missing("branch").

    `config_version` is given by callers who have the branch under lock; others spend one read on it.
    """
    version = _version(tx, branch_id) if config_version is None else config_version
    if tx.edits:
        return _load(tx, branch_id)
    known: BranchSettings | None = tx.settings.get(branch_id, version)
    while known is None:
        loaded, read_at = _load(tx, branch_id), version
        # Without the lock an edit may have been committed while the tables were read one after the other.
        version = _version(tx, branch_id) if config_version is None else config_version
        if version == read_at:
            known = loaded
            tx.settings.keep(branch_id, version, known)
    return known


def _version(tx: Tx, branch_id: UUID) -> int:
    version = version_of(tx, branch_id)
    if version is None or branch_id == tables.ORGANISATION:
        raise Missing("branch")
    return version


def branch_ids(tx: Tx) -> dict[str, UUID]:
    """The branches that can be visited, by slug, in their order; templates are no places."""
    branch = tables.table(tables.Branch)
    rows = tx.rows(
        sa.select(branch.c.slug, branch.c.id)
        .where(branch.c.id != tables.ORGANISATION, branch.c.kind != TEMPLATE)
        .order_by(branch.c.position)
    )
    return {row.slug: row.id for row in rows}


def _by_slug(views: dict[UUID, V], slug: str, what: str) -> V:
    for view in views.values():
        if view.slug == slug:
            return view
    raise Missing(what)


def _load(tx: Tx, branch_id: UUID) -> BranchSettings:
    branch = rows(tx, tables.Branch, tables.table(tables.Branch).c.id == branch_id)[0]
    services = _services(tx, branch_id)
    calendar = calendar_of(
        tx,
        branch,
        {service.slug: service.id for service in services.values()},
        {service.id: service.tags for service in services.values()},
    )
    served = grouped(tx, tables.CounterQueue, branch_id, "counter_id", "queue_id")
    serving = grouped(tx, tables.CounterQueue, branch_id, "queue_id", "counter_id")
    return BranchSettings(
        organisation=organisation(tx),
        id=branch.id,
        slug=branch.slug,
        key=branch.key,
        names=branch.names,
        kind=branch.kind,
        zone=ZoneInfo(branch.timezone),
        languages=tuple(branch.languages),
        default_language=branch.default_language,
        digits=branch.digits,
        day_starts=branch.day_starts,
        tick_minutes=branch.tick_minutes,
        queue_rules=branch.queue_rules,
        retention_days=branch.retention_days,
        data=branch.data,
        config_version=branch.config_version,
        departments={
            row.id: DepartmentView(row.id, row.slug, row.names) for row in of_branch(tx, tables.Department, branch_id)
        },
        zones={row.id: ZoneView(row.id, row.slug, row.names) for row in of_branch(tx, tables.Zone, branch_id)},
        queues={
            row.id: QueueView(
                row.id,
                row.slug,
                row.prefix,
                row.code_style,
                row.names,
                row.lanes,
                row.public_lanes,
                serving.get(row.id, ()),
            )
            for row in of_branch(tx, tables.Queue, branch_id)
        },
        services=services,
        counters={
            row.id: CounterView(
                row.id, row.slug, row.number, row.kind, row.names, row.zone_id, row.accessible, served.get(row.id, ())
            )
            for row in of_branch(tx, tables.Counter, branch_id, "number")
        },
        resources={
            row.id: ResourceView(row.id, row.slug, row.names, row.pool)
            for row in of_branch(tx, tables.Resource, branch_id, "slug")
        },
        priorities=_priorities(tx, branch_id),
        policies={row.slug: policy(row) for row in rows(tx, tables.PolicyRow)},
        calendar=calendar,
        timetable=Timetable(calendar, branch.day_starts),
        texts={
            row.slug: row.names
            for row in rows(
                tx, tables.Text, tables.table(tables.Text).c.branch_id.in_([tables.ORGANISATION, branch_id])
            )
        },
    )


def _services(tx: Tx, branch_id: UUID) -> dict[UUID, ServiceView]:
    levels = {
        row.slug: ConfidentialityView(row.slug, row.names, row.display) for row in rows(tx, tables.Confidentiality)
    }
    catalogue = {row.slug: DocumentView(row.slug, row.names) for row in rows(tx, tables.Document)}
    documents = grouped(tx, tables.ServiceDocument, branch_id, "service_id", "document")
    referrals = grouped(tx, tables.ServiceReferral, branch_id, "service_id", "queue_id")
    resources = grouped(tx, tables.ServiceResource, branch_id, "service_id", "resource_id", order=None)
    return {
        row.id: ServiceView(
            id=row.id,
            slug=row.slug,
            queue_id=row.queue_id,
            department_id=row.department_id,
            names=row.names,
            public_names=row.public_names,
            note=row.note,
            priority=row.priority,
            duration_min=row.duration_min,
            buffer_min=row.buffer_min,
            policy=row.policy,
            mode=row.mode,
            confidentiality=levels[row.confidentiality],
            walkin_share_pct=row.walkin_share_pct,
            tags=tuple(row.tags),
            documents=tuple(catalogue[slug] for slug in documents.get(row.id, ())),
            referrals=referrals.get(row.id, ()),
            resources=resources.get(row.id, ()),
            data=row.data,
        )
        for row in of_branch(tx, tables.Service, branch_id)
    }


def _priorities(tx: Tx, branch_id: UUID) -> dict[str, PriorityView]:
    every = {row.slug: row for row in rows(tx, tables.Priority)}
    link = tables.table(tables.BranchPriority)
    slugs = tx.rows(sa.select(link.c.priority).where(link.c.branch_id == branch_id).order_by(link.c.position))
    return {slug: PriorityView(slug, every[slug].weight, every[slug].evidence, every[slug].names) for (slug,) in slugs}
