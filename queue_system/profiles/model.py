"""A profile after reading: an organisation and its branches, every name resolved, every branch complete in itself.

Texts are `Names`: language code → text, always with `ar` and `en`. Durations carry their unit in the name
(`duration_min`, `retention_days`); wall times are local to the branch's zone; weekdays count from Monday = 0.
`data` holds what has no field of its own, as plain JSON values under the names that the profile uses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from typing import Any, Final

from ..core.hours import Layer

Names = Mapping[str, str]
Data = Mapping[str, Any]

LANGUAGES: Final = ("ar", "en", "tr", "de")
REQUIRED_LANGUAGES: Final = ("ar", "en")
BOOKING_MODES: Final = ("fcfs", "ballot", "staff_only", "invite")
WALKIN_MODES: Final = ("walkin_only", "walkin_and_fcfs")


@dataclass(frozen=True, slots=True)
class Confidentiality:
    """What of a visit may be seen; `display` is code, code_random or none."""

    slug: str
    names: Names
    display: str
    data: Data


@dataclass(frozen=True, slots=True)
class Priority:
    """A priority class; `weight` is b, the rate at which its tickets gather priority (1 = ordinary walk-in)."""

    slug: str
    names: Names
    weight: float
    evidence: str
    data: Data


@dataclass(frozen=True, slots=True)
class Policy:
    """How places are given; `mode` is one of BOOKING_MODES."""

    slug: str
    names: Names
    mode: str
    freed_slot: str
    horizon_days: int | None
    max_active: int | None
    max_changes: int | None
    cancel_until_min: int | None
    data: Data


@dataclass(frozen=True, slots=True)
class Season:
    """Days, both ends included, with opening hours of their own."""

    slug: str
    first: date
    last: date
    provisional: bool


@dataclass(frozen=True, slots=True)
class Closure:
    """Days, both ends included, on which a branch (or only its services with a tag) is closed."""

    first: date
    last: date
    provisional: bool
    service_tag: str | None
    names: Names


@dataclass(frozen=True, slots=True)
class Calendar:
    """Closures that branches follow; `verify_yearly` asks a person to check them every year."""

    slug: str
    weekend: tuple[int, ...]
    verify_yearly: bool
    closures: tuple[Closure, ...]


@dataclass(frozen=True, slots=True)
class DeviceModel:
    """`kind` is kiosk, printer, display or counter_display."""

    slug: str
    kind: str
    data: Data


@dataclass(frozen=True, slots=True)
class Role:
    """What a member of staff may do: abilities, or "*" for everything."""

    slug: str
    names: Names
    can: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What an organisation chooses from: the library, and what its own file adds."""

    confidentialities: Mapping[str, Confidentiality] = field(default_factory=dict)
    spoken_prefixes: Mapping[str, Names] = field(default_factory=dict)
    priorities: Mapping[str, Priority] = field(default_factory=dict)
    policies: Mapping[str, Policy] = field(default_factory=dict)
    service_tags: Mapping[str, Names] = field(default_factory=dict)
    zones: Mapping[str, Names] = field(default_factory=dict)
    documents: Mapping[str, Names] = field(default_factory=dict)
    seasons: Mapping[str, tuple[Season, ...]] = field(default_factory=dict)
    calendars: Mapping[str, Calendar] = field(default_factory=dict)
    device_models: Mapping[str, DeviceModel] = field(default_factory=dict)
    roles: Mapping[str, Role] = field(default_factory=dict)
    texts: Mapping[str, Names] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HoursRule:
    """One line of the opening hours; `closes <= opens` runs over midnight. `service` and `season` are slugs."""

    layer: Layer
    days: tuple[int, ...]
    opens: time
    closes: time
    last_ticket: time | None = None
    season: str | None = None
    service: str | None = None
    first: date | None = None
    last: date | None = None
    names: Names | None = None


@dataclass(frozen=True, slots=True)
class Queue:
    """A number series; `lanes` bookings may run at one time, `public_lanes` of them booked from the internet."""

    slug: str
    names: Names
    prefix: str
    code_style: str
    lanes: int
    public_lanes: int


@dataclass(frozen=True, slots=True)
class Resource:
    """What a booking may need besides a lane; `pool` of them can be had at one time."""

    slug: str
    names: Names
    pool: int


@dataclass(frozen=True, slots=True)
class Service:
    """`mode` is the policy's, or one of WALKIN_MODES where the service departs from it.

    `priority` is the class with which its tickets wait, unless a heavier one is theirs; None for none of its own.
    """

    slug: str
    names: Names
    public_names: Names | None
    note: Names | None
    queue: str
    department: str
    priority: str | None
    duration_min: int
    buffer_min: int
    policy: str
    mode: str
    confidentiality: str
    walkin_share_pct: int | None
    tags: tuple[str, ...]
    documents: tuple[str, ...]
    refer_to: tuple[str, ...]
    needs: tuple[str, ...]
    data: Data


@dataclass(frozen=True, slots=True)
class Counter:
    """`kind` is counter, room, desk or vehicle; `queues` in the order in which they are served."""

    slug: str
    number: int
    kind: str
    names: Names
    zone: str
    accessible: bool
    queues: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Device:
    """A planned device; `data` is what its model says, and its own role and address."""

    slug: str
    kind: str
    model: str
    names: Names | None
    zone: str | None
    attached_to: str | None
    data: Data


@dataclass(frozen=True, slots=True)
class Occasion:
    """A training, briefing, reception: what people call an event."""

    slug: str
    names: Names
    policy: str
    capacity: int
    duration_min: int
    data: Data


@dataclass(frozen=True, slots=True)
class OutreachDay:
    """A day of work elsewhere; `services` None means all of the branch."""

    day: date
    place: Names
    opens: time
    closes: time
    capacity: int
    services: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Branch:
    """A place with doors. What it inherited is already in it; `inherits_from` only says where it came from."""

    slug: str
    names: Names
    kind: str
    timezone: str
    languages: tuple[str, ...]
    default_language: str
    digits: Data
    inherits_from: str | None
    offline_first: bool
    day_starts: time
    tick_minutes: int
    calendars: tuple[Calendar, ...]
    hours: tuple[HoursRule, ...]
    zones: Mapping[str, Names]
    departments: Mapping[str, Names]
    queues: Mapping[str, Queue]
    resources: Mapping[str, Resource]
    services: Mapping[str, Service]
    counters: Mapping[str, Counter]
    priorities: tuple[str, ...]
    queue_rules: Data
    devices: Mapping[str, Device]
    occasions: Mapping[str, Occasion]
    outreach_days: tuple[OutreachDay, ...]
    texts: Mapping[str, Names]
    retention_days: Mapping[str, int]
    data: Data


@dataclass(frozen=True, slots=True)
class Profile:
    """An organisation; `sha256` is over the bytes of its file and of the library, in hex."""

    slug: str
    kind: str
    names: Names
    motto: Names | None
    languages: tuple[str, ...]
    default_language: str
    digits: Data
    roles: Mapping[str, Role]
    catalogue: Catalogue
    branches: Mapping[str, Branch]
    data: Data
    sha256: str
