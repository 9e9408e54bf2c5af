"""The states of a printer, and the checks of its address."""

from __future__ import annotations

import ipaddress
import re
from typing import Final

from .errors import Invalid

#: The ways in which slips are sent to a printer.
TRANSPORTS: Final = ("tcp9100", "usb_lp", "serial", "cloudprnt", "epson_sdp")
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


def read_host(typed: str) -> str:
    """A name on the network or an IP address; raises Invalid("host-wrong")."""
    try:
        return str(ipaddress.ip_address(typed))
    except ValueError:
        pass
    # Digits and dots that are not an address are a mistyped address and not a host name.
    if not _HOST.fullmatch(typed) or re.fullmatch(r"[\d.]+", typed):
        raise Invalid("host-wrong", "host")
    return typed.lower()


def read_port(typed: str) -> int:
    """A TCP port; raises Invalid("port-wrong")."""
    try:
        port = int(typed)
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
    """The name of a machine, or ""; raises Invalid("node-wrong")."""
    if typed and not _HOST.fullmatch(typed):
        raise Invalid("node-wrong", "node")
    return typed.lower()
