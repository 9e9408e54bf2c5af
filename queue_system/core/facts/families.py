"""Facts about numbers that are called as one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .fields import Moment, Text, TicketId
from .tickets import TicketFact


@dataclass(frozen=True, slots=True)
class TicketJoined(TicketFact):
    """The number is called with another one, `leader`, and waits no longer by itself.

    `anchor_at`: from when the waiting of all of them counts now.
    """

    kind: ClassVar[str] = "ticket.joined"
    leader: TicketId
    leader_code: Text
    anchor_at: Moment


@dataclass(frozen=True, slots=True)
class TicketSplit(TicketFact):
    """The number waits by itself again, from `own_anchor_at`; `anchor_at` is from when the waiting of the others counts."""

    kind: ClassVar[str] = "ticket.split"
    leader: TicketId
    leader_code: Text
    anchor_at: Moment
    own_anchor_at: Moment
