"""The rows of one branch, table by table, in an order that the references between them allow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from uuid_utils.compat import uuid7

from ..store import tables
from .model import Branch, Calendar, Closure, Device, HoursRule, Service

Row = dict[str, Any]
Rows = tuple[type[Any], list[Row]]
# Where the log of a branch begins.
NEW_LOG: Final = {"last_seq": 0, "chain": "", "config_version": 1}


def branch_rows(position: int, key: str, branch: Branch) -> Iterator[Rows]:
    """The branch and everything in it; `key` begins its secret links."""
    ids = _Ids()
    yield tables.Branch, [_branch(ids.branch, position, key, branch)]
    yield from _hall(ids, branch)
    yield from _services(ids, branch)
    yield from _agenda(ids, branch)
    yield tables.Text, text_rows(ids.branch, branch.texts)


def text_rows(branch_id: UUID, texts: Mapping[str, Mapping[str, str]]) -> list[Row]:
    """The texts of a branch, or of the organisation itself."""
    return [{"branch_id": branch_id, "slug": slug, "names": names} for slug, names in texts.items()]


@dataclass(slots=True)
class _Ids:
    """The ids that the rows of one branch refer to, by kind and slug."""

    branch: UUID = field(default_factory=uuid7)
    _known: dict[tuple[str, str], UUID] = field(default_factory=dict)

    def of(self, kind: str, slug: str) -> UUID:
        return self._known.setdefault((kind, slug), uuid7())


def _branch(branch_id: UUID, position: int, key: str, branch: Branch) -> Row:
    return {
        "id": branch_id,
        "slug": branch.slug,
        "key": key,
        "position": position,
        "names": branch.names,
        "kind": branch.kind,
        "timezone": branch.timezone,
        "languages": list(branch.languages),
        "default_language": branch.default_language,
        "digits": branch.digits,
        "inherits_from": branch.inherits_from,
        "offline_first": branch.offline_first,
        "day_starts": branch.day_starts,
        "tick_minutes": branch.tick_minutes,
        "queue_rules": branch.queue_rules,
        "retention_days": branch.retention_days,
        "data": {**branch.data, "calendars": [calendar.slug for calendar in branch.calendars]},
        **NEW_LOG,
    }


def _hall(ids: _Ids, branch: Branch) -> Iterator[Rows]:
    yield tables.Zone, _named(ids, "zone", branch.zones)
    yield tables.Department, _named(ids, "department", branch.departments)
    yield (
        tables.Queue,
        [
            {
                "branch_id": ids.branch,
                "id": ids.of("queue", queue.slug),
                "slug": queue.slug,
                "position": position,
                "prefix": queue.prefix,
                "code_style": queue.code_style,
                "names": queue.names,
                "lanes": queue.lanes,
                "public_lanes": queue.public_lanes,
            }
            for position, queue in enumerate(branch.queues.values())
        ],
    )
    yield (
        tables.Resource,
        [
            {
                "branch_id": ids.branch,
                "id": ids.of("resource", resource.slug),
                "slug": resource.slug,
                "names": resource.names,
                "pool": resource.pool,
            }
            for resource in branch.resources.values()
        ],
    )
    yield (
        tables.Counter,
        [
            {
                "branch_id": ids.branch,
                "id": ids.of("counter", counter.slug),
                "slug": counter.slug,
                "number": counter.number,
                "kind": counter.kind,
                "names": counter.names,
                "zone_id": ids.of("zone", counter.zone),
                "accessible": counter.accessible,
            }
            for counter in branch.counters.values()
        ],
    )
    yield (
        tables.CounterQueue,
        [
            {
                "branch_id": ids.branch,
                "counter_id": ids.of("counter", counter.slug),
                "queue_id": ids.of("queue", queue),
                "position": position,
            }
            for counter in branch.counters.values()
            for position, queue in enumerate(counter.queues)
        ],
    )
    yield tables.Device, [_device(ids, position, device) for position, device in enumerate(branch.devices.values())]


def _device(ids: _Ids, position: int, device: Device) -> Row:
    return {
        "branch_id": ids.branch,
        "id": ids.of("device", device.slug),
        "slug": device.slug,
        "position": position,
        "kind": device.kind,
        "model": device.model,
        "names": device.names,
        "zone_id": ids.of("zone", device.zone) if device.zone else None,
        "attached_to": ids.of("device", device.attached_to) if device.attached_to else None,
        "data": device.data,
        "status": "unknown",
    }


def _services(ids: _Ids, branch: Branch) -> Iterator[Rows]:
    services = list(branch.services.values())
    yield tables.Service, [_service(ids, position, service) for position, service in enumerate(services)]

    def links(column: str, kind: str | None, field_name: str) -> list[Row]:
        """The items of a list of each service; of things with an id, the id."""
        return [
            {
                "branch_id": ids.branch,
                "service_id": ids.of("service", service.slug),
                column: ids.of(kind, slug) if kind else slug,
                "position": position,
            }
            for service in services
            for position, slug in enumerate(getattr(service, field_name))
        ]

    yield tables.ServiceDocument, links("document", None, "documents")
    yield tables.ServiceReferral, links("queue_id", "queue", "refer_to")
    needs = links("resource_id", "resource", "needs")
    yield tables.ServiceResource, [{k: v for k, v in row.items() if k != "position"} for row in needs]


def _service(ids: _Ids, position: int, service: Service) -> Row:
    return {
        "branch_id": ids.branch,
        "id": ids.of("service", service.slug),
        "slug": service.slug,
        "position": position,
        "queue_id": ids.of("queue", service.queue),
        "department_id": ids.of("department", service.department),
        "names": service.names,
        "public_names": service.public_names,
        "note": service.note,
        "priority": service.priority,
        "duration_min": service.duration_min,
        "buffer_min": service.buffer_min,
        "policy": service.policy,
        "mode": service.mode,
        "confidentiality": service.confidentiality,
        "walkin_share_pct": service.walkin_share_pct,
        "tags": list(service.tags),
        "data": service.data,
    }


def _agenda(ids: _Ids, branch: Branch) -> Iterator[Rows]:
    """When: hours, closures, priorities, occasions, days elsewhere."""
    yield tables.OpeningHours, [_hours(ids, position, rule) for position, rule in enumerate(branch.hours)]
    yield (
        tables.ClosureRow,
        [_closure(ids, calendar, closure) for calendar in branch.calendars for closure in calendar.closures],
    )
    yield (
        tables.BranchPriority,
        [
            {"branch_id": ids.branch, "priority": slug, "position": position}
            for position, slug in enumerate(branch.priorities)
        ],
    )
    yield (
        tables.Occasion,
        [
            {
                "branch_id": ids.branch,
                "id": uuid7(),
                "slug": occasion.slug,
                "position": position,
                "names": occasion.names,
                "policy": occasion.policy,
                "capacity": occasion.capacity,
                "duration_min": occasion.duration_min,
                "data": occasion.data,
            }
            for position, occasion in enumerate(branch.occasions.values())
        ],
    )
    yield (
        tables.OutreachDay,
        [
            {
                "branch_id": ids.branch,
                "id": uuid7(),
                "day": day.day,
                "place": day.place,
                "opens": day.opens,
                "closes": day.closes,
                "capacity": day.capacity,
                "services": None if day.services is None else list(day.services),
            }
            for day in branch.outreach_days
        ],
    )


def _hours(ids: _Ids, position: int, rule: HoursRule) -> Row:
    return {
        "branch_id": ids.branch,
        "id": uuid7(),
        "position": position,
        "layer": rule.layer.value,
        "season": rule.season,
        "service_id": ids.of("service", rule.service) if rule.service else None,
        "days": list(rule.days),
        "opens": rule.opens,
        "closes": rule.closes,
        "last_ticket": rule.last_ticket,
        "first": rule.first,
        "last": rule.last,
        "names": rule.names,
    }


def _closure(ids: _Ids, calendar: Calendar, closure: Closure) -> Row:
    return {
        "branch_id": ids.branch,
        "id": uuid7(),
        "calendar": calendar.slug,
        "first": closure.first,
        "last": closure.last,
        "provisional": closure.provisional,
        "service_tag": closure.service_tag,
        "names": closure.names,
    }


def _named(ids: _Ids, kind: str, things: Mapping[str, Mapping[str, str]]) -> list[Row]:
    return [
        {"branch_id": ids.branch, "id": ids.of(kind, slug), "slug": slug, "position": position, "names": names}
        for position, (slug, names) in enumerate(things.items())
    ]
