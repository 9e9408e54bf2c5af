"""Reasons for the exceptions that staff make: fixed codes, so that the log can be counted by reason.

The sentence of a code is `audit.basis.<code>`.
"""

from __future__ import annotations

from typing import Final

# The evidence for giving a ticket a heavier class.
SEEN: Final = "seen"
DOCUMENT: Final = "document"
TOLD: Final = "told"
REFERRED: Final = "referred"
RAISE_REASONS: Final = (SEEN, DOCUMENT, TOLD, REFERRED)
# Given by the program, because every ticket of the service has the class of the service.
BY_SERVICE: Final = "service"

# How the evidence of a class begins for which the visitor's own word is enough.
SELF_DECLARED: Final = "self_declared"

_USUAL: Final = {
    "staff_confirms": SEEN,
    "document": DOCUMENT,
    "invitation": DOCUMENT,
    "self_declared": TOLD,
    "self_declared_or_age": TOLD,
}


def usual_reason(evidence: str) -> str | None:
    """The usual reason for giving a class that asks for this `evidence`; None where staff cannot give the class."""
    return _USUAL.get(evidence)


# Reasons for taking a number out of the line.
VOID_REASONS: Final = ("given_twice", "wrong_service", "trial")

# Why a number ends whose service or counter a change of settings takes away.
TAKEN_AWAY: Final = "taken_away"

# Reasons for calling a visitor out of turn.
OUT_OF_TURN: Final = ("unwell", "accompanied", "returned", "own_case", "instruction", "mistake")

# Codes of calls that the calling rule did not choose first: chosen in the line, or back from parking or a missed call.
BY_HAND: Final = ("chosen-by-staff", "parked-back", "skipped-back")
