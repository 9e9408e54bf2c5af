"""One branch: its own sections replace what it inherits, and then the whole is checked."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from pydantic.fields import FieldInfo

from ..settings.agenda import HoursRule
from ..settings.branch import CLASS_OF_THE_BRANCH, DAY_STARTS, WEEK_STARTS, Branch
from ..settings.catalogue import Catalogue
from ..settings.consistency import faults
from ..settings.declared import Names, NotInherited, OfOrganisation, key_of, mark
from ..settings.hall import Counter, Queue
from ..settings.organisation import ORGANISATION_SLUG, OrganisationOwn
from ..settings.scopes import scope_of_catalogue
from ..settings.services import Service
from .hall import read_devices, read_services
from .lanes import derived_lanes
from .nodes import Read, Section, Value
from .opening import read_hours, read_outreach_days, read_seasons
from .reading import Fields, is_needed, reader_of_field
from .values import listed, one_of, some_names, table

T = TypeVar("T")

# Fields that others refer to are read first, each after those that it refers to itself.
_FIRST: Final = (
    "day_starts",
    "week_starts",
    "departments",
    "queues",
    "skills",
    "calling_profiles",
    "resources",
    "services",
    "zones",
    "counters",
    "devices",
    "priorities",
    "hours",
)


@dataclass(frozen=True, slots=True)
class CommonSettings:
    """What the branches take from the organisation."""

    catalogue: Catalogue
    #: None in the file of one branch, which says everything itself.
    organisation: OrganisationOwn | None


@dataclass(frozen=True, slots=True)
class BranchDraft:
    """A branch that others may inherit from, and its queues with only those lanes that the file gives."""

    branch: Branch
    queues: Mapping[str, Queue]


def read_branch(slug: str, value: Value, common: CommonSettings, above: Mapping[str, BranchDraft]) -> BranchDraft:
    """A branch; `above` are the branches before it in the file, from which it may inherit.

    What a branch writes replaces what it inherits, field by field; texts and zones are added instead. Occasions and
    outreach days are not inherited, because they belong to one place.
    """
    if slug == ORGANISATION_SLUG:
        raise value.error("is a reserved name")
    with value.section() as section:
        origin = section.optional("inherits_from", one_of("branch above this one", above), None)
        draft = _BranchReader(slug, section, common, above[origin] if origin else None).read()
    _check(value, draft.branch, common.catalogue)
    return draft


class _BranchReader:
    """Reads the fields of a branch in the order in which they refer to one another."""

    def __init__(self, slug: str, section: Section, common: CommonSettings, parent: BranchDraft | None) -> None:
        self.section = section
        self.common = common
        self.catalogue = common.catalogue
        self.scope = dict[str, Any](scope_of_catalogue(common.catalogue))
        self.parent = parent
        self.old = parent.branch if parent else None
        self.fields: Fields = {"slug": slug, "inherits_from": self.old.slug if self.old else None}
        if parent is None:
            for key in ("only_services", "replace_documents", "queue_names"):
                if (given := section.given(key)) is not None:
                    raise given.error("is for branches that inherit (inherits_from)")

    def read(self) -> BranchDraft:
        for name in (*_FIRST, *Branch.model_fields):
            if name not in self.fields:
                self._read(name, Branch.model_fields[name])
        fields = self.fields
        services, counters = fields["services"], fields["counters"]
        if self.section.given("only_services"):
            self._drop_what_no_service_uses()
        fields["zones"] = self._zones_in_use()
        fields["hours"] = tuple(rule for rule in fields["hours"] if self._has_what_is_open(rule))
        drafts: dict[str, Queue] = fields["queues"]
        fields["queues"] = _with_lanes(drafts, counters, services)
        return BranchDraft(Branch(**fields), drafts)

    def _read(self, name: str, field: FieldInfo) -> None:
        """The value in the file, else the inherited one, else the default; a needed field has no default."""
        inherited = self._inherited(name, field)
        if self.section.given(key_of(name, field)) is None and not (is_needed(field) and inherited is MISSING):
            self.section.optional(key_of(name, field), lambda value: value, None)
            found = inherited
        else:
            found = self.section.required(key_of(name, field), self._reader(name, field))
        if found is not MISSING:
            self.fields[name] = found
        self._settle(name)

    def _inherited(self, name: str, field: FieldInfo) -> Any:
        if self.parent is not None and mark(field, NotInherited) is None:
            if name == "queues":
                return self.parent.queues
            if name in self.parent.branch.model_fields_set:
                return getattr(self.parent.branch, name)
        if mark(field, OfOrganisation) is not None and self.common.organisation is not None:
            return getattr(self.common.organisation, name)
        return MISSING

    def _reader(self, name: str, field: FieldInfo) -> Read[Any]:
        match name:
            case "resources":
                # A group names members that may be written after it.
                return lambda given: reader_of_field(field, {**self.scope, "resource": given.entries()}, self.fields)(
                    given
                )
            case "services":
                return lambda given: read_services(given, self.catalogue, self.scope)
            case "devices":
                return lambda given: read_devices(given, self.catalogue.device_models, self.scope)
            case "hours":
                return lambda given: read_hours(
                    given,
                    self.fields.get("day_starts", DAY_STARTS),
                    self.fields.get("week_starts", WEEK_STARTS),
                    self.catalogue.seasons,
                    self.fields["services"],
                    self.fields.get("resources", {}),
                )
            case "seasons":
                return lambda given: read_seasons(given, self.catalogue.seasons)
            case "outreach_days":
                return lambda given: read_outreach_days(given, self.scope)
        return reader_of_field(field, self.scope, self.fields)

    def _settle(self, name: str) -> None:
        """Complete a field after it was read: add what belongs to it, and let later fields refer to it."""
        fields, scope, old = self.fields, self.scope, self.parent.branch if self.parent else None
        match name:
            case "departments":
                scope["department"] = fields[name]
            case "queues":
                scope["queue"] = fields[name] = self._named_queues(fields[name])
            case "skills":
                scope["skill"] = fields.get(name, {})
            case "calling_profiles":
                scope["calling profile"] = fields.get(name, {})
            case "resources":
                scope["resource"] = fields.get(name, {})
            case "services":
                scope["service"] = fields[name] = self._kept_services(fields[name])
            case "zones":
                fields[name] = {**(old.zones if old else {}), **fields.get(name, {})}
                scope["zone"] = {**self.catalogue.zones, **fields[name]}
            case "priorities":
                scope[CLASS_OF_THE_BRANCH] = fields[name]
            case "texts":
                fields[name] = {**(old.texts if old else {}), **fields.get(name, {})}
            case "default_language" if fields[name] not in fields["languages"]:
                reason = f'the default language "{fields[name]}" is not among the languages'
                raise self.section.value.error(reason)

    def _named_queues(self, queues: Mapping[str, Queue]) -> dict[str, Queue]:
        more = self.section.optional("queue_names", table(some_names, queues, "queue"), {})
        return {
            slug: queue.with_read(names={**queue.names, **more[slug]}) if slug in more else queue
            for slug, queue in queues.items()
        }

    def _kept_services(self, services: Mapping[str, Service]) -> dict[str, Service]:
        """The services that the branch keeps, with its own documents in place of the inherited ones."""
        section, documents = self.section, self.catalogue.documents
        keep = section.optional("only_services", listed(one_of("service", services)), tuple(services))
        instead = section.optional(
            "replace_documents", table(one_of("document", documents), documents, "document"), None
        )
        kept = {slug: service for slug, service in services.items() if slug in keep}
        if instead is None:
            return kept
        return {
            slug: service.with_read(documents=tuple(instead.get(name, name) for name in service.documents))
            for slug, service in kept.items()
        }

    def _drop_what_no_service_uses(self) -> None:
        fields = self.fields
        services, counters = fields["services"].values(), fields["counters"].values()
        queues = {queue for service in services for queue in (service.queue, *service.refer_to)}
        fields["queues"] = _only(fields["queues"], queues.union(*(counter.queues for counter in counters)))
        fields["departments"] = _only(fields["departments"], {service.department for service in services})
        resources = fields.get("resources", {})
        needs = {need for service in services for need in service.needs}
        fields["resources"] = _only(
            resources, needs.union(*(resources[need].any_of for need in needs if need in resources))
        )

    def _has_what_is_open(self, rule: HoursRule) -> bool:
        """Whether the branch has the service or member whose hours a rule says; it may have left them out."""
        return (rule.service is None or rule.service in self.fields["services"]) and (
            rule.resource is None or rule.resource in self.fields.get("resources", {})
        )

    def _zones_in_use(self) -> dict[str, Names]:
        """The zones that counters and devices are in, and those that the branch itself writes."""
        things = (*self.fields["counters"].values(), *self.fields.get("devices", {}).values())
        used = [thing.zone for thing in things if thing.zone is not None]
        zones = {**self.fields["zones"]}
        for slug in used:
            zones.setdefault(slug, self.catalogue.zones.get(slug))
        written = self.section.given("zones")
        return _only(zones, {*used, *(written.entries() if written else ())})


MISSING: Final[Any] = object()


def _with_lanes(
    drafts: Mapping[str, Queue], counters: Mapping[str, Counter], services: Mapping[str, Service]
) -> dict[str, Queue]:
    derived = derived_lanes(drafts, counters.values(), services.values())
    queues = {}
    for slug, draft in drafts.items():
        written = draft.model_fields_set
        lanes = draft.lanes if "lanes" in written else derived[slug]
        public = min(draft.public_lanes, lanes) if "public_lanes" in written else lanes
        queues[slug] = draft.with_read(lanes=lanes, public_lanes=public)
    return queues


def _check(value: Value, branch: Branch, catalogue: Catalogue) -> None:
    """Check the whole branch, because inherited and replaced parts may not fit together."""
    here = value.about(f'branch "{branch.slug}"')
    for found in faults(branch, catalogue):
        within = () if found.kind == "branch" else (f'{found.kind} "{found.slug}"',)
        raise here.faulty(found.fault.below(*within))


def _only(things: Mapping[str, T], wanted: Collection[str | None]) -> dict[str, T]:
    return {slug: thing for slug, thing in things.items() if slug in wanted}
