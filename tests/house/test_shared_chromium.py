"""The one Chromium of a worker: no test finds what another left, and tests of asyncio run beside it."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from tests.kit import processes
from tests.kit.chromium import SharedChromium

pytestmark = pytest.mark.browser

# Half a second of it.
WORK = "() => { const end = performance.now() + 500; while (performance.now() < end); }"


def test_it_is_one_browser_with_nothing_left_of_the_test_before(shared_chromium: SharedChromium) -> None:
    with shared_chromium.lent() as first:
        first.new_page()
        first.new_context()
    with shared_chromium.lent() as second:
        assert second is first
        assert second.contexts == []


def test_asyncio_runs_between_two_tests_with_it(shared_chromium: SharedChromium) -> None:
    with shared_chromium.lent() as browser:
        page = browser.new_page()
        assert page.evaluate("1 + 1") == 2
    assert asyncio.run(asyncio.sleep(0, "slept")) == "slept"
    with shared_chromium.lent() as browser:
        assert browser.new_page().evaluate("1 + 1") == 2


def test_a_test_that_fails_gives_it_back(shared_chromium: SharedChromium) -> None:
    with suppress(ZeroDivisionError), shared_chromium.lent() as browser:
        browser.new_page()
        raise ZeroDivisionError
    assert asyncio.run(asyncio.sleep(0, "slept")) == "slept"
    with shared_chromium.lent() as browser:
        assert browser.contexts == []


def test_one_that_has_ended_is_replaced(shared_chromium: SharedChromium) -> None:
    with shared_chromium.lent() as browser:
        browser.close()
    with shared_chromium.lent() as another:
        assert another is not browser
        assert another.new_page().evaluate("1 + 1") == 2


def test_its_work_counts_only_while_a_test_has_it(shared_chromium: SharedChromium) -> None:
    with shared_chromium.lent():
        pass
    rested = processes.processor_seconds()
    with shared_chromium.lent() as browser:
        browser.new_page().evaluate(WORK)
        assert processes.processor_seconds() > rested + 0.2
        used = processes.processor_seconds()
    assert used <= processes.processor_seconds() < used + 0.2


def test_what_it_did_for_others_does_not_count_for_the_test_that_ends_it(shared_chromium: SharedChromium) -> None:
    with shared_chromium.lent() as browser:
        browser.new_page().evaluate(WORK)
        worked = sum(map(processes._used_with_descendants, shared_chromium.processes))
    before = processes.processor_seconds()
    with shared_chromium.lent() as browser:
        browser.close()
        shared_chromium.close()
        assert processes.processor_seconds() < before + worked / 4
