"""The memory of rate limits: it answers as the library's own, which looks through all windows again and again."""

from __future__ import annotations

import random
import threading

import pytest
from limits.storage import MemoryStorage, memory

from queue_system.web.windows import SWEEP_EVERY, Windows

EXPIRY = 30


class Time:
    """Stands in for the module `time` in the library."""

    def __init__(self) -> None:
        self.at = 1_000_000.0

    def time(self) -> float:
        return self.at


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> Time:
    time = Time()
    monkeypatch.setattr(memory, "time", time)
    return time


def test_it_answers_as_the_library(now: Time) -> None:
    chance, ours, theirs = random.Random(1), Windows(), MemoryStorage()
    said = []
    for _ in range(3_000):
        now.at += chance.expovariate(1)
        key, limit, amount = chance.choice("abc"), 8, chance.choice((1, 1, 1, 2, 9))
        answers = [one.acquire_entry(key, limit, EXPIRY, amount) for one in (ours, theirs)]
        assert answers[0] == answers[1]
        assert ours.get_moving_window(key, limit, EXPIRY) == theirs.get_moving_window(key, limit, EXPIRY)
        said.append(answers[0])
    assert {True, False} == set(said)


def test_no_try_starts_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    windows = Windows()
    windows.timer.join()
    threads: list[threading.Thread] = []

    def started(thread: threading.Thread) -> None:
        threads.append(thread)

    monkeypatch.setattr(threading.Timer, "start", started)
    for number in range(100):
        windows.acquire_entry(f"{number}", 8, EXPIRY)
    assert not threads
    # The negative control.
    MemoryStorage.acquire_entry(windows, "more", 8, EXPIRY)
    assert len(threads) == 1


def test_windows_that_are_over_are_forgotten_within_a_minute(now: Time) -> None:
    windows = Windows()
    for number in range(100):
        now.at += 0.1
        windows.acquire_entry(f"{number}", 8, EXPIRY)
    assert len(windows.events) == 100
    now.at += EXPIRY + SWEEP_EVERY
    windows.acquire_entry("later", 8, EXPIRY)
    assert list(windows.events) == ["later"]


def test_a_clock_that_is_set_back_locks_nobody_out(now: Time) -> None:
    windows = Windows()
    for _ in range(8):
        windows.acquire_entry("a", 8, EXPIRY)
    assert not windows.acquire_entry("a", 8, EXPIRY)
    now.at -= 3_600
    assert windows.acquire_entry("a", 8, EXPIRY)
    # Tries from then on count as always.
    assert [windows.acquire_entry("a", 8, EXPIRY) for _ in range(8)] == [True] * 7 + [False]
