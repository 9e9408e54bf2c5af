"""A profile with several mistakes: all of them are told at once, and how many are left where there are very many."""

from __future__ import annotations

from pathlib import Path

import pytest

from queue_system.profiles import ProfileError
from queue_system.profiles.nodes import MOST_ERRORS
from tests.profiles.test_profiles_refusals import SMALL, read


@pytest.mark.parametrize(
    ("old", "new", "reasons"),
    [
        ("{days: [sun, mon], open: 08:30", "{days: [sun, sun, xyz], open: 08:30", ["sun", "xyz"]),
        (
            "k1: {model: kiosk_std, zone: entrance}",
            "k1: {model: [x], zone: entrance}\n      p2: {model: nothing}",
            ["must be one value, not a list", 'unknown device model "nothing"'],
        ),
    ],
)
def test_mistakes_in_one_list_are_told_together(tmp_path: Path, old: str, new: str, reasons: list[str]) -> None:
    with pytest.raises(ProfileError) as caught:
        read(SMALL.replace(old, new, 1), tmp_path)
    assert len(str(caught.value).splitlines()) == len(reasons)
    for line, reason in zip(str(caught.value).splitlines(), reasons, strict=True):
        assert reason in line


@pytest.mark.parametrize(("mistakes", "last"), [(MOST_ERRORS, "p20"), (MOST_ERRORS + 3, "and 3 more")])
def test_of_very_many_mistakes_it_says_how_many_are_left(tmp_path: Path, mistakes: int, last: str) -> None:
    lines = "".join(f"\n      p{number}: {{model: nothing}}" for number in range(1, mistakes + 1))
    old = "p1: {model: printer_80_tcp, attached_to: k1}"
    with pytest.raises(ProfileError) as caught:
        read(SMALL.replace(f"\n      {old}", lines), tmp_path)
    told = str(caught.value).splitlines()
    assert len(told) == min(mistakes, MOST_ERRORS + 1)
    assert last in told[-1]
