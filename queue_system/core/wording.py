"""A house's own words for its messages: the marks that may stand in them, and what becomes of them in one message."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from .messages import ENDED, OF_SERIES, OF_VISIT, Event

#: What a mark stands for, in the order in which pages offer them.
MARKS: Final = (
    *("day", "time", "code", "service", "place", "documents", "link"),
    *("reason", "branch", "organisation", "phone"),
)
#: The events that a house can word; an invitation is about no appointment yet.
WORDED: Final = tuple(event for event in Event if event is not Event.INVITED)
_OF_HOUSE: Final = ("branch", "organisation", "phone")
#: Of the one appointment that a message is about, whatever its time is.
_OF_APPOINTMENT: Final = ("code", "service", "place", "documents", "link")
# They tell of more than one time, and say themselves which is which.
_OF_SEVERAL_TIMES: Final = frozenset({Event.OFFERED, Event.EARLIER})
_NOT_IN_SUBJECTS: Final = frozenset({"documents", "link", "reason"})
_MARK: Final = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Worded:
    """A text with its marks filled, and which they were."""

    text: str
    marks: frozenset[str]


def marks_for(event: Event, *, subject: bool = False) -> tuple[str, ...]:
    """The marks that the words about an event may have; of a series or a visit only those of the house."""
    known = set(_OF_HOUSE)
    if event not in OF_SERIES | OF_VISIT:
        known.update(mark for mark in _OF_APPOINTMENT if mark != "link" or event not in ENDED)
        if event not in _OF_SEVERAL_TIMES:
            known.update(("day", "time"))
    if event is Event.CALLED_OFF:
        known.add("reason")
    return tuple(mark for mark in MARKS if mark in known and not (subject and mark in _NOT_IN_SUBJECTS))


def marks_in(text: str) -> tuple[str, ...]:
    """The names between braces, as they are written."""
    return tuple(_MARK.findall(text))


def worded(text: str, values: Mapping[str, str]) -> Worded | None:
    """The text of one message; None where one of its marks has nothing to say there, so that no sentence has a gap."""
    marks = frozenset(marks_in(text))
    if not all(values.get(mark) for mark in marks):
        return None
    return Worded(_MARK.sub(lambda found: values[found[1]], text), marks)
