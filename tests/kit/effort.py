"""The limit for the work of a test: ten seconds of processor time, unless the test is marked `slow`.

It measures the processor time of the test's process and of all its children, and not the clock: on a busy machine a
test takes longer, but its work is the same. The seconds are those of a usual processor of 2024. A small computation
measures the present one first; a slower processor gets proportionally more.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

LIMIT_SECONDS = 10.0
# The time of this computation on such a processor.
USUAL_SECONDS = 0.07


def slowness() -> float:
    """How many times slower this processor is than the usual one; at least 1."""
    before = time.process_time()
    sum(number * number for number in range(1_000_000))
    return max(1.0, (time.process_time() - before) / USUAL_SECONDS)


# Measured once for each process, because the measure itself takes as long as a quick test.
SLOWNESS = slowness()


def processor_seconds() -> float:
    """The time used so far by this process and its children, both ended and running ones (Linux)."""
    times = os.times()
    alive = sum(_used(child) for child in _children(os.getpid()))
    return times.user + times.system + times.children_user + times.children_system + alive


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    before = processor_seconds()
    yield
    used = processor_seconds() - before
    if used > LIMIT_SECONDS * SLOWNESS and item.get_closest_marker("slow") is None:
        pytest.fail(
            f"the test took {used:.1f} seconds of processor time and is not marked `slow`: "
            "make it quicker, or mark it, and `./dev.py test --quick` leaves it out",
            pytrace=False,
        )


def _children(pid: int) -> Iterator[int]:
    """All descendants of a process; none if the kernel does not list them."""
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        # It has ended in the meantime.
        return
    for task in tasks:
        try:
            found = (task / "children").read_text().split()
        except OSError:
            continue
        for child in map(int, found):
            yield child
            yield from _children(child)


def _used(pid: int) -> float:
    """The processor seconds of a process and of its ended children; 0 if it has ended itself."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
