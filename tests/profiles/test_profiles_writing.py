"""An organisation that is written to a file and read is the same, also after it was in the tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from queue_system.actions.installation import install
from queue_system.profiles import Profile, profile_names, read_profile
from queue_system.profiles.catalogue import SECTIONS
from queue_system.profiles.reader import library
from queue_system.profiles.write import write_profile
from queue_system.settings.branch import Branch
from queue_system.settings.catalogue import Calendar, Catalogue, Season
from queue_system.settings.devices import DeviceModel
from queue_system.store.database import Database
from queue_system.store.queries.stored import stored_profile
from tests.kit.furnished import profile_of


@pytest.mark.parametrize("name", profile_names())
def test_what_is_written_is_read_as_the_same(tmp_path: Path, name: str) -> None:
    profile = profile_of(name)
    again = read(write_profile(profile), tmp_path)
    assert again == profile.changed(sha256=again.sha256)
    for slug, branch in profile.branches.items():
        assert order(again.branches[slug]) == order(branch)


@pytest.mark.parametrize("name", profile_names())
def test_an_organisation_comes_back_out_of_the_tables_as_a_file(db: Database, tmp_path: Path, name: str) -> None:
    profile = profile_of(name)
    db.write_now(install, profile)
    text = write_profile(db.read_now(stored_profile))
    again = read(text, tmp_path)
    assert again == profile.changed(sha256=again.sha256)
    assert text == write_profile(profile), "the tables add nothing and leave nothing out"


@pytest.mark.parametrize("name", profile_names())
def test_a_written_file_is_written_as_the_same_text(tmp_path: Path, name: str) -> None:
    text = write_profile(profile_of(name))
    assert write_profile(read(text, tmp_path)) == text


def test_a_file_writes_only_what_is_not_as_usual() -> None:
    text = write_profile(profile_of("embassy"))
    assert "transport" not in text.split("branches:")[1], "the model says it"
    assert "tick_minutes" not in text
    assert "accessible: no" not in text
    assert "passport_photo" not in text.split("branches:")[0], "documents of the library"


def test_a_branch_that_has_lost_what_it_inherited_no_longer_says_that_it_inherits(tmp_path: Path) -> None:
    embassy = profile_of("embassy")
    mission = embassy.branches["mission-template"]
    assert mission.inherits_from == "doha-main"
    losses: list[dict[str, Any]] = [{"texts": {}}, {"targets": None}, {"calendars": (), "notes": ()}, {"devices": {}}]
    for lost in losses:
        changed = mission.changed(**lost)
        profile = embassy.changed(branches={**embassy.branches, mission.slug: changed})
        again = read(write_profile(profile), tmp_path).branches[mission.slug]
        assert again.model_dump(exclude={"inherits_from"}) == changed.model_dump(exclude={"inherits_from"})


def test_a_branch_may_take_back_what_it_inherited(tmp_path: Path) -> None:
    embassy = profile_of("embassy")
    doha = embassy.branches["doha-main"].changed(remote_tickets=True, tick_minutes=10)
    profile = embassy.changed(branches={**embassy.branches, "doha-main": doha})
    again = read(write_profile(profile), tmp_path)
    mission = again.branches["mission-template"]
    assert (mission.inherits_from, mission.remote_tickets, mission.tick_minutes) == ("doha-main", False, 5)
    assert again.branches["doha-main"] == doha


@pytest.mark.parametrize("name", profile_names())
def test_what_was_changed_in_the_library_comes_back_as_a_change(db: Database, tmp_path: Path, name: str) -> None:
    profile = profile_of(name)
    changed = profile.changed(catalogue=changed_everywhere(profile.catalogue))
    text = write_profile(changed)
    again = read(text, tmp_path)
    assert again == changed.changed(sha256=again.sha256)
    assert write_profile(again) == text
    for field in Catalogue.model_fields:
        assert list(getattr(again.catalogue, field)) == list(getattr(profile.catalogue, field)), "the order is kept"
    db.write_now(install, again)
    assert write_profile(db.read_now(stored_profile)) == text


def changed_everywhere(catalogue: Catalogue) -> Catalogue:
    """The catalogue with one entry of each section of the library changed."""
    parts: dict[str, Any] = {}
    for name in SECTIONS:
        slug, thing = next((slug, thing) for slug, thing in getattr(library(), name).items() if other(thing) != thing)
        parts[name] = {**getattr(catalogue, name), slug: other(thing)}
    return Catalogue(**parts)


NAMED = {"ar": "اسم آخر", "en": "Another name"}


def other(thing: Any) -> Any:
    match thing:
        case dict():
            return {**thing, "en": f"{thing['en']} (other)"}
        case DeviceModel():
            return thing.changed(kit=thing.kit.changed(dots=384), names=NAMED) if thing.kind == "printer" else thing
        case (Season() as first, *rest):
            return (first.changed(provisional=not first.provisional), *rest)
        case Calendar():
            return thing.changed(closures=thing.closures[:-1], names=NAMED)
    return thing.changed(names=other(thing.names))


def order(branch: Branch) -> list[list[str]]:
    parts = (branch.zones, branch.departments, branch.queues, branch.services, branch.devices, branch.occasions)
    return [list(part) for part in (*parts, branch.counters, branch.resources, branch.texts)]


def read(text: str, folder: Path) -> Profile:
    path = folder / "ours.yaml"
    path.write_text(text, "utf-8")
    return read_profile(path)


def test_how_people_sign_in_is_kept_in_file_and_tables(db: Database, tmp_path: Path) -> None:
    text = (
        "needs_second_factor: administrators\n"
        "single_sign_on:\n"
        "  issuer: https://login.example.org/realms/ministry\n"
        "  client_id: queue\n"
        "  roles:\n"
        "    - {group: consular-clerks, role: officer, branch: doha-main}\n"
        "    - {group: it-admins, role: administrator}\n"
    )
    profile = read(text + write_profile(profile_of("embassy")), tmp_path)
    assert profile.needs_second_factor == "administrators"
    assert profile.single_sign_on
    assert [one.branch for one in profile.single_sign_on.roles] == ["doha-main", None]
    db.write_now(install, profile)
    stored = db.read_now(stored_profile)
    assert (stored.needs_second_factor, stored.single_sign_on) == (profile.needs_second_factor, profile.single_sign_on)
    again = read(write_profile(stored), tmp_path)
    assert again.single_sign_on == profile.single_sign_on
