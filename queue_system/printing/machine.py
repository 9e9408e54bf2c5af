"""A printer as its settings describe it becomes a line to it, and the bytes that it wants."""

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

# More than the longest slip of 576 dots takes.
LARGEST_SLIP_BYTES: Final = 100_000


@dataclass(frozen=True)
class Machine:
    """A printer that this process prints on; `settings` as `core.printers` describes them.

    `confirms` is False once it was learnt that the printer does not confirm. Two machines are the same if a person
    set the same: what is learnt on the way changes nothing.
    """

    branch_id: UUID
    id: UUID
    settings: Mapping[str, Any]
    confirms: bool | None = field(default=None, compare=False)

    def printer(self) -> EscPosPrinter:
        """A new line to it."""
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
        """Width of its head."""
        return int(self._get("dots"))

    @property
    def finds_out(self) -> bool:
        """Whether nobody said if it confirms, and it is not mute."""
        return self._get("completion") is None and not self._get("mute")

    def bytes_of(self, slip: Slip) -> bytes:
        """The slip as this printer wants it."""
        return self.bytes_of_picture(render(slip, self.dots))

    def bytes_of_picture(self, picture: Image.Image) -> bytes:
        """A picture of the printer's width as this printer wants it."""
        return encode(
            picture,
            cut=self._get("cutter"),
            left_margin=self._get("left_margin"),
            feed_per_line=self._get("feed_per_line"),
        )

    @property
    def on_the_way(self) -> timedelta:
        """How long the largest slip is on its way to the printer."""
        return timedelta(seconds=self.printer().way.seconds_for(LARGEST_SLIP_BYTES))

    @property
    def is_here(self) -> bool:
        """Whether this machine reaches it; on a cable only the one that it hangs on does."""
        return self._get("node") in ("", this_node())

    def _get(self, name: str) -> Any:
        return printers.setting(self.settings, name)


def machine_of(device: DeviceView) -> Machine | None:
    """The printer behind a device that the house knows how to find."""
    if not device.address:
        return None
    settings = {name: device.data[name] for name in device.data if name != printers.LEARNT}
    return Machine(device.branch_id, device.id, settings, device.data.get(printers.LEARNT))


def this_node() -> str:
    """What this machine calls itself."""
    return platform.node().lower()
