"""Places: the pages that staff open from the header. Each surface exports its own as `staff_places`; `app` collects them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..core.rights import Rights


@dataclass(frozen=True, slots=True)
class Place:
    """A page for staff: its address, the key of its words, and the rights of which one is enough.

    All addresses below it belong to it. `sections` are its pages; each needs rights of its own, and may have sections.
    """

    address: str
    words: str
    rights: Rights
    sections: tuple[Place, ...] = ()

    def pages(self) -> Iterator[Place]:
        """The place itself, or its sections down to the pages."""
        if not self.sections:
            yield self
        for section in self.sections:
            yield from section.pages()


def entry(words: str, *pages: Place) -> Place:
    """A place that only groups pages: a link to the first of them that a person may open."""
    return Place(pages[0].address, words, frozenset().union(*(page.rights for page in pages)), pages)
