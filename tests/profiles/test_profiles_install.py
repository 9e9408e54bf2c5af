"""A profile in the tables: complete, only once, and what nothing acts on yet is named."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from queue_system.actions.installation import install
from queue_system.core.errors import Refused
from queue_system.core.rights import CLOSING_RIGHTS, COUNTER_RIGHTS, OBEYED, granted
from queue_system.i18n.catalogues import catalogues
from queue_system.i18n.words import words_for
from queue_system.profiles import profile_names
from queue_system.settings.branch import Access, QueueRules
from queue_system.settings.declared import NotYet, OnlyActedOn, mark
from queue_system.settings.services import Service
from queue_system.store import log, tables
from queue_system.store.database import Database
from queue_system.store.queries.pending import CODES, NotInForce, not_in_force
from queue_system.store.queries.settings import branch_ids, branch_settings
from queue_system.store.queries.stored import stored_profile
from queue_system.web import access
from tests.kit.furnished import profile_of
from tests.kit.hall import enter, set_branch
from tests.kit.tree import ROOT

INTERFACE = ("ar", "en")


@pytest.mark.parametrize("name", profile_names())
def test_nothing_of_a_profile_is_dropped(db: Database, name: str) -> None:
    """Every value that was read is in the tables, at its own place."""
    profile = profile_of(name)
    db.write_now(install, profile)
    stored = dict(leaves(db.read_now(stored_profile).model_dump()))
    wanted = dict(leaves(profile.model_dump()))
    assert len(wanted) > 900
    assert {path: value for path, value in wanted.items() if stored.get(path) != value} == {}
    assert stored == wanted
    assert db.read_now(stored_profile) == profile


@pytest.mark.parametrize("name", profile_names())
def test_the_order_of_things_is_kept(db: Database, name: str) -> None:
    profile = profile_of(name)
    db.write_now(install, profile)
    stored = db.read_now(stored_profile)
    assert list(stored.branches) == list(profile.branches)
    assert list(stored.roles) == list(profile.roles)
    for slug, branch in profile.branches.items():
        for part in ("zones", "departments", "queues", "services", "devices", "occasions"):
            assert list(getattr(stored.branches[slug], part)) == list(getattr(branch, part))


def test_the_settings_of_a_branch_can_be_read_as_the_application_reads_them(db: Database) -> None:
    db.write_now(install, profile_of("embassy"))
    ids = db.read_now(branch_ids)
    assert list(ids) == ["doha-main", "mobile-consulate"], "a template is no place"
    doha = db.read_now(branch_settings, ids["doha-main"])
    assert [document.slug for document in doha.service("birth").documents][:2] == ["father_passport", "mother_passport"]
    assert [doha.queues[queue].slug for queue in doha.counter("c4").queues] == ["q-attest", "q-verify", "q-edu"]
    fee_bearing = next(closure for closure in doha.calendar.closures if closure.service_ids is not None)
    assert doha.service("passport-apply").id in (fee_bearing.service_ids or ())
    assert doha.service("consular-reg").id not in (fee_bearing.service_ids or ())


def test_branches_have_keys_of_their_own(db: Database) -> None:
    db.write_now(install, profile_of("social-work"))
    keys = [row.key for row in db.read_now(lambda tx: tx.rows(sa.select(tables.table(tables.Branch))))]
    assert len(set(keys)) == 9
    assert {len(key) for key in keys} == {access.KEY_LENGTH}


def test_the_installation_is_in_the_log(db: Database) -> None:
    profile = profile_of("forum")
    db.write_now(install, profile)
    (entry,) = db.read_now(log.after, tables.ORGANISATION, 0)
    assert (entry.kind, entry.data) == ("organisation.installed", {"profile": "minbar-ulfed", "sha256": profile.sha256})
    assert all(verdict.broken_at is None for verdict in db.read_now(log.verify))


def test_a_second_organisation_is_refused_and_changes_nothing(db: Database) -> None:
    db.write_now(install, profile_of("forum"))
    before = db.read_now(everything)
    with pytest.raises(Refused, match="already-installed"):
        db.write_now(install, profile_of("embassy"))
    assert db.read_now(everything) == before


def test_what_is_not_in_force_is_named(db: Database) -> None:
    db.write_now(install, profile_of("embassy"))
    found = db.read_now(not_in_force, INTERFACE)
    assert {
        ("ballot", "doha-main/passport-apply (weekly_ballot)"),
        ("ballot", "doha-main/hajj-register (hajj_hybrid)"),
        ("offline", "mobile-consulate"),
        ("offline", "mobile-consulate/mk1"),
        ("occasion", "doha-main/hajj-briefing"),
    } <= set(found)
    assert not {code for code, _ in found} & {"provisional-days", "calendar-check", "staff-booking"}, (
        "the office acts on them"
    )
    assert not [subject for code, subject in found if code == "text"], "pages show all of its sentences"
    # Printers on the network and on a cable of the server do print.
    assert not [subject for code, subject in found if code == "printer-transport"]
    assert not [subject for _, subject in found if "mission-template" in subject], "nothing of it is meant to be"
    assert not [subject for code, subject in found if code == "language" and subject.endswith((": ar", ": en"))]


def test_texts_and_remarks_are_named(db: Database) -> None:
    db.write_now(install, profile_of("forum"))
    found = db.read_now(not_in_force, INTERFACE)
    assert not [thing for thing in found if "interpreter_ar_tr" in thing.subject], "it is booked with the appointment"
    assert [thing.subject for thing in found if thing.code == "text"] == ["istanbul: urgent"], "no page shows it"
    assert NotInForce("remarks", "minbar-ulfed: programmes") in found


def test_what_the_social_work_asks_for_and_nothing_does_is_named(db: Database) -> None:
    db.write_now(install, profile_of("social-work"))
    found = db.read_now(not_in_force, INTERFACE)
    assert not [one for one in found if one.code == "constraint" or "no-encounter" in one.subject]
    assert not [one for one in found if one.code == "safe-contact"], "pages of appointments ask, and messages obey"
    assert NotInForce("printer-transport", "nama/p1 (cloudprnt)") in found
    assert NotInForce("printer-transport", "ehsan/p1 (epson_sdp)") in found


def test_of_access_only_what_nothing_obeys_is_named(db: Database) -> None:
    db.write_now(install, profile_of("social-work"))
    access = "companion_default, quiet_room, sign_language_interpreter_bookable, step_free, text_and_vibration_only"
    told = [one for one in db.read_now(not_in_force, INTERFACE) if one.subject.startswith("shafallah:")]
    assert NotInForce("access-needs", f"shafallah: {access}") in told


def test_every_detail_of_a_service_acts() -> None:
    assert not [name for name, field in Service.model_fields.items() if mark(field, NotYet)]


def test_services_by_video_are_named_where_no_address_of_calls_is_set(db: Database) -> None:
    db.write_now(install, profile_of("policy-unit"))
    told = [(code, subject) for code, subject in db.read_now(not_in_force, INTERFACE) if code == "video-link"]
    assert any(subject.endswith("/tech-support") for _, subject in told)
    hall = enter(db)
    set_branch(hall, video_link="https://meet.example.org/{room}")
    here = f"{hall.branch.slug}/"
    assert not [one for one in db.read_now(not_in_force, INTERFACE) if one.code == "video-link" and here in one.subject]


def test_what_screens_leave_out_is_what_they_ask_for() -> None:
    acted = mark(Access.model_fields["calm_mode"], OnlyActedOn)
    assert acted is not None
    pages = (ROOT / "displays" / "pages.py").read_text("utf-8")
    assert set(re.findall(r'"(\w+)" in calm', pages)) == acted.words


@pytest.mark.parametrize("name", profile_names())
def test_everything_that_is_not_in_force_is_told_with_what_it_is_about(sqlite_url: str, clock: Any, name: str) -> None:
    database = Database(sqlite_url, clock)
    database.write_now(install, profile_of(name))
    found = database.read_now(not_in_force, INTERFACE)
    database.close()
    assert found
    untold = [
        (language, one)
        for language in INTERFACE
        for one in found
        if f"doctor.not-in-force.{one.code}" not in catalogues()[language].messages
        or one.subject not in words_for(language).text(f"doctor.not-in-force.{one.code}", subject=one.subject)
    ]
    assert untold == []


def test_every_sentence_has_a_code() -> None:
    for language in INTERFACE:
        keys = catalogues()[language].messages
        sentences = {key for key in keys if key.startswith("doctor.not-in-force.")}
        assert sentences == {f"doctor.not-in-force.{code}" for code in CODES}
        assert all(keys[key].placeholders() == {"subject"} for key in sentences)


def test_the_rights_to_reports_and_their_rule_are_in_force(db: Database) -> None:
    db.write_now(install, profile_of("social-work"))
    found = db.read_now(not_in_force, INTERFACE)
    assert {word for word in OBEYED if "reports" in word} >= {"see_reports", "reports", "reports_aggregate"}
    assert "cross-branch-rules" not in {one.code for one in found}
    assert not _promised(found) & OBEYED


def test_rights_on_which_nothing_acts_are_said(db: Database) -> None:
    db.write_now(install, profile_of("policy-unit"))
    promised = _promised(db.read_now(not_in_force, INTERFACE))
    assert promised
    assert not promised & OBEYED


def _promised(found: Iterable[NotInForce]) -> set[str]:
    return {word for code, subject in found if code == "abilities" for word in subject.split(": ")[1].split(", ")}


@pytest.mark.parametrize("name", profile_names())
def test_whoever_answers_for_a_hall_changes_its_hours_and_closes_days(name: str) -> None:
    heads = {slug: granted(role.can) for slug, role in profile_of(name).roles.items() if slug != "administrator"}
    assert any(rights >= CLOSING_RIGHTS for rights in heads.values())
    assert {slug for slug, rights in heads.items() if rights & COUNTER_RIGHTS and not rights >= CLOSING_RIGHTS} == set()


def test_the_rules_of_a_queue_that_are_in_force_are_those_that_the_program_asks_for() -> None:
    package = Path(log.__file__).parent.parent
    sources = [path for folder in ("actions", "core", "store") for path in (package / folder).rglob("*.py")]
    text = "\n".join(path.read_text("utf-8") for path in sources)
    asked = {name for name in QueueRules.model_fields if re.search(rf"rules\.{name}\b", text)}
    marked = {name for name, field in QueueRules.model_fields.items() if mark(field, NotYet)}
    assert not marked, "all of them are in force"
    # The kind of guard is the rule itself: core/dispatch.py has only the one with two slopes.
    assert asked == QueueRules.model_fields.keys() - {"guard_kind"}


def everything(tx: Any) -> dict[str, list[Any]]:
    return {table.name: tx.rows(sa.select(table)) for table in tables.Organisation.metadata.sorted_tables}


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """(path, value) of everything inside that is not a container; an empty container is a leaf."""
    if isinstance(value, dict) and value:
        for key, entry in value.items():
            yield from leaves(entry, (*path, key))
    elif isinstance(value, list | tuple) and value:
        for index, entry in enumerate(value):
            yield from leaves(entry, (*path, index))
    else:
        yield path, value
