"""Identity for limits: names and contacts are not verified, so a name and a contact together count as a person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from .names import name_key

# A person who gave back so many places within this time, by cancelling or moving, gets no further appointment.
GIVEN_BACK_MOST: Final = 4
GIVEN_BACK_WITHIN: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Standing:
    """The numbers of a person in a group of services that the limits are compared with.

    `active`: the person's live appointments. `given_back`: places the person gave back within GIVEN_BACK_WITHIN.
    `others`: how many other persons with the same contact have a live appointment or gave one back lately.
    """

    active: int = 0
    given_back: int = 0
    others: int = 0


def standing(name: str, active: Iterable[str], given_back: Iterable[str]) -> Standing:
    """The standing of the person of this `name`.

    `active` and `given_back` are the names on live appointments and on places given back lately, of one contact.
    """
    person = name_key(name)
    live, gave = [name_key(one) for one in active], [name_key(one) for one in given_back]
    return Standing(live.count(person), gave.count(person), len({*live, *gave} - {person}))
