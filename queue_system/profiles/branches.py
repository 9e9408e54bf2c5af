"""One branch: its own sections over those that it inherits, and a last look at whether it all fits together."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import time
from typing import Any, Final, TypeVar

from . import particulars
from .hall import QueueDraft, read_counters, read_devices, read_queues, read_resources, read_services
from .lanes import derived_lanes
from .model import LANGUAGES, Branch, Calendar, Catalogue, Counter, Names, Queue, Service
from .nodes import Read, Section, Value
from .occasions import read_occasions
from .opening import read_hours, read_outreach_days
from .values import clock_time, details, flag, listed, named, names, one_of, table, text, timezone

T = TypeVar("T")

BRANCH_KINDS: Final = ("office", "outreach", "replica")
NEEDED_PRIORITIES: Final = ("walkin", "appointment")
# The branch that is no place: the log of the organisation itself.
ORGANISATION_SLUG: Final = "organisation"
DAY_STARTS: Final = time(3)
TICK_MINUTES: Final = 5
_MORE_NAMES: Final = details(dict.fromkeys(LANGUAGES, text))
_TICKS: Final = tuple(minutes for minutes in range(1, 61) if 60 % minutes == 0)


@dataclass(frozen=True, slots=True)
class House:
    """What the organisation gives its branches."""

    catalogue: Catalogue
    languages: tuple[str, ...]
    default_language: str
    digits: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class BranchDraft:
    """A branch that others may inherit from, with its queues as written."""

    branch: Branch
    queues: Mapping[str, QueueDraft]


def read_branch(slug: str, value: Value, house: House, above: Mapping[str, BranchDraft]) -> BranchDraft:
    """A branch; `above` are those before it in the file, from which it may inherit.

    What a branch writes replaces what it inherits, section by section; texts and particulars are added to.
    Occasions and outreach days are not inherited: they take place somewhere.
    """
    if slug == ORGANISATION_SLUG:
        raise value.error("is a reserved name")
    with value.section() as section:
        origin = section.optional("inherits_from", one_of("branch above this one", above), None)
        draft = _BranchReader(slug, section, house, above[origin] if origin else None).read()
    _check(value, draft.branch)
    return draft


class _BranchReader:
    """Reads the sections in the order in which they refer to one another."""

    def __init__(self, slug: str, section: Section, house: House, parent: BranchDraft | None) -> None:
        self.slug = slug
        self.section = section
        self.house = house
        self.catalogue = house.catalogue
        self.parent = parent
        self.old = parent.branch if parent else None
        if parent is None:
            for key in ("only_services", "replace_documents", "queue_names"):
                if (given := section.given(key)) is not None:
                    raise given.error("is for branches that inherit (inherits_from)")

    def read(self) -> BranchDraft:
        section, old, catalogue = self.section, self.old, self.catalogue
        day_starts = section.optional("day_starts", clock_time, old.day_starts if old else DAY_STARTS)
        departments = self.own("departments", named("department"), old.departments if old else None)
        queues = self.queues()
        resources = section.optional("resources", read_resources, old.resources if old else {})
        services = self.services(queues, departments, resources)
        zones: dict[str, Names] = {**(old.zones if old else {}), **section.optional("zones", named("zone"), {})}
        counters = self.own(
            "counters",
            lambda given: read_counters(given, queues, self.zone_reader(zones)),
            old.counters if old else None,
        )
        devices = section.optional(
            "devices", lambda given: read_devices(given, catalogue, self.zone_reader(zones)), old.devices if old else {}
        )
        if section.given("only_services"):
            needed = {queue for service in services.values() for queue in (service.queue, *service.refer_to)}
            queues = _only(queues, needed.union(*(counter.queues for counter in counters.values())))
            departments = _only(departments, {service.department for service in services.values()})
            resources = _only(resources, {need for service in services.values() for need in service.needs})
        used = {counter.zone for counter in counters.values()} | {device.zone for device in devices.values()}
        priorities = self.own(
            "priorities", listed(one_of("priority class", catalogue.priorities)), old.priorities if old else None
        )
        hours = self.own(
            "hours",
            lambda given: read_hours(given, day_starts, catalogue.seasons, services),
            old.hours if old else None,
        )
        languages, default_language = self.languages()
        branch = Branch(
            slug=self.slug,
            names=section.required("names", names),
            kind=section.optional("kind", one_of("kind of branch", BRANCH_KINDS), "office"),
            timezone=self.own("timezone", timezone, old.timezone if old else None),
            languages=languages,
            default_language=default_language,
            digits=section.optional("digits", particulars.digits, old.digits if old else self.house.digits),
            inherits_from=old.slug if old else None,
            offline_first=section.optional("offline_first", flag, old.offline_first if old else False),
            day_starts=day_starts,
            tick_minutes=section.optional("tick_minutes", _tick, old.tick_minutes if old else TICK_MINUTES),
            calendars=section.optional("calendars", self.calendars, old.calendars if old else ()),
            hours=tuple(rule for rule in hours if rule.service is None or rule.service in services),
            zones=_only(zones, used | set(section.optional("zones", named("zone"), {}))),
            departments=departments,
            queues=_queues(queues, counters, services),
            resources=resources,
            services=services,
            counters=counters,
            priorities=priorities,
            queue_rules=self.own("queue_rules", particulars.queue_rules, old.queue_rules if old else None),
            devices=devices,
            occasions=section.optional(
                "occasions", lambda given: read_occasions(given, catalogue.policies, catalogue.documents), {}
            ),
            outreach_days=section.optional("outreach_days", lambda given: read_outreach_days(given, services), ()),
            texts={**(old.texts if old else {}), **section.optional("texts", named("text"), {})},
            retention_days=self.own("retention_days", particulars.retention, old.retention_days if old else None),
            data={**(old.data if old else {}), **particulars.of_branch(section, priorities)},
        )
        return BranchDraft(branch, queues)

    def own(self, key: str, read: Read[T], inherited: T | None) -> T:
        """What the branch writes, else what it inherits; a branch of its own must write it."""
        if inherited is None:
            return self.section.required(key, read)
        return self.section.optional(key, read, inherited)

    def queues(self) -> dict[str, QueueDraft]:
        inherited = dict(self.parent.queues) if self.parent else None
        queues = self.own("queues", lambda given: read_queues(given, self.catalogue), inherited)
        more = self.section.optional("queue_names", table(_MORE_NAMES, queues, "queue"), {})
        return {slug: replace(queue, names={**queue.names, **more.get(slug, {})}) for slug, queue in queues.items()}

    def services(
        self, queues: Collection[str], departments: Collection[str], resources: Collection[str]
    ) -> dict[str, Service]:
        """The branch's own services, or the inherited ones it keeps, with its documents in place of others."""
        section = self.section
        services = self.own(
            "services",
            lambda given: read_services(given, self.catalogue, queues, departments, resources),
            dict(self.old.services) if self.old else None,
        )
        keep = section.optional("only_services", listed(one_of("service", services)), tuple(services))
        document = one_of("document", self.catalogue.documents)
        instead = section.optional("replace_documents", table(document, self.catalogue.documents, "document"), {})
        return {
            slug: replace(service, documents=tuple(instead.get(name, name) for name in service.documents))
            for slug, service in services.items()
            if slug in keep
        }

    def zone_reader(self, zones: dict[str, Names]) -> Read[str]:
        """Reads a zone of the branch or of the library; a zone of the library becomes one of the branch."""

        def zone(value: Value) -> str:
            slug = one_of("zone", {**self.catalogue.zones, **zones})(value)
            if slug not in zones:
                zones[slug] = self.catalogue.zones[slug]
            return slug

        return zone

    def calendars(self, value: Value) -> tuple[Calendar, ...]:
        slugs = listed(one_of("calendar", self.catalogue.calendars), least=0)(value)
        return tuple(self.catalogue.calendars[slug] for slug in slugs)

    def languages(self) -> tuple[tuple[str, ...], str]:
        old, house = self.old, self.house
        inherited = old.languages if old else house.languages
        languages = self.section.optional("languages", listed(one_of("language", LANGUAGES)), inherited)
        default = old.default_language if old else house.default_language
        choice = one_of("language of this branch", languages)
        chosen = self.section.optional("default_language", choice, default)
        if chosen not in languages:
            raise self.section.value.error(f'the default language "{chosen}" is not among the languages')
        return languages, chosen


def _queues(
    drafts: Mapping[str, QueueDraft], counters: Mapping[str, Counter], services: Mapping[str, Service]
) -> dict[str, Queue]:
    derived = derived_lanes(drafts, counters.values(), services.values())
    queues = {}
    for slug, draft in drafts.items():
        lanes = draft.lanes or derived[slug]
        public = lanes if draft.public_lanes is None else min(draft.public_lanes, lanes)
        queues[slug] = Queue(slug, draft.names, draft.prefix, draft.code_style, lanes, public)
    return queues


def _check(value: Value, branch: Branch) -> None:
    """What can be wrong only in the whole, because parts are inherited and others replaced."""
    here = value.about(f'branch "{branch.slug}"')
    for service in branch.services.values():
        for kind, wanted, known in (
            ("queue", (service.queue, *service.refer_to), branch.queues),
            ("department", (service.department,), branch.departments),
            ("resource", service.needs, branch.resources),
        ):
            for slug in wanted:
                if slug not in known:
                    raise here.error(f'the inherited service "{service.slug}" needs the {kind} "{slug}", missing here')
    for counter in branch.counters.values():
        for slug in counter.queues:
            if slug not in branch.queues:
                raise here.error(f'the inherited counter "{counter.slug}" serves the queue "{slug}", missing here')
    _check_names(here, branch)
    served = {slug for counter in branch.counters.values() for slug in counter.queues}
    for service in branch.services.values():
        if service.queue not in served:
            raise here.error(f'no counter serves the queue "{service.queue}" of service "{service.slug}"')
    _check_priorities(here, branch)


def _check_priorities(here: Value, branch: Branch) -> None:
    if branch.kind == "outreach" and not branch.outreach_days:
        raise here.error("outreach_days: a branch that goes out is open on these days only, and has none")
    for slug in NEEDED_PRIORITIES:
        if slug not in branch.priorities:
            raise here.error(f'priorities: "{slug}" must be among them')
    for service in branch.services.values():
        if service.priority is not None and service.priority not in branch.priorities:
            raise here.error(f'priorities: "{service.priority}" of service "{service.slug}" must be among them')


def _check_names(here: Value, branch: Branch) -> None:
    """Nobody can choose between services that look the same: in a list, or under their neutral names in the hall."""
    for kind in ("names", "public_names"):
        seen: dict[tuple[str, str], str] = {}
        for service in branch.services.values():
            shown = service.public_names or service.names if kind == "public_names" else service.names
            for language, name in shown.items():
                other = seen.setdefault((language, name), service.slug)
                if other != service.slug:
                    raise here.error(f'the services "{other}" and "{service.slug}" are both called "{name}" ({kind})')


def _tick(value: Value) -> int:
    return int(one_of("length of a step in minutes", tuple(str(minutes) for minutes in _TICKS))(value))


def _only(things: Mapping[str, T], wanted: Collection[str | None]) -> dict[str, T]:
    return {slug: thing for slug, thing in things.items() if slug in wanted}
