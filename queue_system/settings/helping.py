"""Organisations that book for people: lawyers, associations, social workers of other houses."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar, Literal

from .declared import Between, Kind, Least, Names, Ref, Thing


class Helper(Thing):
    """An organisation that books for people by a link of its own, within a number that everybody can see."""

    kind_of_thing: ClassVar[str] = "helper"

    names: Annotated[Names, "its name"]
    services: Annotated[
        tuple[Annotated[str, Ref("service")], ...], Least(1), "services that it books, also those that only staff book"
    ]
    places: Annotated[int, Between(1, 1000), "appointments that it can have in each week or on each day"]
    per: Annotated[Literal["week", "day"], Kind("period"), "for which time its places count"] = "week"
    link: Annotated[int, Between(1, 9999), "number of its link: with another number the old link opens nothing"] = 1
    until: Annotated[date | None, "its last day"] = None
