"""Facts: one frozen dataclass each, in a module for each subject.

A fact is the audit entry, the outbox entry and the stream position at once. Its fields hold ids and codes, never
names, telephone or document numbers, so that personal data can be erased without touching the log. Every value is
ready for JSON, and the type of a field (`fields`) says what the value is, because sentences and pages work from that.

A new fact needs a class in its subject's module, a sentence `audit.<kind>` in every catalogue, and a line in
`tests/golden/facts.json`, because what is written once has to be read for ever.
"""

from __future__ import annotations

from . import (
    apart,
    approvals,
    bookings,
    counters,
    data,
    devices,
    earlier,
    families,
    guests,
    members,
    messages,
    organisation,
    participants,
    people,
    printers,
    settings,
    slips,
    staff_notes,
    ticket_notes,
    tickets,
)
from .base import KINDS, SUBJECTS, Fact, UnknownFact, from_data, meanings, variants

__all__ = [
    "KINDS",
    "SUBJECTS",
    "Fact",
    "UnknownFact",
    "apart",
    "approvals",
    "bookings",
    "counters",
    "data",
    "devices",
    "earlier",
    "families",
    "from_data",
    "guests",
    "meanings",
    "members",
    "messages",
    "organisation",
    "participants",
    "people",
    "printers",
    "settings",
    "slips",
    "staff_notes",
    "ticket_notes",
    "tickets",
    "variants",
]
