"""Every organisation that the first run can found is one that the office can go on with."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from queue_system.profiles.branch_file import read_branch_file, write_branch_file
from queue_system.profiles.founding import WantedHouse, founded, samples
from queue_system.profiles.reader import read_profile
from queue_system.profiles.write import write_profile
from queue_system.settings.consistency import catalogue_faults, faults
from queue_system.settings.portable import portable

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize("sample", ["", *samples()])
@pytest.mark.parametrize("languages", [("ar",), ("ar", "en")])
def test_what_is_founded_contradicts_nothing_and_leaves_as_a_file(
    sample: str, languages: tuple[str, ...], tmp_path: Path
) -> None:
    """Also a house with pages in Arabic alone: every text needs English, too, and nobody was asked for it."""
    names = dict.fromkeys(languages, "دار البيت")
    zone = samples()[sample].timezone if sample else "Asia/Qatar"
    profile = founded(WantedHouse(names, names, languages, "ar", zone, sample))
    (branch,) = profile.branches.values()
    assert faults(branch, profile.catalogue, TODAY) == ()
    assert catalogue_faults(profile.catalogue) == ()
    assert (branch.names, branch.languages) == ({"ar": "دار البيت", "en": "دار البيت"}, languages)
    file = write_branch_file(branch, profile.catalogue, addresses=True)
    read = read_branch_file(file.encode(), "branch.yaml")
    assert read.branch == portable(branch, profile.catalogue, addresses=True).branch
    whole = tmp_path / "house.yaml"
    whole.write_text(write_profile(profile), "utf-8")
    assert read_profile(whole).branches == profile.branches
