"""Writes an organisation as a profile: the reverse of reading, field by field as declared.

Every branch is written in full, even if it inherited. Defaults are left out, and so is the library.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, time
from typing import Any, Final

import yaml
from pydantic.fields import FieldInfo

from ..core.calendars import Layer
from ..settings.agenda import HoursRule
from ..settings.branch import Branch
from ..settings.catalogue import Catalogue
from ..settings.declared import Declared, Form, Least, NotInherited, Thing, key_of, mark
from ..settings.devices import Device, DeviceModel, Kit
from ..settings.organisation import OrganisationOwn, Profile
from ..settings.services import Service
from ..settings.typed import WEEKDAYS
from .catalogue import CHANGES, CLOSURES, SECTIONS
from .hall import WITHOUT
from .reader import library

Written = dict[str, Any]

_WIDTH: Final = 110


def write_profile(profile: Profile) -> str:
    """The text of a file that `read_profile` reads as this organisation; only `sha256` is that of the new text."""
    written = _fields(profile, OrganisationOwn) | _catalogue(profile.catalogue)
    written["branches"] = {
        slug: written_branch(branch, profile.branches.get(branch.inherits_from or ""), profile.catalogue)
        for slug, branch in profile.branches.items()
    }
    return as_text(written)


def as_text(written: Written) -> str:
    """The text of a file."""
    return str(
        yaml.dump(written, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=_WIDTH, default_flow_style=None)
    )


# The emitter in C, where PyYAML has it, because the one in Python takes most of the time that a file takes.
class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """Writes every value as text, with quotation marks only if the text needs them."""

    def ignore_aliases(self, _data: Any) -> bool:
        """Write a value again where it occurs again, because profiles have no aliases."""
        return True


# Without resolvers, no text looks like a number, a date or a boolean, so none is quoted for that reason.
_Dumper.yaml_implicit_resolvers = {}


def _catalogue(catalogue: Catalogue) -> Written:
    """What the organisation added to the library, and what it replaced there."""
    added: Written = {}
    changed: Written = {}
    for name, field in SECTIONS.items():
        known = getattr(library(), name)
        for slug, thing in getattr(catalogue, name).items():
            if known.get(slug) != thing:
                written = changed if slug in known and name != "texts" else added
                written.setdefault(key_of(name, field), {})[slug] = _entry(thing)
    if catalogue.closures:
        added[CLOSURES] = _value(catalogue.closures)
    return added | ({CHANGES: changed} if changed else {})


def written_entries(catalogue: Catalogue) -> Written:
    """All entries of a catalogue by section, also those of the library."""
    sections = {key_of(name, field): getattr(catalogue, name) for name, field in SECTIONS.items()}
    return {key: {slug: _entry(thing) for slug, thing in things.items()} for key, things in sections.items() if things}


def _entry(thing: Any) -> Any:
    if isinstance(thing, DeviceModel):
        return ({"names": thing.names} if thing.names else {}) | _value(thing.kit)
    return _value(thing)


def written_branch(branch: Branch, parent: Branch | None, catalogue: Catalogue) -> Written:
    """The section of a branch; what it has from `parent`, a branch above it in the file, is left out."""
    follows = parent is not None and _can_follow(branch, parent)
    written: Written = {}
    for name, field in Branch.model_fields.items():
        value = getattr(branch, name)
        if name == "slug" or (name == "inherits_from" and not follows):
            continue
        if (follows and parent and value != getattr(parent, name)) or value != _usual(field):
            written[key_of(name, field)] = _particular(name, branch, catalogue)
    return written


def _can_follow(branch: Branch, parent: Branch) -> bool:
    """Whether a file can say that the branch inherits; a file cannot remove inherited texts, lists and other values."""
    nothing = (None, ())
    return parent.texts.keys() <= branch.texts.keys() and all(
        getattr(branch, name) not in nothing or getattr(parent, name) in nothing
        for name, field in Branch.model_fields.items()
        if mark(field, NotInherited) is None and mark(field, Least) is None
    )


def _particular(name: str, branch: Branch, catalogue: Catalogue) -> Any:
    """A field of a branch whose form in a file differs from its declaration."""
    match name:
        case "hours":
            return _hours(branch.hours)
        case "devices":
            return {slug: _device(device, catalogue.device_models) for slug, device in branch.devices.items()}
        case "services":
            return {slug: _service(service, catalogue) for slug, service in branch.services.items()}
    return _value(getattr(branch, name), Branch.model_fields[name].metadata)


def _service(service: Service, catalogue: Catalogue) -> Written:
    written = _fields(service)
    if service.mode == catalogue.policies[service.policy].mode:
        del written["mode"]
    return written


def _device(device: Device, models: Mapping[str, DeviceModel]) -> Written:
    written = _fields(device)
    del written["kit"]
    place: Written = written.pop("place", {})
    return written | place | _departures(device.kit, models[device.model].kit)


def _departures(kit: Kit, model: Kit) -> Written:
    """How a device differs from its model; a default is written too if the model has another value."""
    changed = {
        name: (getattr(kit, name), field)
        for name, field in type(kit).model_fields.items()
        if name != "kind" and getattr(kit, name) != getattr(model, name)
    }
    written = {
        key_of(name, field): _value(value, field.metadata)
        for name, (value, field) in changed.items()
        if value is not None
    }
    lacks = [name for name, (value, _) in changed.items() if value is None]
    return written | ({WITHOUT: lacks} if lacks else {})


def _hours(rules: Iterable[HoursRule]) -> Written:
    """Rules by their layers: regular, seasons, services, exceptions, breaks."""
    written: Written = {}
    for rule in rules:
        line = _fields(rule)
        for key in ("layer", *_SAID_ABOVE[rule.layer]):
            line.pop(key, None)
        if rule.layer is Layer.BREAK:
            line = {_BREAK_KEYS.get(key, key): value for key, value in line.items()}
        elif rule.closes <= rule.opens:
            line["over_midnight"] = "yes"
        match rule.layer:
            case Layer.SEASON:
                written.setdefault("seasons", {}).setdefault(rule.season, []).append(line)
            case Layer.SERVICE if rule.resource is not None:
                written.setdefault("members", {}).setdefault(rule.resource, []).append(line)
            case Layer.SERVICE:
                written.setdefault("services", {}).setdefault(rule.service, []).append(line)
            case Layer.REGULAR | Layer.EXCEPTION | Layer.BREAK:
                written.setdefault(_PLAIN_LAYERS[rule.layer], []).append(line)
    return written


#: What a rule's place in the file says already.
_SAID_ABOVE: Final[Mapping[Layer, tuple[str, ...]]] = {
    Layer.REGULAR: (),
    Layer.SEASON: ("season",),
    Layer.SERVICE: ("service", "resource"),
    Layer.EXCEPTION: (),
    Layer.BREAK: (),
}
_PLAIN_LAYERS: Final = {Layer.REGULAR: "regular", Layer.EXCEPTION: "exceptions", Layer.BREAK: "breaks"}
_BREAK_KEYS: Final = {"open": "from", "close": "to"}


def _fields(declared: Declared, declaration: type[Declared] | None = None) -> Written:
    """The fields that differ from their defaults, by their keys in a file. A thing's name is the key above it."""
    return {
        key_of(name, field): _value(getattr(declared, name), field.metadata)
        for name, field in (declaration or type(declared)).model_fields.items()
        if (getattr(declared, name) != _usual(field) or name == "kind")
        and not (name == "slug" and isinstance(declared, Thing))
    }


def _usual(field: FieldInfo) -> Any:
    """The default, which is not written; a needed field has none, so it is always written."""
    return _NEVER if field.is_required() else field.get_default(call_default_factory=True)


def _value(value: Any, marks: Iterable[Any] = ()) -> Any:
    """A value in the form that a file has: texts, lists and mappings."""
    form = next((found for found in marks if isinstance(found, Form)), None)
    match value:
        case bool():
            return "yes" if value else "no"
        case int() if form is Form.WEEKDAY:
            return WEEKDAYS[value]
        case tuple() if form is Form.WEEKDAYS:
            return [WEEKDAYS[day] for day in value]
        case time():
            return value.strftime("%H:%M")
        case date():
            return value.isoformat()
        case Declared():
            return _fields(value)
        case tuple() | list():
            return [_value(item) for item in value]
        case dict():
            return {str(key): _value(entry) for key, entry in value.items()}
    return str(value)


_NEVER: Final = object()
