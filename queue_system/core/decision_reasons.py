"""Why staff decide so on an appointment of the list of what is to be decided: a fixed list for each decision."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from .errors import Count, Invalid
from .promises import Choice

LONGEST_TEXT: Final = 500


class Because(StrEnum):
    """A reason for a decision."""

    WISHED = "wished"  # its visitor wishes another time
    NO_COVER = "no-cover"  # nobody receives its visitor then
    CAN_WAIT = "can-wait"
    COVERED = "covered"  # somebody receives its visitor all the same
    AGREED = "agreed"  # with its visitor
    CANNOT_WAIT = "cannot-wait"
    FROM_AFAR = "from-afar"  # its visitor comes from far away
    NOT_NEEDED = "not-needed"  # its visitor does not need it any more
    SETTLED = "settled"  # in another way
    NO_TIME = "no-time"  # no other time fits
    NOT_REACHED = "not-reached"  # its visitor could not be asked
    OTHER = "other"  # as a text says


#: The reasons that fit each decision, in the order in which they are offered.
FITTING: Final[Mapping[Choice, tuple[Because, ...]]] = {
    Choice.MOVE: (Because.WISHED, Because.NO_COVER, Because.CAN_WAIT, Because.OTHER),
    Choice.KEEP: (Because.COVERED, Because.AGREED, Because.CANNOT_WAIT, Because.FROM_AFAR, Because.OTHER),
    Choice.CANCEL: (Because.NOT_NEEDED, Because.SETTLED, Because.NO_TIME, Because.NOT_REACHED, Because.OTHER),
}


@dataclass(frozen=True, slots=True)
class Reasons:
    """One reason for each decision of a press; `text` says it where it is another reason."""

    by_choice: Mapping[Choice, Because] = field(default_factory=dict)
    text: str = ""

    def of(self, choice: Choice) -> Because | None:
        """The reason for a decision; None where nobody was asked for one."""
        return self.by_choice.get(choice)

    def mistakes(self, choices: Collection[Choice]) -> list[Invalid]:
        """What is missing or does not fit for these decisions, each on the name of its decision, or on `text`."""
        decided = [choice for choice in FITTING if choice in choices]
        found = [Invalid("decision-reason", one.value) for one in decided if self.of(one) not in FITTING[one]]
        if any(self.of(one) is Because.OTHER for one in decided):
            if not self.text:
                found.append(Invalid("decision-text", "text"))
            elif len(self.text) > LONGEST_TEXT:
                found.append(Invalid("decision-text-long", "text", limit=Count(LONGEST_TEXT)))
        return found
