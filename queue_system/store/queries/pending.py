"""Settings that are stored but not in force yet; they are reported, so that nobody relies on them.

Marks on the declared fields say which these are. This module looks for them in what an organisation has set.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, NamedTuple
from uuid import UUID

from ...settings.branch import Branch
from ...settings.declared import Declared, Names, NotYet, OnlyActedOn, Thing, Told, WordsNotYet, declarations, mark
from ...settings.devices import Device, PrinterKit
from ...settings.organisation import Profile
from ..database import Tx
from ..setting_rows import Unreadable
from ..tables import ORGANISATION
from .organisation import version_of
from .settings import TEMPLATE
from .stored import stored_profile
from .unreadable import unreadable_settings


class Detail(NamedTuple):
    """Which setting it is: a field of a declaration; else a word, with the `names` of what it stands for, if it has some."""

    declaration: type[Declared] | None
    name: str
    names: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class At:
    """What a setting belongs to: the kind and slug of an object with its names, of a branch or, without, of the organisation."""

    branch: Branch | None
    kind: str
    slug: str
    names: Names

    @property
    def place(self) -> str:
        return self.branch.slug if self.branch else ""

    def __str__(self) -> str:
        return f"{self.place}/{self.slug}" if self.place and self.kind != "branch" else self.slug


class NotInForce(NamedTuple):
    """`code` is the end of the key `doctor.not-in-force.<code>`; `subject` fills its {subject} with slugs."""

    code: str
    subject: str


@dataclass(frozen=True, slots=True)
class Idle:
    """The same with what a page needs to say it by names: what the setting belongs to, and which it is."""

    told: NotInForce
    at: At
    details: tuple[Detail, ...] = ()


class Report(NamedTuple):
    """`unreadable`: branch, thing, field and value of settings that cannot be read; if any, nothing else is checked."""

    unreadable: list[str]
    not_in_force: list[NotInForce]


def report(tx: Tx, interface_languages: Collection[str]) -> Report:
    """What an administrator must know about the settings; `interface_languages` as in `not_in_force`."""
    if unreadable := unreadable_settings(tx):
        return Report(unreadable, [])
    try:
        return Report([], not_in_force(tx, interface_languages))
    except Unreadable as error:
        # Something that no branch uses.
        return Report([error.what], [])


def not_in_force(tx: Tx, interface_languages: Collection[str]) -> list[NotInForce]:
    """What the organisation has set but nothing acts on yet, ordered by code and subject. Raises Unreadable.

    `interface_languages` are the languages that have a catalogue.
    """
    return [one.told for one in _idle(tx, interface_languages)]


def known_idle(tx: Tx, interface_languages: Collection[str]) -> list[Idle]:
    """As `not_in_force`, looked for once for each version of the settings, because that takes long."""
    version, key = version_of(tx, ORGANISATION), tuple(sorted(interface_languages))
    kept = None if version is None or tx.edits else tx.settings.get(_KEPT, version)
    if kept is not None and kept[0] == key:
        return list(kept[1])
    found = _idle(tx, interface_languages)
    if version is not None and not tx.edits:
        tx.settings.keep(_KEPT, version, (key, tuple(found)))
    return found


def _idle(tx: Tx, interface_languages: Collection[str]) -> list[Idle]:
    profile = stored_profile(tx)
    # A template is not a place, so nothing in it is meant to be in force.
    places = [branch for branch in profile.branches.values() if branch.kind != TEMPLATE]
    own = At(None, "organisation", profile.slug, profile.names)
    found = [
        *_marked(profile, own),
        *_languages(own, profile.languages, interface_languages),
        *_of_catalogue(profile, places),
    ]
    for branch in places:
        found += _of_branch(branch, profile)
        found += _languages(At(branch, "branch", branch.slug, branch.names), branch.languages, interface_languages)
    return [one for _, one in sorted({one.told: one for one in found}.items())]


def _of_catalogue(profile: Profile, places: Iterable[Branch]) -> Iterator[Idle]:
    """Catalogue entries only if a place uses them; every role, because it can be given to people."""
    catalogue = profile.catalogue
    services = [service for branch in places for service in branch.services.values()]
    chosen: dict[str, Iterable[Thing]] = {
        "role": catalogue.roles.values(),
        "confidentiality": [catalogue.confidentialities[slug] for slug in {one.confidentiality for one in services}],
        "priority": [catalogue.priorities[slug] for branch in places for slug in branch.priorities],
        "calendar": [catalogue.calendars[slug] for branch in places for slug in branch.calendars],
    }
    for kind, things in chosen.items():
        for thing in things:
            yield from _marked(thing, At(None, kind, thing.slug, getattr(thing, "names", {})))
    for slug in {service.policy for service in services}:
        # What a policy with a draw asks for is named with the services that wait for the draw.
        if (policy := catalogue.policies[slug]).mode == "fcfs":
            yield from _marked(policy, At(None, "policy", slug, policy.names))


def _of_branch(branch: Branch, profile: Profile) -> Iterator[Idle]:
    own = branch if branch.digits != profile.digits else branch.changed(digits=type(branch.digits)())
    yield from _marked(own, At(branch, "branch", branch.slug, branch.names))
    for service in branch.services.values():
        where = At(branch, "service", service.slug, service.names)
        yield from _marked(service, where, service.policy)
        if service.phone_intake and not (branch.phone or branch.hotline):
            yield Idle(NotInForce(NO_NUMBER, str(where)), where)
        if service.channel == "onsite_or_video" and not branch.video_link:
            yield Idle(NotInForce(VIDEO, str(where)), where)
    if branch.access is not None and branch.access.phone_booking and not (branch.phone or branch.hotline):
        where = At(branch, "branch", branch.slug, branch.names)
        yield Idle(NotInForce(NO_NUMBER, str(where)), where)
    for device in branch.devices.values():
        yield from _of_device(device, At(branch, "device", device.slug, device.names or {}))


def _of_device(device: Device, where: At) -> Iterator[Idle]:
    for found in _marked(device, where):
        if isinstance(device.kit, PrinterKit) and found.told.code == "printer-transport":
            # The transport tells which of transport and language is missing, so one line is enough.
            details: tuple[Detail, ...] = (Detail(None, device.kit.transport),)
            yield Idle(NotInForce(found.told.code, f"{where} ({device.kit.transport})"), where, details)
        else:
            yield found


def _languages(where: At, languages: Iterable[str], interface_languages: Collection[str]) -> Iterator[Idle]:
    for language in languages:
        if language not in interface_languages:
            yield Idle(NotInForce(LANGUAGE, f"{where}: {language}"), where, (Detail(None, language),))


def _marked(declared: Declared, where: At, because: str = "") -> Iterator[Idle]:
    """What is set in marked fields, also in nested declarations; but not in things that have their own names."""
    together: dict[str, list[Detail]] = {}
    for name, declaration in type(declared).model_fields.items():
        value = getattr(declared, name)
        if (acted := mark(declaration, OnlyActedOn)) is not None:
            yield from _idle_words(acted, value, where, together)
        elif (words := mark(declaration, WordsNotYet)) is not None:
            if value in words.codes:
                yield Idle(NotInForce(words.codes[value], f"{where} ({because})" if because else str(where)), where)
        elif (pending := mark(declaration, NotYet)) is not None:
            usual = declaration.is_required() or value != declaration.get_default(call_default_factory=True)
            if value and usual:
                yield from _told(pending, Detail(type(declared), name), value, where, together)
        elif isinstance(value, Declared):
            yield from _marked(value, where)
    for code, details in together.items():
        if details:
            yield Idle(NotInForce(code, f"{where}: {_joined(name for _, name, _ in details)}"), where, tuple(details))


def _idle_words(acted: OnlyActedOn, value: Any, where: At, together: dict[str, list[Detail]]) -> Iterator[Idle]:
    idle = set((value,) if isinstance(value, str) else value or ()).difference(acted.words)
    for word in sorted(idle):
        if isinstance(value, dict):
            yield Idle(NotInForce(acted.code, f"{where}: {word}"), where, (Detail(None, word, value[word]),))
        else:
            together.setdefault(acted.code, []).append(Detail(None, word))


def _told(pending: NotYet, detail: Detail, value: Any, where: At, together: dict[str, list[Detail]]) -> Iterator[Idle]:
    match pending.told:
        case Told.FIELD:
            together.setdefault(pending.code, []).append(detail)
        case Told.PLACE:
            yield Idle(NotInForce(pending.code, str(where)), where)
        case Told.PARTS:
            yield Idle(NotInForce(pending.code, f"{where}: {_joined(_parts(value))}"), where, _part_details(value))
        case Told.ITEMS:
            between = "/" if isinstance(value, dict) and _holds_things(value) else ": "
            for item in value:
                yield Idle(NotInForce(pending.code, f"{where}{between}{item}"), where, (_item(value, item),))


def _part_details(value: Any) -> tuple[Detail, ...]:
    if isinstance(value, Declared):
        return tuple(Detail(type(value), part) for part in sorted(value.model_fields_set))
    return tuple(Detail(None, part, value[part].names) for part in sorted(value))


def _item(value: Any, item: str) -> Detail:
    """An item, with its names if it is a thing itself."""
    return Detail(None, item, getattr(value[item], "names", {}) if isinstance(value, dict) else {})


def _parts(value: Any) -> Iterable[str]:
    """The names of the parts that were set."""
    return value.model_fields_set if isinstance(value, Declared) else value


def _holds_things(value: dict[str, Any]) -> bool:
    return all(isinstance(entry, Thing) for entry in value.values())


def _joined(words: Iterable[str]) -> str:
    return ", ".join(sorted(words))


def _codes() -> Iterator[str]:
    for declaration in declarations(Profile):
        for one in declaration.model_fields.values():
            for found in one.metadata:
                if isinstance(found, NotYet | OnlyActedOn):
                    yield found.code
                if isinstance(found, WordsNotYet):
                    yield from found.codes.values()


LANGUAGE: Final = "language"
#: People are asked to call, and the branch has no number to call.
NO_NUMBER: Final = "no-number"
#: Services by video at a branch that has not said where video calls take place.
VIDEO: Final = "video-link"
#: In the cache of settings, where other keys are those of places.
_KEPT: Final = UUID("6f1d3c5e-8f0b-4a57-9a53-6c1c2f4a7e10")
#: Every code that a report can have.
CODES: Final = frozenset({LANGUAGE, NO_NUMBER, VIDEO, *_codes()})
