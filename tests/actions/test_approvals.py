"""Two people for what guards all else: asking, approving, carrying out; the office of one person waits a day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from queue_system.actions import approvals, four_eyes, invitations, roles, staff, staff_roles
from queue_system.core.approvals import DELAY, LIFETIME
from queue_system.core.errors import Denied, Missing, Refused, Stale
from queue_system.store import log
from queue_system.store.log import Actor
from queue_system.store.queries.people import colleague
from queue_system.store.tables import ORGANISATION, Approval, table
from tests.kit.hall import Hall
from tests.kit.people import add_role


def by(staff_id: UUID) -> Actor:
    return Actor("staff", str(staff_id))


def kinds(hall: Hall) -> list[str]:
    return [entry.kind for entry in hall.db.read_now(log.after, ORGANISATION, 0, 1_000)]


def is_administrator(hall: Hall, login: str) -> bool:
    found = hall.db.read_now(colleague, login)
    return found is not None and any("*" in one.rights for one in found.grants)


def asked_for_layla(hall: Hall, asker: UUID) -> UUID:
    hall.person("layla")
    asked = hall.db.write_now(staff_roles.give_role, "layla", ORGANISATION, "administrator", "", by(asker))
    assert asked is not None
    return asked


def test_everything_is_given_by_two_people(hall: Hall) -> None:
    first, second = hall.administrator("first"), hall.administrator("second")
    asked = asked_for_layla(hall, first)
    assert not is_administrator(hall, "layla")
    with pytest.raises(Refused, match="approval-missing"):
        hall.db.write_now(four_eyes.carry_out, asked, by(first))
    with pytest.raises(Refused, match="own-request"):
        hall.db.write_now(approvals.approve, asked, by(first))
    hall.db.write_now(approvals.approve, asked, by(second))
    with pytest.raises(Missing, match="approval"):
        hall.db.write_now(four_eyes.carry_out, asked, by(second))
    hall.db.write_now(four_eyes.carry_out, asked, by(first))
    assert is_administrator(hall, "layla")
    assert kinds(hall)[-4:] == ["approval.asked", "approval.given", "staff.role_given", "approval.used"]
    with pytest.raises(Refused, match="approval-over"):
        hall.db.write_now(four_eyes.carry_out, asked, by(first))


def test_the_database_too_refuses_a_decision_on_one_s_own_request(hall: Hall) -> None:
    first = hall.administrator("first")
    asked = asked_for_layla(hall, first)
    statement = sa.update(table(Approval)).where(table(Approval).c.id == asked).values(decided_by=first)
    with pytest.raises(sa.exc.IntegrityError):
        hall.db.write_now(lambda tx: tx.execute(statement))


def test_only_who_may_approve_there_decides(hall: Hall) -> None:
    first = hall.administrator("first")
    hall.administrator("second")
    there = hall.person("there", ((hall.branch.id, add_role(hall, "approver", "approve")),))
    asked = asked_for_layla(hall, first)
    with pytest.raises(Denied, match="not-allowed"):
        hall.db.write_now(approvals.approve, asked, by(there))
    with pytest.raises(Denied, match="not-allowed"):
        hall.db.write_now(approvals.refuse, asked, by(there))


def test_a_request_that_was_refused_withdrawn_or_forgotten_is_over(hall: Hall, clock: Any) -> None:
    first, second = hall.administrator("first"), hall.administrator("second")
    asked = asked_for_layla(hall, first)
    hall.db.write_now(approvals.refuse, asked, by(second))
    again = hall.db.write_now(staff_roles.give_role, "layla", ORGANISATION, "administrator", "", by(first))
    assert again is not None
    assert again != asked
    assert hall.db.write_now(staff_roles.give_role, "layla", ORGANISATION, "administrator", "", by(first)) == again
    hall.db.write_now(approvals.withdraw, again, by(first))
    third = hall.db.write_now(staff_roles.give_role, "layla", ORGANISATION, "administrator", "", by(first))
    assert third is not None
    clock.move(LIFETIME)
    for one in (asked, again, third):
        with pytest.raises(Refused, match="approval-over"):
            hall.db.write_now(approvals.approve, one, by(second))
    assert not is_administrator(hall, "layla")


def test_who_asked_asks_again_for_what_is_over_with_the_same_values(hall: Hall, clock: Any) -> None:
    first, second = hall.administrator("first"), hall.administrator("second")
    asked = asked_for_layla(hall, first)
    with pytest.raises(Refused, match="approval-not-over"):
        hall.db.write_now(four_eyes.ask_again, asked, by(first))
    hall.db.write_now(approvals.withdraw, asked, by(first))
    with pytest.raises(Missing, match="approval"):
        hall.db.write_now(four_eyes.ask_again, asked, by(second))
    again = hall.db.write_now(four_eyes.ask_again, asked, by(first))
    assert hall.db.write_now(four_eyes.ask_again, asked, by(first)) == again, "pressed twice, it is one request"
    hall.db.write_now(approvals.refuse, again, by(second))
    third = hall.db.write_now(four_eyes.ask_again, again, by(first))
    clock.move(LIFETIME)
    fourth = hall.db.write_now(four_eyes.ask_again, third, by(first))
    assert len({asked, again, third, fourth}) == 4
    assert kinds(hall)[-1] == "approval.asked"
    hall.db.write_now(approvals.approve, fourth, by(second))
    hall.db.write_now(four_eyes.carry_out, fourth, by(first))
    assert is_administrator(hall, "layla")
    with pytest.raises(Refused, match="approval-not-over"):
        hall.db.write_now(four_eyes.ask_again, fourth, by(first))


def test_requests_end_with_the_access_of_who_asked(hall: Hall) -> None:
    first, second, third = (hall.administrator(login) for login in ("first", "second", "third"))
    asked = asked_for_layla(hall, first)
    hall.db.write_now(approvals.approve, asked, by(second))
    others = hall.db.write_now(staff_roles.give_role, "layla", ORGANISATION, "administrator", "", by(third))
    hall.db.write_now(staff.lock_staff, "first", by(third))
    assert kinds(hall)[-2:] == ["staff.locked", "approval.ended"]
    hall.db.write_now(staff.unlock_staff, "first", by(third))
    with pytest.raises(Refused, match="approval-over"):
        hall.db.write_now(four_eyes.carry_out, asked, by(first))
    assert others is not None
    hall.db.write_now(approvals.approve, others, by(second))
    hall.db.write_now(staff_roles.take_role, "third", ORGANISATION, "administrator", "", by(second))
    assert kinds(hall)[-2:] == ["staff.role_taken", "approval.ended"]


def test_who_is_alone_waits_a_day_and_can_be_stopped_meanwhile(hall: Hall, clock: Any) -> None:
    alone = hall.administrator("alone")
    asked = asked_for_layla(hall, alone)
    clock.move(DELAY - timedelta(seconds=1))
    with pytest.raises(Refused, match="approval-missing"):
        hall.db.write_now(four_eyes.carry_out, asked, by(alone))
    clock.move(timedelta(seconds=1))
    hall.db.write_now(four_eyes.carry_out, asked, by(alone))
    assert is_administrator(hall, "layla")


def test_nobody_decides_on_what_they_would_gain(hall: Hall) -> None:
    first = hall.administrator("first")
    role = add_role(hall, "approver", "approve")
    rami = hall.person("rami", ((ORGANISATION, role),))
    given = hall.db.write_now(staff_roles.give_role, "rami", ORGANISATION, "administrator", "", by(first))
    widened = hall.db.write_now(roles.save_role, role, {"ar": "موافق"}, ["approve", "grant_roles"], by(first))
    for asked in (given, widened):
        assert asked is not None
        # Nobody else could approve, so these wait.
        assert due(hall, asked) is not None
        for decide in (approvals.approve, approvals.refuse):
            with pytest.raises(Denied, match="not-allowed"):
                hall.db.write_now(decide, asked, by(rami))
    second = hall.administrator("second")
    for asked in (given, widened):
        assert asked is not None
        hall.db.write_now(approvals.approve, asked, by(second))


def test_whose_password_was_taken_away_is_no_second_person(hall: Hall) -> None:
    first = hall.administrator("first")
    hall.administrator("second")
    assert due(hall, asked_for_layla(hall, first)) is None
    hall.db.write_now(invitations.reset_sign_in, "second")
    hall.person("omar")
    asked = hall.db.write_now(staff_roles.give_role, "omar", ORGANISATION, "administrator", "", by(first))
    assert asked is not None
    assert due(hall, asked) is not None


def remove(hall: Hall) -> None:
    hall.db.write_now(staff.remove_staff, "nour")


def lock(hall: Hall) -> None:
    hall.db.write_now(staff.lock_staff, "nour")


@pytest.mark.parametrize(("act", "error", "code"), [(remove, Missing, "staff"), (lock, Refused, "staff-locked")])
def test_an_approved_role_is_given_to_nobody_who_is_gone(
    hall: Hall, act: Callable[[Hall], None], error: type[Exception], code: str
) -> None:
    first, second = hall.administrator("first"), hall.administrator("second")
    _, asked = hall.db.write_now(invitations.invite, "nour", "ن", "ar", ORGANISATION, "administrator", "", by(first))
    assert asked is not None
    hall.db.write_now(approvals.approve, asked, by(second))
    act(hall)
    with pytest.raises(error, match=code):
        hall.db.write_now(four_eyes.carry_out, asked, by(first))


def due(hall: Hall, asked: UUID) -> Any:
    rows = table(Approval)
    return hall.db.read_now(lambda tx: tx.scalar(sa.select(rows.c.due_at).where(rows.c.id == asked)))


def test_the_sign_in_of_an_administrator_is_reset_by_two(hall: Hall) -> None:
    first, second = hall.administrator("first"), hall.administrator("second")
    hall.administrator("third")
    link, asked = hall.db.write_now(invitations.reset_sign_in, "third", by(first))
    assert (link, asked is None) == ("", False)
    assert asked is not None
    hall.db.write_now(approvals.approve, asked, by(second))
    given = hall.db.write_now(four_eyes.carry_out, asked, by(first))
    assert given is not None
    assert hall.db.write_now(invitations.accept, given, "a hash") == "third"


def test_a_role_becomes_everything_only_by_two(hall: Hall) -> None:
    first, second = hall.administrator("first"), hall.administrator("second")
    names = {"ar": "مدقق", "en": "Auditor"}
    assert hall.db.write_now(roles.save_role, "auditor", names, ["read_audit", "see_reports"], by(first)) is None
    asked = hall.db.write_now(roles.save_role, "auditor", names, ["*"], by(first))
    assert asked is not None
    hall.db.write_now(approvals.approve, asked, by(second))
    hall.person("rami", ((ORGANISATION, "auditor"),))
    assert not is_administrator(hall, "rami")
    hall.db.write_now(four_eyes.carry_out, asked, by(first))
    assert is_administrator(hall, "rami")


def test_an_approval_counts_for_the_effect_that_was_seen(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = hall.administrator("first"), hall.administrator("second")
    hall.person("layla")
    params = {"staff": "x", "place": str(ORGANISATION), "role": "administrator", "department": ""}
    action = four_eyes.Performed(lambda _organisation, _params, _actor: "done", lambda _tx, _params, _asked_at: "now")
    monkeypatch.setitem(four_eyes.PERFORM, "grant-role", action)
    for seen in ("before", "now"):
        asked = hall.db.write_now(approvals.ask, ORGANISATION, "grant-role", params, by(first), seen)
        hall.db.write_now(approvals.approve, asked, by(second))
        if seen == "before":
            with pytest.raises(Stale, match="effect-changed"):
                hall.db.write_now(four_eyes.carry_out, asked, by(first))
        else:
            assert hall.db.write_now(four_eyes.carry_out, asked, by(first)) == "done"


def test_the_last_administrator_s_role_cannot_be_emptied(hall: Hall) -> None:
    alone = hall.administrator("alone")
    with pytest.raises(Refused, match="last-administrator"):
        hall.db.write_now(roles.save_role, "administrator", {"ar": "مدير"}, ["read_audit"], by(alone))
    with pytest.raises(Refused, match="role-in-use"):
        hall.db.write_now(roles.remove_role, "administrator", by(alone))
