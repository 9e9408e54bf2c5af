"""Facts about printers: their state and their settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .base import Fact
from .fields import DeviceId, PrinterSettings, PrinterState, Text, Transport


@dataclass(frozen=True, slots=True)
class PrinterFact(Fact):
    """What happened to a printer."""

    subject: DeviceId


@dataclass(frozen=True, slots=True)
class PrinterChanged(PrinterFact):
    kind: ClassVar[str] = "printer.changed"
    status: PrinterState


@dataclass(frozen=True, slots=True)
class PrinterAddressSet(PrinterFact):
    """It is logged because the person who sets where slips go decides who reads them."""

    kind: ClassVar[str] = "printer.address_set"
    transport: Transport
    address: Text


@dataclass(frozen=True, slots=True)
class PrinterAdjusted(PrinterFact):
    """The behaviour of a printer was set: `settings` holds the new values of those that changed."""

    kind: ClassVar[str] = "printer.adjusted"
    settings: PrinterSettings


@dataclass(frozen=True, slots=True)
class PrinterLearnt(PrinterFact):
    """A slip showed that the printer does not confirm printing."""

    kind: ClassVar[str] = "printer.learnt"
