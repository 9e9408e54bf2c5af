"""Facts about messages. They hold neither address nor text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from .base import Fact
from .fields import (
    AppointmentCode,
    Flag,
    MessageChannel,
    MessageError,
    MessageEvent,
    MessageId,
    MessageSettledHow,
    Number,
    PersonId,
)


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


@dataclass(frozen=True, slots=True)
class GivenUpFact(Fact):
    """What staff did about a message that was given up."""

    subject: MessageId
    code: AppointmentCode
    event: MessageEvent


@dataclass(frozen=True, slots=True)
class MessageTaken(GivenUpFact):
    """Somebody sees to it from now on: who took it, or to whom it was given."""

    kind: ClassVar[str] = "message.taken"
    owner: PersonId


@dataclass(frozen=True, slots=True)
class MessageRetried(GivenUpFact):
    """It is sent again."""

    kind: ClassVar[str] = "message.retried"


@dataclass(frozen=True, slots=True)
class MessageSettled(GivenUpFact):
    """Nothing more is done about it."""

    kind: ClassVar[str] = "message.settled"
    how: MessageSettledHow
