"""What makes waiting hard, said before coming: asked for on the appointment's page, seen by its booker alone, acted on at check-in."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from queue_system.actions import declared_classes, tickets
from queue_system.actions.retention import erase
from queue_system.clock import FrozenClock
from queue_system.core.errors import Invalid, Refused
from queue_system.store.database import Tx
from queue_system.store.log import SYSTEM, VISITOR, locked
from queue_system.store.queries.bookings import BookingView, booking_by_id
from queue_system.store.queries.classes import declarable, for_service
from queue_system.store.tables import Entry, table
from tests.kit.hall import Hall
from tests.kit.public_visitor import NAME, PHONE, Visitor, stored
from tests.kit.web_hall import another

ENTRY = table(Entry)
SERVICE = "passport-lost"
CHOSEN = "disability"


def booked(visitor: Visitor, hall: Hall) -> BookingView:
    visitor.choose_time(SERVICE)
    visitor.send(name=NAME, contact=PHONE)
    return stored(hall, visitor.send("/confirmation"))


def again(hall: Hall, booking: BookingView) -> BookingView:
    return hall.db.read_now(booking_by_id, hall.branch.id, booking.id)


def name_of(hall: Hall, slug: str = CHOSEN) -> str:
    return hall.branch.priorities[slug].names["ar"]


def test_it_is_asked_for_with_the_appointment_and_only_its_booker_sees_the_answer(visitor: Visitor, hall: Hall) -> None:
    mine = booked(visitor, hall)
    page = visitor.open(f"/b/{mine.token}")
    assert "هل يصعب عليك الانتظار؟" in page.text
    form = visitor.open(f"/b/{mine.token}/waiting")
    assert "الإجابة اختيارية" in form.text
    assert all(one.names["ar"] in form.text for one in declarable(hall.branch, mine))
    done = visitor.send(**{"class": CHOSEN})
    assert name_of(hall) in done.text
    assert again(hall, mine).declared == CHOSEN
    assert 'value="disability" checked' in visitor.open(f"/b/{mine.token}/waiting").html.replace("  ", " ")
    # Neither a link alone nor a calendar says it, and the log has only that something was said.
    stranger = Visitor(another(visitor.client))
    assert name_of(hall) not in stranger.open(f"/b/{mine.token}").text
    assert "checked" not in stranger.open(f"/b/{mine.token}/waiting").html
    assert name_of(hall) not in visitor.client.get(f"/b/{mine.token}.ics").text
    facts = hall.db.read_now(Tx.rows, sa.select(ENTRY.c.kind, ENTRY.c.data).where(ENTRY.c.subject == str(mine.id)))
    assert "booking.waiting_said" in {one.kind for one in facts}
    assert CHOSEN not in str(facts)


def test_nothing_need_be_said_and_what_was_said_can_be_taken_back(visitor: Visitor, hall: Hall) -> None:
    mine = booked(visitor, hall)
    visitor.open(f"/b/{mine.token}/waiting")
    visitor.send(**{"class": CHOSEN})
    visitor.open(f"/b/{mine.token}/waiting")
    visitor.send(**{"class": "none"})
    assert again(hall, mine).declared == ""
    wrong = visitor.client.post(f"/b/{mine.token}/waiting", data={"class": "bereavement"})
    assert wrong.status_code == 422
    assert "يُرجى اختيار إجابة" in wrong.text
    assert visitor.client.post(f"/b/{mine.token}/waiting", data={}).status_code == 422


@pytest.mark.parametrize("late", [False, True])
def test_it_counts_at_the_check_in(visitor: Visitor, hall: Hall, clock: FrozenClock, *, late: bool) -> None:
    mine = booked(visitor, hall)
    hall.db.write_now(declared_classes.declare_class, hall.branch.id, mine.id, CHOSEN, VISITOR)
    clock.set(mine.starts_at + timedelta(minutes=hall.branch.queue_rules.late_grace_min + 5 if late else 0))
    ticket = hall.db.write_in_now(hall.branch.id, tickets.check_in, hall.branch.id, mine.id, SYSTEM).ticket
    service, day = hall.branch.services[mine.service_id], ticket.business_date
    given = "late_appointment" if late else "appointment"
    heavier = max(given, CHOSEN, key=lambda slug: hall.branch.priorities[slug].weight)
    assert ticket.priority == for_service(hall.branch, service, heavier, day)
    with pytest.raises(Refused):
        hall.db.write_now(declared_classes.declare_class, hall.branch.id, mine.id, "", VISITOR)


def test_only_classes_of_the_day_that_the_own_word_is_enough_for_are_kept(visitor: Visitor, hall: Hall) -> None:
    mine = booked(visitor, hall)
    for slug in ("bereavement", "appointment", "student_exam", "unheard"):
        with pytest.raises(Invalid):
            hall.db.write_now(declared_classes.declare_class, hall.branch.id, mine.id, slug, VISITOR)


def test_it_goes_with_the_name(visitor: Visitor, hall: Hall) -> None:
    mine = booked(visitor, hall)
    hall.db.write_now(declared_classes.declare_class, hall.branch.id, mine.id, CHOSEN, VISITOR)

    def work(tx: Tx) -> None:
        with locked(tx, hall.branch.id) as lock:
            erase(lock, [mine.id])

    hall.db.write_now(work)
    assert again(hall, mine).declared == ""
