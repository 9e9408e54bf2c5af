"""A file that is missing, damaged or no profile at all is refused in its place, and never with another exception."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from queue_system.profiles import ProfileError, read_profile
from tests.profiles.test_profiles_refusals import SMALL, read


def test_an_unknown_profile_is_refused_with_a_hint() -> None:
    with pytest.raises(ProfileError, match='embasy: there is no profile of this name — did you mean "embassy"'):
        read_profile("embasy")


def test_the_library_is_no_profile() -> None:
    with pytest.raises(ProfileError, match="there is no profile of this name"):
        read_profile("library")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="No such file"):
        read_profile(tmp_path / "none.yaml")


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "small.yaml"
    path.write_bytes(
        SMALL.replace("Small office", "Small \N{LATIN SMALL LETTER E WITH ACUTE}").encode("latin-1", "replace")
    )
    with pytest.raises(ProfileError, match=r"small.yaml:3:1: is not UTF-8 text"):
        read_profile(path)


@pytest.mark.parametrize("text", ["", "# nothing but a remark\n"])
def test_an_empty_file_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ProfileError, match="the file is empty"):
        read(text, tmp_path)


def test_depth_does_not_break_the_reader(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="nested too deeply"):
        read("a: " + "[" * 20_000, tmp_path)


def test_a_second_document_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="expected a single document"):
        read(SMALL + "---\nid: other\n", tmp_path)


@pytest.mark.parametrize(
    "damage",
    [
        lambda line: "",
        lambda line: line + line,
        lambda line: line.split(":")[0] + ":\n",
        lambda line: line.split(":")[0] + ": [1, {a: b}]\n",
        lambda line: line.split(":")[0] + ": {a: {b: c}}\n",
        lambda line: line.replace("{", "[").replace("}", "]"),
        lambda line: "  " + line,
    ],
    ids=["left out", "twice", "emptied", "a list", "a mapping", "other brackets", "moved in"],
)
def test_damage_to_any_line_is_read_or_refused_in_its_place(tmp_path: Path, damage: Callable[[str], str]) -> None:
    """Every mistake ends in a ProfileError that points into the file, never in another exception."""
    lines = SMALL.splitlines(keepends=True)
    refused = []
    for index, line in enumerate(lines):
        text = "".join([*lines[:index], damage(line), *lines[index + 1 :]])
        try:
            read(text, tmp_path)
        except ProfileError as error:
            refused.append(error.line)
    assert len(refused) > 15
    assert all(1 <= line <= len(lines) + 1 for line in refused)
