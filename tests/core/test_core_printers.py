"""The settings of a printer."""

from __future__ import annotations

import pytest

from queue_system.core import printers
from queue_system.core.errors import Invalid
from queue_system.core.printers import read_configuration, read_host, read_node, read_path, read_port

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


def test_a_printer_is_found_where_its_transport_says() -> None:
    both = {"host": "printer", "port": 9101, "path": "/dev/usb/lp0"}
    assert printers.address(both | {"transport": "tcp9100"}) == "printer:9101"
    assert printers.address(both | {"transport": "usb_lp"}) == "/dev/usb/lp0"
    assert printers.address(both | {"transport": "serial"}) == "/dev/usb/lp0"
    assert printers.address(both | {"transport": "cloudprnt"}) == ""
    assert printers.address({"transport": "tcp9100", "path": "/dev/usb/lp0"}) == ""
    assert printers.address({}) == ""


@pytest.mark.parametrize(
    "typed",
    [
        "/dev/usb/lp0",
        "/dev/lp1",
        "/dev/ttyS1",
        "/dev/ttyUSB0",
        "/dev/ttyACM12",
        "/dev/ttyAMA0",
        "/dev/rfcomm0",
        "/dev/serial/by-id/usb-EPSON_TM-T20_4B-if00",
        "/dev/serial/by-path/pci-0:1.2-port0",
        "/dev/queue/kiosk-1",
        "/dev/printers/reception",
    ],
)
def test_files_that_printers_have(typed: str) -> None:
    assert read_path(typed) == typed


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "/dev",
        "/dev/",
        "lp0",
        "/etc/passwd",
        "/dev/../etc/passwd",
        "/dev/usb/../../x",
        "/dev//lp0",
        "/dev/lp0/",
        "/dev/.hidden",
        "/dev/queue/.hidden",
        "/dev/queue/../sda",
        "/dev/queue/a/b",
        "/dev/stdout",
        "/dev/fd/1",
        "/dev/sda",
        "/dev/null",
        "/dev/ptmx",
        "/dev/shm/x",
        "/dev/tty",
        "/dev/tty1",
        "/dev/lp0\n",
        "/dev/lp 0",
        "/dev/" + "x" * 200,
    ],
)
def test_files_that_no_printer_has(typed: str) -> None:
    with pytest.raises(Invalid, match="path-wrong"):
        read_path(typed)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:DB8::7", "2001:db8::7"),
        ("Epson-1", "epson-1"),
        ("a.b.example", "a.b.example"),
    ],
)
def test_addresses_that_printers_have(typed: str, kept: str) -> None:
    assert read_host(typed) == kept


@pytest.mark.parametrize("typed", ["", " ", "-a", "a..b", "256.1.1.1", "1.2.3", "http://x", "x:9100", "x\n", "x" * 254])
def test_addresses_that_no_printer_has(typed: str) -> None:
    with pytest.raises(Invalid, match="host-wrong"):
        read_host(typed)


def test_ports() -> None:
    assert [read_port(typed) for typed in ("", "1", "65535", "٩١٠٠")] == [9100, 1, 65535, 9100]
    for typed in ("0", "65536", "-1", "x", "1.5"):
        with pytest.raises(Invalid, match="port-wrong"):
            read_port(typed)


def test_names_of_machines() -> None:
    assert [read_node(typed) for typed in ("", "Server-2", "a.example")] == ["", "server-2", "a.example"]
    with pytest.raises(Invalid, match="node-wrong"):
        read_node("a/b")
