"""The words of a role and the atomic rights that they grant."""

from __future__ import annotations

from typing import get_args

import pytest

from queue_system.core import rights
from queue_system.core.rights import ATOMIC, EVERYTHING, GROUPS, granted, written_out
from queue_system.profiles.reader import profile_names, read_profile


def test_every_atomic_right_is_in_one_group_and_stands_for_itself() -> None:
    assert len(set(ATOMIC)) == len(ATOMIC) == sum(map(len, GROUPS.values()))
    assert {EVERYTHING, *ATOMIC} == set(get_args(rights.Atomic))
    assert granted(ATOMIC) == set(ATOMIC)
    assert written_out(granted([EVERYTHING])) == set(ATOMIC)


def test_other_words_grant_atomic_rights_or_nothing() -> None:
    for word in get_args(rights.Alias):
        assert granted([word]) <= set(ATOMIC), word
        assert granted([word]), word
    for word in get_args(rights.Promise):
        assert granted([word]) <= set(ATOMIC), word
    assert granted(["no such word"]) == frozenset()


@pytest.mark.parametrize("profile", profile_names())
def test_every_word_of_the_samples_is_known(profile: str) -> None:
    known = set(get_args(rights.Right))
    assert [word for role in read_profile(profile).roles.values() for word in role.can if word not in known] == []


def test_who_sets_hours_sees_no_names_and_the_reverse() -> None:
    assert not granted(["edit_hours", "close_day"]) & rights.NAME_RIGHTS
    assert not granted(["see_contacts", "check_in"]) & set(GROUPS["settings"])
