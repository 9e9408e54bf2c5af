"""Who counts as one person: nobody proves a name or a contact, so the two together stand for a person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from .names import name_key

# Places that one person may give back, by cancelling or moving, before a new appointment has to wait.
GIVEN_BACK_MOST: Final = 4
GIVEN_BACK_WITHIN: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Standing:
    """What limits know of a person in a group of services.

    `active`: the person's live appointments. `given_back`: places the person gave back within GIVEN_BACK_WITHIN.
    `others`: how many other persons with the same contact have a live appointment or gave one back lately.
    """

    active: int = 0
    given_back: int = 0
    others: int = 0


def standing(name: str, active: Iterable[str], given_back: Iterable[str]) -> Standing:
    """The standing of somebody of this `name`, from the names of live appointments and of places given back lately."""
    person = name_key(name)
    live, gave = [name_key(one) for one in active], [name_key(one) for one in given_back]
    return Standing(live.count(person), gave.count(person), len({*live, *gave} - {person}))
