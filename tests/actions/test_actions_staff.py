"""Locking people, unlocking them, giving them roles: what ends at once, and what the log records."""

from __future__ import annotations

import pytest

from queue_system.actions import sessions, staff, staff_roles
from queue_system.actions.counters import take_over
from queue_system.core.errors import Missing, Refused, SignedOut
from queue_system.core.tokens import sha256
from queue_system.store import log
from queue_system.store.queries import access, line
from queue_system.store.queries.desk import holders
from queue_system.store.tables import ORGANISATION
from tests.kit.hall import Hall


def is_signed_in(hall: Hall, token: str) -> bool:
    return hall.db.read_now(access.staff_by_session, sha256(token), sessions.SESSION_IDLE) is not None


def kinds(hall: Hall, of: str = "staff.") -> list[str]:
    entries = hall.db.read_now(log.after, ORGANISATION, 0, 1_000)
    return [entry.kind for entry in entries if entry.kind.startswith(of)]


def test_whoever_is_locked_out_is_out_everywhere_at_once(hall: Hall) -> None:
    layla, omar = hall.person("layla"), hall.person("omar")
    tokens = [hall.db.write_now(sessions.start_session, layla, channel) for channel in ("web", "api")]
    other = hall.db.write_now(sessions.start_session, omar, "web")
    hall.db.write_now(sessions.remember_browser, layla, "secret")
    hall.sit(layla)
    hall.db.write_now(staff.lock_staff, " LAYLA")
    assert [is_signed_in(hall, token) for token in (*tokens, other)] == [False, False, True]
    assert not hall.db.read_now(holders, hall.branch.id, sessions.SESSION_IDLE)
    assert (locked := hall.db.read_now(access.account_of, "layla")) is not None
    assert locked.password == ""
    assert not hall.db.read_now(access.knows_browser, layla, sha256("secret"))
    assert kinds(hall)[-1] == "staff.locked"
    assert hall.db.read_now(log.after, hall.branch.id, 0, 1_000)[-1].kind == "counter.closed"
    hall.db.write_now(staff.unlock_staff, "layla")
    assert hall.db.read_now(access.account_of, "layla") is not None
    assert not is_signed_in(hall, tokens[0])


def test_a_visitor_in_front_of_somebody_who_is_locked_out_is_not_lost(hall: Hall) -> None:
    layla, omar = hall.person("layla"), hall.person("omar")
    issued = hall.issue()
    here = hall.sit(layla)
    hall.call_next(here)
    hall.db.write_now(staff.lock_staff, "layla")
    hall.db.write_in_now(hall.branch.id, take_over, hall.at(omar))
    found = hall.db.read_now(line.at_counter, hall.branch.id, hall.counter("c4"))
    assert found is not None
    assert found.id == issued.ticket.id


def test_a_new_password_ends_every_session_and_forgets_the_browsers(hall: Hall) -> None:
    layla = hall.person("layla")
    token = hall.db.write_now(sessions.start_session, layla, "web")
    hall.db.write_now(sessions.remember_browser, layla, "secret")
    hall.db.write_now(staff.set_password, "layla", "a hash")
    assert not is_signed_in(hall, token)
    account = hall.db.read_now(access.account_of, "layla")
    assert account is not None
    assert account.password == "a hash"
    assert not hall.db.read_now(access.knows_browser, layla, sha256("secret"))
    assert kinds(hall)[-1] == "staff.password_set"


def test_no_session_begins_with_a_password_that_was_replaced_meanwhile(hall: Hall) -> None:
    layla = hall.person("layla")
    seen = hall.db.read_now(access.account_of, "layla")
    assert seen is not None
    hall.db.write_now(staff.set_password, "layla", "a hash")
    with pytest.raises(SignedOut, match="sign-in-wrong"):
        hall.db.write_now(sessions.start_session, layla, "web", seen.password)
    assert "staff.signed_in" not in kinds(hall)
    assert is_signed_in(hall, hall.db.write_now(sessions.start_session, layla, "web", "a hash"))


def test_no_session_begins_for_somebody_who_was_locked_out_meanwhile(hall: Hall) -> None:
    layla = hall.person("layla")
    seen = hall.db.read_now(access.account_of, "layla")
    assert seen is not None
    hall.db.write_now(staff.lock_staff, "layla")
    with pytest.raises(SignedOut, match="sign-in-wrong"):
        hall.db.write_now(sessions.start_session, layla, "web", seen.password)
    hall.db.write_now(staff.unlock_staff, "layla")
    assert "staff.signed_in" not in kinds(hall)


def test_roles_are_given_and_taken_at_one_branch(hall: Hall) -> None:
    layla = hall.person("layla")
    token = hall.db.write_now(sessions.start_session, layla, "web")
    hall.db.write_now(staff_roles.change_roles, "layla", hall.branch.id, give="auditor")
    person = hall.db.read_now(access.staff_by_session, sha256(token), sessions.SESSION_IDLE)
    assert person is not None
    assert person.may("read_audit", hall.branch.id)
    assert not person.may("read_audit", ORGANISATION)
    with pytest.raises(Refused, match="role-held"):
        hall.db.write_now(staff_roles.change_roles, "layla", hall.branch.id, give="auditor")
    hall.db.write_now(staff_roles.change_roles, "layla", hall.branch.id, take="auditor")
    with pytest.raises(Refused, match="role-not-held"):
        hall.db.write_now(staff_roles.change_roles, "layla", hall.branch.id, take="auditor")
    assert kinds(hall)[-2:] == ["staff.role_given", "staff.role_taken"]


def test_roles_are_given_and_taken_together_or_not_at_all(hall: Hall) -> None:
    hall.person("layla")
    before = kinds(hall)
    with pytest.raises(Refused, match="role-not-held"):
        hall.db.write_now(staff_roles.change_roles, "layla", hall.branch.id, give="auditor", take="supervisor")
    assert kinds(hall) == before
    hall.db.write_now(staff_roles.change_roles, "layla", hall.branch.id, give="auditor", take="officer")
    assert kinds(hall)[-2:] == ["staff.role_given", "staff.role_taken"]


def test_somebody_is_always_left_who_may_do_everything(hall: Hall) -> None:
    hall.administrator("samira")
    others = [one.login for one in hall.db.read_now(access.people) if (ORGANISATION, "administrator") in one.roles]
    for login in others:
        if login != "samira":
            hall.db.write_now(staff_roles.change_roles, login, ORGANISATION, take="administrator")
    with pytest.raises(Refused, match="last-administrator"):
        hall.db.write_now(staff_roles.change_roles, "samira", ORGANISATION, take="administrator")
    hall.administrator("second")
    hall.db.write_now(staff.lock_staff, "second")
    with pytest.raises(Refused, match="last-administrator"):
        hall.db.write_now(staff_roles.change_roles, "samira", ORGANISATION, give="auditor", take="administrator")
    hall.db.write_now(staff.unlock_staff, "second")
    hall.db.write_now(staff_roles.change_roles, "samira", ORGANISATION, take="administrator")


def test_nobody_and_nothing_are_refused(hall: Hall) -> None:
    for action in (staff.lock_staff, staff.unlock_staff):
        with pytest.raises(Missing, match="staff"):
            hall.db.write_now(action, "nobody")
    hall.person("layla")
    with pytest.raises(Missing, match="role"):
        hall.db.write_now(staff_roles.change_roles, "layla", ORGANISATION, give="wizard")


def test_a_browser_that_was_not_used_for_long_is_forgotten(hall: Hall) -> None:
    layla = hall.person("layla")
    hall.db.write_now(sessions.remember_browser, layla, "old")
    hall.db.clock.move(sessions.BROWSER_KNOWN_FOR)  # type: ignore[attr-defined]
    hall.db.write_now(sessions.remember_browser, layla, "new")
    known = [hall.db.read_now(access.knows_browser, layla, sha256(token)) for token in ("old", "new")]
    assert known == [False, True]
