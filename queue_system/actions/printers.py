"""Settings of printers, set by people or detected by the program."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from ..core import printers
from ..core.errors import Missing
from ..core.facts.printers import PrinterAddressSet, PrinterAdjusted, PrinterLearnt
from ..store.database import AnyRow, Tx
from ..store.log import SYSTEM, Actor, Locked, locked
from ..store.tables import Device, table

DEVICE = table(Device)


def set_printer(tx: Tx, branch_id: UUID, printer_id: UUID, settings: Mapping[str, Any], actor: Actor = SYSTEM) -> bool:
    """Set the address and behaviour of a printer (`core.printers`); returns whether anything changed.

    Settings that are not named stay, but a new transport deletes the address of the old one. Detected settings are
    detected again. Raises Missing("device"), also for a device of another kind.
    """
    with locked(tx, branch_id) as branch:
        device = _printer(branch, printer_id)
        known = {name: value for name, value in device.data.items() if name != printers.LEARNT}
        kept = known
        if settings.get("transport", known.get("transport")) != known.get("transport"):
            kept = {name: value for name, value in known.items() if name not in printers.PLACE_KEYS}
        wanted = kept | dict(settings)
        if "transport" in settings:
            # All transports that can be set use this printer language.
            wanted["language"] = "escpos"
        if wanted == known:
            return False
        _write(branch, printer_id, wanted)
        if _place(wanted) != _place(known):
            transport, address = _place(wanted)
            fact = PrinterAddressSet(subject=str(printer_id), transport=transport, address=address)
            branch.append(fact, actor)
        changed = {
            name: printers.setting(wanted, name)
            for name in printers.HABITS
            if printers.setting(wanted, name) != printers.setting(known, name)
        }
        if changed:
            branch.append(PrinterAdjusted(subject=str(printer_id), settings=changed), actor)
        return True


def learn_again(tx: Tx, branch_id: UUID, printer_id: UUID, actor: Actor) -> None:
    """Delete the detected settings of a printer, so that they are detected again. Raises Missing("device")."""
    with locked(tx, branch_id) as branch:
        data = _printer(branch, printer_id).data
        if printers.LEARNT not in data:
            return
        rounds = int(data.get(printers.ROUND, 0)) + 1
        known = {name: value for name, value in data.items() if name != printers.LEARNT}
        _write(branch, printer_id, known | {printers.ROUND: rounds})
        branch.append(PrinterAdjusted(subject=str(printer_id), settings={"completion": None}), actor)


def record_no_completion(tx: Tx, branch_id: UUID, printer_id: UUID, settings: Mapping[str, Any]) -> None:
    """Store that a printer does not confirm printing, so that the program does not wait for it after a restart.

    `settings` are those at the time of the detection; nothing is stored if they have changed since.
    """
    with locked(tx, branch_id) as branch:
        data = _printer(branch, printer_id).data
        if data != settings:
            return
        _write(branch, printer_id, dict(data) | {printers.LEARNT: False})
        branch.append(PrinterLearnt(subject=str(printer_id)), SYSTEM)


def _place(settings: Mapping[str, Any]) -> tuple[str, str]:
    """Transport and address; for a cable also its machine and speed, where they are set."""
    transport = str(settings.get("transport", ""))
    where = printers.address(settings)
    if settings.get("node") and "node" in printers.PLACES.get(transport, ()):
        where = f"{settings['node']}:{where}"
    if transport == "serial":
        where += f" {printers.setting(settings, 'baud')} {printers.setting(settings, 'flow')}"
    return transport, where


def _printer(branch: Locked, printer_id: UUID) -> AnyRow:
    tx = branch.tx
    row = tx.row(sa.select(DEVICE).where(DEVICE.c.branch_id == branch.id, DEVICE.c.id == printer_id))
    if row is None or row.kind != "printer":
        raise Missing("device")
    return row


def _write(branch: Locked, printer_id: UUID, data: Mapping[str, Any]) -> None:
    here = (DEVICE.c.branch_id == branch.id) & (DEVICE.c.id == printer_id)
    branch.tx.execute(sa.update(DEVICE).where(here).values(data=dict(data)))
