"""An organisation that is written to a file and read is the same, also after it was in the tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from queue_system.profiles import Profile, profile_names, read_profile
from queue_system.profiles.install import install
from queue_system.profiles.stored import stored_profile
from queue_system.profiles.write import write_profile
from queue_system.settings.branch import Branch
from queue_system.store.database import Database


@pytest.mark.parametrize("name", profile_names())
def test_what_is_written_is_read_as_the_same(tmp_path: Path, name: str) -> None:
    profile = read_profile(name)
    again = read(write_profile(profile), tmp_path)
    assert again == profile.changed(sha256=again.sha256)
    for slug, branch in profile.branches.items():
        assert order(again.branches[slug]) == order(branch)


@pytest.mark.parametrize("name", profile_names())
def test_an_organisation_comes_back_out_of_the_tables_as_a_file(db: Database, tmp_path: Path, name: str) -> None:
    profile = read_profile(name)
    db.write_now(install, profile)
    text = write_profile(db.read_now(stored_profile))
    again = read(text, tmp_path)
    assert again == profile.changed(sha256=again.sha256)
    assert text == write_profile(profile), "the tables add nothing and leave nothing out"


@pytest.mark.parametrize("name", profile_names())
def test_a_written_file_is_written_as_the_same_text(tmp_path: Path, name: str) -> None:
    text = write_profile(read_profile(name))
    assert write_profile(read(text, tmp_path)) == text


def test_a_file_writes_only_what_is_not_as_usual() -> None:
    text = write_profile(read_profile("embassy"))
    assert "transport" not in text.split("branches:")[1], "the model says it"
    assert "tick_minutes" not in text
    assert "accessible: no" not in text
    assert "passport_photo" not in text.split("branches:")[0], "documents of the library"


def test_a_branch_that_has_lost_what_it_inherited_no_longer_says_that_it_inherits(tmp_path: Path) -> None:
    embassy = read_profile("embassy")
    mission = embassy.branches["mission-template"]
    assert mission.inherits_from == "doha-main"
    losses: list[dict[str, Any]] = [{"texts": {}}, {"targets": None}, {"calendars": (), "notes": ()}, {"devices": {}}]
    for lost in losses:
        changed = mission.changed(**lost)
        profile = embassy.changed(branches={**embassy.branches, mission.slug: changed})
        again = read(write_profile(profile), tmp_path).branches[mission.slug]
        assert again.model_dump(exclude={"inherits_from"}) == changed.model_dump(exclude={"inherits_from"})


def test_a_branch_may_take_back_what_it_inherited(tmp_path: Path) -> None:
    embassy = read_profile("embassy")
    doha = embassy.branches["doha-main"].changed(remote_tickets=True, tick_minutes=10)
    profile = embassy.changed(branches={**embassy.branches, "doha-main": doha})
    again = read(write_profile(profile), tmp_path)
    mission = again.branches["mission-template"]
    assert (mission.inherits_from, mission.remote_tickets, mission.tick_minutes) == ("doha-main", False, 5)
    assert again.branches["doha-main"] == doha


def test_a_changed_entry_of_the_library_is_not_written_as_if_it_were_an_addition() -> None:
    embassy = read_profile("embassy")
    policies = embassy.catalogue.policies
    shorter = {**policies, "open_fcfs": policies["open_fcfs"].changed(horizon_days=7)}
    with pytest.raises(ValueError, match='policies: "open_fcfs" is not what the library says'):
        write_profile(embassy.changed(catalogue=embassy.catalogue.changed(policies=shorter)))


def order(branch: Branch) -> list[list[str]]:
    parts = (branch.zones, branch.departments, branch.queues, branch.services, branch.devices, branch.occasions)
    return [list(part) for part in (*parts, branch.counters, branch.resources, branch.texts)]


def read(text: str, folder: Path) -> Profile:
    path = folder / "ours.yaml"
    path.write_text(text, "utf-8")
    return read_profile(path)
