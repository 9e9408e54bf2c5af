"""The answer to "how many are before me" is the same on kiosk, slip, telephone and desk, and for programs."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from queue_system.actions import calling, counters, tickets
from queue_system.actions.sessions import SESSION_IDLE
from queue_system.actions.slips import ClaimedSlip
from queue_system.clock import FrozenClock
from queue_system.core import dispatch
from queue_system.core.tickets import ORDINARY
from queue_system.spooler.runner import _compose
from queue_system.store.database import Database, Tx
from queue_system.store.log import SYSTEM
from queue_system.store.queries import line
from queue_system.store.queries.access import staff_by_login
from queue_system.store.queries.classes import given_by_staff
from queue_system.store.queries.desk import desk_view
from queue_system.store.queries.line import TicketView
from queue_system.store.queries.place import joined, prospects, whole_line
from queue_system.store.queries.settings import BranchSettings
from queue_system.store.tx import Appended
from tests.kit.hall import Hall, furnish
from tests.kit.kiosk_hall import Kiosk, book, paired_kiosk
from tests.kit.public_visitor import Visitor
from tests.kit.web_hall import CLERKS, another, furnished

SERVICES = ("attest-single", "attest-collect", "passport-apply", "passport-lost", "birth", "death", "complaint")
COUNTERS = ("c1", "c2", "c3", "c4", "c5", "r8")
ARABIC = {"لا أحد أمامك": 0, "دورك هو التالي": 0, "أمامك شخص واحد": 1, "أمامك شخصان": 2}


def said(text: str) -> int:
    """The number in «أمامك 7 أشخاص» and its forms."""
    for words, number in ARABIC.items():
        if words in text:
            return number
    found = re.search(r"أمامك \W*(\d+)", text)
    assert found, text
    return int(found[1])


def people(
    hall: Hall, source: random.Random, clock: FrozenClock, after_each: Callable[[], None] = lambda: None
) -> None:
    """A random morning: numbers of all classes, early appointments, counters that open and close, calls."""
    booked = book(hall, clock.now() + timedelta(minutes=10))
    hall.db.write_in_now(hall.branch.id, tickets.check_in, hall.branch.id, booked.id, SYSTEM)
    classes = [ORDINARY, *given_by_staff(hall.branch, hall.branch.timetable.business_date(clock.now()))]
    seats: dict[str, counters.Desk] = {}
    for _ in range(source.randint(12, 20)):
        clock.move(timedelta(seconds=source.randint(0, 90)))
        what = source.random()
        if what < 0.7:
            hall.issue(source.choice(SERVICES), priority=source.choice(classes))
        elif what < 0.85 and len(seats) < len(CLERKS):
            counter = source.choice([one for one in COUNTERS if one not in seats])
            seats[counter] = hall.sit(clerk(hall, CLERKS[len(seats)]), counter)
        elif seats:
            counter = source.choice(list(seats))
            current = hall.db.read_now(line.at_counter, hall.branch.id, seats[counter].counter_id)
            here = hall.at(seats[counter].staff_id, counter, current.id if current else None)
            if current is None:
                hall.call_next(here)
            else:
                hall.db.write_in_now(hall.branch.id, calling.start_serving, here)
                hall.db.write_in_now(hall.branch.id, calling.finish, here)
        after_each()


def clerk(hall: Hall, login: str) -> UUID:
    found = hall.db.read_now(staff_by_login, login)
    return found[0] if found else hall.person(login)


def by_the_desks(hall: Hall, ticket: TicketView) -> int:
    """The shortest line before a ticket, as the clerks who may call it see it."""
    sitting = hall.db.read_now(line.open_counters, hall.branch)
    able = [one for one in hall.branch.counters.values() if ticket.queue_id in one.queues]
    lines = []
    for counter in [one for one in able if one.id in sitting] or able:
        view = hall.db.read_now(desk_view, hall.branch.id, counter.slug, SESSION_IDLE)
        waiting = line.as_waiting(view.waiting, hall.branch)
        order = dispatch.order(
            waiting, counter.queues, line.calling_rules(hall.branch), hall.db.read_now(lambda tx: tx.now)
        )
        lines.append([choice.ticket_id for choice in order].index(ticket.id))
    return min(lines)


@pytest.mark.parametrize("seed", range(2))
def test_the_number_promised_is_the_number_had_and_that_of_the_desks(
    db: Database, clock: FrozenClock, seed: int
) -> None:
    hall = furnish(db)
    people(hall, random.Random(seed), clock)
    for service in SERVICES:
        before = db.read_now(prospects, hall.branch)[hall.service(service)]
        mine = hall.issue(service).ticket
        everybody = db.read_now(whole_line, hall.branch)
        stands = everybody.place(everybody.open[mine.token])
        assert (stands.ahead, stands.counter_open) == (before.ahead, before.counter_open)
        assert stands.ahead == by_the_desks(hall, mine)


@pytest.mark.parametrize("seed", range(3))
def test_a_look_that_knows_an_earlier_one_sees_the_same(db: Database, clock: FrozenClock, seed: int) -> None:
    hall = furnish(db)
    seen = [db.read_now(whole_line, hall.branch)]

    def compare() -> None:
        seen.append(db.read_now(whole_line, hall.branch, seen[-1]))
        assert seen[-1] == db.read_now(whole_line, hall.branch)

    people(hall, random.Random(seed), clock, compare)
    clock.move(timedelta(hours=20))
    compare()
    assert len(seen) > 12


@pytest.mark.parametrize("seed", range(3))
def test_numbers_that_were_given_here_change_the_line_without_a_look(
    db: Database, clock: FrozenClock, seed: int
) -> None:
    hall = furnish(db)
    seen = db.read_now(whole_line, hall.branch)
    appended: list[Appended] = []
    db.on_commit = appended.extend
    outcomes: set[bool] = set()

    def compare() -> None:
        nonlocal seen
        found = joined(seen, appended, clock.now())
        outcomes.add(found is None)
        seen = db.read_now(whole_line, hall.branch)
        assert found is None or replace(found, read_at=seen.read_at) == seen
        appended.clear()

    people(hall, random.Random(seed), clock, compare)
    assert outcomes == {True, False}
    hall.issue()
    clock.move(timedelta(hours=20))
    assert joined(seen, appended, clock.now()) is None


def test_an_appointment_joins_the_line_with_a_look(db: Database, clock: FrozenClock) -> None:
    """Its time is in the booking."""
    hall = furnish(db)
    booked = book(hall, clock.now() + timedelta(minutes=10))
    seen = db.read_now(whole_line, hall.branch)
    appended: list[Appended] = []
    db.on_commit = appended.extend
    hall.db.write_in_now(hall.branch.id, tickets.check_in, hall.branch.id, booked.id, SYSTEM)
    assert appended[0].created
    assert joined(seen, appended, clock.now()) is None


def test_nobody_is_read_twice_while_numbers_are_given(
    db: Database, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    hall = furnish(db)
    layla = hall.sit(hall.person("layla"))
    hall.issue()
    earlier = db.read_now(whole_line, hall.branch)
    new = hall.issue().ticket
    looks: list[str] = []
    read_all = line.in_hall

    def noted(tx: Tx, settings: BranchSettings) -> list[TicketView]:
        looks.append("all")
        return read_all(tx, settings)

    monkeypatch.setattr(line, "in_hall", noted)
    later = db.read_now(whole_line, hall.branch, earlier)
    assert (len(later.open), later.ahead[new.id], looks) == (2, 1, [])
    hall.call_next(layla)
    assert db.read_now(whole_line, hall.branch, later).ahead[new.id] == 0
    assert looks == ["all"]


@pytest.mark.parametrize("seed", range(2))
def test_every_surface_says_the_same_at_the_same_moment(
    sqlite_template: Path, tmp_path: Path, clock: FrozenClock, seed: int
) -> None:
    with paired_kiosk(furnished(sqlite_template, tmp_path, clock.now()), tmp_path, clock) as found:
        hall = found.hall
        source = random.Random(seed)
        people(hall, source, clock)
        for service in source.sample(SERVICES, 3):
            clock.move(timedelta(seconds=1))
            card = said(found.service(service).text)
            last_page = found.take(service)
            mine = max(found.tickets(), key=lambda ticket: ticket.issued_at)
            telephone = Visitor(another(found.client)).open(f"/t/{mine.token}")
            assert {
                "card": card,
                "last page": said(last_page.text),
                "telephone": said(telephone.text),
                "slip": said(slip(hall, mine)),
                "program": program(found, mine),
                "desk": by_the_desks(hall, mine),
            } == dict.fromkeys(("card", "last page", "telephone", "slip", "program", "desk"), card)


def slip(hall: Hall, ticket: TicketView) -> str:
    claimed = ClaimedSlip(ticket.id, ticket, 0)
    return hall.db.read_now(_compose, hall.branch.id, claimed, "http://testserver").ahead or ""


def program(found: Kiosk, ticket: TicketView) -> int:
    answer = found.client.get(f"/api/v1/tickets/{ticket.token}")
    return int(answer.json()["ahead"])


def test_a_program_that_asks_for_a_number_twice_hears_the_same_as_when_it_looks(
    sqlite_template: Path, tmp_path: Path, clock: FrozenClock
) -> None:
    """The line of counter 4 has people of two queues; those of one's own queue are fewer."""
    with paired_kiosk(furnished(sqlite_template, tmp_path, clock.now()), tmp_path, clock) as found:
        hall = found.hall
        hall.sit(clerk(hall, "layla"), "c5")
        for service in ("attest-single", "attest-collect", "attest-single"):
            hall.issue(service)
        asked = {"service": "attest-single", "language": "ar", "request_id": "request-0123456789"}
        headers = {"authorization": f"Bearer {found.token}"}
        address = f"/api/v1/branches/{hall.branch.slug}/tickets"
        first = found.client.post(address, json=asked, headers=headers).json()
        again = found.client.post(address, json=asked, headers=headers).json()
        assert first["ahead"] == 3
        assert again == first == found.client.get(f"/api/v1/tickets/{first['token']}").json()
