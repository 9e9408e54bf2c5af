"""The printer of a kiosk."""

from __future__ import annotations

from queue_system.store.database import Tx
from queue_system.store.queries.access import DeviceView, printer_of_kiosk


def printer_for(tx: Tx, kiosk: DeviceView) -> DeviceView | None:
    """The printer that slips of this kiosk are sent to; None where there is none that has an address."""
    printer = printer_of_kiosk(tx, kiosk)
    return printer if printer is not None and printer.data.get("host") else None
