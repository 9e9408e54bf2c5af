"""Facts about the organisation itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .base import Fact
from .fields import Fingerprint, Text


@dataclass(frozen=True, slots=True)
class ProfileInstalled(Fact):
    kind: ClassVar[str] = "organisation.installed"
    subject: Text
    profile: Text
    sha256: Fingerprint
