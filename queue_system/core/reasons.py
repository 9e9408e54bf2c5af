"""Why a member of staff departs from the ordinary course: short lists, so that the log can be counted.

Each has its words: `audit.basis.<code>`.
"""

from __future__ import annotations

from typing import Final

# What establishes that a ticket has a right to a heavier class.
SEEN: Final = "seen"
DOCUMENT: Final = "document"
TOLD: Final = "told"
REFERRED: Final = "referred"
RAISE_REASONS: Final = (SEEN, DOCUMENT, TOLD, REFERRED)
# Nobody's judgement: whatever stands in line for this service has its class.
BY_SERVICE: Final = "service"

_USUAL: Final = {
    "staff_confirms": SEEN,
    "document": DOCUMENT,
    "invitation": DOCUMENT,
    "self_declared": TOLD,
    "self_declared_or_age": TOLD,
}


def usual_reason(evidence: str) -> str | None:
    """What establishes a class by the evidence that it asks for; None where staff cannot give it."""
    return _USUAL.get(evidence)


# Why somebody is called whose turn it is not.
OUT_OF_TURN: Final = ("unwell", "accompanied", "returned", "own_case", "instruction", "mistake")
