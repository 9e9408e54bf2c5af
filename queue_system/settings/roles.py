"""Roles of staff and what they may do."""

from __future__ import annotations

from typing import Annotated, ClassVar

from ..core.rights import OBEYED, Right
from .declared import Kind, Names, OnlyActedOn, Thing


class Role(Thing):
    """What a member of staff may do."""

    kind_of_thing: ClassVar[str] = "role"

    names: Annotated[Names, "its name"]
    can: Annotated[
        tuple[Annotated[Right, Kind("ability", renamed=(("hold", "park"), ("void", "void_ticket")))], ...],
        OnlyActedOn("abilities", OBEYED),
        "abilities, or * for everything",
    ]
