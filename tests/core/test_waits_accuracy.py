"""How true it was what people were told: who counts, and for what."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from queue_system.core.waits.accuracy import Outcome, accuracy
from queue_system.core.waits.announce import Announced, Range

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


def outcome(minutes: float, *, called: bool = True) -> Outcome:
    return Outcome(Announced(UUID(int=1), 12.0, 18.0, Range(5, 20)), NOW, minutes, called)


def test_the_share_that_held_and_the_median_error_are_those_of_people_who_were_called() -> None:
    found = accuracy([outcome(10), outcome(20), outcome(21)])
    assert found is not None
    assert (found.people, found.held, found.median_error) == (3, 2 / 3, 8.0)


def test_who_left_in_time_says_nothing_and_who_left_too_late_was_told_too_little() -> None:
    found = accuracy([outcome(12), outcome(15, called=False), outcome(40, called=False)])
    assert found is not None
    assert (found.people, found.held, found.median_error) == (2, 1 / 2, 0.0)


def test_of_nobody_who_was_called_nothing_is_said() -> None:
    assert accuracy([]) is None
    assert accuracy([outcome(40, called=False)]) is None
