"""Facts about messages. They hold neither address nor text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from .base import Fact
from .fields import AppointmentCode, Flag, MessageChannel, MessageError, MessageEvent, MessageId, Number


@dataclass(frozen=True, slots=True)
class MessageFact(Fact):
    """What became of a message about a booking, at the attempt of this number."""

    subject: MessageId
    code: AppointmentCode
    event: MessageEvent
    channel: MessageChannel
    attempt: Number


@dataclass(frozen=True, slots=True)
class MessageSent(MessageFact):
    """The mail server has accepted it."""

    kind: ClassVar[str] = "message.sent"


@dataclass(frozen=True, slots=True)
class MessageFailed(MessageFact):
    """It is not tried again; `maybe`: it may have arrived all the same."""

    kind: ClassVar[str] = "message.failed"
    error: MessageError
    maybe: Flag

    def variant(self) -> Literal["", "maybe"]:
        return "maybe" if self.maybe else ""
