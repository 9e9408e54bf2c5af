"""The settings of one printer, and the form that sets them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import NoneType
from typing import Any, Final, Self, get_args

from ..core.errors import Invalid
from ..core.printers import read_host, read_node, read_path, read_port
from .declared import bare
from .devices import PLACES, PrinterKit, PrinterPlace

#: Every field of an address, with any transport.
PLACE_KEYS: Final = frozenset(key for keys in PLACES.values() for key in keys)
#: How a printer behaves, as opposed to its address.
HABITS: Final = ("dots", "cutter", "left_margin", "feed_per_line", "mute", "completion")


class Printer(PrinterKit, PrinterPlace):
    """All settings of one printer: those of its model, its differences from the model, and its address."""

    @property
    def address(self) -> str:
        """host:port or a file; "" if it is unknown, or if this program does not print on the printer."""
        match self.transport:
            case "tcp9100":
                return f"{self.host}:{self.port}" if self.host else ""
            case "usb_lp" | "serial":
                return self.path
        return ""

    def adjusted(self, changes: Mapping[str, Any]) -> Self:
        """The same with other values in some fields; with another transport the old address is removed.

        Raises pydantic's ValidationError for invalid values.
        """
        known = self.model_dump(exclude_unset=True)
        if changes.get("transport", self.transport) != self.transport:
            known = {name: value for name, value in known.items() if name not in PLACE_KEYS}
        # All transports that can be set use this language.
        language = {"language": "escpos"} if "transport" in changes else {}
        return type(self).model_validate({**known, **changes, **language})


def read_configuration(typed: Mapping[str, str]) -> dict[str, Any]:
    """All settings of a printer from the texts of a form. Raises Invalid with the field that is wrong.

    Address fields of other transports are ignored; a missing checkbox counts as unchecked.
    """
    transport = _read("transport", typed)
    return {"transport": transport} | {name: _read(name, typed) for name in (*PLACES[transport], *HABITS)}


def as_typed(settings: Printer) -> dict[str, str]:
    """The settings in the form's format; a transport that the form does not have is shown as its first one."""
    shown = {name: str(getattr(settings, name)) for name in _TEXTS}
    for name, choices in CHOICES.items():
        value = getattr(settings, name)
        shown[name] = next((text for text, meant in choices.items() if meant == value), next(iter(choices)))
    return shown


def _read(name: str, typed: Mapping[str, str]) -> Any:
    text = typed.get(name, "").strip()
    if (read := _TEXTS.get(name)) is not None:
        return read(text)
    if text not in CHOICES[name]:
        raise Invalid("choice-wrong", name)
    return CHOICES[name][text]


def _choices(name: str) -> Mapping[str, Any]:
    """The values of a field, by the text that a form sends: a checkbox, or one of several buttons."""
    annotation = Printer.model_fields[name].annotation
    kind, _ = bare(annotation)
    if kind is not bool:
        return {str(value): value for value in get_args(kind)}
    if NoneType in get_args(annotation):
        return {"find_out": None, "yes": True, "no": False}
    return {"": False, "yes": True}


#: The values of each choice, by the text that a form sends.
CHOICES: Final[Mapping[str, Mapping[str, Any]]] = {
    "transport": {name: name for name in PLACES},
    **{name: _choices(name) for name in ("baud", "flow", *HABITS)},
}
_TEXTS: Final[Mapping[str, Callable[[str], Any]]] = {
    "host": read_host,
    "port": lambda text: read_port(text) if text else Printer.model_fields["port"].default,
    "path": read_path,
    "node": read_node,
}
