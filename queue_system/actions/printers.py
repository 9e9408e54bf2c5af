"""The settings of printers, which people set, and what the program has learnt about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from ..core.errors import Missing
from ..core.facts.printers import PrinterAddressSet, PrinterAdjusted, PrinterLearnt
from ..settings.devices import PLACES
from ..settings.edits import Edit
from ..settings.printers import HABITS, Printer
from ..store.database import Tx
from ..store.log import SYSTEM, Actor, Locked, locked
from ..store.queries.access import DeviceView, device
from ..store.tables import Device, table

DEVICE = table(Device)


def set_printer(tx: Tx, branch_id: UUID, printer_id: UUID, changes: Mapping[str, Any], actor: Actor = SYSTEM) -> bool:
    """Set the address and behaviour of a printer (`settings.printers.Printer`); returns whether anything changed.

    Settings that are not named in `changes` stay, but a new transport deletes the address of the old one. What was
    learnt is learnt again. Raises Missing("device"), also for a device of another kind, and pydantic's ValidationError.
    """
    with locked(tx, branch_id) as lock:
        found = _printer(lock, printer_id)
        known, wanted = found.printer, found.printer.adjusted(changes)
        if wanted == known:
            return False
        others = {name: value for name, value in found.data.items() if name not in Printer.model_fields}
        data = others | wanted.model_dump(mode="json", exclude_unset=True)
        _write(lock, printer_id, data=data, learnt_completion=None)
        if _place(wanted) != _place(known):
            fact = PrinterAddressSet(subject=str(printer_id), transport=wanted.transport, address=_place(wanted))
            lock.append(fact, actor)
        habits = {name: getattr(wanted, name) for name in HABITS if getattr(wanted, name) != getattr(known, name)}
        if habits:
            lock.append(PrinterAdjusted(subject=str(printer_id), settings=habits), actor)
        return True


def learn_again(tx: Tx, branch_id: UUID, printer_id: UUID, actor: Actor) -> None:
    """Forget what was learnt about a printer, so that it is learnt again. Raises Missing("device")."""
    with locked(tx, branch_id) as lock:
        if _printer(lock, printer_id).learnt_completion is None:
            return
        _write(lock, printer_id, learnt_completion=None, learning_since=lock.now)
        lock.append(PrinterAdjusted(subject=str(printer_id), settings={"completion": None}), actor)


def forget_learnt(tx: Tx, branch_id: UUID, edits: Iterable[Edit]) -> None:
    """Forget what was learnt about the printers that edits make other devices, so that it is learnt again."""
    slugs = [edit.slug for edit in edits if edit.kind == "device" and edit.was and edit.now and "kit" in edit.fields]
    if slugs:
        of = (DEVICE.c.branch_id == branch_id) & DEVICE.c.slug.in_(slugs)
        tx.execute(sa.update(DEVICE).where(of).values(learnt_completion=None, learning_since=tx.now))


def record_no_completion(
    tx: Tx, branch_id: UUID, printer_id: UUID, settings: Printer, learning_since: datetime | None
) -> None:
    """Store that a printer does not confirm printing, so that the program does not wait for it after a restart.

    `settings` and `learning_since` are those at the time of the detection; nothing is stored if either has changed.
    """
    with locked(tx, branch_id) as lock:
        found = _printer(lock, printer_id)
        if (found.printer, found.learning_since) != (settings, learning_since):
            return
        _write(lock, printer_id, learnt_completion=False)
        lock.append(PrinterLearnt(subject=str(printer_id)), SYSTEM)


def _place(settings: Printer) -> str:
    """The address; for a cable also its machine and speed, where they are set."""
    where = settings.address
    if settings.node and "node" in PLACES.get(settings.transport, ()):
        where = f"{settings.node}:{where}"
    return f"{where} {settings.baud} {settings.flow}" if settings.transport == "serial" else where


def _printer(lock: Locked, printer_id: UUID) -> DeviceView:
    found = device(lock.tx, lock.id, printer_id)
    if found is None or found.kind != "printer":
        raise Missing("device")
    return found


def _write(lock: Locked, printer_id: UUID, **values: Any) -> None:
    here = (DEVICE.c.branch_id == lock.id) & (DEVICE.c.id == printer_id)
    lock.tx.execute(sa.update(DEVICE).where(here).values(**values))
