"""Settings are changed under a running hall: merged, validated, stored with their ids, told, and undone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from queue_system.actions import bookings, settings, staff_roles
from queue_system.actions.bookings import HoldOrder
from queue_system.actions.settings import UnfitSettings
from queue_system.clock import FrozenClock
from queue_system.core.edit_rights import EDIT_RIGHTS
from queue_system.core.errors import Denied, Refused, Stale
from queue_system.core.promises import Choice, Choices
from queue_system.core.rights import ATOMIC, EVERYTHING
from queue_system.settings.branch import Branch
from queue_system.settings.canonical import canonical, fingerprint
from queue_system.settings.edits import Conflicted, Edit, difference, retirement
from queue_system.settings.objects import OF_BRANCH, OF_ORGANISATION, fields_of, objects_of
from queue_system.store import log
from queue_system.store.database import Database, Tx
from queue_system.store.log import SYSTEM, VISITOR, Actor
from queue_system.store.queries import changes
from queue_system.store.queries.access import StaffView
from queue_system.store.queries.bookings import BookingView
from queue_system.store.queries.effect import undecided
from queue_system.store.queries.grants import grant
from queue_system.store.queries.rows import StoredRows
from queue_system.store.queries.settings import branch_ids, branch_settings
from queue_system.store.queries.stored import stored_branch, stored_organisation, stored_profile
from queue_system.store.tables import ORGANISATION, table
from queue_system.store.tables import Branch as BranchTable
from tests.kit.hall import Hall, furnish

LONGER = Edit("service", "attest-single", {"duration_min": 6}, {"duration_min": 8})
RENAMED = Edit("counter", "c1", {}, {"accessible": True})


@pytest.fixture
def other(hall: Hall, db_url: str, clock: FrozenClock) -> Iterator[Database]:
    """Another node, which has already read the settings."""
    node = Database(db_url, clock)
    node.read_now(branch_settings, hall.branch.id)
    yield node
    node.close()


def save(db: Database, place: UUID, *edits: Edit, **more: Any) -> tuple[UUID, ...]:
    """Preview and save, as somebody who presses twice."""
    told = db.read_now(settings.preview, place, edits)
    return db.write_now(settings.save, place, edits, told.sha256, **{"actor": SYSTEM, "person": None, **more})


def undo(db: Database, place: UUID, change_id: UUID) -> tuple[UUID, ...]:
    edit = changes.reverse(db.read_now(changes.change, place, change_id))
    told = db.read_now(settings.preview, place, [edit])
    return db.write_now(settings.undo, place, change_id, told.sha256, actor=SYSTEM, person=None)


def value(db: Database, branch_id: UUID) -> Branch:
    return db.read_now(lambda tx: stored_branch(StoredRows(tx), branch_id))


def text_of(db: Database, branch_id: UUID) -> str:
    return db.read_now(
        lambda tx: canonical(stored_branch(StoredRows(tx), branch_id), stored_organisation(StoredRows(tx)).catalogue)
    )


# ---------------------------------------------------------------- one person


def test_a_saved_edit_is_served_and_told(hall: Hall) -> None:
    before = hall.branch
    (change_id,) = save(hall.db, before.id, LONGER, actor=Actor("staff", "some-id"), note="لأسباب")
    now = hall.db.read_now(branch_settings, before.id)
    assert now.service("attest-single").duration_min == 8
    # Everything has its id still.
    for of in ("services", "queues", "counters", "zones", "departments", "resources"):
        assert list(getattr(now, of)) == list(getattr(before, of))
    known = hall.db.read_now(changes.change, before.id, change_id)
    assert (known.kind, known.slug, known.op) == ("service", "attest-single", "edit")
    assert (known.before, known.after) == ({"duration_min": 6}, {"duration_min": 8})
    assert (known.actor_id, known.note) == ("some-id", "لأسباب")
    entry = hall.db.read_now(log.after, before.id, known.seq - 1)[0]
    assert (entry.kind, entry.subject, entry.actor_id) == ("settings.changed", "attest-single", "some-id")
    catalogue = hall.db.read_now(lambda tx: stored_organisation(StoredRows(tx)).catalogue)
    assert entry.data == {
        "object_kind": "service",
        "op": "edit",
        "fields": ["duration_min"],
        "config_version": now.config_version,
        "sha256": fingerprint(value(hall.db, before.id), catalogue),
    }


def test_the_log_never_has_texts_of_settings(hall: Hall) -> None:
    secret = {"ar": "كلمات لا تظهر", "en": "words that do not appear"}
    names = dict(hall.branch.service("attest-single").names)
    save(hall.db, hall.branch.id, Edit("service", "attest-single", {"names": names}, {"names": secret}))
    entries = hall.db.read_now(log.after, hall.branch.id, 0)
    assert entries[-1].kind == "settings.changed"
    assert all(words not in str(entry.data) for words in secret.values() for entry in entries)


def test_a_preview_writes_nothing_and_caches_nothing(hall: Hall, other: Database) -> None:
    """On the code before, a node that had previewed an edit and undone it served the edit under the next version."""
    before = hall.db.read_now(log.positions)
    told = hall.db.read_now(settings.preview, hall.branch.id, [LONGER])
    assert [edit.fields for edit in told.edits] == [("duration_min",)]
    with pytest.raises(RuntimeError, match="given up"):
        hall.db.write_now(save_and_fail, hall.branch.id, told.sha256)
    assert hall.db.read_now(log.positions) == before
    shorter = Edit("service", "attest-single", {"duration_min": 6}, {"duration_min": 5})
    save(other, hall.branch.id, shorter)
    for node in (hall.db, other):
        assert node.read_now(branch_settings, hall.branch.id).service("attest-single").duration_min == 5


def save_and_fail(tx: Tx, place: UUID, sha256: str) -> None:
    settings.save(tx, place, [LONGER], sha256, actor=SYSTEM, person=None)
    assert branch_settings(tx, place).service("attest-single").duration_min == 8
    raise RuntimeError("given up")


def test_what_is_so_already_is_no_change(hall: Hall) -> None:
    save(hall.db, hall.branch.id, LONGER)
    at = hall.db.read_now(log.positions)
    assert save(hall.db, hall.branch.id, LONGER) == ()
    assert hall.db.read_now(log.positions) == at


def test_things_are_added_reordered_and_removed(hall: Hall) -> None:
    before = value(hall.db, hall.branch.id)
    counter = before.counters["c1"].changed(slug="c99", number=99)
    zone = {"ar": "الحديقة", "en": "Garden"}
    order = list(reversed(before.services))
    after = before.changed(
        counters={**before.counters, "c99": counter},
        zones={"garden": zone, **before.zones},
        services={slug: before.services[slug] for slug in order},
    )
    made = save(hall.db, hall.branch.id, *difference(before, after))
    assert value(hall.db, hall.branch.id) == after
    assert list(value(hall.db, hall.branch.id).services) == order
    assert next(iter(value(hall.db, hall.branch.id).zones)) == "garden"
    for change_id in reversed(made):
        undo(hall.db, hall.branch.id, change_id)
    assert value(hall.db, hall.branch.id) == before


def test_two_counters_exchange_their_numbers(hall: Hall) -> None:
    before = value(hall.db, hall.branch.id)
    one, two = (before.counters[slug] for slug in ("c1", "c2"))
    after = before.changed(
        counters={**before.counters, "c1": one.changed(number=two.number), "c2": two.changed(number=one.number)}
    )
    save(hall.db, hall.branch.id, *difference(before, after))
    assert value(hall.db, hall.branch.id) == after


def test_what_has_a_history_is_not_removed(hall: Hall) -> None:
    hall.issue("attest-single")
    before = value(hall.db, hall.branch.id)
    services = {slug: service for slug, service in before.services.items() if slug != "attest-single"}
    hours = tuple(rule for rule in before.hours if rule.service != "attest-single")
    with pytest.raises(UnfitSettings) as refused:
        save(hall.db, hall.branch.id, *difference(before, before.changed(services=services, hours=hours)))
    assert [(one.kind, one.slug, one.fault.code) for one in refused.value.faults] == [
        ("service", "attest-single", "setting-has-history")
    ]
    assert value(hall.db, hall.branch.id) == before


def test_settings_that_contradict_themselves_are_not_saved(hall: Hall) -> None:
    wrong = Edit("service", "attest-single", {"duration_min": 6}, {"duration_min": 0})
    before = value(hall.db, hall.branch.id)
    with pytest.raises(UnfitSettings):
        save(hall.db, hall.branch.id, wrong)
    unknown = Edit("service", "attest-single", {"queue": before.services["attest-single"].queue}, {"queue": "nowhere"})
    told = hall.db.read_now(settings.preview, hall.branch.id, [unknown])
    assert ("service", "attest-single", "queue", "setting-unknown") in {
        (one.kind, one.slug, one.field, one.fault.code) for one in told.faults
    }
    assert not told.may_be_saved
    with pytest.raises(UnfitSettings):
        save(hall.db, hall.branch.id, unknown)
    assert value(hall.db, hall.branch.id) == before


# ---------------------------------------------------------------- undo


def test_undo_gives_the_settings_before_byte_for_byte(hall: Hall) -> None:
    before = text_of(hall.db, hall.branch.id)
    (change_id,) = save(hall.db, hall.branch.id, LONGER)
    assert text_of(hall.db, hall.branch.id) != before
    (undone,) = undo(hall.db, hall.branch.id, change_id)
    assert text_of(hall.db, hall.branch.id) == before
    assert hall.db.read_now(changes.change, hall.branch.id, change_id).undone_by == undone
    assert hall.db.read_now(changes.change, hall.branch.id, undone).undoes == change_id
    with pytest.raises(Stale, match="already-undone"):
        undo(hall.db, hall.branch.id, change_id)
    assert [one.id for one in hall.db.read_now(changes.history, hall.branch.id, "service", "attest-single")] == [
        undone,
        change_id,
    ]


def test_undo_of_what_somebody_changed_since_is_a_conflict(hall: Hall) -> None:
    (change_id,) = save(hall.db, hall.branch.id, LONGER)
    save(hall.db, hall.branch.id, Edit("service", "attest-single", {"duration_min": 8}, {"duration_min": 9}))
    with pytest.raises(Conflicted) as refused:
        undo(hall.db, hall.branch.id, change_id)
    (conflict,) = refused.value.conflicts
    assert (conflict.field, conflict.was, conflict.theirs, conflict.yours) == ("duration_min", 8, 9, 6)


# ---------------------------------------------------------------- two people, two nodes


def test_two_people_change_different_fields_and_both_are_kept(hall: Hall, other: Database) -> None:
    mine = [hall.db.read_now(settings.preview, hall.branch.id, [LONGER]).sha256]
    save(other, hall.branch.id, RENAMED)
    hall.db.write_now(settings.save, hall.branch.id, [LONGER], mine[0], actor=SYSTEM, person=None)
    for node in (hall.db, other):
        now = node.read_now(branch_settings, hall.branch.id)
        assert now.service("attest-single").duration_min == 8
        assert now.counter("c1").accessible


def test_two_people_change_one_field_and_the_second_is_told(hall: Hall, other: Database) -> None:
    save(other, hall.branch.id, LONGER)
    mine = Edit("service", "attest-single", {"duration_min": 6}, {"duration_min": 12})
    assert hall.db.read_now(settings.preview, hall.branch.id, [mine]).conflicts
    with pytest.raises(Conflicted):
        save(hall.db, hall.branch.id, mine)
    assert hall.db.read_now(branch_settings, hall.branch.id).service("attest-single").duration_min == 8


# ---------------------------------------------------------------- what all branches share


def test_an_edit_of_the_catalogue_reaches_every_branch_that_uses_it(hall: Hall, other: Database) -> None:
    policy = hall.branch.service("attest-single").policy
    days = hall.branch.policies[policy].horizon_days
    assert days is not None
    before = {slug: other.read_now(branch_settings, key) for slug, key in other.read_now(branch_ids).items()}
    (change_id,) = save(
        hall.db, ORGANISATION, Edit("policy", policy, {"horizon_days": days}, {"horizon_days": days + 7})
    )
    for slug, key in other.read_now(branch_ids).items():
        now = other.read_now(branch_settings, key)
        if policy in before[slug].policies:
            assert now.policies[policy].horizon_days == days + 7
            last = other.read_now(log.after, key, other.read_now(log.positions)[key] - 1)[0]
            assert (last.kind, last.subject) == ("settings.changed", policy)
    profile = other.read_now(stored_profile)
    undo(hall.db, ORGANISATION, change_id)
    assert other.read_now(stored_profile) != profile
    assert other.read_now(branch_settings, hall.branch.id).policies[policy].horizon_days == days


def test_closed_days_of_a_calendar_are_copied_to_the_branches(hall: Hall) -> None:
    organisation = hall.db.read_now(lambda tx: stored_organisation(StoredRows(tx)))
    slug = value(hall.db, hall.branch.id).calendars[0]
    calendar = organisation.catalogue.calendars[slug]
    first, *rest = calendar.closures
    calendars = {**organisation.catalogue.calendars, slug: calendar.changed(closures=tuple(rest))}
    after = organisation.changed(catalogue=organisation.catalogue.changed(calendars=calendars))
    count = len(hall.branch.calendar.closures)
    save(hall.db, ORGANISATION, *difference(organisation, after))
    now = hall.db.read_now(branch_settings, hall.branch.id).calendar.closures
    assert len(now) == count - 1
    assert all((one.first, one.last) != (first.first, first.last) or one.names != first.names for one in now)


def test_every_object_of_the_organisation_can_be_stored_and_taken_back(db: Database) -> None:
    # An organisation with one branch, because each of the edits looks at all branches.
    hall = furnish(db, "forum")
    before = hall.db.read_now(lambda tx: stored_organisation(StoredRows(tx)))
    name = {"ar": "اسم آخر", "en": "Another name"}
    common = before.catalogue
    changed = {
        field: {**of, slug: thing.changed(names=name) if hasattr(thing, "names") else name}
        for field in (
            "confidentialities",
            "priorities",
            "policies",
            "roles",
            "documents",
            "texts",
            "zones",
            "service_tags",
        )
        for of in [getattr(common, field)]
        for slug, thing in [next(iter(of.items()))]
    }
    after = before.changed(names=name, catalogue=common.changed(**changed))
    made = save(hall.db, ORGANISATION, *difference(before, after))
    assert hall.db.read_now(lambda tx: stored_organisation(StoredRows(tx))) == after
    for change_id in reversed(made):
        undo(hall.db, ORGANISATION, change_id)
    assert hall.db.read_now(lambda tx: stored_organisation(StoredRows(tx))) == before


def test_a_branch_is_added_from_a_value(hall: Hall) -> None:
    before = value(hall.db, hall.branch.id)
    branch = before.changed(slug="second", names={"ar": "الفرع الثاني", "en": "Second branch"})
    added = hall.db.write_now(settings.add_branch, branch, actor=SYSTEM, person=None)
    assert hall.db.read_now(branch_ids)["second"] == added
    assert value(hall.db, added) == branch
    keys = hall.db.read_now(lambda tx: [row.key for row in tx.rows(sa.select(table(BranchTable)))])
    assert len(set(keys)) == len(keys)
    assert {verdict.broken_at for verdict in hall.db.read_now(log.verify)} == {None}
    with pytest.raises(Refused, match="branch-exists"):
        hall.db.write_now(settings.add_branch, branch, actor=SYSTEM, person=None)


def test_a_department_for_which_roles_are_held_is_not_removed(hall: Hall) -> None:
    values = {"names": {"ar": "مؤقت", "en": "Passing"}}
    save(hall.db, hall.branch.id, Edit("department", "passing", None, values))
    hall.person("omar", ())
    admin = Actor("staff", str(hall.administrator("samira")))
    of_role = "omar", hall.branch.id, "officer", "passing", admin
    hall.db.write_now(staff_roles.give_role, *of_role)
    removed = Edit("department", "passing", values, None)
    told = hall.db.read_now(settings.preview, hall.branch.id, [removed])
    assert [(one.slug, one.fault.code) for one in told.faults] == [("passing", "setting-has-roles")]
    hall.db.write_now(staff_roles.take_role, *of_role)
    assert save(hall.db, hall.branch.id, removed)


def test_a_branch_is_retired_with_everything_that_is_in_it(hall: Hall, clock: FrozenClock) -> None:
    last = clock.now().date() + timedelta(days=3)
    booked = book(hall, clock.now().replace(minute=0) + timedelta(days=4))
    edits = retirement(value(hall.db, hall.branch.id), last)
    told = hall.db.read_now(settings.preview, hall.branch.id, edits)
    assert told.faults == ()
    assert [one.id for one in told.effects[hall.branch.id].bookings] == [booked.id]
    made = save(hall.db, hall.branch.id, *edits)
    assert {hall.db.read_now(changes.change, hall.branch.id, one).op for one in made} == {"retire"}
    now = hall.db.read_now(branch_settings, hall.branch.id)
    assert all(service.is_retired(last + timedelta(days=1)) for service in now.services.values())
    assert not any(service.is_retired(last) for service in now.services.values())


# ---------------------------------------------------------------- rights


def person(hall: Hall, *can: str, department: str = "", place: UUID | None = None) -> StaffView:
    held = grant(place or hall.branch.id, department, "role", can)
    return StaffView(UUID(int=1), "x", "x", "ar", (held,), hall.db.clock.now())


def test_a_right_allows_its_fields_and_nothing_else(hall: Hall) -> None:
    save(hall.db, hall.branch.id, LONGER, person=person(hall, "edit_services"))
    level = value(hall.db, hall.branch.id).services["attest-single"].confidentiality
    hidden = Edit("service", "attest-single", {"confidentiality": level}, {"confidentiality": "sensitive"})
    for edit, can in ((hidden, "edit_services"), (RENAMED, "edit_services"), (hidden, "edit_hours")):
        with pytest.raises(Denied):
            save(hall.db, hall.branch.id, edit, person=person(hall, can))
    save(hall.db, hall.branch.id, hidden, person=person(hall, "edit_levels"))
    save(hall.db, hall.branch.id, RENAMED, person=person(hall, "*"))


def test_a_right_for_one_department_allows_its_services_alone(hall: Hall) -> None:
    mine = value(hall.db, hall.branch.id).services["attest-single"].department
    others = next(slug for slug in value(hall.db, hall.branch.id).departments if slug != mine)
    with pytest.raises(Denied):
        save(hall.db, hall.branch.id, LONGER, person=person(hall, "edit_services", department=others))
    save(hall.db, hall.branch.id, LONGER, person=person(hall, "edit_services", department=mine))


def test_a_new_service_that_shows_more_than_its_neighbours_needs_the_right_to_levels(hall: Hall) -> None:
    before = value(hall.db, hall.branch.id)
    hidden = before.services["legal-advice"].changed(slug="legal-two")
    hidden_among = before.changed(services={**before.services, "legal-two": hidden})
    open_to_all = hidden.changed(confidentiality="normal")

    def add(service: Any, *can: str) -> None:
        after = before.changed(services={**before.services, "legal-two": service})
        told = [edit for edit in difference(before, after) if edit.kind == "service"]
        save(hall.db, hall.branch.id, *told, person=person(hall, *can))

    with pytest.raises(Denied):
        add(open_to_all, "edit_services")
    told = [Edit("service", "legal-two", None, objects_of(hidden_among)["service", "legal-two"])]
    assert hall.db.read_now(settings.preview_for, hall.branch.id, told, person(hall, "edit_services")).edits


def test_a_right_at_a_branch_does_not_reach_what_all_share(hall: Hall) -> None:
    policy = hall.branch.service("attest-single").policy
    edit = Edit("policy", policy, {}, {"notice_min": 77})
    with pytest.raises(Denied):
        save(hall.db, ORGANISATION, edit, person=person(hall, "edit_policies"))
    save(hall.db, ORGANISATION, edit, person=person(hall, "edit_policies", place=ORGANISATION))


def test_every_kind_of_object_has_a_right(hall: Hall) -> None:
    for shape in (OF_BRANCH, OF_ORGANISATION):
        for kind in (shape.kind, *shape.things):
            named = EDIT_RIGHTS[kind].keys() - {"", "branches"}
            assert named <= fields_of(kind, shape).keys()
    known = {EVERYTHING, *ATOMIC}
    assert all(rights <= known for of in EDIT_RIGHTS.values() for rights in of.values())


# ---------------------------------------------------------------- the effect


def closed(hall: Hall, day: date) -> Edit:
    """Close the branch on a day."""
    known = objects_of(value(hall.db, hall.branch.id))["branch", hall.branch.slug].get("closures", [])
    closure = {"first": f"{day}", "last": f"{day}", "names": {"ar": "جرد", "en": "Stocktaking"}}
    return Edit("branch", hall.branch.slug, {"closures": known}, {"closures": [*known, closure]})


def book(hall: Hall, starts_at: datetime, name: str = "سامر الحموي") -> BookingView:
    order = HoldOrder(hall.branch.id, hall.service("edu-attest"), starts_at, name, "+97455512345", "ar", VISITOR)
    held = hall.db.write_in_now(hall.branch.id, bookings.hold_slot, order)
    return hall.db.write_in_now(hall.branch.id, bookings.confirm_booking, hall.branch.id, held.id, VISITOR)


def test_scenario_4_save_refuses_when_the_effect_has_changed_meanwhile(hall: Hall, clock: FrozenClock) -> None:
    """Somebody books into the day that is about to be closed; the author of the edit is shown that first."""
    tomorrow = clock.now().replace(minute=0) + timedelta(days=1)
    shut = closed(hall, tomorrow.date())
    told = hall.db.read_now(settings.preview, hall.branch.id, [shut])
    assert told.may_be_saved
    assert told.effects[hall.branch.id].takes_nothing
    booked = book(hall, tomorrow)
    before = text_of(hall.db, hall.branch.id)
    with pytest.raises(Stale, match="effect-changed"):
        hall.db.write_now(settings.save, hall.branch.id, [shut], told.sha256, actor=SYSTEM, person=None)
    assert text_of(hall.db, hall.branch.id) == before
    again = hall.db.read_now(settings.preview, hall.branch.id, [shut])
    assert [one.id for one in again.effects[hall.branch.id].bookings] == [booked.id]


def test_what_loses_its_support_is_decided_with_the_save(hall: Hall, clock: FrozenClock) -> None:
    tomorrow = clock.now().replace(minute=0) + timedelta(days=1)
    kept, open_ = book(hall, tomorrow), book(hall, tomorrow + timedelta(hours=1), "هالة الحسن")
    choices = Choices(by_booking={kept.id: Choice.KEEP})
    (change_id,) = save(hall.db, hall.branch.id, closed(hall, tomorrow.date()), choices=choices)
    to_decide = hall.db.read_now(lambda tx: undecided(tx, branch_settings(tx, hall.branch.id)))
    assert [one.booking.id for one in to_decide] == [open_.id]
    assert to_decide[0].booking.change_id == change_id
