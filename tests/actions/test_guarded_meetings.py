"""In a protected service two people together let those meet who are kept apart. On both databases."""

from __future__ import annotations

from uuid import UUID

import pytest
import sqlalchemy as sa

from queue_system.actions import apart, approvals, four_eyes
from queue_system.actions.guarded_meetings import ask_to_accept
from queue_system.actions.second_person import SecondPersonNeeded
from queue_system.clock import FrozenClock
from queue_system.core.apart import AcceptedFor
from queue_system.core.approvals import DELAY
from queue_system.core.errors import Denied, Stale
from queue_system.store.database import Database
from queue_system.store.log import Actor
from queue_system.store.queries.access import staff_by_id
from queue_system.store.queries.approvals import requests
from queue_system.store.tables import Service, table
from queue_system.surfaces.office.asking import is_shown
from tests.kit.apart_hall import CONTACT, HE, SHE, at, book, met, move, pair
from tests.kit.hall import Hall, edit, furnish
from tests.kit.people import add_role

SERVICE = table(Service)
WHY = AcceptedFor.ESCORTED


@pytest.fixture
def hall(db: Database) -> Hall:
    hall = furnish(db, "social-work", "wifaq")
    here = SERVICE.c.branch_id == hall.branch.id, SERVICE.c.slug == CONTACT
    edit(hall, lambda tx: tx.execute(sa.update(SERVICE).where(*here).values(confidentiality="protected")))
    for role, rights in (("keeper", ["keep_apart"]), ("second", ["keep_apart", "approve"]), ("approver", ["approve"])):
        add_role(hall, role, *rights)
    return hall


def person(hall: Hall, role: str) -> UUID:
    return hall.person(role, ((hall.branch.id, role),))


def by(person: UUID) -> Actor:
    return Actor("staff", str(person))


def meeting(hall: Hall) -> tuple[UUID, list[UUID]]:
    """A pair whose two appointments, one of them protected, were there before it."""
    ids = [book(hall, SHE, at(24, 8, 15)), book(hall, HE, at(24, 11, 30), CONTACT)]
    return pair(hall), ids


def ask(hall: Hall, asker: UUID, found: UUID, ids: list[UUID]) -> UUID:
    return hall.db.write_now(ask_to_accept, hall.branch.id, found, ids, WHY, by(asker))


def test_two_people_together_let_them_meet(hall: Hall) -> None:
    keeper, second = person(hall, "keeper"), person(hall, "second")
    found, ids = meeting(hall)
    with pytest.raises(SecondPersonNeeded):
        hall.db.write_now(apart.accept_meeting, hall.branch.id, found, ids, WHY, by(keeper))
    asked = ask(hall, keeper, found, ids)
    assert met(hall), "asking changes nothing"
    hall.db.write_now(approvals.approve, asked, by(second))
    assert met(hall)
    hall.db.write_now(four_eyes.carry_out, asked, by(keeper))
    assert not met(hall)


def test_nobody_is_told_who_may_not_know(hall: Hall) -> None:
    """Somebody who approves everything else neither sees nor decides it, and counts as nobody who could."""
    keeper, approver = person(hall, "keeper"), person(hall, "approver")
    asked = ask(hall, keeper, *meeting(hall))
    with pytest.raises(Denied):
        hall.db.write_now(approvals.approve, asked, by(approver))
    (request,) = hall.db.read_now(requests)
    assert request.is_alone
    views = [hall.db.read_now(staff_by_id, one) for one in (keeper, approver, person(hall, "second"))]
    assert [view is not None and is_shown(view, request) for view in views] == [True, False, True]


def test_where_there_is_no_second_person_a_day_passes(hall: Hall, clock: FrozenClock) -> None:
    keeper = person(hall, "keeper")
    asked = ask(hall, keeper, *meeting(hall))
    clock.move(DELAY)
    hall.db.write_now(four_eyes.carry_out_overdue, asked)
    assert not met(hall)


def test_what_was_approved_for_other_times_is_not_done(hall: Hall) -> None:
    keeper, second = person(hall, "keeper"), person(hall, "second")
    found, ids = meeting(hall)
    asked = ask(hall, keeper, found, ids)
    hall.db.write_now(approvals.approve, asked, by(second))
    hall.db.write_now(apart.end_pair, hall.branch.id, found, by(keeper))
    move(hall, ids[1], at(25, 8, 30))
    with pytest.raises(Stale):
        hall.db.write_now(four_eyes.carry_out, asked, by(keeper))
