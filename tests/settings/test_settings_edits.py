"""An edit is a three-way change: what two people change separately merges, and every edit can be undone."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queue_system.settings.branch import Branch
from queue_system.settings.edits import Conflict, Conflicted, Edit, applied, difference, merged
from queue_system.settings.merging import merged_list
from queue_system.settings.objects import object_at, objects_of
from queue_system.settings.organisation import Profile
from tests.kit.changed_settings import a_branch, changed
from tests.kit.furnished import profile_of

# Shown in place of a whole branch.
SEEDS = st.integers(0, 2**32).map(Random)


def canonical(place: Branch | Profile) -> str:
    return json.dumps(list(objects_of(place).items()), ensure_ascii=False)


# ---------------------------------------------------------------- there and back


@settings(max_examples=100)
@given(SEEDS)
def test_the_difference_of_two_branches_leads_from_one_to_the_other_and_back(random: Random) -> None:
    branch = a_branch(random)
    after = changed(random, branch)
    edits = difference(branch, after)
    assert applied(branch, edits) == after
    assert canonical(applied(branch, edits)) == canonical(after)
    back = applied(after, [edit.undone for edit in reversed(edits)])
    assert canonical(back) == canonical(branch)


@settings(max_examples=40)
@given(SEEDS)
def test_the_same_holds_for_the_organisation(random: Random) -> None:
    before = profile_of("embassy")
    after = changed(random, before)
    edits = difference(before, after)
    assert canonical(applied(before, edits)) == canonical(after)
    assert canonical(applied(after, [edit.undone for edit in reversed(edits)])) == canonical(before)


def test_no_difference_is_no_edit() -> None:
    profile = profile_of("embassy")
    assert difference(profile, profile) == ()
    for branch in profile.branches.values():
        assert difference(branch, branch) == ()


@settings(max_examples=60)
@given(SEEDS)
def test_edits_survive_as_json(random: Random) -> None:
    branch = a_branch(random)
    edits = difference(branch, changed(random, branch))
    read = [Edit(**json.loads(json.dumps({f: getattr(edit, f) for f in Edit.__slots__}))) for edit in edits]
    assert tuple(read) == edits


def test_one_object_is_what_it_is_among_all() -> None:
    profile = profile_of("embassy")
    places: list[Branch | Profile] = [profile, *profile.branches.values()]
    for place in places:
        objects = objects_of(place)
        assert {key: object_at(place, key) for key in objects} == objects
        assert object_at(place, ("service", "no-such-service")) is None
        assert object_at(place, ("no-such-kind", "embassy")) is None


# ---------------------------------------------------------------- two people


@settings(max_examples=100)
@given(SEEDS)
def test_edits_of_different_fields_commute(random: Random) -> None:
    branch = a_branch(random)
    mine, theirs = (difference(branch, changed(random, branch)) for _ in range(2))
    apart = [edit for edit in theirs if not any(overlap(edit, other) for other in mine)]
    one, more = merged(branch, [*mine, *apart])
    other, less = merged(branch, [*apart, *mine])
    assert more == less == []
    assert unordered(one) == unordered(other)


def overlap(one: Edit, other: Edit) -> bool:
    """Whether two edits change the same field; to add or remove a thing changes all of its fields."""
    if (one.kind, one.slug) != (other.kind, other.slug):
        return False
    return None in (one.was, one.now, other.was, other.now) or not set(one.fields).isdisjoint(other.fields)


def unordered(objects: Any) -> Any:
    """Without the places of things that both have added to one list."""
    return {
        key: {name: sorted(map(str, value)) if isinstance(value, list) else value for name, value in values.items()}
        for key, values in objects.items()
    }


def test_two_people_who_change_one_field_are_both_told() -> None:
    branch = doha()
    mine = Edit("service", "attest-single", {"duration_min": 6}, {"duration_min": 15})
    theirs = branch.services["attest-single"].changed(duration_min=20)
    now = branch.changed(services={**branch.services, "attest-single": theirs})
    with pytest.raises(Conflicted) as refused:
        applied(now, [mine])
    assert refused.value.conflicts == (Conflict("service", "attest-single", "duration_min", 6, 20, 15),)


def test_a_field_that_the_form_showed_and_nobody_changed_is_left_alone() -> None:
    """A form sends a checkbox that is not ticked, although the setting was never written."""
    branch = doha()
    counter = next(iter(branch.counters.values()))
    assert not counter.accessible
    theirs = counter.changed(accessible=True)
    now = branch.changed(counters={**branch.counters, counter.slug: theirs})
    assert applied(now, [Edit("counter", counter.slug, {}, {"accessible": False})]) == now


def test_independent_settings_of_a_group_merge_and_a_name_is_taken_whole() -> None:
    branch = doha()
    rules = branch.queue_rules
    now = branch.changed(
        queue_rules=rules.changed(late_grace_min=rules.late_grace_min + 1), names={"ar": "أ", "en": "a"}
    )
    mine = branch.changed(queue_rules=rules.changed(no_show_after_calls=9), names={"ar": "ب", "en": "a"})
    objects, conflicts = merged(now, difference(branch, mine))
    found = objects["branch", branch.slug]
    assert found["queue_rules"]["no_show_after_calls"] == 9
    assert found["queue_rules"]["late_grace_min"] == rules.late_grace_min + 1
    assert [conflict.field for conflict in conflicts] == ["names"]
    assert found["names"] == {"ar": "أ", "en": "a"}


def test_what_somebody_removed_cannot_be_changed_and_the_reverse() -> None:
    branch = doha()
    slug, *_ = branch.texts
    without = branch.changed(texts={name: text for name, text in branch.texts.items() if name != slug})
    reworded = branch.changed(texts={**branch.texts, slug: {"ar": "ج", "en": "c"}})
    for one, other in ((without, reworded), (reworded, without)):
        with pytest.raises(Conflicted) as refused:
            applied(one, difference(branch, other))
        assert {(found.kind, found.slug, found.field) for found in refused.value.conflicts} == {("text", slug, "")}
        # The same change by both is none.
        assert applied(one, difference(branch, one)) == one


@pytest.mark.parametrize(
    ("was", "theirs", "yours", "both"),
    [
        ("abc", "abcd", "xabc", "xabcd"),
        ("abc", "ac", "abcd", "acd"),
        ("abc", "ac", "ac", "ac"),
        ("abc", "ab", "bc", "b"),
        ("abc", "abcm", "abck", "abckm"),
        ("abc", "abck", "abcm", "abckm"),
        ("abc", "cab", "abcd", "cdab"),
        # Changed by one, removed or changed in another way by the other.
        ("abc", "axc", "ac", None),
        ("abc", "ac", "axc", None),
        ("abc", "axc", "ayc", None),
        # Put into two different orders.
        ("abc", "cba", "bac", None),
    ],
)
def test_lists_merge_by_their_elements(was: str, theirs: str, yours: str, both: str | None) -> None:
    assert merged_list(was, theirs, yours) == (None if both is None else list(both))


def test_hours_of_two_people_merge() -> None:
    branch = doha()
    early, late, *rest = branch.hours
    theirs = branch.changed(hours=(early, *rest))
    mine = branch.changed(hours=(early.changed(opens="06:30"), late, *rest))
    assert applied(theirs, difference(branch, mine)).hours == (mine.hours[0], *rest)


def doha() -> Branch:
    return profile_of("embassy").branches["doha-main"]
