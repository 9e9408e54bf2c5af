"""The latest entries that this node itself has appended to the logs, so that it need not read them."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable
from typing import Final
from uuid import UUID

from ..store.tx import Appended

REMEMBERED: Final = 64


class Recent:
    """The latest entries of each branch that were written here. Belongs to one event loop.

    Sequences have no gaps, so entries that follow one another are all there are: if another node wrote in between, its
    numbers are missing here.
    """

    def __init__(self) -> None:
        self._appended: defaultdict[UUID, deque[Appended]] = defaultdict(lambda: deque(maxlen=REMEMBERED))

    def note(self, appended: Iterable[Appended]) -> None:
        """Keep the entries of a commit; to be called in the order of the commits."""
        for one in appended:
            self._appended[one.branch_id].append(one)

    def between(self, branch: UUID, position: int, until: int) -> list[Appended] | None:
        """All entries after `position` up to `until`; None if this node did not write all of them, or kept too few."""
        found = [one for one in self._appended[branch] if position < one.seq <= until]
        for one in found:
            if one.before != position:
                return None
            position = one.seq
        return found if position == until else None
