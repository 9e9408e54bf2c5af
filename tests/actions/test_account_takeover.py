"""Nobody comes into an account that may do more than they may, or that is about to; and nobody is two people."""

from __future__ import annotations

from uuid import UUID

import pytest

from queue_system.actions import approvals, invitations, roles, staff, staff_roles
from queue_system.core.errors import Denied, Missing
from queue_system.store.log import Actor
from queue_system.store.queries.people import colleague, invitation_by_token
from queue_system.store.tables import ORGANISATION
from tests.kit.hall import Hall
from tests.kit.people import add_role


def by(staff_id: UUID) -> Actor:
    return Actor("staff", str(staff_id))


def with_only(hall: Hall, login: str, *rights: str) -> UUID:
    """Somebody with these rights at the branch, and no other."""
    return hall.person(login, ((hall.branch.id, add_role(hall, f"{login}-role", *rights)),))


def test_a_new_link_for_somebody_who_may_do_more_is_not_made(hall: Hall) -> None:
    admin, inviter = hall.administrator("samira"), with_only(hall, "inviter", "invite_people")
    place, role = hall.branch.id, add_role(hall, "rich", "export_personal", "reset_sign_in")
    first, _ = hall.db.write_now(invitations.invite, "nour", "نور", "ar", place, role, "", by(admin))
    with pytest.raises(Denied, match="beyond-own-rights"):
        hall.db.write_now(invitations.invite_again, "nour", by(inviter))
    assert hall.db.read_now(invitation_by_token, first) is not None


def test_an_account_is_guarded_as_soon_as_more_is_asked_for_it(hall: Hall) -> None:
    admin = hall.administrator("samira")
    hall.person("omar", ())
    low = with_only(hall, "low", "invite_people", "reset_sign_in", "edit_people")
    held, _ = hall.db.write_now(invitations.reset_sign_in, "omar", by(low))
    invited, asked = hall.db.write_now(
        invitations.invite, "nour", "نور", "ar", ORGANISATION, "administrator", "", by(admin)
    )
    assert asked is not None
    hall.db.write_now(staff_roles.give_role, "omar", ORGANISATION, "administrator", "", by(admin))
    for action, login in (
        (invitations.invite_again, "nour"),
        (staff.remove_staff, "nour"),
        (invitations.reset_sign_in, "omar"),
        (staff.lock_staff, "omar"),
    ):
        with pytest.raises(Denied, match="not-allowed"):
            hall.db.write_now(action, login, by(low))
    # The link that was made before is over too, and that of the invitation is not.
    with pytest.raises(Missing, match="invitation"):
        hall.db.write_now(invitations.accept, held, "a hash")
    assert hall.db.write_now(invitations.accept, invited, "a hash") == "nour"
    # Not even an administrator comes into it alone, and would then be two.
    assert hall.db.write_now(invitations.reset_sign_in, "omar", by(admin))[0] == ""


def test_an_account_is_guarded_as_soon_as_its_role_is_to_become_more(hall: Hall) -> None:
    admin = hall.administrator("samira")
    hall.person("omar")
    low = with_only(hall, "low", "reset_sign_in", "invite_people", "call_next", "recall")
    assert hall.db.write_now(roles.save_role, "officer", {"ar": "موظف"}, ["*"], by(admin)) is not None
    with pytest.raises(Denied, match="beyond-own-rights"):
        hall.db.write_now(invitations.reset_sign_in, "omar", by(low))


def test_the_right_to_approve_is_given_by_two_so_that_nobody_makes_the_second_person(hall: Hall) -> None:
    first = hall.administrator("first")
    hall.administrator("second")
    role = add_role(hall, "approver", "approve")
    link, asked = hall.db.write_now(invitations.invite, "sock", "س", "ar", ORGANISATION, role, "", by(first))
    assert asked is not None
    hall.db.write_now(invitations.accept, link, "a hash of the first")
    sock = hall.db.read_now(colleague, "sock")
    assert sock is not None
    with pytest.raises(Denied, match="not-allowed"):
        hall.db.write_now(approvals.approve, asked, by(sock.id))
    assert hall.db.write_now(roles.save_role, "officer", {"ar": "موظف"}, ["approve"], by(first)) is not None
