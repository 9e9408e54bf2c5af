"""Turns the settings of a printer into a connection to it, and slips into its bytes."""

from __future__ import annotations

import platform
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from PIL import Image

from printers.cable import SerialPrinter, UsbPrinter
from printers.driver import EscPosPrinter, Habits
from printers.escpos_bytes import encode
from printers.network import NetworkPrinter
from printers.slip import Slip, render

from ..settings.printers import Printer
from ..store.queries.access import DeviceView

# More bytes than the longest slip of 576 dots needs.
LARGEST_SLIP_BYTES: Final = 100_000


@dataclass(frozen=True)
class Machine:
    """A printer that this process prints on.

    `confirms` is False once we have learnt that the printer does not confirm. Two machines are equal if they are set
    alike and learn since the same moment; what we have learnt about them does not count.
    """

    branch_id: UUID
    id: UUID
    settings: Printer
    learning_since: datetime | None = None
    confirms: bool | None = field(default=None, compare=False)

    def printer(self) -> EscPosPrinter:
        """A new connection to it."""
        told = self.settings
        habits = Habits(mute=told.mute, completion=self.confirms if told.completion is None else told.completion)
        match told.transport:
            case "usb_lp":
                return UsbPrinter(told.path, **habits)
            case "serial":
                return SerialPrinter(told.path, told.baud, told.flow, **habits)
        return NetworkPrinter(told.host, told.port, **habits)

    @property
    def finds_out(self) -> bool:
        """Whether we must find out if it confirms: the settings do not say so, and the printer can answer."""
        return self.settings.completion is None and not self.settings.mute

    def bytes_of(self, slip: Slip) -> bytes:
        """The slip as bytes for this printer."""
        return self.bytes_of_picture(render(slip, self.settings.dots))

    def bytes_of_picture(self, picture: Image.Image) -> bytes:
        """A picture of the printer's width, as bytes for this printer."""
        return encode(
            picture,
            cut=self.settings.cutter,
            left_margin=self.settings.left_margin,
            feed_per_line=self.settings.feed_per_line,
        )

    @property
    def on_the_way(self) -> timedelta:
        """How long the transfer of the largest slip takes."""
        return timedelta(seconds=self.printer().transport.seconds_for(LARGEST_SLIP_BYTES))

    @property
    def is_here(self) -> bool:
        """Whether this node can reach it; a printer on a cable is reached only by the node it is plugged into."""
        return self.settings.node in ("", this_node())


def machine_of(device: DeviceView) -> Machine | None:
    """The printer of a device; None if its settings do not say where it is."""
    if not device.address:
        return None
    return Machine(device.branch_id, device.id, device.printer, device.learning_since, device.learnt_completion)


def this_node() -> str:
    """The host name of this node."""
    return platform.node().lower()
