"""Facts about the organisation itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .base import Fact
from .fields import Day, Fingerprint, Moment, Text, Upkeep


@dataclass(frozen=True, slots=True)
class ProfileInstalled(Fact):
    kind: ClassVar[str] = "organisation.installed"
    subject: Text
    profile: Text
    sha256: Fingerprint


@dataclass(frozen=True, slots=True)
class Restored(Fact):
    """The entries before this one come from a backup; what happened after `made_at` and before this is lost."""

    kind: ClassVar[str] = "organisation.restored"
    subject: Text
    made_at: Moment


@dataclass(frozen=True, slots=True)
class UpkeepDone(Fact):
    """The machine's own work was done: a backup, say. The subject is the day it was done for."""

    kind: ClassVar[str] = "organisation.upkeep_done"
    subject: Day
    task: Upkeep


@dataclass(frozen=True, slots=True)
class UpkeepFailed(Fact):
    """The machine's own work could not be done; `code` is that of an error, or the name of an exception."""

    kind: ClassVar[str] = "organisation.upkeep_failed"
    subject: Day
    task: Upkeep
    code: Text
