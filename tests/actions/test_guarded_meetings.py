"""In a protected service two people together let those meet who are kept apart. On both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest

from queue_system.actions import apart, approvals, bookings, four_eyes, staff_roles
from queue_system.actions.guarded_meetings import ask_to_accept, ask_to_book
from queue_system.actions.said import Said
from queue_system.actions.second_person import SecondPersonNeeded
from queue_system.clock import FrozenClock
from queue_system.core.apart import AcceptedFor
from queue_system.core.approvals import DELAY, LIFETIME
from queue_system.core.bookings import BookingState
from queue_system.core.errors import Denied, Refused, Stale
from queue_system.store.database import Database
from queue_system.store.log import SYSTEM, Actor
from queue_system.store.queries.access import staff_by_id
from queue_system.store.queries.approvals import requests
from queue_system.surfaces.office.asking import is_shown
from tests.kit.apart_hall import (
    ACCEPTS,
    CONTACT,
    HE,
    SEES,
    SHE,
    at,
    book,
    confirm,
    hold,
    met,
    move,
    pair,
    protect,
    read,
)
from tests.kit.hall import Hall, furnish
from tests.kit.people import add_role

WHY = AcceptedFor.ESCORTED
BOOKS = ("book_for_visitor", "create_protected_case")


@pytest.fixture
def hall(db: Database) -> Hall:
    hall = furnish(db, "social-work", "wifaq")
    protect(hall)
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


def test_a_hold_becomes_an_appointment_once_two_people_let_it(hall: Hall, clock: FrozenClock) -> None:
    for role in ("keeper", "second"):
        add_role(hall, f"{role}-who-books", *BOOKS, "keep_apart", *(["approve"] if role == "second" else []))
    keeper, second = (hall.person(one, ((hall.branch.id, f"{one}-who-books"),)) for one in ("keeper", "second"))
    made, hers = pair(hall), book(hall, SHE, at(24, 8, 15))
    his = hold(hall, at(24, 11, 30), CONTACT, leave=SEES)
    with pytest.raises(Refused, match="kept-apart-second"):
        confirm(hall, his, HE, leave=SEES)
    with pytest.raises(SecondPersonNeeded):
        confirm(hall, his, HE, leave=ACCEPTS)
    with pytest.raises(Refused, match="slot-taken"):
        confirm(hall, his, HE)
    said = Said(HE, "", "ar", later=True)
    hall.db.write_now(ask_to_book, hall.branch.id, his, said, WHY, by(keeper))
    clock.move(timedelta(hours=2))
    do(hall, bookings.expire_holds)
    waiting = read(hall, his)
    assert (waiting.state, waiting.name) == (BookingState.HELD, HE), "it waits for the second person"
    assert not met(hall), "a time that is held is nobody's appointment"
    (asked,) = hall.db.read_now(requests)
    assert (asked.params["pair"], asked.params["bookings"]) == (str(made), sorted([str(hers), str(his)]))
    with pytest.raises(SecondPersonNeeded):
        confirm(hall, his, HE, leave=ACCEPTS)
    hall.db.write_now(approvals.approve, asked.id, by(second))
    hall.db.write_now(four_eyes.carry_out, asked.id, by(keeper))
    assert read(hall, his).state is BookingState.CONFIRMED
    assert not met(hall)


def test_a_hold_that_nobody_approves_ends_with_the_request(hall: Hall, clock: FrozenClock) -> None:
    keeper = hall.person("keeper", ((hall.branch.id, add_role(hall, "books", *BOOKS, "keep_apart")),))
    pair(hall)
    book(hall, SHE, at(26, 8, 15))
    his = hold(hall, at(26, 11, 30), CONTACT, leave=SEES)
    hall.db.write_now(ask_to_book, hall.branch.id, his, Said(HE, "", "ar", later=True), WHY, by(keeper))
    (asked,) = hall.db.read_now(requests)
    assert asked.is_alone
    clock.move(DELAY + LIFETIME)
    do(hall, bookings.expire_holds)
    assert read(hall, his).state is BookingState.EXPIRED
    with pytest.raises(Refused, match="approval-over"):
        hall.db.write_now(four_eyes.carry_out_overdue, asked.id)


def test_a_hold_waits_longer_when_it_is_asked_again(hall: Hall, clock: FrozenClock) -> None:
    keeper = hall.person("keeper", ((hall.branch.id, add_role(hall, "books", *BOOKS, "keep_apart")),))
    second = person(hall, "second")
    pair(hall)
    book(hall, SHE, at(26, 8, 15))
    his = hold(hall, at(26, 11, 30), CONTACT, leave=SEES)
    hall.db.write_now(ask_to_book, hall.branch.id, his, Said(HE, "", "ar", later=True), WHY, by(keeper))
    (asked,) = hall.db.read_now(requests)
    hall.db.write_now(approvals.refuse, asked.id, by(second))
    clock.move(timedelta(hours=30))
    again = hall.db.write_now(four_eyes.ask_again, asked.id, by(keeper))
    clock.move(timedelta(hours=20))
    do(hall, bookings.expire_holds)
    hall.db.write_now(approvals.approve, again, by(second))
    hall.db.write_now(four_eyes.carry_out, again, by(keeper))
    assert read(hall, his).state is BookingState.CONFIRMED


def test_what_is_another_meeting_by_now_is_not_asked_again(hall: Hall) -> None:
    keeper = person(hall, "keeper")
    found, ids = meeting(hall)
    asked = ask(hall, keeper, found, ids)
    hall.db.write_now(approvals.withdraw, asked, by(keeper))
    hall.db.write_now(apart.end_pair, hall.branch.id, found, by(keeper))
    with pytest.raises(Stale, match="effect-changed"):
        hall.db.write_now(four_eyes.ask_again, asked, by(keeper))


def test_who_may_no_longer_know_asks_again_for_nothing(hall: Hall) -> None:
    add_role(hall, "other", "move_bookings")
    keeper = hall.person("keeper", ((hall.branch.id, "keeper"), (hall.branch.id, "other")))
    asked = ask(hall, keeper, *meeting(hall))
    hall.db.write_now(approvals.withdraw, asked, by(keeper))
    hall.db.write_now(staff_roles.take_role, "keeper", hall.branch.id, "keeper", "", SYSTEM)
    with pytest.raises(Denied):
        hall.db.write_now(four_eyes.ask_again, asked, by(keeper))


def test_where_there_is_no_second_person_a_hold_is_confirmed_after_a_day(hall: Hall, clock: FrozenClock) -> None:
    keeper = hall.person("keeper", ((hall.branch.id, add_role(hall, "books", *BOOKS, "keep_apart")),))
    pair(hall)
    book(hall, SHE, at(24, 8, 15))
    his = hold(hall, at(24, 11, 30), CONTACT, leave=SEES)
    hall.db.write_now(ask_to_book, hall.branch.id, his, Said(HE, "", "ar", later=True), WHY, by(keeper))
    (asked,) = hall.db.read_now(requests)
    clock.move(DELAY)
    hall.db.write_now(four_eyes.carry_out_overdue, asked.id)
    assert read(hall, his).state is BookingState.CONFIRMED


def test_two_who_are_only_held_are_no_meeting_to_be_approved(hall: Hall) -> None:
    keeper = hall.person("keeper", ((hall.branch.id, add_role(hall, "books", *BOOKS, "keep_apart")),))
    pair(hall)
    hold(hall, at(24, 8, 15), name=SHE)
    his = hold(hall, at(24, 11, 30), CONTACT, leave=SEES)
    with pytest.raises(Refused, match="kept-apart-protected"):
        hall.db.write_now(ask_to_book, hall.branch.id, his, Said(HE, "", "ar", later=True), WHY, by(keeper))
    assert read(hall, his).name == "", "nothing is kept"


def test_who_books_no_more_confirms_nothing(hall: Hall) -> None:
    books = add_role(hall, "books", "book_for_visitor", "keep_apart")
    keeper, second = hall.person("keeper", ((hall.branch.id, books),)), person(hall, "second")
    pair(hall)
    book(hall, SHE, at(24, 8, 15))
    his = hold(hall, at(24, 11, 30), CONTACT, leave=SEES)
    hall.db.write_now(ask_to_book, hall.branch.id, his, Said(HE, "", "ar", later=True), WHY, by(keeper))
    (asked,) = hall.db.read_now(requests)
    hall.db.write_now(approvals.approve, asked.id, by(second))
    # To book for visitors does not count in a protected service.
    with pytest.raises(Denied):
        hall.db.write_now(four_eyes.carry_out, asked.id, by(keeper))
    assert read(hall, his).state is BookingState.HELD


def do(hall: Hall, action: Callable[..., object]) -> None:
    hall.db.write_in_now(hall.branch.id, action, hall.branch.id)
