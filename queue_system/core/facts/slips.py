"""Facts about slips on their way to paper."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from .base import Fact
from .fields import DeviceId, Flag, Number, Proof, SlipError, SlipId, TicketCode, TicketId, WhySlipVoid


@dataclass(frozen=True, slots=True)
class SlipFact(Fact):
    """What happened to a slip of a ticket."""

    subject: SlipId
    ticket: TicketId
    code: TicketCode
    printer: DeviceId


@dataclass(frozen=True, slots=True)
class SlipQueued(SlipFact):
    """`copy` is 0 for the first slip of a ticket."""

    kind: ClassVar[str] = "slip.queued"
    copy: Number

    def variant(self) -> Literal["", "copy"]:
        return "copy" if self.copy else ""


@dataclass(frozen=True, slots=True)
class SlipPrinted(SlipFact):
    kind: ClassVar[str] = "slip.printed"
    proof: Proof


@dataclass(frozen=True, slots=True)
class SlipFailed(SlipFact):
    """One attempt failed; `final`: it is not repeated, `maybe`: paper may have come out."""

    kind: ClassVar[str] = "slip.failed"
    error: SlipError
    attempt: Number
    final: Flag
    maybe: Flag

    def variant(self) -> Literal["", "final", "maybe"]:
        return "maybe" if self.maybe else "final" if self.final else ""


@dataclass(frozen=True, slots=True)
class SlipVoided(SlipFact):
    kind: ClassVar[str] = "slip.voided"
    reason: WhySlipVoid
