"""A branch goes from one installation to another as a file, and into a live one without losing what people hold."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from queue_system.actions import approvals, bookings, four_eyes, guarded_settings
from queue_system.actions.bookings import HoldOrder
from queue_system.actions.importing import import_branch
from queue_system.actions.second_person import SecondPersonNeeded
from queue_system.actions.settings import UnfitSettings
from queue_system.clock import FrozenClock
from queue_system.core.errors import Denied, Stale
from queue_system.core.promises import Choices
from queue_system.profiles import profile_names
from queue_system.profiles.branch_file import read_branch_file, write_branch_file
from queue_system.settings.agenda import BranchClosure
from queue_system.settings.canonical import canonical
from queue_system.settings.organisation import Profile
from queue_system.settings.portable import Portable
from queue_system.store import log
from queue_system.store.database import Database
from queue_system.store.log import SYSTEM, VISITOR, Actor
from queue_system.store.queries.access import StaffView, staff_by_id
from queue_system.store.queries.arrivals import Incoming, incoming
from queue_system.store.queries.changes import history
from queue_system.store.queries.effect import undecided
from queue_system.store.queries.grants import grant
from queue_system.store.queries.settings import branch_settings
from queue_system.store.queries.stored import stored_profile
from tests.kit.furnished import furnish_with, profile_of
from tests.kit.hall import Hall


def carry(db: Database, file: Portable, into: str = "", **more: Any) -> Incoming:
    """Import a file as it was previewed."""
    found = db.read_now(incoming, file, into)
    db.write_now(import_branch, found, **{"actor": SYSTEM, "person": None, **more})
    return found


def exported(profile: Profile, slug: str, *, addresses: bool = True) -> Portable:
    text = write_branch_file(profile.branches[slug], profile.catalogue, addresses=addresses)
    return read_branch_file(text.encode(), "ours.yaml")


def of(file: Portable, **fields: Any) -> Portable:
    return Portable(file.branch.changed(**fields), file.catalogue, file.has_addresses)


@pytest.mark.parametrize("name", profile_names())
def test_an_installation_changes_nothing_by_its_own_exports(db: Database, name: str) -> None:
    furnish_with(db, name)
    profile = db.read_now(stored_profile)
    for slug in profile.branches:
        found = db.read_now(incoming, exported(profile, slug, addresses=False), "")
        assert found.does_nothing
        assert found.arrival.differing == ()


@pytest.mark.parametrize("name", [name for name in profile_names() if name != "embassy"])
def test_every_branch_arrives_in_another_organisation_as_it_left(db: Database, name: str) -> None:
    furnish_with(db, "embassy")
    profile = profile_of(name)
    for slug, branch in profile.branches.items():
        carry(db, exported(profile, slug))
        stored = db.read_now(stored_profile)
        assert canonical(stored.branches[slug], stored.catalogue) == canonical(branch, profile.catalogue)
    assert all(verdict.broken_at is None for verdict in db.read_now(log.verify))


def test_what_the_file_does_not_have_ends_where_somebody_depends_on_it(hall: Hall, clock: FrozenClock) -> None:
    ticket = hall.issue("attest-single").ticket
    profile = hall.db.read_now(stored_profile)
    branch = profile.branches["doha-main"]
    kept = hall.branch.service("attest-single")
    unused = next(slug for slug in branch.services if slug != kept.slug)
    rest = {slug: one for slug, one in branch.services.items() if slug not in (kept.slug, unused)}
    hours = tuple(rule for rule in branch.hours if rule.service in (None, *rest))
    found = carry(hall.db, of(exported(profile, "doha-main"), services=rest, hours=hours))
    (effect,) = found.preview.effects.values()
    assert [one.code for one in effect.tickets] == [ticket.code], "it is listed before it is done"
    after = hall.db.read_now(stored_profile).branches["doha-main"]
    assert unused not in after.services
    until = after.services["attest-single"].until
    assert until is not None
    assert until < clock.now().date()


def test_appointments_that_lose_their_time_are_on_the_list_to_be_decided(hall: Hall) -> None:
    starts_at = hall.db.clock.now().replace(minute=0) + timedelta(hours=1)
    order = HoldOrder(hall.branch.id, hall.service("attest-single"), starts_at, "سامر", "+97455512345", "ar", VISITOR)
    held = hall.db.write_in_now(hall.branch.id, bookings.hold_slot, order)
    hall.db.write_in_now(hall.branch.id, bookings.confirm_booking, hall.branch.id, held.id, VISITOR)
    profile = hall.db.read_now(stored_profile)
    today = starts_at.date()
    closed = BranchClosure(first=today, last=today, names={"ar": "إغلاق", "en": "Closed"})
    found = carry(hall.db, of(exported(profile, "doha-main"), closures=(closed,)))
    (effect,) = found.preview.effects.values()
    assert [one.id for one in effect.bookings] == [held.id]
    now = hall.db.read_now(branch_settings, hall.branch.id)
    assert [one.booking.id for one in hall.db.read_now(undecided, now)] == [held.id]


def test_what_the_organisation_lacks_is_added_and_what_it_has_stays(db: Database) -> None:
    furnish_with(db, "embassy")
    profile = profile_of("forum")
    branch = profile.branches["istanbul"]
    file = exported(profile, "istanbul")
    policy = file.catalogue.policies[next(iter(branch.services.values())).policy]
    other = policy.changed(names={"ar": "آخر", "en": "Another"})
    catalogue = file.catalogue.changed(
        policies={**file.catalogue.policies, other.slug: other},
        documents={**file.catalogue.documents, "ours_alone": {"ar": "وثيقة", "en": "Paper"}},
    )
    service = next(iter(branch.services.values())).changed(documents=("ours_alone",))
    richer = Portable(branch.changed(services={**branch.services, service.slug: service}), catalogue, True)
    found = carry(db, richer)
    assert ("policy", policy.slug) in found.arrival.differing
    after = db.read_now(stored_profile)
    assert after.catalogue.policies[policy.slug] == policy
    assert after.catalogue.documents["ours_alone"] == {"ar": "وثيقة", "en": "Paper"}
    assert after.branches["istanbul"].services[service.slug].documents == ("ours_alone",)


def test_a_branch_starts_from_the_file_of_another_with_its_own_name_for_programs(hall: Hall) -> None:
    profile = hall.db.read_now(stored_profile)
    carry(hall.db, exported(profile, "mission-template"), "ankara")
    after = hall.db.read_now(stored_profile)
    assert (after.branches["ankara"].kind, after.branches["mission-template"].kind) == ("office", "replica")
    assert after.branches["ankara"].services == after.branches["mission-template"].services


def test_printers_keep_their_addresses_when_the_file_has_none(hall: Hall) -> None:
    profile = hall.db.read_now(stored_profile)
    branch = profile.branches["doha-main"]
    printer, at = next((device, device.place) for device in branch.devices.values() if device.place)
    placed = printer.changed(place=at.changed(host="10.1.2.3"))
    carry(hall.db, of(exported(profile, "doha-main"), devices={**branch.devices, printer.slug: placed}))
    profile = hall.db.read_now(stored_profile)
    carry(hall.db, of(exported(profile, "doha-main", addresses=False), phone="+97444445555"))
    after = hall.db.read_now(stored_profile).branches["doha-main"]
    assert after.phone == "+97444445555"
    place = after.devices[printer.slug].place
    assert place is not None
    assert place.host == "10.1.2.3"


def test_a_file_that_contradicts_itself_here_changes_nothing(hall: Hall) -> None:
    profile = hall.db.read_now(stored_profile)
    before = hall.db.read_now(log.positions)
    file = of(exported(profile, "doha-main"), phone="+97444445555", priorities=("walkin",))
    assert not hall.db.read_now(incoming, file, "").preview.may_be_saved
    with pytest.raises(UnfitSettings):
        carry(hall.db, file)
    assert hall.db.read_now(log.positions) == before


def test_a_file_is_no_way_around_the_rights(hall: Hall) -> None:
    profile = hall.db.read_now(stored_profile)
    file = of(exported(profile, "doha-main"), phone="+97444445555")
    for rights in ({"edit_texts"}, {"import_settings"}):
        with pytest.raises(Denied):
            carry(hall.db, file, person=somebody(hall, *rights))
    carry(hall.db, file, person=somebody(hall, "import_settings", "edit_texts"))
    assert hall.db.read_now(stored_profile).branches["doha-main"].phone == "+97444445555"


def test_a_file_that_needs_a_second_person_changes_nothing_and_is_one_request(hall: Hall) -> None:
    """Neither the branch nor the shared entries that it brings, until both are made together."""
    first, second = hall.administrator("first"), hall.administrator("second")
    file = with_a_new_document(hall, longer=True)
    found = hall.db.read_now(incoming, file, "")
    assert found.place
    person, by = hall.db.read_now(staff_by_id, first), Actor("staff", str(first))
    before = hall.db.read_now(stored_profile)
    with pytest.raises(SecondPersonNeeded) as needed:
        carry(hall.db, file, person=person, actor=by)
    assert needed.value.reasons == ("longer-retention",)
    assert hall.db.read_now(stored_profile) == before

    how: dict[str, Any] = {"actor": by, "choices": Choices(), "reasons": needed.value.reasons}
    how["common"] = found.arrival.common
    edits, sha256 = found.arrival.edits, found.preview.sha256
    asked = hall.db.write_now(guarded_settings.ask_for_change, found.place, edits, sha256, **how)
    hall.db.write_now(approvals.approve, asked, Actor("staff", str(second)))
    hall.db.write_now(four_eyes.carry_out, asked, by)
    assert hall.db.read_now(incoming, file, "").does_nothing


def test_a_request_for_a_file_whose_entry_was_added_otherwise_meanwhile_is_asked_for_again(hall: Hall) -> None:
    first, second = hall.administrator("first"), hall.administrator("second")
    found = hall.db.read_now(incoming, with_a_new_document(hall, longer=True), "")
    assert found.place
    by = Actor("staff", str(first))
    how: dict[str, Any] = {"actor": by, "choices": Choices(), "reasons": (), "common": found.arrival.common}
    edits, sha256 = found.arrival.edits, found.preview.sha256
    asked = hall.db.write_now(guarded_settings.ask_for_change, found.place, edits, sha256, **how)
    hall.db.write_now(approvals.approve, asked, Actor("staff", str(second)))
    carry(hall.db, with_a_new_document(hall, "Another paper"))
    with pytest.raises(Stale):
        hall.db.write_now(four_eyes.carry_out, asked, by)


def test_the_machine_imports_alone_and_the_log_says_so(hall: Hall) -> None:
    file = with_a_new_document(hall, longer=True)
    before = hall.db.read_now(log.positions)
    carry(hall.db, file, note="ours.yaml")
    last = hall.db.read_now(history, hall.branch.id)[0]
    assert (last.actor_id, last.note) == (SYSTEM.id, "ours.yaml")
    assert hall.db.read_now(log.positions)[hall.branch.id] > before[hall.branch.id]


def with_a_new_document(hall: Hall, name: str = "Paper", *, longer: bool = False) -> Portable:
    """The file of a branch, one of whose services needs a paper that the organisation does not have yet."""
    file = exported(hall.db.read_now(stored_profile), "doha-main")
    service = file.branch.services["attest-single"].changed(documents=("ours_alone",))
    kept = file.branch.retention_days
    branch = file.branch.changed(
        services={**file.branch.services, service.slug: service},
        retention_days=kept.changed(ticket=kept.ticket + 30) if longer else kept,
    )
    documents = {**file.catalogue.documents, "ours_alone": {"ar": "وثيقة", "en": name}}
    return Portable(branch, file.catalogue.changed(documents=documents), file.has_addresses)


def somebody(hall: Hall, *can: str) -> StaffView:
    return StaffView(UUID(int=1), "x", "x", "ar", (grant(hall.branch.id, "", "role", can),), hall.db.clock.now())
