"""Why somebody who came later was called first, as others may know it: kinds of reasons, and nothing about a person.

A kind says less than the reason in the log: no class, no evidence, no calling profile. Who may read this sees the number
go to a counter, so that a class or a state of health would be told of a person in the same room.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from .dispatch import Reason


class Kind(StrEnum):
    """The kinds, in the order in which they are listed; the sentence is `passed.kind.<kind>`."""

    EMERGENCY = "emergency"
    APPOINTMENT = "appointment"
    PRIORITY = "priority"
    NEED = "need"
    GOES_ON = "goes-on"
    INSTRUCTION = "instruction"
    MISTAKE = "mistake"
    BACK = "back"
    PROFILE = "profile"
    LANGUAGE = "language"
    TURN = "turn"
    ELSEWHERE = "elsewhere"
    # For services of which screens show the code alone.
    RULE = "rule"


_OF_CODE: Final[Mapping[str, Kind]] = {
    "emergency": Kind.EMERGENCY,
    "appointment-time": Kind.APPOINTMENT,
    "appointment-soon": Kind.APPOINTMENT,
    "only-callable": Kind.APPOINTMENT,
    "priority-class": Kind.PRIORITY,
    "parked-back": Kind.BACK,
    "skipped": Kind.BACK,
    "skipped-back": Kind.BACK,
    "profile-always": Kind.PROFILE,
    "profile-waiting": Kind.PROFILE,
    "profile-fewer": Kind.PROFILE,
    "profile-share": Kind.PROFILE,
    "language": Kind.LANGUAGE,
}
_OF_BASIS: Final[Mapping[str, Kind]] = {
    "unwell": Kind.NEED,
    "accompanied": Kind.NEED,
    "returned": Kind.GOES_ON,
    "own_case": Kind.GOES_ON,
    "instruction": Kind.INSTRUCTION,
    "mistake": Kind.MISTAKE,
}


def why_passed(reason: Reason, *, same_line: bool, discreet: bool) -> Kind:
    """The kind of a call; `same_line`: the counter serves the queue of whoever asks. `discreet`: of the one called."""
    if discreet:
        return Kind.RULE
    if not same_line:
        return Kind.ELSEWHERE
    if reason.code == "chosen-by-staff":
        return _OF_BASIS.get(str(reason.values.get("basis")), Kind.INSTRUCTION)
    return _OF_CODE.get(reason.code, Kind.TURN)
