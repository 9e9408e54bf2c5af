"""Invitations, roles that are given within one's own rights, lock-out, sessions: who may do what to whom."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from queue_system.actions import invitations, sessions, staff, staff_roles
from queue_system.core.errors import Denied, Invalid, Missing, Refused
from queue_system.core.logins import FORGOTTEN
from queue_system.core.rights import DESK_RIGHTS
from queue_system.core.tokens import sha256
from queue_system.store import log
from queue_system.store.database import Tx
from queue_system.store.log import Actor
from queue_system.store.queries import access
from queue_system.store.queries.people import colleague, invitation_by_token, rescued_lately, sessions_of
from queue_system.store.tables import ORGANISATION, StaffRole, table
from tests.kit.hall import Hall, change_settings
from tests.kit.people import add_role, head_of_section


def by(staff_id: UUID) -> Actor:
    return Actor("staff", str(staff_id))


def kinds(hall: Hall) -> list[str]:
    return [entry.kind for entry in hall.db.read_now(log.after, ORGANISATION, 0, 1_000)]


def is_signed_in(hall: Hall, token: str) -> bool:
    return hall.db.read_now(access.staff_by_session, sha256(token), sessions.SESSION_IDLE) is not None


def test_an_invitation_is_used_once_within_three_days_to_choose_a_password(hall: Hall) -> None:
    admin = hall.administrator("samira")
    token, asked = hall.db.write_now(invitations.invite, "nour", "نور", "ar", hall.branch.id, "officer", "", by(admin))
    assert asked is None
    assert hall.db.read_now(access.account_of, "nour").password == ""  # type: ignore[union-attr]
    assert kinds(hall)[-3:] == ["staff.created", "staff.role_given", "staff.invited"]
    assert hall.db.write_now(invitations.accept, token, "a hash") == "nour"
    assert kinds(hall)[-1] == "staff.joined"
    with pytest.raises(Missing, match="invitation"):
        hall.db.write_now(invitations.accept, token, "another hash")
    later, _ = hall.db.write_now(invitations.invite, "huda", "هدى", "ar", hall.branch.id, "officer", "", by(admin))
    hall.db.clock.move(timedelta(hours=72))  # type: ignore[attr-defined]
    assert hall.db.read_now(invitation_by_token, later) is None
    with pytest.raises(Missing, match="invitation"):
        hall.db.write_now(invitations.accept, later, "a hash")


def test_the_secret_of_a_link_is_stored_nowhere(hall: Hall) -> None:
    admin = hall.administrator("samira")
    token, _ = hall.db.write_now(invitations.invite, "nour", "نور", "ar", hall.branch.id, "officer", "", by(admin))
    found = hall.db.read_now(invitation_by_token, token)
    assert found is not None
    assert token not in repr(found)
    assert all(token not in repr(entry) for entry in hall.db.read_now(log.after, ORGANISATION, 0, 1_000))


def test_a_second_invitation_replaces_the_first_and_the_person_can_be_removed_until_then(hall: Hall) -> None:
    admin = hall.administrator("samira")
    first, _ = hall.db.write_now(invitations.invite, "nour", "نور", "ar", hall.branch.id, "officer", "", by(admin))
    second = hall.db.write_now(invitations.invite_again, "nour", by(admin))
    assert hall.db.read_now(invitation_by_token, first) is None
    hall.db.write_now(staff.remove_staff, "nour", by(admin))
    assert hall.db.read_now(colleague, "nour") is None
    assert hall.db.read_now(invitation_by_token, second) is None
    hall.person("layla")
    with pytest.raises(Refused, match="staff-joined"):
        hall.db.write_now(staff.remove_staff, "layla", by(admin))


def test_one_gives_only_what_one_has_where_one_has_it(hall: Hall) -> None:
    head = head_of_section(hall)
    layla = hall.person("layla", ())
    give = staff_roles.give_role
    assert hall.db.write_now(give, "layla", hall.branch.id, "officer", "", by(head)) is None
    for place, role, code in (
        (ORGANISATION, "officer", "not-allowed"),
        (hall.branch.id, "it", "beyond-own-rights"),
        (hall.branch.id, "administrator", "beyond-own-rights"),
    ):
        with pytest.raises(Denied, match=code):
            hall.db.write_now(give, "layla", place, role, "", by(head))
    with pytest.raises(Denied, match="not-allowed"):
        hall.db.write_now(give, "layla", hall.branch.id, "officer", "", by(layla))


def test_a_role_of_one_department_lies_in_it(hall: Hall) -> None:
    admin, layla = hall.administrator("samira"), hall.person("layla", ())
    department = next(iter(hall.branch.departments.values())).slug
    with pytest.raises(Missing, match="department"):
        hall.db.write_now(staff_roles.give_role, "layla", hall.branch.id, "officer", "no-such", by(admin))
    hall.db.write_now(staff_roles.give_role, "layla", hall.branch.id, "officer", department, by(admin))
    token = hall.db.write_now(sessions.start_session, layla, "web")
    person = hall.db.read_now(access.staff_by_session, sha256(token), sessions.SESSION_IDLE)
    assert person is not None
    assert person.departments(DESK_RIGHTS, hall.branch.id) == frozenset({department})
    hall.db.write_now(staff_roles.take_role, "layla", hall.branch.id, "officer", department, by(admin))
    assert hall.db.read_now(colleague, "layla").grants == ()  # type: ignore[union-attr]


def test_a_role_is_given_at_a_place_that_there_is(hall: Hall) -> None:
    admin = hall.administrator("samira")
    hall.person("layla", ())
    for role in ("officer", "administrator"):
        with pytest.raises(Invalid, match="place-not-chosen"):
            hall.db.write_now(staff_roles.give_role, "layla", uuid4(), role, "", by(admin))
    with pytest.raises(Invalid, match="place-not-chosen"):
        hall.db.write_now(invitations.invite, "nour", "نور", "ar", uuid4(), "officer", "", by(admin))
    assert hall.db.read_now(colleague, "layla").grants == ()  # type: ignore[union-attr]


def test_a_role_of_a_place_that_is_gone_is_taken(hall: Hall) -> None:
    admin, layla = hall.administrator("samira"), hall.person("layla", ())
    rows, place = table(StaffRole), uuid4()
    for branch_id, department in ((place, ""), (hall.branch.id, "gone")):
        row = {"staff_id": layla, "branch_id": branch_id, "role": "officer", "department": department}
        hall.db.write_now(Tx.execute, sa.insert(rows).values(row))
        hall.db.write_now(staff_roles.take_role, "layla", branch_id, "officer", department, by(admin))
    assert hall.db.read_now(colleague, "layla").grants == ()  # type: ignore[union-attr]


def test_nobody_locks_out_or_resets_those_who_may_do_more(hall: Hall) -> None:
    head = head_of_section(hall)
    hall.person("layla")
    hall.person("chief", ((hall.branch.id, "administrator"),))
    for action in (staff.lock_staff, invitations.reset_sign_in):
        with pytest.raises(Denied, match="beyond-own-rights"):
            hall.db.write_now(action, "chief", by(head))
    hall.db.write_now(staff.lock_staff, "layla", by(head))
    locked = hall.db.read_now(access.account_of, "layla")
    assert locked is not None
    assert locked.password == ""
    hall.db.write_now(staff.unlock_staff, "layla", by(head))
    hall.person("elsewhere", ((ORGANISATION, "officer"),))
    with pytest.raises(Denied, match="not-allowed"):
        hall.db.write_now(staff.lock_staff, "elsewhere", by(head))


def test_the_last_administrator_is_neither_locked_out_nor_stripped(hall: Hall) -> None:
    admin = hall.administrator("samira")
    with pytest.raises(Refused, match="last-administrator"):
        hall.db.write_now(staff.lock_staff, "samira")
    with pytest.raises(Refused, match="last-administrator"):
        hall.db.write_now(staff_roles.take_role, "samira", ORGANISATION, "administrator", "", by(admin))
    # Somebody who was only invited could not come in for it.
    hall.db.write_now(invitations.invite, "second", "ثانٍ", "ar", ORGANISATION, "", "", by(admin))
    hall.db.write_now(staff_roles.change_roles, "second", ORGANISATION, give="administrator")
    with pytest.raises(Refused, match="last-administrator"):
        hall.db.write_now(staff.lock_staff, "samira")


def test_who_could_not_sign_in_is_no_last_administrator(hall: Hall) -> None:
    hall.administrator("samira")
    second = hall.administrator("second")
    hall.person("rami", ((ORGANISATION, add_role(hall, "approver", "approve")),))
    hall.db.write_now(invitations.reset_sign_in, "samira")
    with pytest.raises(Refused, match="last-administrator"):
        hall.db.write_now(staff.lock_staff, "second")
    with pytest.raises(Refused, match="last-administrator"):
        hall.db.write_now(invitations.reset_approved, {"staff": str(second)}, by(second))
    # At the server's console it is the way out.
    assert hall.db.write_now(invitations.reset_sign_in, "second")[0]


def test_a_reset_ends_everything_and_gives_a_link(hall: Hall) -> None:
    admin, layla = hall.administrator("samira"), hall.person("layla")
    token = hall.db.write_now(sessions.start_session, layla, "web")
    link, asked = hall.db.write_now(invitations.reset_sign_in, "layla", by(admin))
    assert (bool(link), asked) == (True, None)
    assert not is_signed_in(hall, token)
    assert hall.db.read_now(access.account_of, "layla").password == FORGOTTEN  # type: ignore[union-attr]
    assert hall.db.write_now(invitations.accept, link, "new hash") == "layla"
    assert kinds(hall)[-2:] == ["staff.sign_in_reset", "staff.password_set"]


def test_a_rescue_lets_a_locked_administrator_in_and_is_told_for_a_week(hall: Hall) -> None:
    hall.administrator("samira")
    hall.administrator("second")
    hall.db.write_now(staff.lock_staff, "samira")
    link = hall.db.write_now(invitations.rescue, "samira")
    assert kinds(hall)[-1] == "staff.rescued"
    assert hall.db.read_now(rescued_lately) == ["samira name"]
    hall.db.write_now(invitations.accept, link, "a hash")
    late = hall.db.write_now(invitations.rescue, "samira")
    hall.db.clock.move(timedelta(minutes=30))  # type: ignore[attr-defined]
    with pytest.raises(Missing, match="invitation"):
        hall.db.write_now(invitations.accept, late, "a hash")
    hall.db.clock.move(timedelta(days=7))  # type: ignore[attr-defined]
    assert hall.db.read_now(rescued_lately) == []


def test_sessions_are_seen_and_ended_one_by_one(hall: Hall) -> None:
    layla, omar = hall.person("layla"), hall.person("omar")
    tokens = [hall.db.write_now(sessions.start_session, layla, channel) for channel in ("web", "api")]
    found = hall.db.read_now(sessions_of, layla, sha256(tokens[0]))
    assert {one.channel: one.current for one in found} == {"web": True, "api": False}
    other = next(one.handle for one in found if not one.current)
    with pytest.raises(Denied, match="not-allowed"):
        hall.db.write_now(staff.end_sessions, "layla", [other], by(omar))
    assert hall.db.write_now(staff.end_sessions, "layla", [other], by(layla)) == 1
    assert [is_signed_in(hall, token) for token in tokens] == [True, False]
    assert hall.db.write_now(staff.end_sessions, "layla", None, by(layla)) == 1
    assert not is_signed_in(hall, tokens[0])


def test_a_new_password_of_one_s_own_ends_the_other_sessions(hall: Hall) -> None:
    layla = hall.person("layla")
    tokens = [hall.db.write_now(sessions.start_session, layla, channel) for channel in ("web", "api")]
    stored = hall.db.read_now(access.account_of, "layla")
    assert stored is not None
    hall.db.write_now(staff.set_own_password, layla, "new hash", stored.password, tokens[0])
    assert [is_signed_in(hall, token) for token in tokens] == [True, False]


def test_names_of_staff_stay_out_of_the_log(hall: Hall) -> None:
    change_settings(hall.db)
    admin = hall.administrator("samira")
    hall.db.write_now(invitations.invite, "nour", "نور الدين", "ar", hall.branch.id, "officer", "", by(admin))
    hall.db.write_now(staff.edit_staff, "nour", "نور الدمشقي", "en", by(admin))
    assert all("نور" not in repr(entry.data) for entry in hall.db.read_now(log.after, ORGANISATION, 0, 1_000))
