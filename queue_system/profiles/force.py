"""What is stored but not in force: settings that nothing acts on yet, named so that nobody relies on them.

Whoever builds one of these removes it here; the sets below say what is acted upon already.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Iterator
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from ..core.printers import IN_FORCE
from ..store import tables
from ..store.database import AnyRow, Tx
from ..store.queries.settings import TEMPLATE

ABILITIES_IN_FORCE: Final = frozenset(
    {
        "*",
        "call_next",
        "check_in",
        "grant_priority",
        "issue_ticket",
        "pair_device",
        "print_copy",
        "read_audit",
        "release_places",
    }
)
QUEUE_RULES_IN_FORCE: Final = frozenset(
    {
        "early_check_in_min",
        "call_early_min",
        "late_grace_min",
        "max_wait_guard_min",
        "guard_kind",
        "no_show_after_calls",
        "no_show_after_min",
        "missed_rejoin_after_calls",
        "missed_rejoin_times",
    }
)
BRANCH_DATA_IN_FORCE: Final = frozenset(
    {
        "address",
        "calendars",
        "coordinates",
        "country_code",
        "email",
        "freed_places_at",
        "hotline",
        "notes",
        "phone",
        "remote_tickets",
    }
)
SERVICE_DATA_IN_FORCE: Final = frozenset({"apply_at", "fee"})
CONFIDENTIALITY_DATA_IN_FORCE: Final = frozenset[str]()
FREED_SLOTS_IN_FORCE: Final = frozenset({"by_lot", "staff_decides"})
PRIORITY_DATA_IN_FORCE: Final = frozenset({"anchor"})

# How the particulars of a branch are called in the sentences of doctor.
_BRANCH_DATA_CODES: Final = {
    "access": "access-needs",
    "constraints": "constraint",
    "safe_contact": "safe-contact",
    "targets": "targets",
    "checklist": "checklist",
}
CODES: Final = (
    *_BRANCH_DATA_CODES.values(),
    "abilities",
    "ballot",
    "calendar-check",
    "confidentiality-rules",
    "counter-display",
    "cross-branch-rules",
    "digits-choice",
    "freed-slot",
    "invitation",
    "language",
    "occasion",
    "offline",
    "printer-transport",
    "priority-details",
    "provisional-days",
    "queue-rules",
    "resource",
    "retention",
    "service-details",
    "staff-booking",
    "text",
    "walkin-share",
)


class NotInForce(NamedTuple):
    """`code` is the end of the key `doctor.not-in-force.<code>`; `subject` fills its {subject}: slugs, no sentence."""

    code: str
    subject: str


def not_in_force(tx: Tx, interface_languages: Collection[str]) -> list[NotInForce]:
    """What the profile asks for and nothing does yet, in the order of codes and subjects.

    `interface_languages` are those with a catalogue.
    """
    # A template is no place: nothing of it is meant to be in force.
    places = sa.select(_BRANCH).where(_BRANCH.c.id != tables.ORGANISATION, _BRANCH.c.kind != TEMPLATE)
    branches = {row.id: row for row in tx.rows(places)}
    found = [
        *_of_organisation(tx, interface_languages),
        *_of_branches(branches.values(), interface_languages),
        *_of_services(tx, branches),
        *_of_devices(tx, branches),
        *_of_agenda(tx, branches),
    ]
    return sorted(set(found))


def _of_organisation(tx: Tx, interface_languages: Collection[str]) -> Iterator[NotInForce]:
    house = tx.rows(sa.select(_ORGANISATION))[0]
    yield from _languages(house.slug, house.languages, interface_languages)
    if house.digits.get("alternatives"):
        yield NotInForce("digits-choice", house.slug)
    if rules := house.data.get("cross_branch_rules"):
        yield NotInForce("cross-branch-rules", _joined(rules))
    followed = {closure.calendar for closure in tx.rows(sa.select(_CLOSURE.c.calendar))}
    for slug, calendar in house.data["calendars"].items():
        if slug in followed and calendar.get("verify_yearly"):
            yield NotInForce("calendar-check", slug)
    for row in tx.rows(sa.select(_ROLE)):
        if idle := set(row.can) - ABILITIES_IN_FORCE:
            yield NotInForce("abilities", f"{row.slug}: {_joined(idle)}")
    used_levels = {row.confidentiality for row in tx.rows(sa.select(_SERVICE.c.confidentiality))}
    for row in tx.rows(sa.select(_CONFIDENTIALITY)):
        if row.slug in used_levels and (idle := set(row.data) - CONFIDENTIALITY_DATA_IN_FORCE):
            yield NotInForce("confidentiality-rules", f"{row.slug}: {_joined(idle)}")
    used_classes = {row.priority for row in tx.rows(sa.select(_BRANCH_PRIORITY.c.priority))}
    for row in tx.rows(sa.select(_PRIORITY)):
        if row.slug in used_classes and (idle := set(row.data) - PRIORITY_DATA_IN_FORCE):
            yield NotInForce("priority-details", f"{row.slug}: {_joined(idle)}")


def _of_branches(branches: Iterable[Any], interface_languages: Collection[str]) -> Iterator[NotInForce]:
    for branch in branches:
        yield from _languages(branch.slug, branch.languages, interface_languages)
        if branch.offline_first:
            yield NotInForce("offline", branch.slug)
        if idle := set(branch.queue_rules) - QUEUE_RULES_IN_FORCE:
            yield NotInForce("queue-rules", f"{branch.slug}: {_joined(idle)}")
        if branch.retention_days:
            yield NotInForce("retention", f"{branch.slug}: {_joined(branch.retention_days)}")
        for key in set(branch.data) - BRANCH_DATA_IN_FORCE:
            yield NotInForce(_BRANCH_DATA_CODES[key], branch.slug + _inside(branch.data[key]))


def _of_services(tx: Tx, branches: dict[Any, Any]) -> Iterator[NotInForce]:
    codes = {"ballot": "ballot", "staff_only": "staff-booking", "invite": "invitation"}
    services = _at(branches, tx.rows(sa.select(_SERVICE)))
    for service in services:
        subject = f"{branches[service.branch_id].slug}/{service.slug}"
        if service.mode in codes:
            yield NotInForce(codes[service.mode], f"{subject} ({service.policy})")
        # A share of 0 is in force: such a service takes no walk-ins.
        if service.walkin_share_pct:
            yield NotInForce("walkin-share", f"{subject}: {service.walkin_share_pct} %")
        if idle := set(service.data) - SERVICE_DATA_IN_FORCE:
            yield NotInForce("service-details", f"{subject}: {_joined(idle)}")
    needs = sa.select(_SERVICE.c.branch_id, _SERVICE.c.slug, _RESOURCE.c.slug.label("resource")).select_from(
        _NEED.join(_SERVICE, (_SERVICE.c.branch_id == _NEED.c.branch_id) & (_SERVICE.c.id == _NEED.c.service_id)).join(
            _RESOURCE, (_RESOURCE.c.branch_id == _NEED.c.branch_id) & (_RESOURCE.c.id == _NEED.c.resource_id)
        )
    )
    for row in _at(branches, tx.rows(needs)):
        yield NotInForce("resource", f"{branches[row.branch_id].slug}/{row.slug}: {row.resource}")
    used = {service.policy for service in services}
    for policy in tx.rows(sa.select(_POLICY)):
        # Draws and waiting lists are not built: a place that is given back stays with staff, who release it.
        if policy.slug in used and policy.mode == "fcfs" and policy.freed_slot not in FREED_SLOTS_IN_FORCE:
            yield NotInForce("freed-slot", f"{policy.slug}: {policy.freed_slot}")


def _of_devices(tx: Tx, branches: dict[Any, Any]) -> Iterator[NotInForce]:
    for device in _at(branches, tx.rows(sa.select(_DEVICE))):
        subject = f"{branches[device.branch_id].slug}/{device.slug}"
        transport = device.data.get("transport")
        if device.kind == "printer" and (transport not in IN_FORCE or device.data.get("language") != "escpos"):
            yield NotInForce("printer-transport", f"{subject} ({transport})")
        if device.kind == "counter_display":
            yield NotInForce("counter-display", subject)
        if device.data.get("offline_first"):
            yield NotInForce("offline", subject)


def _of_agenda(tx: Tx, branches: dict[Any, Any]) -> Iterator[NotInForce]:
    for closure in _at(branches, tx.rows(sa.select(_CLOSURE).where(_CLOSURE.c.provisional))):
        branch = branches[closure.branch_id].slug
        yield NotInForce("provisional-days", f"{branch}: {closure.calendar} {closure.first.isoformat()}")
    seasonal = {rule.season for rule in _at(branches, tx.rows(sa.select(_HOURS.c.branch_id, _HOURS.c.season)))}
    for season in tx.rows(sa.select(_SEASON).where(_SEASON.c.provisional)):
        if season.slug in seasonal:
            yield NotInForce("provisional-days", f"{season.slug} {season.first.isoformat()}")
    for text in _at(branches, tx.rows(sa.select(_TEXT))):
        yield NotInForce("text", f"{branches[text.branch_id].slug}: {text.slug}")
    for occasion in _at(branches, tx.rows(sa.select(_OCCASION))):
        yield NotInForce("occasion", f"{branches[occasion.branch_id].slug}/{occasion.slug}")


def _at(branches: Container[Any], rows: Iterable[AnyRow]) -> list[AnyRow]:
    """The rows of these branches; templates and the organisation itself have rows too."""
    return [row for row in rows if row.branch_id in branches]


def _languages(slug: str, languages: Iterable[str], interface_languages: Collection[str]) -> Iterator[NotInForce]:
    for language in languages:
        if language not in interface_languages:
            yield NotInForce("language", f"{slug}: {language}")


def _inside(particulars: Any) -> str:
    """What a particular of a branch holds: a number as it is, else the names of its parts."""
    if not isinstance(particulars, dict):
        return ""
    return f": {particulars['number']}" if "number" in particulars else f": {_joined(particulars)}"


def _joined(words: Iterable[str]) -> str:
    return ", ".join(sorted(words))


_ORGANISATION: Final = tables.table(tables.Organisation)
_BRANCH: Final = tables.table(tables.Branch)
_ROLE: Final = tables.table(tables.Role)
_CONFIDENTIALITY: Final = tables.table(tables.Confidentiality)
_PRIORITY: Final = tables.table(tables.Priority)
_BRANCH_PRIORITY: Final = tables.table(tables.BranchPriority)
_POLICY: Final = tables.table(tables.PolicyRow)
_SERVICE: Final = tables.table(tables.Service)
_NEED: Final = tables.table(tables.ServiceResource)
_RESOURCE: Final = tables.table(tables.Resource)
_DEVICE: Final = tables.table(tables.Device)
_OCCASION: Final = tables.table(tables.Occasion)
_CLOSURE: Final = tables.table(tables.ClosureRow)
_HOURS: Final = tables.table(tables.OpeningHours)
_SEASON: Final = tables.table(tables.SeasonRow)
_TEXT: Final = tables.table(tables.Text)
