"""A node knows entries without reading them only if it has written all of them itself."""

from __future__ import annotations

from uuid import UUID

from queue_system.live.recent import REMEMBERED, Recent
from queue_system.store.tx import Appended

BRANCH = UUID(int=1)


def entries(seq: int, count: int = 1, branch: UUID = BRANCH) -> Appended:
    """`count` entries, the last of which is `seq`."""
    return Appended(branch, seq, ("ticket.issued",) * count, version=1)


def test_entries_that_follow_one_another_are_all_there_are() -> None:
    recent = Recent()
    first, other, second, third = entries(5), entries(9, branch=UUID(int=2)), entries(7, 2), entries(8)
    recent.note([first, other])
    recent.note([second, third])
    assert recent.between(BRANCH, 4, 8) == [first, second, third]
    assert recent.between(BRANCH, 5, 7) == [second]
    assert recent.between(BRANCH, 8, 8) == []


def test_what_others_wrote_is_missed() -> None:
    recent = Recent()
    recent.note([entries(5), entries(7), entries(8)])
    # Entry 6 belongs to another node; 9 and those before 5 may too.
    assert recent.between(BRANCH, 4, 8) is None
    assert recent.between(BRANCH, 3, 5) is None
    assert recent.between(BRANCH, 6, 9) is None
    assert recent.between(UUID(int=2), 0, 1) is None
    # There cannot be another entry between two of the same lock.
    recent.note([entries(11, 3)])
    assert recent.between(BRANCH, 9, 11) is None


def test_only_the_latest_are_remembered() -> None:
    recent = Recent()
    recent.note(entries(seq) for seq in range(1, REMEMBERED + 2))
    assert recent.between(BRANCH, 0, REMEMBERED + 1) is None
    found = recent.between(BRANCH, 1, REMEMBERED + 1)
    assert found is not None
    assert len(found) == REMEMBERED
