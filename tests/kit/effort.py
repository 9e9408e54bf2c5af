"""The limit for the work of a test: ten seconds of processor time, unless the test is marked `slow`.

It measures the processor time of the test's process and of all its children, and not the clock: on a busy machine a
test takes longer, but its work is the same. The seconds are those of a usual processor of 2024. A small computation
measures the present one first; a slower processor gets proportionally more.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.kit.processes import processor_seconds

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


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    before = processor_seconds()
    yield
    used = processor_seconds() - before
    # A processor that others share has become slower since the beginning, so it is measured again.
    if (
        used > LIMIT_SECONDS * SLOWNESS
        and used > LIMIT_SECONDS * slowness()
        and item.get_closest_marker("slow") is None
    ):
        pytest.fail(
            f"the test took {used:.1f} seconds of processor time and is not marked `slow`: "
            "make it quicker, or mark it, and `./dev.py test --quick` leaves it out",
            pytrace=False,
        )
