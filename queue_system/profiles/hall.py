"""The parts of a hall that need more than their declaration: services and devices."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from ..settings.catalogue import Catalogue
from ..settings.devices import PLACES, Device, DeviceModel, Kit, PrinterKit, PrinterPlace
from ..settings.faults import Fault
from ..settings.printers import PLACE_KEYS
from ..settings.services import Service
from ..settings.typed import Scope
from .nodes import ProfileError, Section, Value
from .reading import Fields, read, read_fields, things
from .values import listed, one_of

#: The key of a device that lists what its model has and the device has not.
WITHOUT: Final = "without"


def read_services(value: Value, catalogue: Catalogue, scope: Scope) -> dict[str, Service]:
    """The section `services`."""

    def complete(fields: Fields) -> None:
        fields.setdefault("mode", catalogue.policies[fields["policy"]].mode)

    def service(slug: str, entry: Value) -> Service:
        found = read(Service, entry, scope, {"slug": slug}, complete)
        if found.public_names is None and catalogue.confidentialities[found.confidentiality].hides_service:
            raise entry.faulty(Fault("setting-public-names", "public_names"))
        return found

    return things(Service, scope, service)(value)


def read_devices(value: Value, models: Mapping[str, DeviceModel], scope: Scope) -> dict[str, Device]:
    """The section `devices`: each stands in a zone or belongs to a kiosk of the same branch."""
    scope = {**scope, "kiosk": _kiosks(value, models)}

    def device(slug: str, entry: Value) -> Device:
        with entry.section() as section:
            # Which other fields are allowed depends on the model.
            fields = read_fields(Device, section, scope, {"slug": slug, "kit": None, "place": None})
            kit = fields["kit"] = _kit(models[fields["model"]].kit, section, scope)
            if isinstance(kit, PrinterKit):
                _refuse_other_places(section, kit.transport)
                fields["place"] = PrinterPlace(**read_fields(PrinterPlace, section, scope))
        found = Device(**fields)
        if (fault := found.mistake()) is not None:
            raise entry.faulty(fault)
        return found

    return things(Device, scope, device)(value)


def _kit(model: Kit, section: Section, scope: Scope) -> Kit:
    """What the device is and can do: as its model, but for what the device writes, or says that it is `without`."""
    own = read_fields(type(model), section, scope, {"kind": model.kind}, partly=True)
    lacks = section.optional(WITHOUT, listed(one_of("setting of its model", _lacking(model))), ())
    return model.with_read(**own, **dict.fromkeys(lacks))


def _lacking(model: Kit) -> list[str]:
    """The settings that a device may be without."""
    return [name for name, field in type(model).model_fields.items() if field.default is None]


def _refuse_other_places(section: Section, transport: str) -> None:
    """Refuse a host for a printer on a cable and a file for one on the network, because they must be a mistake."""
    for key in PLACE_KEYS - set(PLACES.get(transport, ())):
        if section.given(key):
            raise section.value.error(f'"{key}" says nothing about a printer whose transport is {transport}')


def _kiosks(value: Value, models: Mapping[str, DeviceModel]) -> Collection[str]:
    """Devices whose model is a kiosk, found first because a printer may refer to a kiosk below it.

    A model that is unknown, or cannot be read, may have been meant as one: the mistake is told where it is, and not at the printer again.
    """

    def may_be_one(device: Value) -> bool:
        try:
            model = device.entries().get("model")
            return model is not None and ((known := models.get(model.scalar())) is None or known.kind == "kiosk")
        except ProfileError:
            return True

    return [slug for slug, entry in value.entries().items() if may_be_one(entry)]
