"""Who has a page open that shows the calls for help of a branch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID


class OpenPages:
    """The people whose pages follow the calls for help of branches at this node.

    Another node of the same installation knows its own pages alone, so that nobody at this one does not mean nobody.
    """

    def __init__(self) -> None:
        self._open: Counter[tuple[UUID, UUID]] = Counter()

    @contextmanager
    def kept(self, branch_id: UUID, staff_id: UUID) -> Iterator[None]:
        """Count a page of somebody as long as it follows."""
        page = (branch_id, staff_id)
        self._open[page] += 1
        try:
            yield
        finally:
            self._open[page] -= 1
            if not self._open[page]:
                del self._open[page]

    def is_open_to_others(self, branch_id: UUID, staff_id: UUID) -> bool:
        """Whether anybody else than this person follows the branch."""
        return any(branch == branch_id and person != staff_id for branch, person in self._open)
