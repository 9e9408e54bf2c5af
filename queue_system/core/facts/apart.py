"""Facts about people who are kept apart. The subject is the id of the pair; nothing says who they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .base import Fact
from .fields import ApartAcceptedFor, ApartReason, ApartScope, Number, PairId


@dataclass(frozen=True, slots=True)
class PairMade(Fact):
    """Two people must not meet from now on; `meetings` are the appointments that bring them together all the same."""

    kind: ClassVar[str] = "apart.made"
    subject: PairId
    scope: ApartScope
    reason: ApartReason
    meetings: Number


@dataclass(frozen=True, slots=True)
class PairEnded(Fact):
    kind: ClassVar[str] = "apart.ended"
    subject: PairId


@dataclass(frozen=True, slots=True)
class MeetingAccepted(Fact):
    """Staff let two appointments of a pair stand. Neither is named, because the log would then say who is in the pair."""

    kind: ClassVar[str] = "apart.accepted"
    subject: PairId
    reason: ApartAcceptedFor
