"""Identity for limits: names and contacts are not verified, so a name and a contact together count as a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from .names import name_key

# A person who gave back so many appointments within this time, by cancelling or moving, gets no further appointment.
GIVEN_BACK_MOST: Final = 4
GIVEN_BACK_WITHIN: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Standing:
    """The numbers of a person in a group of services that the limits are compared with.

    `active`: the person's live appointments, of which the parts of one visit count once. `given_back`: appointments the person
    gave back within GIVEN_BACK_WITHIN (`given_back_times`). `others`: how many other persons with the same contact have a live
    appointment or gave one back lately.
    """

    active: int = 0
    given_back: int = 0
    others: int = 0


def standing(
    name: str,
    active: Iterable[tuple[str, UUID | None]],
    given_back: Iterable[tuple[str, UUID, UUID | None]],
    visit: UUID | None = None,
) -> Standing:
    """The standing of the person of this `name`.

    `active` are the names on live appointments of one contact, each with the visit of which it is a part; `given_back` the names
    on places given back lately, each with its booking and visit. The parts of `visit` are no other appointments than the one
    in question.
    """
    person = name_key(name)
    live = [(name_key(one), part_of) for one, part_of in active]
    gave = [(name_key(one), booking, part_of) for one, booking, part_of in given_back]
    mine = [part_of for one, part_of in live if one == person]
    single, visits = mine.count(None), {one for one in mine if one not in (None, visit)}
    gone = given_back_times((booking, part_of) for one, booking, part_of in gave if one == person)
    others = {one for one, *_ in (*live, *gave)} - {person}
    return Standing(single + len(visits), gone, len(others))


def given_back_times(places: Iterable[tuple[UUID, UUID | None]]) -> int:
    """How many appointments were given back, from the booking and the visit of each place; no visit: None.

    A visit counts as often as the part of it that was given back most often: once where it is called off with all its
    parts, and again for each time that a part was moved.
    """
    times: dict[UUID, int] = {}
    for (booking, visit), count in Counter(places).items():
        whole = visit or booking
        times[whole] = max(times.get(whole, 0), count)
    return sum(times.values())
