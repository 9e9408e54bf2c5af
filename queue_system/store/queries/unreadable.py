"""Settings that are stored and that this program cannot read, for the administrator who has to correct them."""

from __future__ import annotations

import sqlalchemy as sa

from ...settings.devices import KITS
from ...settings.printers import Printer
from ..database import Tx
from ..setting_rows import Unreadable
from ..tables import ORGANISATION, Branch, table
from .access import DeviceView, devices
from .settings import branch_settings

BRANCH = table(Branch)


def unreadable_settings(tx: Tx) -> list[str]:
    """The first thing of each branch, and every device, whose settings cannot be read: branch, thing, field and value."""
    slugs = {
        row.id: row.slug
        for row in tx.rows(
            sa.select(BRANCH.c.id, BRANCH.c.slug).where(BRANCH.c.id != ORGANISATION).order_by(BRANCH.c.position)
        )
    }
    found: list[str] = []
    for branch_id in slugs:
        try:
            branch_settings(tx, branch_id)
        except Unreadable as error:
            found.append(error.what)
    for device in devices(tx):
        try:
            _read(device)
        except Unreadable as error:
            found.append(f"{slugs[device.branch_id]}: {error.what}")
    return found


def _read(device: DeviceView) -> None:
    device.read(Printer if device.kind == "printer" else KITS[device.kind])
