"""Reads an installed organisation back from the tables as a profile: written without a look at how it is installed."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa

from queue_system.core.hours import Layer
from queue_system.profiles.model import (
    Branch,
    Calendar,
    Catalogue,
    Closure,
    Confidentiality,
    Counter,
    Device,
    DeviceModel,
    HoursRule,
    Occasion,
    OutreachDay,
    Policy,
    Priority,
    Profile,
    Queue,
    Resource,
    Role,
    Season,
    Service,
)
from queue_system.store import tables
from queue_system.store.database import Tx

ZERO = tables.ORGANISATION


def stored_profile(tx: Tx) -> Profile:
    """The profile that the tables hold."""
    (house,) = rows(tx, tables.Organisation)
    data = dict(house.data)
    calendars = {slug: stored_calendar(slug, calendar) for slug, calendar in data.pop("calendars").items()}
    models = {slug: stored_model(slug, model) for slug, model in data.pop("device_models").items()}
    seasons: dict[str, list[Season]] = {}
    for row in sorted(rows(tx, tables.SeasonRow), key=lambda row: row.first):
        seasons.setdefault(row.slug, []).append(Season(row.slug, row.first, row.last, row.provisional))
    roles = sorted(rows(tx, tables.Role), key=lambda row: row.position)
    catalogue = Catalogue(
        confidentialities={
            row.slug: Confidentiality(row.slug, row.names, row.display, row.data)
            for row in rows(tx, tables.Confidentiality)
        },
        spoken_prefixes=data.pop("spoken_prefixes"),
        priorities={
            row.slug: Priority(row.slug, row.names, row.weight, row.evidence, row.data)
            for row in rows(tx, tables.Priority)
        },
        policies={
            row.slug: Policy(
                row.slug,
                row.names,
                row.mode,
                row.freed_slot,
                row.horizon_days,
                row.max_active,
                row.max_changes,
                row.cancel_until_min,
                row.data,
            )
            for row in rows(tx, tables.PolicyRow)
        },
        service_tags=data.pop("service_tags"),
        zones=data.pop("zones"),
        documents={row.slug: row.names for row in rows(tx, tables.Document)},
        seasons={slug: tuple(stretches) for slug, stretches in seasons.items()},
        calendars=calendars,
        device_models=models,
        roles={row.slug: Role(row.slug, row.names, tuple(row.can)) for row in roles},
        texts=stored_texts(tx, ZERO),
    )
    branches = sorted((row for row in rows(tx, tables.Branch) if row.id != ZERO), key=lambda row: row.position)
    return Profile(
        slug=house.slug,
        kind=house.kind,
        names=house.names,
        motto=house.motto,
        languages=tuple(house.languages),
        default_language=house.default_language,
        digits=house.digits,
        roles=catalogue.roles,
        catalogue=catalogue,
        branches={row.slug: stored_branch(tx, row, calendars) for row in branches},
        data=data,
        sha256=house.profile_sha256,
    )


def stored_branch(tx: Tx, row: Any, calendars: dict[str, Calendar]) -> Branch:
    """One branch, with everything that has its id."""
    data = dict(row.data)
    followed = tuple(calendars[slug] for slug in data.pop("calendars"))
    assert stored_closures(tx, row.id) == {
        (calendar.slug, *closure_key(closure)) for calendar in followed for closure in calendar.closures
    }

    def here(table: type[Any], order: str = "position") -> list[Any]:
        return sorted(
            (found for found in rows(tx, table) if found.branch_id == row.id), key=lambda found: getattr(found, order)
        )

    zones = {found.id: found for found in here(tables.Zone)}
    departments = {found.id: found for found in here(tables.Department)}
    queues = {found.id: found for found in here(tables.Queue)}
    resources = {found.id: found for found in here(tables.Resource, "slug")}
    services = {found.id: found for found in here(tables.Service)}
    devices = {found.id: found for found in here(tables.Device)}
    return Branch(
        slug=row.slug,
        names=row.names,
        kind=row.kind,
        timezone=row.timezone,
        languages=tuple(row.languages),
        default_language=row.default_language,
        digits=row.digits,
        inherits_from=row.inherits_from,
        offline_first=row.offline_first,
        day_starts=row.day_starts,
        tick_minutes=row.tick_minutes,
        calendars=followed,
        hours=tuple(
            HoursRule(
                Layer(rule.layer),
                tuple(rule.days),
                rule.opens,
                rule.closes,
                rule.last_ticket,
                rule.season,
                services[rule.service_id].slug if rule.service_id else None,
                rule.first,
                rule.last,
                rule.names,
            )
            for rule in here(tables.OpeningHours)
        ),
        zones={zone.slug: zone.names for zone in zones.values()},
        departments={department.slug: department.names for department in departments.values()},
        queues={
            queue.slug: Queue(queue.slug, queue.names, queue.prefix, queue.code_style, queue.lanes, queue.public_lanes)
            for queue in queues.values()
        },
        resources={
            resource.slug: Resource(resource.slug, resource.names, resource.pool) for resource in resources.values()
        },
        services={
            service.slug: Service(
                slug=service.slug,
                names=service.names,
                public_names=service.public_names,
                note=service.note,
                queue=queues[service.queue_id].slug,
                department=departments[service.department_id].slug,
                priority=service.priority,
                duration_min=service.duration_min,
                buffer_min=service.buffer_min,
                policy=service.policy,
                mode=service.mode,
                confidentiality=service.confidentiality,
                walkin_share_pct=service.walkin_share_pct,
                tags=tuple(service.tags),
                documents=tuple(
                    link.document for link in here(tables.ServiceDocument) if link.service_id == service.id
                ),
                refer_to=tuple(
                    queues[link.queue_id].slug for link in here(tables.ServiceReferral) if link.service_id == service.id
                ),
                needs=tuple(
                    resources[link.resource_id].slug
                    for link in here(tables.ServiceResource, "resource_id")
                    if link.service_id == service.id
                ),
                data=service.data,
            )
            for service in services.values()
        },
        counters={
            counter.slug: Counter(
                counter.slug,
                counter.number,
                counter.kind,
                counter.names,
                zones[counter.zone_id].slug,
                counter.accessible,
                tuple(
                    queues[link.queue_id].slug for link in here(tables.CounterQueue) if link.counter_id == counter.id
                ),
            )
            for counter in here(tables.Counter, "number")
        },
        priorities=tuple(link.priority for link in here(tables.BranchPriority)),
        queue_rules=row.queue_rules,
        devices={
            device.slug: Device(
                device.slug,
                device.kind,
                device.model,
                device.names,
                zones[device.zone_id].slug if device.zone_id else None,
                devices[device.attached_to].slug if device.attached_to else None,
                device.data,
            )
            for device in devices.values()
        },
        occasions={
            occasion.slug: Occasion(
                occasion.slug,
                occasion.names,
                occasion.policy,
                occasion.capacity,
                occasion.duration_min,
                occasion.data,
            )
            for occasion in here(tables.Occasion)
        },
        outreach_days=tuple(
            OutreachDay(
                day.day,
                day.place,
                day.opens,
                day.closes,
                day.capacity,
                None if day.services is None else tuple(day.services),
            )
            for day in here(tables.OutreachDay, "day")
        ),
        texts=stored_texts(tx, row.id),
        retention_days=row.retention_days,
        data=data,
    )


def stored_calendar(slug: str, data: dict[str, Any]) -> Calendar:
    closures = tuple(
        Closure(
            date.fromisoformat(closed["first"]),
            date.fromisoformat(closed["last"]),
            closed["provisional"],
            closed["service_tag"],
            closed["names"],
        )
        for closed in data["closed"]
    )
    return Calendar(slug, tuple(data["weekend"]), data["verify_yearly"], closures)


def stored_model(slug: str, data: dict[str, Any]) -> DeviceModel:
    return DeviceModel(slug, data["kind"], {key: value for key, value in data.items() if key != "kind"})


def stored_texts(tx: Tx, branch_id: Any) -> dict[str, dict[str, str]]:
    return {row.slug: row.names for row in rows(tx, tables.Text) if row.branch_id == branch_id}


def stored_closures(tx: Tx, branch_id: Any) -> set[tuple[Any, ...]]:
    return {(row.calendar, *closure_key(row)) for row in rows(tx, tables.ClosureRow) if row.branch_id == branch_id}


def closure_key(closure: Any) -> tuple[Any, ...]:
    names = tuple(sorted(closure.names.items()))
    return closure.first, closure.last, closure.provisional, closure.service_tag, names


def rows(tx: Tx, table: type[Any]) -> list[sa.Row[Any]]:
    return tx.rows(sa.select(table.__table__))
