"""Places: the pages that staff open from the header. Each surface exports its own as `staff_places`; `app` collects them."""

from __future__ import annotations

from dataclasses import dataclass

from ..core.rights import Rights


@dataclass(frozen=True, slots=True)
class Place:
    """A page for staff: its address, the key of its words, and the rights of which one is enough.

    All addresses below it belong to it, and `sections` are those that need other rights.
    """

    address: str
    words: str
    rights: Rights
    sections: tuple[Place, ...] = ()
