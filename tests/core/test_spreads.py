"""Spreads as numbers: the sum of numbers is the number of the sum."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_system.core.digests import Tally
from queue_system.core.spreads import MOST, number, packed, unpacked

SPREADS = st.dictionaries(st.integers(0, 300), st.integers(1, 2**29), min_size=1)


@given(st.lists(SPREADS, min_size=1, max_size=5))
def test_numbers_are_added_as_their_spreads_are(several: list[dict[int, int]]) -> None:
    texts = [packed(one) for one in several]
    added = Tally()
    for one in several:
        added = added.plus(Tally({}, {}, {"wait": one}))
    assert unpacked(sum(number(text) for text in texts if text)) == added.spreads["wait"]


def test_a_spread_to_its_greatest_value_comes_back() -> None:
    spread = {0: 1, MOST: 2**32 - 1}
    text = packed(spread)
    assert text is not None
    assert unpacked(number(text)) == spread
    assert unpacked(0) == {}


@pytest.mark.parametrize("spread", [{}, {MOST + 1: 1}, {-1: 1, 5: 2}])
def test_what_does_not_fit_is_left_as_it_is(spread: dict[int, int]) -> None:
    assert packed(spread) is None
