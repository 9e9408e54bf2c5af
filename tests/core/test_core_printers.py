"""What an address of a printer may be."""

from __future__ import annotations

import pytest

from queue_system.core.errors import Invalid
from queue_system.core.printers import read_host, read_node, read_path, read_port


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
    assert [read_port(typed) for typed in ("1", "65535", "٩١٠٠")] == [1, 65535, 9100]
    for typed in ("", "0", "65536", "-1", "x", "1.5"):
        with pytest.raises(Invalid, match="port-wrong"):
            read_port(typed)


def test_names_of_machines() -> None:
    assert [read_node(typed) for typed in ("", "Server-2", "a.example")] == ["", "server-2", "a.example"]
    with pytest.raises(Invalid, match="node-wrong"):
        read_node("a/b")
