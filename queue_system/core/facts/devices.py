"""Facts about paired machines: kiosks and screens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .base import Fact
from .fields import DeviceId, DeviceKind, DeviceSlug, PairingId


@dataclass(frozen=True, slots=True)
class DeviceFact(Fact):
    """What happened to a device."""

    subject: DeviceId
    device_kind: DeviceKind
    name: DeviceSlug


@dataclass(frozen=True, slots=True)
class DevicePaired(DeviceFact):
    kind: ClassVar[str] = "device.paired"


@dataclass(frozen=True, slots=True)
class DeviceReplaced(DeviceFact):
    """The paired machine has replaced another one, whose token is revoked."""

    kind: ClassVar[str] = "device.replaced"


@dataclass(frozen=True, slots=True)
class DeviceRevoked(DeviceFact):
    kind: ClassVar[str] = "device.revoked"


@dataclass(frozen=True, slots=True)
class PairingRefused(Fact):
    """The subject is the pairing, because it led to no device."""

    kind: ClassVar[str] = "device.refused"
    subject: PairingId
    device_kind: DeviceKind
