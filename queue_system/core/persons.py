"""Identity for limits: names and contacts are not verified, so a name and a contact together count as a person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from .names import name_key

# A person who gave back so many places within this time, by cancelling or moving, gets no further appointment.
GIVEN_BACK_MOST: Final = 4
GIVEN_BACK_WITHIN: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Standing:
    """The numbers of a person in a group of services that the limits are compared with.

    `active`: the person's live appointments, of which the parts of one visit count once. `given_back`: places the person gave back within GIVEN_BACK_WITHIN.
    `others`: how many other persons with the same contact have a live appointment or gave one back lately.
    """

    active: int = 0
    given_back: int = 0
    others: int = 0


def standing(
    name: str, active: Iterable[tuple[str, UUID | None]], given_back: Iterable[str], visit: UUID | None = None
) -> Standing:
    """The standing of the person of this `name`.

    `active` and `given_back` are the names on live appointments and on places given back lately, of one contact; on live
    ones with the visit of which they are a part. The parts of `visit` are no other appointments than the one in question.
    """
    person = name_key(name)
    live, gave = [(name_key(one), part_of) for one, part_of in active], [name_key(one) for one in given_back]
    mine = [part_of for one, part_of in live if one == person]
    single, visits = mine.count(None), {one for one in mine if one not in (None, visit)}
    return Standing(single + len(visits), gave.count(person), len({*(one for one, _ in live), *gave} - {person}))
