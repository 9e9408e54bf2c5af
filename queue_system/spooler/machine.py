"""Turns the settings of a printer into a connection to it, and slips into its bytes."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from PIL import Image

from printers.cable import SerialPrinter, UsbPrinter
from printers.driver import EscPosPrinter, Habits
from printers.escpos_bytes import encode
from printers.network import NetworkPrinter
from printers.slip import Slip, render

from ..core import printers
from ..store.queries.access import DeviceView

# More bytes than the longest slip of 576 dots needs.
LARGEST_SLIP_BYTES: Final = 100_000


@dataclass(frozen=True)
class Machine:
    """A printer that this process prints on; `settings` as `core.printers` describes them.

    `confirms` is False once we have learnt that the printer does not confirm. Two machines are equal if their settings
    are equal; what we have learnt about them does not count.
    """

    branch_id: UUID
    id: UUID
    settings: Mapping[str, Any]
    confirms: bool | None = field(default=None, compare=False)

    def printer(self) -> EscPosPrinter:
        """A new connection to it."""
        told = self._get("completion")
        habits = Habits(mute=self._get("mute"), completion=self.confirms if told is None else told)
        match self._get("transport"):
            case "usb_lp":
                return UsbPrinter(self._get("path"), **habits)
            case "serial":
                return SerialPrinter(self._get("path"), self._get("baud"), self._get("flow"), **habits)
        return NetworkPrinter(self._get("host"), self._get("port"), **habits)

    @property
    def dots(self) -> int:
        """The width of its head in dots."""
        return int(self._get("dots"))

    @property
    def finds_out(self) -> bool:
        """Whether we must find out if it confirms: the settings do not say so, and the printer can answer."""
        return self._get("completion") is None and not self._get("mute")

    def bytes_of(self, slip: Slip) -> bytes:
        """The slip as bytes for this printer."""
        return self.bytes_of_picture(render(slip, self.dots))

    def bytes_of_picture(self, picture: Image.Image) -> bytes:
        """A picture of the printer's width, as bytes for this printer."""
        return encode(
            picture,
            cut=self._get("cutter"),
            left_margin=self._get("left_margin"),
            feed_per_line=self._get("feed_per_line"),
        )

    @property
    def on_the_way(self) -> timedelta:
        """How long the transfer of the largest slip takes."""
        return timedelta(seconds=self.printer().way.seconds_for(LARGEST_SLIP_BYTES))

    @property
    def is_here(self) -> bool:
        """Whether this node can reach it; a printer on a cable is reached only by the node it is plugged into."""
        return self._get("node") in ("", this_node())

    def _get(self, name: str) -> Any:
        return printers.setting(self.settings, name)


def machine_of(device: DeviceView) -> Machine | None:
    """The printer of a device; None if its settings do not say where it is."""
    if not device.address:
        return None
    settings = {name: device.data[name] for name in device.data if name != printers.LEARNT}
    return Machine(device.branch_id, device.id, settings, device.data.get(printers.LEARNT))


def this_node() -> str:
    """The host name of this node."""
    return platform.node().lower()
