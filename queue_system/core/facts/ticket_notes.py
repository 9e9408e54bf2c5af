"""Facts about notes for the next clerk: that there is one, who wrote it and when, and never what it says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .fields import CounterId
from .tickets import TicketFact


@dataclass(frozen=True, slots=True)
class TicketNoted(TicketFact):
    """The clerk wrote a note for whoever has the visitor next, or worded their own anew."""

    kind: ClassVar[str] = "ticket.noted"
    counter: CounterId


@dataclass(frozen=True, slots=True)
class TicketNoteRemoved(TicketFact):
    """The clerk took their own note away."""

    kind: ClassVar[str] = "ticket.note_removed"
    counter: CounterId
