"""The contents of a desk, on both databases: the line in calling order, the buttons, who may see names."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from queue_system.actions import calling, sessions
from queue_system.actions.counters import Desk
from queue_system.clock import FrozenClock
from queue_system.core.tickets import TicketState
from queue_system.core.tokens import sha256
from queue_system.store.database import Database
from queue_system.store.queries import line
from queue_system.store.queries.access import StaffView, staff_by_session
from queue_system.store.queries.desk import DeskView, desk_view
from queue_system.store.queries.grants import grant
from queue_system.surfaces.desk.view import Button, context
from queue_system.web.waits import Waits
from tests.kit.hall import Hall, furnish, set_rules


@pytest.fixture
def hall(db: Database) -> Hall:
    return furnish(db)


def test_the_line_is_what_will_be_called_one_after_the_other(hall: Hall, clock: FrozenClock) -> None:
    here = hall.sit(hall.person("layla"), "c3")
    for priority in ("walkin", "walkin", "elderly", "walkin", "bereavement"):
        hall.issue("civil-extract", priority=priority)
        clock.move(timedelta(minutes=7))
    hall.issue("death")
    foretold = [row.ticket.code for row in shown(hall, here)["line"]]
    called = []
    while (ticket := hall.call_next(here)) is not None:
        called.append(ticket.code)
        here = Desk(here.branch_id, here.counter_id, here.staff_id, ticket.id)
    assert foretold == called
    assert len(called) == 6


def test_each_place_in_line_has_its_reason(hall: Hall, clock: FrozenClock) -> None:
    here = hall.sit(hall.person("layla"), "c3")
    hall.issue("civil-extract")
    clock.move(timedelta(minutes=3))
    hall.issue("civil-extract", priority="elderly")
    clock.move(timedelta(minutes=9))
    reasons = [row.reason.code for row in shown(hall, here)["line"]]
    assert reasons == ["priority-class", "waited-longest"]


def test_no_document_is_nothing_to_tick(hall: Hall) -> None:
    services = hall.branch.services.values()
    bare = [service for service in services if [one.slug for one in service.documents] == ["none_required"]]
    assert bare
    assert [service.slug for service in bare if service.to_bring] == []
    assert all(service.to_bring == service.documents for service in services if service not in bare)


def test_the_desk_gathers_what_belongs_to_its_counter_and_nothing_else(hall: Hall, clock: FrozenClock) -> None:
    layla, omar = hall.person("layla"), hall.person("omar")
    here, there = hall.sit(layla, "c4"), hall.sit(omar, "c3")
    hall.issue("civil-extract")
    parked, missed, current = hall.issue().ticket, hall.issue().ticket, hall.issue().ticket
    waiting = hall.issue().ticket
    for ticket in (parked, missed, current):
        called = hall.call_next(here)
        assert called is not None
        assert called.id == ticket.id
        if ticket is parked:
            hall.db.write_in_now(hall.branch.id, calling.park, expecting(here, called.id))
        elif ticket is missed:
            hall.give_up(expecting(here, called.id), clock)
    other = hall.call_next(there)
    assert other is not None
    view = seen(hall, "c4")
    assert [ticket.code for ticket in view.parked] == [parked.code]
    assert [ticket.code for ticket in view.missed] == [missed.code]
    assert [ticket.code for ticket in view.waiting] == [waiting.code]
    assert view.current is not None
    assert view.current.code == current.code
    assert view.called is not None
    assert view.called.code == "waited-longest"
    assert view.at_counters[there.counter_id].code == other.code
    assert {counter: holder.name for counter, holder in view.holders.items()} == {
        here.counter_id: "layla name",
        there.counter_id: "omar name",
    }
    # Yesterday's missed tickets belong to a past session.
    clock.move(timedelta(days=1))
    assert seen(hall, "c4").missed == ()


def test_a_clerk_is_present_while_a_session_of_theirs_lives(hall: Hall, clock: FrozenClock) -> None:
    layla = hall.person("layla")
    hall.sit(layla, "c4")
    assert [holder.present for holder in seen(hall, "c4").holders.values()] == [False]
    hall.db.write_now(sessions.start_session, layla, "web")
    assert [holder.present for holder in seen(hall, "c4").holders.values()] == [True]
    clock.move(sessions.SESSION_IDLE.usual)
    assert [holder.present for holder in seen(hall, "c4").holders.values()] == [False]


def test_a_long_talk_does_not_sign_its_clerk_out(hall: Hall, clock: FrozenClock) -> None:
    """A clerk who serves a visitor for long stays signed in; a clerk without a visitor does not."""
    layla, omar = hall.person("layla"), hall.person("omar")
    here = hall.sit(layla, "c4")
    hall.sit(omar, "c5")
    tokens = {person: hall.db.write_now(sessions.start_session, person, "web") for person in (layla, omar)}

    def alive() -> dict[UUID, bool]:
        return {
            person: hall.db.read_now(staff_by_session, sha256(token), sessions.SESSION_IDLE) is not None
            for person, token in tokens.items()
        }

    hall.issue()
    called = hall.call_next(here)
    assert called is not None
    clock.move(sessions.SESSION_IDLE.usual)
    # A call without an answer does not count as serving.
    assert alive() == {layla: False, omar: False}
    hall.db.write_in_now(hall.branch.id, calling.start_serving, expecting(here, called.id))
    assert alive() == {layla: True, omar: False}
    assert {one.name: one.present for one in seen(hall, "c4").holders.values()} == {
        "layla name": True,
        "omar name": False,
    }
    clock.move(sessions.SESSION_IDLE.serving - sessions.SESSION_IDLE.usual)
    assert alive() == {layla: False, omar: False}


@pytest.mark.parametrize(
    ("state", "able"),
    [(None, ""), ("waiting", "N"), ("called", "NRSFXHTZ"), ("serving", "NFHTGZ")],
)
def test_the_buttons_that_work_are_those_that_the_transitions_allow(hall: Hall, state: str | None, able: str) -> None:
    set_rules(hall, recall_pause_s=0)
    here = hall.sit(hall.person("layla"), "c4")
    if state:
        hall.issue()
        hall.issue()
    if state in ("called", "serving"):
        called = hall.call_next(here)
        assert called is not None
        if state == "serving":
            hall.db.write_in_now(hall.branch.id, calling.start_serving, expecting(here, called.id))
    buttons: list[Button] = shown(hall, here)["buttons"]
    assert "".join(button.key for button in buttons) == "NRSFXHTGZ"
    assert "".join(button.key for button in buttons if not button.why) == able
    likely = {None: "N", "waiting": "N", "called": "S", "serving": "F"}[state]
    assert [button.key for button in buttons if button.likely] == [likely]


@pytest.mark.parametrize(("service", "readable"), [("marriage", True), ("divorce", False)])
def test_a_name_is_read_in_front_of_the_clerk_unless_the_service_is_sensitive(
    hall: Hall, clock: FrozenClock, service: str, readable: bool
) -> None:
    here = hall.sit(hall.person("layla"), "c3")
    hall.check_in(service, clock)
    before = shown(hall, here)
    assert before["name"] is None
    assert [row.ticket.booking_id is not None for row in before["line"]] == [True]
    assert hall.call_next(here) is not None
    assert shown(hall, here)["name"] == ("سامر الحموي" if readable else None)


def test_a_protected_service_goes_unnamed_in_lists_but_not_before_its_clerk(db: Database) -> None:
    hall = furnish(db, "social-work", "aman")
    service = hall.branch.service("protection-intake")
    assert service.confidentiality.hides_service
    here = hall.sit(hall.person("layla", ((hall.branch.id, "case_worker"),)), "a1")
    hall.issue(service.slug)
    assert [row.names["en"] for row in shown(hall, here)["line"]] == ["Reception"]
    hall.call_next(here)
    after = shown(hall, here)
    assert after["service"].names == service.names
    # For a transfer one must choose, so every name must differ from the others.
    offered = [target.names["ar"] for _, services in after["targets"] for target in services]
    assert len(set(offered)) == len(offered) > 1


def test_the_transfer_offers_every_other_service_once_and_the_usual_ones_first(hall: Hall) -> None:
    here = hall.sit(hall.person("layla"), "c1")
    hall.issue("passport-lost")
    assert shown(hall, here)["targets"] == []
    called = hall.call_next(here)
    assert called is not None
    assert called.state is TicketState.CALLED
    offered = [target.id for _, services in shown(hall, here)["targets"] for target in services]
    assert sorted(offered) == sorted(set(hall.branch.services) - {called.service_id})


def test_the_position_of_the_picture_is_that_of_its_rows(hall: Hall) -> None:
    before = seen(hall, "c4").seq
    hall.issue()
    after = seen(hall, "c4")
    assert after.seq > before
    assert len(after.waiting) == len(hall.db.read_now(line.open_tickets, hall.branch.id))


def seen(hall: Hall, counter: str) -> DeskView:
    return hall.db.read_now(desk_view, hall.branch.id, counter, sessions.SESSION_IDLE)


def shown(hall: Hall, here: Desk) -> dict[str, Any]:
    slug = hall.branch.counters[here.counter_id].slug
    now: datetime = hall.db.clock.now()
    person = StaffView(
        here.staff_id,
        "layla",
        "layla name",
        "ar",
        (grant(hall.branch.id, "", "officer", ["call_next", "park", "transfer"]),),
        now,
    )
    return context(seen(hall, slug), person, now, Waits(), everybody=False)


def expecting(here: Desk, ticket: Any) -> Desk:
    return Desk(here.branch_id, here.counter_id, here.staff_id, ticket)
