"""A branch that is exported and read is the same branch, and the file is complete by itself."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from queue_system.profiles import ProfileError, profile_names
from queue_system.profiles.branch_file import read_branch_file, write_branch_file
from queue_system.settings.branch import Branch
from queue_system.settings.canonical import canonical, fingerprint
from queue_system.settings.catalogue import Catalogue
from queue_system.settings.consistency import faults
from queue_system.settings.helping import Helper
from queue_system.settings.portable import Portable
from tests.kit.changed_settings import changed
from tests.kit.furnished import profile_of

AT = datetime(2026, 11, 29, 9, tzinfo=UTC)


@pytest.mark.parametrize("name", profile_names())
def test_every_branch_comes_back_from_its_file(name: str) -> None:
    profile = profile_of(name)
    for branch in profile.branches.values():
        text = write_branch_file(branch, profile.catalogue, addresses=True, exported_at=AT)
        again = read(text)
        assert again.branch == branch
        assert canonical(again.branch, again.catalogue) == canonical(branch, profile.catalogue)
        assert f"settings_sha256: {fingerprint(again.branch, again.catalogue)}" in text
        assert write_branch_file(again.branch, again.catalogue, addresses=True, exported_at=AT) == text


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32).map(Random))
def test_a_branch_that_was_changed_comes_back_too(random: Random) -> None:
    profile = profile_of("embassy")
    branch = changed(random, profile.branches["doha-main"], most=3)
    assume(not faults(branch, profile.catalogue))
    again = read(write(branch, profile.catalogue))
    assert canonical(in_order(again.branch), again.catalogue) == canonical(in_order(branch), profile.catalogue)


def test_a_device_may_lack_what_its_model_has() -> None:
    profile = profile_of("embassy")
    branch = profile.branches["doha-main"]
    screen = next(device for device in branch.devices.values() if getattr(device.kit, "screen_in", None))
    smaller = screen.changed(kit=screen.kit.changed(screen_in=None, orientation="portrait"))
    branch = branch.changed(devices={**branch.devices, screen.slug: smaller})
    assert read(write(branch, profile.catalogue)).branch == branch


def test_the_organisations_that_book_for_people_come_back() -> None:
    profile = profile_of("embassy")
    branch = profile.branches["doha-main"]
    names = {"ar": "نقابة المحامين", "en": "Bar association"}
    bar = Helper.model_validate(
        {
            "slug": "bar",
            "names": names,
            "services": ["travel-doc"],
            "places": 3,
            "per": "day",
            "link": 2,
            "until": "2027-06-30",
        }
    )
    branch = branch.changed(helpers={"bar": bar})
    assert not faults(branch, profile.catalogue)
    text = write(branch, profile.catalogue)
    assert "نقابة المحامين" in text
    assert read(text).branch == branch


def test_two_exports_differ_in_the_first_line_alone() -> None:
    profile = profile_of("embassy")
    branch = profile.branches["doha-main"]
    one, other = (
        write_branch_file(branch, profile.catalogue, exported_at=at).split("\n", 1)
        for at in (AT, AT.replace(year=2027))
    )
    assert one[0] != other[0]
    assert one[1] == other[1]


def test_a_file_says_where_a_printer_is_only_when_it_is_asked_to() -> None:
    profile = profile_of("embassy")
    branch = profile.branches["doha-main"]
    printer, at = next((device, device.place) for device in branch.devices.values() if device.place)
    place = at.changed(host="10.1.2.3", port=9200)
    branch = branch.changed(devices={**branch.devices, printer.slug: printer.changed(place=place)})
    hosts = ["10.1.2.3", "9200"]
    text = write(branch, profile.catalogue, addresses=False)
    assert not any(host in text for host in hosts)
    assert all(host in write(branch, profile.catalogue) for host in hosts)
    kept = read(text)
    assert not kept.has_addresses
    assert [device.place.role for device in kept.branch.devices.values() if device.place] == [
        device.place.role for device in branch.devices.values() if device.place
    ]


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        ("format: 1", "format: 2", "ours.yaml:1:9: format: 2 is newer than this program, which reads 1"),
        ("format: 1", "format: old", '"old" is not a format of branch files'),
        ("format: 1\n", "", '"format" is missing'),
        ("policy: weekly_ballot", "policy: none_such", 'unknown policy "none_such"'),
        ("branches:\n", "people: [karim]\nbranches:\n", 'unknown key "people"'),
    ],
)
def test_what_cannot_be_read_is_said_with_its_line(was: str, becomes: str, said: str) -> None:
    profile = profile_of("embassy")
    text = write(profile.branches["doha-main"], profile.catalogue)
    assert was in text
    with pytest.raises(ProfileError) as refused:
        read(text.replace(was, becomes, 1))
    assert said in str(refused.value)


def write(branch: Branch, catalogue: Catalogue, *, addresses: bool = True) -> str:
    return write_branch_file(branch, catalogue, addresses=addresses)


def read(text: str) -> Portable:
    return read_branch_file(text.encode(), "ours.yaml")


def in_order(branch: Branch) -> Branch:
    """The branch with its hours in one order: a file has those of each layer together."""
    return branch.changed(hours=tuple(sorted(branch.hours, key=repr)))
