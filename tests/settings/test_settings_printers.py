"""The settings of a printer: typed in the declaration, and read from a form."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from queue_system.core.errors import Invalid
from queue_system.core.printers import TRANSPORTS
from queue_system.settings.devices import PLACES
from queue_system.settings.printers import CHOICES, HABITS, Printer, as_typed, read_configuration

NETWORK = {
    "transport": "tcp9100",
    "host": "Printer-1",
    "port": "",
    "dots": "512",
    "feed_per_line": "1",
    "completion": "find_out",
    "cutter": "yes",
}
SERIAL = NETWORK | {"transport": "serial", "path": "/dev/ttyUSB0", "baud": "9600", "flow": "xon_xoff", "mute": "yes"}


def test_a_form_becomes_the_settings_of_its_transport_alone() -> None:
    assert read_configuration(NETWORK | {"path": "nonsense"}) == {
        "transport": "tcp9100",
        "host": "printer-1",
        "port": 9100,
        "dots": 512,
        "cutter": True,
        "left_margin": False,
        "feed_per_line": 1,
        "mute": False,
        "completion": None,
    }
    serial = read_configuration(SERIAL | {"host": "not looked at !"})
    assert {name: serial[name] for name in ("transport", "path", "baud", "flow", "node", "mute")} == {
        "transport": "serial",
        "path": "/dev/ttyUSB0",
        "baud": 9600,
        "flow": "xon_xoff",
        "node": "",
        "mute": True,
    }
    assert "host" not in serial


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("transport", "cloudprnt"),
        ("transport", ""),
        ("dots", "600"),
        ("feed_per_line", "3"),
        ("completion", ""),
        ("mute", "on"),
        ("host", "two words"),
        ("port", "0"),
    ],
)
def test_what_cannot_be_set_is_refused_with_its_field(field: str, typed: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_configuration(NETWORK | {field: typed})
    assert refused.value.field == field


@pytest.mark.parametrize(("field", "typed"), [("baud", "300"), ("flow", "dtr"), ("path", "lp0"), ("node", "a b")])
def test_what_no_cable_has_is_refused_with_its_field(field: str, typed: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_configuration(SERIAL | {field: typed})
    assert refused.value.field == field


def test_the_choices_of_a_form_are_those_of_the_declaration() -> None:
    fields = Printer.model_json_schema()["properties"]
    for name in ("dots", "feed_per_line", "baud", "flow"):
        assert list(CHOICES[name].values()) == fields[name]["enum"]
    assert tuple(fields["transport"]["enum"]) == TRANSPORTS
    assert list(CHOICES["transport"]) == list(PLACES)
    for name in HABITS:
        assert set(CHOICES[name].values()) <= {*fields[name].get("enum", ()), True, False, None}


@pytest.mark.parametrize("typed", [NETWORK, SERIAL])
def test_what_was_set_stands_in_the_form_as_it_was_typed(typed: dict[str, str]) -> None:
    shown = as_typed(made().adjusted(read_configuration(typed)))
    assert read_configuration(shown) == read_configuration(typed)


def test_a_printer_that_cannot_be_set_is_shown_as_one_on_the_network() -> None:
    assert as_typed(made(transport="cloudprnt"))["transport"] == "tcp9100"
    assert as_typed(made())["port"] == "9100"


def test_another_transport_takes_the_address_of_the_old_one_away() -> None:
    network = made(host="printer", port=9101, role="fallback", mute=True)
    cable = network.adjusted({"transport": "usb_lp", "path": "/dev/usb/lp0"})
    assert (cable.address, cable.host, cable.port) == ("/dev/usb/lp0", "", 9100)
    assert (cable.role, cable.mute, cable.dots) == ("fallback", True, 576)
    moved = network.adjusted({"transport": "tcp9100", "port": 9102})
    assert moved.address == "printer:9102"


@pytest.mark.parametrize(
    "changes", [{"port": 0}, {"dots": 600}, {"transport": "fax"}, {"speed": 9600}, {"completion_learnt": False}]
)
def test_what_is_no_setting_of_a_printer_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        made().adjusted(changes)


def test_a_printer_is_found_where_its_transport_says() -> None:
    both = {"host": "printer", "port": 9101, "path": "/dev/usb/lp0"}
    assert made(**both).address == "printer:9101"
    assert made(**both, transport="usb_lp").address == "/dev/usb/lp0"
    assert made(**both, transport="serial").address == "/dev/usb/lp0"
    assert made(**both, transport="cloudprnt").address == ""
    assert made(path="/dev/usb/lp0").address == ""


def made(**settings: Any) -> Printer:
    return Printer.model_validate({"transport": "tcp9100", "language": "escpos", "dots": 576} | settings)
