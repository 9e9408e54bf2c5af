"""Facts about machines and what comes out of them: slips, printers, kiosks and screens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from .facts import Fact


@dataclass(frozen=True, slots=True)
class SlipQueued(Fact):
    kind: ClassVar[str] = "slip.queued"
    ticket: str
    code: str
    printer: str
    copy: int


@dataclass(frozen=True, slots=True)
class SlipPrinted(Fact):
    kind: ClassVar[str] = "slip.printed"
    ticket: str
    code: str
    printer: str
    proof: str


@dataclass(frozen=True, slots=True)
class SlipFailed(Fact):
    """One attempt failed; `final` says that it is not tried again, `maybe` that paper may have come out."""

    kind: ClassVar[str] = "slip.failed"
    ticket: str
    code: str
    printer: str
    error: str
    attempt: int
    final: bool
    maybe: bool


@dataclass(frozen=True, slots=True)
class SlipVoided(Fact):
    kind: ClassVar[str] = "slip.voided"
    ticket: str
    code: str
    printer: str
    reason: str


@dataclass(frozen=True, slots=True)
class PrinterChanged(Fact):
    kind: ClassVar[str] = "printer.changed"
    status: str


@dataclass(frozen=True, slots=True)
class PrinterAddressSet(Fact):
    """Whoever sets where slips go decides who reads them: it is logged."""

    kind: ClassVar[str] = "printer.address_set"
    transport: str
    address: str


@dataclass(frozen=True, slots=True)
class PrinterAdjusted(Fact):
    """How a printer behaves was set: the new values of what changed, by the names of `core.printers.HABITS`."""

    kind: ClassVar[str] = "printer.adjusted"
    settings: dict[str, Any]


@dataclass(frozen=True, slots=True)
class PrinterLearnt(Fact):
    """A printer does not confirm what it prints, as was found out with a slip."""

    kind: ClassVar[str] = "printer.learnt"


@dataclass(frozen=True, slots=True)
class DevicePaired(Fact):
    kind: ClassVar[str] = "device.paired"
    device_kind: str
    name: str


@dataclass(frozen=True, slots=True)
class DeviceReplaced(Fact):
    """The machine that was let in has taken the place of another, whose token is good no longer."""

    kind: ClassVar[str] = "device.replaced"
    device_kind: str
    name: str


@dataclass(frozen=True, slots=True)
class DeviceRevoked(Fact):
    kind: ClassVar[str] = "device.revoked"
    device_kind: str
    name: str


@dataclass(frozen=True, slots=True)
class PairingRefused(Fact):
    kind: ClassVar[str] = "device.refused"
    device_kind: str
