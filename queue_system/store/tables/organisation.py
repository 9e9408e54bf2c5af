"""The organisation as its profile describes it: branches, services, counters, rules and hours."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from ..dialect import partial
from ..setting_changes import SETTING_COLUMNS
from .agenda import BranchSeason, ClosureRow, OpeningHours, OutreachDay, SeasonRow
from .columns import NO_BRANCH, json, key, of_branch, table, within_branch

# Staff, shared settings and sign-ins belong to the whole organisation; their log is that of "branch 0".
ORGANISATION = NO_BRANCH


class Organisation(SQLModel, table=True):
    """One row. A stream position is (epoch, seq); `epoch` changes when a database is created or restored."""

    id: UUID = key()
    slug: str
    kind: str
    names: dict[str, Any] = json(dict)
    motto: dict[str, Any] | None = json()
    languages: list[Any] = json(list)
    default_language: str
    digits: dict[str, Any] = json(dict)
    epoch: UUID
    profile_sha256: str
    # Spoken prefixes, device models, rules, notes, programmes and other settings of the whole organisation.
    data: dict[str, Any] = json(dict)


class Branch(SQLModel, table=True):
    """A place with doors; the row is also the lock, the sequence and the head of the hash chain of its log."""

    id: UUID = key()
    slug: str = Field(unique=True)
    # Four letters that begin every secret link of this branch, so that a link finds its branch without naming it.
    key: str = Field(unique=True)
    position: int
    names: dict[str, Any] = json(dict)
    kind: str
    timezone: str
    languages: list[Any] = json(list)
    default_language: str
    digits: dict[str, Any] = json(dict)
    inherits_from: str | None = None
    offline_first: bool = False
    day_starts: time
    tick_minutes: int
    queue_rules: dict[str, Any] = json(dict)
    retention_days: dict[str, Any] = json(dict)
    # Access needs, constraints, hotline, safe contact, targets, checklist … by their names in the profile.
    data: dict[str, Any] = json(dict)
    # The newest entry of the log: its number, its instant and its link.
    last_seq: int = 0
    last_at: datetime | None = None
    chain: str = ""
    # The earliest business day whose session was not over at the last look; everything from earlier days is closed.
    live_day: date | None = None
    config_version: int = 1


class Zone(SQLModel, table=True):
    __table_args__ = (UniqueConstraint("branch_id", "slug"),)

    branch_id: UUID = of_branch()
    id: UUID = key()
    slug: str
    position: int
    names: dict[str, Any] = json(dict)


class Department(SQLModel, table=True):
    __table_args__ = (UniqueConstraint("branch_id", "slug"),)

    branch_id: UUID = of_branch()
    id: UUID = key()
    slug: str
    position: int
    names: dict[str, Any] = json(dict)


class Queue(SQLModel, table=True):
    """A number series and the staff competence behind it; several services share one.

    `lanes` bookings may run at the same time, `public_lanes` of them booked from the internet; `terms` are others, each
    from a day on.
    """

    __table_args__ = (
        UniqueConstraint("branch_id", "slug"),
        # A retired queue leaves its letter to others; `one_open_code` refuses two of a number in one hall.
        Index("one_queue_a_letter", "branch_id", "prefix", unique=True, **partial("until IS NULL")),
    )

    branch_id: UUID = of_branch()
    id: UUID = key()
    slug: str
    position: int
    prefix: str
    code_style: str = "counted"
    names: dict[str, Any] = json(dict)
    lanes: int
    public_lanes: int
    # tell | stop
    last_ticket: str = "tell"
    terms: list[Any] = json(list)
    until: date | None = None


class Service(SQLModel, table=True):
    __table_args__ = (
        UniqueConstraint("branch_id", "slug"),
        within_branch("queue_id", "queue"),
        within_branch("department_id", "department"),
    )

    branch_id: UUID = of_branch()
    id: UUID = key()
    slug: str
    position: int
    queue_id: UUID
    department_id: UUID
    names: dict[str, Any] = json(dict)
    public_names: dict[str, Any] | None = json()
    note: dict[str, Any] | None = json()
    # The priority class of its tickets, unless a ticket has a heavier one.
    priority: str | None = Field(default=None, foreign_key="priority.slug")
    duration_min: int
    buffer_min: int = 0
    policy: str = Field(foreign_key="policy.slug")
    # fcfs | ballot | staff_only | invite | walkin_only | walkin_and_fcfs; already resolved from policy and override.
    mode: str
    confidentiality: str = Field(foreign_key="confidentiality.slug")
    walkin_share_pct: int | None = None
    tags: list[Any] = json(list)
    # Channel, room, parties, group_max, travel_min, recurring, proxy_allowed … by their names in the profile.
    data: dict[str, Any] = json(dict)


class Document(SQLModel, table=True):
    """A paper that visitors bring; one catalogue for the organisation."""

    slug: str = key()
    position: int
    names: dict[str, Any] = json(dict)


class ServiceDocument(SQLModel, table=True):
    __tablename__ = "service_document"
    __table_args__ = (within_branch("service_id", "service"),)

    branch_id: UUID = of_branch()
    service_id: UUID = key()
    document: str = Field(primary_key=True, foreign_key="document.slug")
    position: int


class ServiceReferral(SQLModel, table=True):
    """Queues that a service may hand a visitor on to, with the place in line kept."""

    __tablename__ = "service_referral"
    __table_args__ = (within_branch("service_id", "service"), within_branch("queue_id", "queue"))

    branch_id: UUID = of_branch()
    service_id: UUID = key()
    queue_id: UUID = key()
    position: int


class Resource(SQLModel, table=True):
    """Something that a booking may need besides a lane of its queue: desks, an interpreter, a group of rooms.

    `staff_id` is the person with an account whom a member is, which no file of a branch holds.
    """

    __table_args__ = (UniqueConstraint("branch_id", "slug"),)

    branch_id: UUID = of_branch()
    id: UUID = key()
    slug: str
    position: int
    names: dict[str, Any] = json(dict)
    kind: str = "pool"
    pool: int
    terms: list[Any] = json(list)
    any_of: list[Any] = json(list)
    until: date | None = None
    staff_id: UUID | None = Field(default=None, foreign_key="staff.id")


class ServiceResource(SQLModel, table=True):
    __tablename__ = "service_resource"
    __table_args__ = (within_branch("service_id", "service"), within_branch("resource_id", "resource"))

    branch_id: UUID = of_branch()
    service_id: UUID = key()
    resource_id: UUID = key()
    position: int


class Counter(SQLModel, table=True):
    """A counter, room, desk or vehicle that visitors are called to; `staff_id` is the person who sits there now."""

    __table_args__ = (
        UniqueConstraint("branch_id", "slug"),
        Index("one_counter_a_number", "branch_id", "number", unique=True, **partial("until IS NULL")),
        within_branch("zone_id", "zone"),
    )

    branch_id: UUID = of_branch()
    id: UUID = key()
    slug: str
    number: int
    kind: str
    names: dict[str, Any] = json(dict)
    zone_id: UUID
    accessible: bool = False
    # The slug of a profile of the branch.
    calling_profile: str | None = None
    # The slug of a department of the branch.
    department: str | None = None
    until: date | None = None
    staff_id: UUID | None = Field(default=None, foreign_key="staff.id")
    seated_at: datetime | None = None
    # The last press, while it can be undone: its author, its instant, and the tickets before and after it.
    last_press: dict[str, Any] | None = json()
    # Why the open counter calls nobody for some time (core.counters.AWAY_REASONS), and until when it is expected to.
    away: str | None = None
    away_until: datetime | None = None


class CounterQueue(SQLModel, table=True):
    __tablename__ = "counter_queue"
    __table_args__ = (within_branch("counter_id", "counter"), within_branch("queue_id", "queue"))

    branch_id: UUID = of_branch()
    counter_id: UUID = key()
    queue_id: UUID = key()
    position: int


class Role(SQLModel, table=True):
    slug: str = key()
    position: int
    names: dict[str, Any] = json(dict)
    can: list[Any] = json(list)


class Priority(SQLModel, table=True):
    """A priority class; `weight` is b, the rate at which its tickets gather priority (1 = ordinary walk-in)."""

    slug: str = key()
    position: int
    weight: float
    evidence: str
    names: dict[str, Any] = json(dict)
    data: dict[str, Any] = json(dict)


class BranchPriority(SQLModel, table=True):
    __tablename__ = "branch_priority"

    branch_id: UUID = of_branch()
    priority: str = Field(primary_key=True, foreign_key="priority.slug")
    position: int


class PolicyRow(SQLModel, table=True):
    """A booking policy; settings without a column of their own are in `data`."""

    __tablename__ = "policy"

    slug: str = key()
    position: int
    names: dict[str, Any] = json(dict)
    mode: str
    horizon_days: int | None = None
    max_active: int | None = None
    max_changes: int | None = None
    cancel_until_min: int | None = None
    freed_slot: str
    data: dict[str, Any] = json(dict)


class Confidentiality(SQLModel, table=True):
    """A level of confidentiality; `display`, what screens show of a ticket, is code, code_random or none."""

    slug: str = key()
    position: int
    names: dict[str, Any] = json(dict)
    display: str
    data: dict[str, Any] = json(dict)


class Occasion(SQLModel, table=True):
    """A training, briefing or roundtable. People call it an event, but that word means a fact in the log here."""

    __table_args__ = (UniqueConstraint("branch_id", "slug"),)

    branch_id: UUID = of_branch()
    id: UUID = key()
    slug: str
    position: int
    names: dict[str, Any] = json(dict)
    policy: str = Field(foreign_key="policy.slug")
    capacity: int
    duration_min: int
    data: dict[str, Any] = json(dict)


class Text(SQLModel, table=True):
    """Words of the organisation by key; branch 0 holds those of the whole organisation."""

    branch_id: UUID = key()
    slug: str = key()
    position: int
    names: dict[str, Any] = json(dict)


#: The tables that hold settings, which are cached under their version, each with the columns that the day's work changes.
SETTINGS: Final[Mapping[type[SQLModel], frozenset[str]]] = {
    Organisation: frozenset(),
    Branch: frozenset({"last_seq", "last_at", "chain", "live_day"}),
    Zone: frozenset(),
    Department: frozenset(),
    Queue: frozenset(),
    Service: frozenset(),
    Document: frozenset(),
    ServiceDocument: frozenset(),
    ServiceReferral: frozenset(),
    Resource: frozenset({"staff_id"}),
    ServiceResource: frozenset(),
    Counter: frozenset({"staff_id", "seated_at", "last_press", "away", "away_until"}),
    CounterQueue: frozenset(),
    Priority: frozenset(),
    BranchPriority: frozenset(),
    PolicyRow: frozenset(),
    Confidentiality: frozenset(),
    OpeningHours: frozenset(),
    SeasonRow: frozenset(),
    BranchSeason: frozenset(),
    ClosureRow: frozenset(),
    OutreachDay: frozenset(),
    Text: frozenset(),
    Occasion: frozenset(),
    Role: frozenset(),
}
for _model, _of_the_day in SETTINGS.items():
    table(_model).info[SETTING_COLUMNS] = frozenset(table(_model).c.keys()) - _of_the_day
