"""The processes that a test has started, and the processor time that they and the test have used."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

# Children that do nothing for the present test, such as the browser in a test without one, and what they had used when
# they began to rest. Reading the hundred threads of a browser before and after each test would take longer than many of
# the tests.
_RESTING: dict[int, float] = {}


def rest(pids: set[int]) -> None:
    """What these children do from now on counts for no test, until they wake."""
    _RESTING.update({pid: _used_with_descendants(pid) for pid in pids})


def wake(pids: set[int]) -> None:
    """What these children do counts again."""
    for pid in pids:
        _RESTING.pop(pid, None)


def processor_seconds() -> float:
    """The time used so far by this process and its children, both ended and running ones.

    The time of a child that rests stands still. It does not drop out, because all of it would come back on the day
    when the child ends, and count for the test that ends it. Linux only; elsewhere the running children are missing.
    """
    times = os.times()
    alive = sum(map(_used_with_descendants, children() - _RESTING.keys())) + sum(_RESTING.values())
    return times.user + times.system + times.children_user + times.children_system + alive


def children() -> set[int]:
    """The running processes that this process has started; none if the kernel does not list them."""
    return set(children_of(os.getpid()))


def _descendants(pid: int) -> Iterator[int]:
    for child in children_of(pid):
        yield child
        yield from _descendants(child)


def children_of(pid: int) -> Iterator[int]:
    """The running processes that a process has started."""
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
        yield from map(int, found)


def _used_with_descendants(pid: int) -> float:
    return _used(pid) + sum(map(_used, _descendants(pid)))


def _used(pid: int) -> float:
    """The processor seconds of a process and of its ended children; 0 if it has ended itself."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
