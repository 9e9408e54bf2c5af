"""Everything in the settings of a branch or of the catalogue that cannot be right, each fault with its object.

A declaration sees only itself. Here the whole is compared: does a name refer to something, is it used once, can somebody
be served? What the marks of the declarations say is checked for every field; a few rules between things follow.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from urllib.parse import urlsplit

from ..core.channels import ROOM_MARK
from .branch import Branch
from .catalogue import NEEDED_PRIORITIES, Catalogue, overlap_of_seasons
from .declared import Declared, Once, Thing, mark
from .faults import Called, Fault, number
from .objects import OF_BRANCH, OF_ORGANISATION, Shape, declaration_of
from .organisation import Profile
from .scopes import scope_of_branch, scope_of_catalogue
from .services import Service
from .terms import Retirable
from .typed import Scope
from .value_faults import faults_in, value_faults
from .week import hours_faults
from .wording import twice

#: Modes in which nobody books by themselves, so that no free time tells anybody that somebody else comes then.
NOT_PUBLIC: Final = ("staff_only", "walkin_only")


@dataclass(frozen=True, slots=True)
class Located:
    """A fault of the object `kind` `slug`, as `objects.objects_of` has them: of a place itself, or of something in it."""

    kind: str
    slug: str
    fault: Fault

    @property
    def field(self) -> str:
        """The path of the field in the object."""
        return self.fault.field


def faults(branch: Branch, catalogue: Catalogue, today: date | None = None) -> tuple[Located, ...]:
    """Everything that is wrong with a branch that chooses from this catalogue; nothing about the catalogue itself.

    What was retired before `today` leaves its letter or number to others; without a day, whatever has a last day does.
    """
    return (
        *_faults(branch, OF_BRANCH, branch.slug, scope_of_branch(branch, catalogue), today),
        *(Located("branch", branch.slug, fault) for fault in _of_branch(branch)),
        *_of_services(branch, catalogue),
        *_of_devices(branch, catalogue),
        *_outliving(branch, today),
        *_of_resources(branch),
        *(Located("message", slug, fault) for slug, fault in twice(branch.messages)),
    )


def catalogue_faults(catalogue: Catalogue) -> tuple[Located, ...]:
    """Everything that is wrong with the catalogue of an organisation, whose own object has no slug here."""
    seasons = {slug: overlap_of_seasons(stretches) for slug, stretches in catalogue.seasons.items()}
    return (
        *_faults(catalogue, OF_ORGANISATION, "", scope_of_catalogue(catalogue)),
        *(Located("season", slug, fault.below("stretches")) for slug, fault in seasons.items() if fault is not None),
    )


def message_faults(organisation: Profile) -> Iterator[Located]:
    """Everything that is wrong with the organisation's own words for messages."""
    scope = scope_of_catalogue(organisation.catalogue)
    for slug, one in organisation.messages.items():
        yield from (Located("message", slug, fault) for fault in faults_in(one, scope))
    yield from (Located("message", slug, fault) for slug, fault in twice(organisation.messages))


def _faults(whole: Declared, shape: Shape, slug: str, scope: Scope, today: date | None = None) -> Iterator[Located]:
    """What the marks say, the faults of each thing being those of its object."""
    inside = {name: kind for kind, name in shape.things.items() if name in type(whole).model_fields}
    yield from (Located(shape.kind, slug, fault) for fault in faults_in(whole, scope, without=inside))
    for name, kind in inside.items():
        entries: Mapping[str, Any] = getattr(whole, name)
        field = type(whole).model_fields[name]
        for fault in value_faults(entries, field.annotation, field.metadata, scope):
            thing, _, path = fault.field.partition(".")
            yield Located(kind, thing, Fault(fault.code, path, fault.values).below(*_only_field(kind, shape)))
        yield from _taken(kind, entries, today)


def _only_field(kind: str, shape: Shape) -> tuple[str, ...]:
    """The field of an object that has names, or periods, and nothing else."""
    declaration = declaration_of(kind, shape)
    return () if issubclass(declaration, Thing) else tuple(declaration.model_fields)


def _taken(kind: str, things: Mapping[str, Any], today: date | None) -> Iterator[Located]:
    """Values that only one thing of a mapping may have."""
    owners: dict[tuple[str, Any], str] = {}
    for slug, thing in things.items():
        if isinstance(thing, Thing) and not _leaves(thing, today):
            for name, field in type(thing).model_fields.items():
                value = getattr(thing, name)
                if mark(field, Once) and (other := owners.setdefault((name, value), slug)) != slug:
                    said = number(value) if isinstance(value, int) else value
                    yield Located(
                        kind, slug, Fault("setting-taken", name, {"value": said, "other": Called(other, kind)})
                    )


def _leaves(thing: Thing, today: date | None) -> bool:
    """Whether a thing leaves its letter or number to others, so that no two of a number are in one hall on one day."""
    if not isinstance(thing, Retirable):
        return False
    return thing.until is not None if today is None else thing.is_retired(today)


def _of_branch(branch: Branch) -> Iterator[Fault]:
    """Rules between the fields of a branch."""
    for slug in NEEDED_PRIORITIES:
        if slug not in branch.priorities:
            yield Fault("setting-priority-needed", "priorities", {"priority": Called(slug, "priority class")})
    if branch.kind == "outreach" and not branch.outreach_days:
        yield Fault("setting-outreach-days", "outreach_days")
    if branch.video_link is not None and not _takes_a_room(branch.video_link):
        yield Fault("setting-video-room", "video_link", {"mark": ROOM_MARK})
    for name in ("mail_from", "reply_to"):
        if not (getattr(branch, name) or "").rpartition("@")[0].isascii():
            yield Fault("setting-mail-latin", name)
    days = [outing.day for outing in branch.outreach_days]
    for index, day in enumerate(days):
        if day in days[:index]:
            yield Fault("setting-day-twice", "day", {"day": day}).below("outreach_days", index)
    yield from (fault.below("hours") for fault in hours_faults(branch.hours, branch.day_starts, branch.week_starts))
    for slug, stretches in branch.seasons.items():
        if (fault := overlap_of_seasons(stretches)) is not None:
            yield fault.below("seasons", slug)


def _takes_a_room(link: str) -> bool:
    """Whether the address of video calls has the mark for the room once, and behind the name of the server."""
    return link.count(ROOM_MARK) == 1 and ROOM_MARK not in urlsplit(link).netloc


def _outliving(branch: Branch, today: date | None) -> Iterator[Located]:
    """Services that are offered longer than their queue stands: nobody could get a number for them."""
    for slug, service in branch.services.items():
        queue = branch.queues.get(service.queue)
        if queue is None or queue.until is None or (today is not None and service.is_retired(today)):
            continue
        if service.until is None or service.until > queue.until:
            called = Called(service.queue, "queue")
            fault = Fault("setting-outlives-queue", "until", {"queue": called, "day": queue.until})
            yield Located("service", slug, fault)


def _of_resources(branch: Branch) -> Iterator[Located]:
    """Groups are of members, and only members have hours of their own."""
    for slug, resource in branch.resources.items():
        for index, name in enumerate(resource.any_of):
            member = branch.resources.get(name)
            if name in resource.any_of[:index] or (member is not None and not member.is_member):
                fault = Fault("setting-group-of-members", "any_of", {"resource": Called(name, "resource")})
                yield Located("resource", slug, fault)
    for index, rule in enumerate(branch.hours):
        found = branch.resources.get(rule.resource) if rule.resource is not None else None
        if found is not None and (not found.is_member or rule.service is not None):
            fault = Fault("setting-hours-of-member", "resource", {"resource": Called(found.slug, "resource")})
            yield Located("branch", branch.slug, fault.below("hours", index))


def _of_devices(branch: Branch, catalogue: Catalogue) -> Iterator[Located]:
    """Devices whose model is of another kind: a screen cannot become a printer."""
    for slug, device in branch.devices.items():
        model = catalogue.device_models.get(device.model)
        if model is not None and model.kind != device.kind:
            yield Located("device", slug, Fault("setting-model-kind", "model"))


def _of_services(branch: Branch, catalogue: Catalogue) -> Iterator[Located]:
    """Rules between services and everything else."""
    served = {queue for counter in branch.counters.values() for queue in counter.queues}
    shown: dict[tuple[str, str, str], str] = {}
    for slug, service in branch.services.items():
        level = catalogue.confidentialities.get(service.confidentiality)
        if level is not None and level.hides_service and service.public_names is None:
            yield Located("service", slug, Fault("setting-public-names", "public_names"))
        if service.queue in branch.queues and service.queue not in served:
            yield Located(
                "service", slug, Fault("setting-not-served", "queue", {"queue": Called(service.queue, "queue")})
            )
        if branch.constraints and service.of_parties and service.mode not in NOT_PUBLIC:
            yield Located("service", slug, Fault("setting-apart-public", "policy"))
        if service.go_together > max(1, _who_may_go(branch, service)):
            yield Located("service", slug, Fault("setting-staff-min", "staff_min"))
        if service.priority is not None and service.priority not in branch.priorities:
            values = {"priority": Called(service.priority, "priority class"), "service": Called(slug, "service")}
            yield Located("service", slug, Fault("setting-priority-of-service", "priority", values))
        for field, names in (("names", service.names), ("public_names", service.shown_names)):
            for language, name in names.items():
                if (other := shown.setdefault((field, language, name), slug)) != slug:
                    fault = Fault(
                        "setting-same-name", f"{field}.{language}", {"name": name, "other": Called(other, "service")}
                    )
                    yield Located("service", slug, fault)


def _who_may_go(branch: Branch, service: Service) -> int:
    """How many people go on one visit at most: one for each need of people, and all others of the largest group."""
    sizes = []
    for name in service.needs:
        found = branch.resources.get(name)
        if found is not None:
            options = [branch.resources.get(one) for one in found.any_of] if found.kind == "group" else [found]
            if options and all(one is not None and one.is_person for one in options):
                sizes.append(len(options))
    return len(sizes) + max(sizes, default=1) - 1
