"""What stands in a hall: queues, resources, services, counters, devices."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..core.errors import Invalid
from ..core.printers import PLACE_KEYS, PLACES, read_path
from . import particulars
from .catalogue import PRINTER_SETTINGS
from .model import WALKIN_MODES, Catalogue, Counter, Device, Names, Resource, Service
from .nodes import Read, Section, Value
from .values import flag, keyed, listed, names, one_of, percent, some, text, whole

CODE_STYLES: Final = ("counted", "random")
COUNTER_KINDS: Final = ("counter", "room", "desk", "vehicle")
CHANNELS: Final = ("onsite", "onsite_or_video", "phone", "field")
DEVICE_ROLES: Final = ("main", "fallback")

_LARGEST_HALL: Final = 999


@dataclass(frozen=True, slots=True)
class QueueDraft:
    """A queue as written; lanes that are not written are derived when the branch is complete."""

    slug: str
    names: Names
    prefix: str
    code_style: str
    lanes: int | None
    public_lanes: int | None


def read_queues(value: Value, catalogue: Catalogue) -> dict[str, QueueDraft]:
    """The section `queues`: one letter each, no letter twice."""
    letters: dict[str, str] = {}

    def queue(slug: str, entry: Value) -> QueueDraft:
        with entry.section() as section:
            found = QueueDraft(
                slug=slug,
                names=section.required("names", names),
                prefix=section.required("prefix", one_of("letter", catalogue.spoken_prefixes)),
                code_style=section.optional("code_style", one_of("code style", CODE_STYLES), "counted"),
                lanes=section.optional("lanes", whole(1, _LARGEST_HALL), None),
                public_lanes=section.optional("public_lanes", whole(0, _LARGEST_HALL), None),
            )
        if found.prefix in letters:
            raise entry.error(f'the letter {found.prefix} belongs to queue "{letters[found.prefix]}" already')
        if found.lanes is not None and (found.public_lanes or 0) > found.lanes:
            raise entry.error(f"public_lanes ({found.public_lanes}) are more than lanes ({found.lanes})")
        letters[found.prefix] = slug
        return found

    return keyed("queue", queue)(value)


def read_resources(value: Value) -> dict[str, Resource]:
    """The section `resources`."""

    def resource(slug: str, entry: Value) -> Resource:
        with entry.section() as section:
            return Resource(slug, section.required("names", names), section.required("pool", whole(1, 10_000)))

    return keyed("resource", resource)(value)


def read_services(
    value: Value,
    catalogue: Catalogue,
    queues: Collection[str],
    departments: Collection[str],
    resources: Collection[str],
) -> dict[str, Service]:
    """The section `services`."""

    def service(slug: str, entry: Value) -> Service:
        with entry.section() as section:
            policy = section.required("policy", one_of("policy", catalogue.policies))
            found = Service(
                slug=slug,
                names=section.required("names", names),
                public_names=section.optional("public_names", names, None),
                note=section.optional("note", names, None),
                queue=section.required("queue", one_of("queue", queues)),
                department=section.required("department", one_of("department", departments)),
                priority=section.optional("priority", one_of("priority class", catalogue.priorities), None),
                duration_min=section.required("duration_min", whole(1, 24 * 60)),
                buffer_min=section.optional("buffer_min", whole(0, 24 * 60), 0),
                policy=policy,
                mode=section.optional("mode", one_of("mode", WALKIN_MODES), catalogue.policies[policy].mode),
                confidentiality=section.required(
                    "confidentiality", one_of("confidentiality level", catalogue.confidentialities)
                ),
                walkin_share_pct=section.optional("walkin_share_pct", percent, None),
                tags=section.optional("tags", listed(one_of("service tag", catalogue.service_tags)), ()),
                documents=section.required("documents", listed(one_of("document", catalogue.documents))),
                refer_to=section.optional("refer_to", listed(one_of("queue", queues)), ()),
                needs=section.optional("needs", listed(one_of("resource", resources)), ()),
                data=some(
                    section,
                    {
                        "apply_at": particulars.platform,
                        "fee": particulars.fee,
                        "channel": one_of("channel", CHANNELS),
                        "room": flag,
                        "travel_min": whole(0, 24 * 60),
                        "parties": whole(1, 20),
                        "group_max": whole(1, 100),
                        "recurring": one_of("rhythm", ("weekly",)),
                        "phone_intake": flag,
                        "proxy_allowed": flag,
                    },
                ),
            )
        if found.public_names is None and catalogue.confidentialities[found.confidentiality].display == "none":
            raise entry.error('"public_names" is missing: what is protected is shown under a neutral name')
        return found

    return keyed("service", service)(value)


def read_counters(value: Value, queues: Collection[str], zone_of: Callable[[Value], str]) -> dict[str, Counter]:
    """The section `counters`: no number twice. `zone_of` reads a zone."""
    numbers: dict[int, str] = {}

    def counter(slug: str, entry: Value) -> Counter:
        with entry.section() as section:
            found = Counter(
                slug=slug,
                number=section.required("number", whole(1, _LARGEST_HALL)),
                kind=section.required("kind", one_of("kind of counter", COUNTER_KINDS)),
                names=section.required("names", names),
                zone=section.required("zone", zone_of),
                accessible=section.optional("accessible", flag, False),
                queues=section.required("queues", listed(one_of("queue", queues))),
            )
        if found.number in numbers:
            raise entry.error(f'the number {found.number} belongs to counter "{numbers[found.number]}" already')
        numbers[found.number] = slug
        return found

    return keyed("counter", counter)(value)


def read_devices(value: Value, catalogue: Catalogue, zone_of: Callable[[Value], str]) -> dict[str, Device]:
    """The section `devices`: each stands in a zone or belongs to a kiosk of the same branch."""
    kiosks = _kiosks(value, catalogue)

    def device(slug: str, entry: Value) -> Device:
        with entry.section() as section:
            model = catalogue.device_models[section.required("model", one_of("device model", catalogue.device_models))]
            zone = section.optional("zone", zone_of, None)
            attached_to = section.optional("attached_to", one_of("kiosk", kiosks), None)
            own: dict[str, Any] = {"operated_by": one_of("operator", ("staff", "visitor"))}
            if model.kind == "printer":
                own |= {"role": one_of("role", DEVICE_ROLES), **_PRINTER_PLACE, **PRINTER_SETTINGS}
                _refuse_other_places(section, str(model.data["transport"]))
            found = Device(
                slug=slug,
                kind=model.kind,
                model=model.slug,
                names=section.optional("names", names, None),
                zone=zone,
                attached_to=attached_to,
                data={**model.data, **some(section, own)},
            )
        if attached_to is not None and model.kind != "printer":
            raise entry.error("only a printer can be attached to a kiosk")
        if zone is None and attached_to is None:
            raise entry.error('"zone" or "attached_to" is missing: where does it stand?')
        return found

    return keyed("device", device)(value)


def _refuse_other_places(section: Section, transport: str) -> None:
    """A printer on a cable has no host, one on the network no file: whoever writes both means something else."""
    for key in PLACE_KEYS - set(PLACES.get(transport, ())):
        if section.given(key):
            raise section.value.error(f'"{key}" says nothing about a printer whose transport is {transport}')


def _kiosks(value: Value, catalogue: Catalogue) -> Collection[str]:
    """Devices whose model is a kiosk, known before the printers that belong to them are read."""
    models: Mapping[str, Value | None] = {slug: entry.entries().get("model") for slug, entry in value.entries().items()}
    return [
        slug
        for slug, model in models.items()
        if model is not None
        and (known := catalogue.device_models.get(model.scalar())) is not None
        and known.kind == "kiosk"
    ]


def _host(value: Value) -> str:
    """A host name or an IP address, without a port."""
    found = text(value)
    try:
        return str(ipaddress.ip_address(found))
    except ValueError:
        if all(part and part.replace("-", "").isalnum() and part.isascii() for part in found.split(".")):
            return found
        raise value.error(f'"{found}" is not a host name or an address') from None


def _path(value: Value) -> str:
    found = text(value)
    try:
        return read_path(found)
    except Invalid:
        raise value.error(f'"{found}" is not a device file such as /dev/usb/lp0') from None


_PRINTER_PLACE: Final[Mapping[str, Read[Any]]] = {
    "host": _host,
    "port": whole(1, 65_535),
    "path": _path,
    "node": _host,
}
