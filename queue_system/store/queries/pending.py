"""Settings that are stored but not in force yet; they are reported, so that nobody relies on them.

Marks on the declared fields say which these are. This module looks for them in what an organisation has set.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any, Final, NamedTuple

from ...settings.branch import Branch
from ...settings.declared import Declared, NotYet, OnlyActedOn, Thing, Told, WordsNotYet, declarations, mark
from ...settings.devices import Device, PrinterKit
from ...settings.organisation import Profile
from ..database import Tx
from ..setting_rows import Unreadable
from .settings import TEMPLATE
from .stored import stored_profile
from .unreadable import unreadable_settings


class NotInForce(NamedTuple):
    """`code` is the end of the key `doctor.not-in-force.<code>`; `subject` fills its {subject} with slugs."""

    code: str
    subject: str


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
    profile = stored_profile(tx)
    # A template is not a place, so nothing in it is meant to be in force.
    places = [branch for branch in profile.branches.values() if branch.kind != TEMPLATE]
    found = [
        *_marked(profile, profile.slug),
        *_languages(profile.slug, profile.languages, interface_languages),
        *_of_catalogue(profile, places),
    ]
    for branch in places:
        found += _of_branch(branch, profile)
        found += _languages(branch.slug, branch.languages, interface_languages)
    return sorted(set(found))


def _of_catalogue(profile: Profile, places: Iterable[Branch]) -> Iterator[NotInForce]:
    """Catalogue entries only if a place uses them; every role, because it can be given to people."""
    catalogue = profile.catalogue
    services = [service for branch in places for service in branch.services.values()]
    chosen = [
        *catalogue.roles.values(),
        *(catalogue.confidentialities[slug] for slug in {service.confidentiality for service in services}),
        *(catalogue.priorities[slug] for branch in places for slug in branch.priorities),
        *(catalogue.calendars[slug] for branch in places for slug in branch.calendars),
    ]
    for thing in chosen:
        yield from _marked(thing, thing.slug)
    for slug in {service.policy for service in services}:
        # Draws and waiting lists are not built: staff release the places that are given back.
        if catalogue.policies[slug].mode == "fcfs":
            yield from _marked(catalogue.policies[slug], slug)


def _of_branch(branch: Branch, profile: Profile) -> Iterator[NotInForce]:
    own = branch if branch.digits != profile.digits else branch.changed(digits=type(branch.digits)())
    yield from _marked(own, branch.slug)
    for service in branch.services.values():
        yield from _marked(service, f"{branch.slug}/{service.slug}", service.policy)
    for device in branch.devices.values():
        yield from _of_device(device, f"{branch.slug}/{device.slug}")


def _of_device(device: Device, where: str) -> Iterator[NotInForce]:
    for found in _marked(device, where):
        if isinstance(device.kit, PrinterKit) and found.code == "printer-transport":
            # The transport tells which of transport and language is missing, so one line is enough.
            yield NotInForce(found.code, f"{where} ({device.kit.transport})")
        else:
            yield found


def _languages(slug: str, languages: Iterable[str], interface_languages: Collection[str]) -> Iterator[NotInForce]:
    for language in languages:
        if language not in interface_languages:
            yield NotInForce(LANGUAGE, f"{slug}: {language}")


def _marked(declared: Declared, where: str, because: str = "") -> Iterator[NotInForce]:
    """What is set in marked fields, also in nested declarations; but not in things that have their own names."""
    together: dict[str, list[str]] = {}
    for name, field in type(declared).model_fields.items():
        value = getattr(declared, name)
        if (acted := mark(field, OnlyActedOn)) is not None:
            yield from _idle_words(acted, value, where, together)
        elif (words := mark(field, WordsNotYet)) is not None:
            if value in words.codes:
                yield NotInForce(words.codes[value], f"{where} ({because})" if because else where)
        elif (pending := mark(field, NotYet)) is not None:
            if value and (field.is_required() or value != field.get_default(call_default_factory=True)):
                yield from _told(pending, name, value, where, together)
        elif isinstance(value, Declared):
            yield from _marked(value, where)
    for code, names in together.items():
        if names:
            yield NotInForce(code, f"{where}: {_joined(names)}")


def _idle_words(acted: OnlyActedOn, value: Any, where: str, together: dict[str, list[str]]) -> Iterator[NotInForce]:
    idle = set((value,) if isinstance(value, str) else value or ()).difference(acted.words)
    for word in idle:
        if isinstance(value, dict):
            yield NotInForce(acted.code, f"{where}: {word}")
        else:
            code = next((code for code, words in acted.partly.items() if word in words), acted.code)
            together.setdefault(code, []).append(word)


def _told(pending: NotYet, name: str, value: Any, where: str, together: dict[str, list[str]]) -> Iterator[NotInForce]:
    match pending.told:
        case Told.FIELD:
            together.setdefault(pending.code, []).append(name)
        case Told.PLACE:
            yield NotInForce(pending.code, where)
        case Told.VALUE:
            yield NotInForce(pending.code, f"{where}: {value}{pending.unit}")
        case Told.PARTS:
            yield NotInForce(pending.code, f"{where}: {_joined(_parts(value))}")
        case Told.ITEMS:
            between = "/" if isinstance(value, dict) and _holds_things(value) else ": "
            for item in value:
                yield NotInForce(pending.code, f"{where}{between}{item}")


def _parts(value: Any) -> Iterable[str]:
    """The names of the parts that were set."""
    return value.model_fields_set if isinstance(value, Declared) else value


def _holds_things(value: dict[str, Any]) -> bool:
    return all(isinstance(entry, Thing) for entry in value.values())


def _joined(words: Iterable[str]) -> str:
    return ", ".join(sorted(words))


def _codes() -> Iterator[str]:
    for declaration in declarations(Profile):
        for field in declaration.model_fields.values():
            for found in field.metadata:
                if isinstance(found, NotYet | OnlyActedOn):
                    yield found.code
                if isinstance(found, OnlyActedOn):
                    yield from found.partly
                if isinstance(found, WordsNotYet):
                    yield from found.codes.values()


LANGUAGE: Final = "language"
#: Every code that a report can have.
CODES: Final = frozenset({LANGUAGE, *_codes()})
