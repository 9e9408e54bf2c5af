"""Facts about requests for a second person, in the log of the organisation; `subject` is the id of the request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .base import Fact
from .fields import ApprovalAction, ApprovalId, Fingerprint


@dataclass(frozen=True, slots=True)
class ApprovalFact(Fact):
    """`action` is what was asked for; `effect` is the hash of its effect at that time, "" if it has none of its own."""

    subject: ApprovalId
    action: ApprovalAction
    effect: Fingerprint


@dataclass(frozen=True, slots=True)
class ApprovalAsked(ApprovalFact):
    kind: ClassVar[str] = "approval.asked"


@dataclass(frozen=True, slots=True)
class ApprovalGiven(ApprovalFact):
    kind: ClassVar[str] = "approval.given"


@dataclass(frozen=True, slots=True)
class ApprovalRefused(ApprovalFact):
    kind: ClassVar[str] = "approval.refused"


@dataclass(frozen=True, slots=True)
class ApprovalWithdrawn(ApprovalFact):
    kind: ClassVar[str] = "approval.withdrawn"


@dataclass(frozen=True, slots=True)
class ApprovalEnded(ApprovalFact):
    """The request ended because the person who asked lost access."""

    kind: ClassVar[str] = "approval.ended"


@dataclass(frozen=True, slots=True)
class ApprovalUsed(ApprovalFact):
    """The action was carried out: with an approval, or because nobody could give one and the time of delay was over."""

    kind: ClassVar[str] = "approval.used"
