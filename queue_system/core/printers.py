"""The settings of a printer: its address and its behaviour.

The settings are a mapping, as the profile and the table of devices store it: `transport`; `host` and `port`, or
`path`, for a serial line with `baud` and `flow`; `node`, the machine that the cable is plugged into, where several
machines serve; `dots`, `cutter`, `left_margin`, `feed_per_line`, `mute`, `completion`. `USUAL` has the defaults.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from .errors import Invalid

TRANSPORTS: Final = ("tcp9100", "usb_lp", "serial", "cloudprnt", "epson_sdp")
#: The transports that this program prints over, with the settings that form the address of each.
PLACES: Final[Mapping[str, tuple[str, ...]]] = {
    "tcp9100": ("host", "port"),
    "usb_lp": ("path", "node"),
    "serial": ("path", "baud", "flow", "node"),
}
IN_FORCE: Final = frozenset(PLACES)
PLACE_KEYS: Final = frozenset(key for keys in PLACES.values() for key in keys)

DOTS: Final = (576, 512, 384)
FEEDS: Final = (1, 2)
BAUDS: Final = (9600, 19200, 38400, 57600, 115200)
FLOWS: Final = ("none", "xon_xoff", "rts_cts")

USUAL: Final[Mapping[str, Any]] = {
    "port": 9100,
    "baud": 9600,
    "flow": "none",
    "node": "",
    "dots": 576,
    "cutter": True,
    "left_margin": False,
    "feed_per_line": 1,
    "mute": False,
    "completion": None,
}
#: How a printer behaves, as opposed to where it is found.
HABITS: Final = ("dots", "cutter", "left_margin", "feed_per_line", "mute", "completion")
#: The key of a setting that the program detected itself; it is deleted when a person changes a setting.
LEARNT: Final = "completion_learnt"
#: The key that counts how often a person asked the program to detect that setting again.
ROUND: Final = "learning_round"

#: Every state of a printer, with the values of `printers.driver.Status`.
STATES: Final = (
    "ready",
    "paper_low",
    "no_paper",
    "cover_open",
    "offline",
    "silent",
    "garbled",
    "denied",
    "unknown",
)
#: States in which a printer cannot print; `IN_TROUBLE` adds the state that needs a person although it still prints.
STANDING_STILL: Final = frozenset({"no_paper", "cover_open", "offline", "silent", "garbled", "denied"})
IN_TROUBLE: Final = STANDING_STILL | {"paper_low"}

_HOST: Final = re.compile(r"(?=.{1,253}\Z)[a-z0-9](?:[a-z0-9-]{0,62})(?:\.[a-z0-9](?:[a-z0-9-]{0,62}))*", re.IGNORECASE)
# Device files of printers, and folders where only an administrator can place links. Other paths are refused, because
# writing a slip to a disk, another device or our own standard output could do harm.
_PATH: Final = re.compile(
    r"/dev/(?:(?:usb/lp|usblp|lp|tty(?:USB|ACM|S|AMA)|rfcomm)[0-9]{1,3}"
    r"|(?:serial/by-id|serial/by-path|queue|printers)/[A-Za-z0-9][\w.:+@-]*)",
    re.ASCII,
)
_LONGEST_PATH: Final = 200


def address(settings: Mapping[str, Any]) -> str:
    """The address of a printer, host:port or a file; empty for a printer that this program does not print on."""
    match settings.get("transport"):
        case "tcp9100":
            host = settings.get("host", "")
            return f"{host}:{setting(settings, 'port')}" if host else ""
        case "usb_lp" | "serial":
            return str(settings.get("path", ""))
    return ""


def setting(settings: Mapping[str, Any], name: str) -> Any:
    """One setting, or its default."""
    return settings.get(name, USUAL.get(name, ""))


def habits(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of `HABITS`, with defaults."""
    return {name: setting(settings, name) for name in HABITS}


def read_host(typed: str) -> str:
    """A name on the network or an IP address; raises Invalid("host-wrong")."""
    try:
        return str(ipaddress.ip_address(typed))
    except ValueError:
        pass
    # Digits and dots that form no address are a mistyped address, not a host name.
    if not _HOST.fullmatch(typed) or re.fullmatch(r"[\d.]+", typed):
        raise Invalid("host-wrong", "host")
    return typed.lower()


def read_port(typed: str) -> int:
    """A TCP port, 9100 where nothing was typed; raises Invalid("port-wrong")."""
    try:
        port = int(typed) if typed else int(USUAL["port"])
    except ValueError:
        raise Invalid("port-wrong", "port") from None
    if not 0 < port <= 65535:
        raise Invalid("port-wrong", "port")
    return port


def read_path(typed: str) -> str:
    """The file of a printer on a cable, or a link to it in /dev/queue or /dev/printers; raises Invalid("path-wrong")."""
    if len(typed) > _LONGEST_PATH or not _PATH.fullmatch(typed):
        raise Invalid("path-wrong", "path", example="/dev/usb/lp0")
    return typed


def read_node(typed: str) -> str:
    """The name of a machine, or nothing; raises Invalid("node-wrong")."""
    if typed and not _HOST.fullmatch(typed):
        raise Invalid("node-wrong", "node")
    return typed.lower()


def read_configuration(typed: Mapping[str, str]) -> dict[str, Any]:
    """All settings of a printer from the texts of a form. Raises Invalid with the field that is wrong.

    Address fields of other transports are ignored; a missing checkbox counts as unchecked.
    """
    transport = _read("transport", typed)
    return {"transport": transport} | {name: _read(name, typed) for name in (*PLACES[transport], *HABITS)}


def _read(name: str, typed: Mapping[str, str]) -> Any:
    text = typed.get(name, "").strip()
    if (read := _TEXTS.get(name)) is not None:
        return read(text)
    if text not in CHOICES[name]:
        raise Invalid("choice-wrong", name)
    return CHOICES[name][text]


_TICK: Final = {"": False, "yes": True}
#: The values of each choice, by the text that a form sends.
CHOICES: Final[Mapping[str, Mapping[str, Any]]] = {
    "transport": {name: name for name in PLACES},
    "baud": {str(baud): baud for baud in BAUDS},
    "flow": {flow: flow for flow in FLOWS},
    "dots": {str(dots): dots for dots in DOTS},
    "feed_per_line": {str(feed): feed for feed in FEEDS},
    "cutter": _TICK,
    "left_margin": _TICK,
    "mute": _TICK,
    "completion": {"find_out": None, "yes": True, "no": False},
}
_TEXTS: Final[Mapping[str, Callable[[str], Any]]] = {
    "host": read_host,
    "port": read_port,
    "path": read_path,
    "node": read_node,
}
