"""What people are told about a visit of several parts: one message to each person for all of it. On both databases."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from queue_system.actions import bookings, tickets, together
from queue_system.actions.calling_off import call_off
from queue_system.actions.participants import name_participants
from queue_system.actions.safe_contact import set_contact_ways
from queue_system.actions.said import Said
from queue_system.clock import FrozenClock
from queue_system.core.bookings import Booker, spaced_code
from queue_system.core.messages import Event, Level, Outcome
from queue_system.core.participants import Person, Role
from queue_system.core.promises import Choice
from queue_system.core.support import Why
from queue_system.i18n import dates
from queue_system.i18n.words import words_for
from queue_system.messages.short_text import short_text
from queue_system.store.log import SYSTEM
from queue_system.store.queries.bookings import BookingView, bookings_together
from queue_system.store.queries.participants import others_of
from queue_system.store.queries.phone_calls import phone_calls
from queue_system.store.queries.unsent import unsent_messages
from queue_system.store.tables import Message, table
from tests.actions.test_series_messages import HOUSE, calendar_of, claim, claim_all, letter, pending, report, text_of
from tests.actions.test_together import CIVIL, DAY, EDUCATION, find, hold, step
from tests.kit.deciding import closing, for_all, save
from tests.kit.hall import Hall

MAIL, OTHER = "family@example.org", "lawyer@example.org"
NAMES = ("سلمى الأتاسي", "محمود الأتاسي", "ليان الأتاسي")
# Late enough for a reminder a day before.
WHEN = DAY + timedelta(weeks=1)
MESSAGE = table(Message)


@pytest.fixture
def sending(hall: Hall) -> Hall:
    hall.db.sends = frozenset({Level.FULL, Level.MINIMAL, Level.NEUTRAL})
    return hall


@pytest.fixture
def family(sending: Hall) -> list[BookingView]:
    return visit(sending, (CIVIL,) * 3)


def test_a_family_gets_one_letter_and_one_reminder(
    sending: Hall, family: list[BookingView], clock: FrozenClock
) -> None:
    assert pending(sending) == ["visit", "visit_reminder"]
    claimed = claim(sending)
    content = letter(sending, claimed)
    codes = [text_of(content).index(spaced_code(one.code)) for one in family]
    assert codes == sorted(codes), "the parts are in their order"
    calendar = calendar_of(content)
    assert {str(event["UID"]) for event in calendar.walk("VEVENT")} == {str(one.id) for one in family}
    report(sending, claimed, Outcome.SENT)
    clock.set(family[0].starts_at - timedelta(days=1))
    assert [one.event for one in claim_all(sending)] == [Event.VISIT_REMINDER]


def test_a_change_and_a_cancellation_of_a_part_are_told_in_one_letter(sending: Hall, family: list[BookingView]) -> None:
    first, second, third = family
    later = third.starts_at + timedelta(hours=1)
    sending.db.write_in_now(
        sending.branch.id, bookings.change_booking, sending.branch.id, first.id, later, SYSTEM, Booker.STAFF
    )
    assert pending(sending) == ["visit_changed", "visit_reminder"]
    assert due(sending, Event.VISIT_REMINDER) == [second.starts_at - timedelta(days=1)]
    cancel(sending, second)
    assert pending(sending) == ["visit_cancelled", "visit_reminder"]
    assert due(sending, Event.VISIT_REMINDER) == [third.starts_at - timedelta(days=1)]
    claimed = claim(sending)
    content = letter(sending, claimed)
    events = {str(event["UID"]): event for event in calendar_of(content).walk("VEVENT")}
    assert {key: str(event["STATUS"]) for key, event in events.items()} == {
        str(first.id): "CONFIRMED",
        str(second.id): "CANCELLED",
        str(third.id): "CONFIRMED",
    }
    assert events[str(first.id)].decoded("DTSTART") == later
    assert spaced_code(second.code) not in text_of(content)
    report(sending, claimed, Outcome.SENT)
    cancel(sending, first)
    cancel(sending, third)
    assert pending(sending) == ["visit_cancelled"]


def test_whom_no_letter_reaches_is_called_about_each_part_that_was_called_off(
    sending: Hall, family: list[BookingView]
) -> None:
    claim_all(sending)
    for one in family[:2]:
        sending.db.write_in_now(sending.branch.id, call_off, sending.branch.id, one.id, Why.MEMBER, SYSTEM)
    assert pending(sending) == ["visit_called_off", "visit_reminder"]
    # A cancellation of their own after it does not hide that they must be told.
    cancel(sending, family[2])
    assert pending(sending) == ["visit_called_off"]
    claimed = claim(sending)
    text = text_of(letter(sending, claimed))
    assert "السبب" in text
    report(sending, claimed, Outcome.REFUSED, "address")
    assert [one.event for one in sending.db.read_now(unsent_messages, sending.branch.id)] == [Event.VISIT_CALLED_OFF]
    calls = sending.db.read_now(phone_calls, sending.branch)
    assert {one.booking.id for one in calls} == {one.id for one in family[:2]}


def test_whoever_comes_to_one_part_is_told_of_that_alone(sending: Hall) -> None:
    first, second = visit(sending, (CIVIL, EDUCATION))
    other = Person(Role.COMPANION, "باسل الأتاسي", OTHER)
    here = sending.branch.id
    sending.db.write_in_now(here, name_participants, here, second.id, SYSTEM, [other])
    told = {one.recipient.contact: one for one in claim_all(sending)}
    assert told[MAIL].event is Event.VISIT
    assert [one.booking.id for one in told[MAIL].parts] == [first.id, second.id]
    assert (told[OTHER].event, told[OTHER].booking.id) == (Event.CONFIRMED, second.id)
    assert told[OTHER].parts == ()


def test_a_companion_is_corrected_in_each_part_and_told_of_them_once(sending: Hall) -> None:
    first, second = visit(sending, (CIVIL, EDUCATION))
    here, name, right = sending.branch.id, "باسل الأتاسي", "basil@example.org"
    for part in (first, second):
        people = [Person(Role.COMPANION, name, OTHER), Person(Role.COMPANION, "منى الأتاسي", OTHER)]
        sending.db.write_in_now(here, name_participants, here, part.id, SYSTEM, people)
    claim_all(sending)
    people = [Person(Role.COMPANION, "باسل الأتاصي", right, n=1), Person(Role.COMPANION, "منى الأتاسي", OTHER, n=2)]
    # Whoever names nobody for the service of the other part changes nothing in it.
    sending.db.write_in_now(here, name_participants, here, second.id, SYSTEM, people, None, {second.service_id})
    assert companions(sending, first) == [(name, OTHER), ("منى الأتاسي", OTHER)]
    both = {first.service_id, second.service_id}
    back = [Person(Role.COMPANION, name, OTHER, n=1), people[1]]
    sending.db.write_in_now(here, name_participants, here, second.id, SYSTEM, back, None, both)
    claim_all(sending)
    sending.db.write_in_now(here, name_participants, here, second.id, SYSTEM, people, None, both)
    assert companions(sending, first) == [("باسل الأتاصي", right), ("منى الأتاسي", OTHER)]
    (told,) = claim_all(sending)
    assert (told.event, told.recipient.contact) == (Event.VISIT, right)
    assert [one.booking.id for one in told.parts] == [first.id, second.id]
    # Another person in place of one is no correction.
    other = [Person(Role.COMPANION, "سعاد الخطيب", right, n=1), people[1]]
    sending.db.write_in_now(here, name_participants, here, second.id, SYSTEM, other, None, both)
    assert companions(sending, first)[0] == ("باسل الأتاصي", right)


def test_the_strictest_level_among_the_parts_governs(sending: Hall) -> None:
    first, second = visit(sending, (CIVIL, EDUCATION))
    set_way(sending, second, "sms_neutral")
    (told,) = claim_all(sending)
    assert (told.event, told.level) == (Event.VISIT, Level.NEUTRAL)
    content = letter(sending, told)
    assert sending.branch.names["ar"] not in text_of(content) + str(content["Subject"]) + str(content["From"])
    assert all("LOCATION" not in event for event in calendar_of(content).walk("VEVENT"))
    assert spaced_code(first.code) in text_of(content)


def test_a_part_of_which_nothing_may_be_said_is_not_in_the_letter(sending: Hall) -> None:
    first, second, third = visit(sending, (CIVIL,) * 3)
    set_way(sending, second, "none")
    (told,) = claim_all(sending)
    assert [one.booking.id for one in told.parts] == [first.id, third.id]
    assert second.code not in text_of(letter(sending, told)).replace(" ", "")


def test_an_offer_for_one_part_leaves_what_is_said_of_all(sending: Hall, family: list[BookingView]) -> None:
    save(sending, closing(sending, WHEN), for_all(Choice.MOVE))
    assert pending(sending) == ["offered"] * 3 + ["visit", "visit_reminder"]
    assert family[0].starts_at.date() == WHEN


def test_a_letter_that_newer_news_overtook_is_not_tried_again(sending: Hall, family: list[BookingView]) -> None:
    claimed = claim(sending)
    cancel(sending, family[1])
    report(sending, claimed, Outcome.LATER, "busy")
    assert pending(sending) == ["visit_cancelled", "visit_reminder"]


def test_a_part_that_somebody_has_checked_in_for_is_not_told_as_cancelled(
    sending: Hall, family: list[BookingView], clock: FrozenClock
) -> None:
    first, second, third = family
    claim_all(sending)
    clock.set(first.starts_at - timedelta(minutes=10))
    sending.db.write_in_now(sending.branch.id, tickets.check_in, sending.branch.id, first.id, SYSTEM)
    cancel(sending, third)
    claimed = claim(sending)
    assert [(one.booking.id, one.stands) for one in claimed.parts] == [
        (first.id, True),
        (second.id, True),
        (third.id, False),
    ]
    words = words_for("ar")
    text = short_text(claimed, sending.branch, HOUSE)
    at, gone = (plain(dates.day_time(one.starts_at, sending.branch.zone, words)) for one in (first, third))
    # What was called off comes first, and alone where there is no place for the rest.
    assert f"{words.text('messages.no-longer')} {gone}" in text
    assert at not in text.partition(words.text("messages.still-stands"))[0]


def test_a_visit_of_which_one_part_is_left_reminds_once(sending: Hall) -> None:
    first, second = visit(sending, (CIVIL, EDUCATION))
    set_way(sending, second, "none")
    later = first.starts_at + timedelta(hours=2)
    here = sending.branch.id
    sending.db.write_in_now(here, bookings.change_booking, here, first.id, later, SYSTEM, Booker.STAFF)
    assert pending(sending) == ["changed", "reminder"]
    assert due(sending, Event.REMINDER) == [later - timedelta(days=1)]


def test_a_visit_with_one_part_is_an_appointment_like_any_other(sending: Hall) -> None:
    (one,) = visit(sending, (CIVIL,))
    assert pending(sending) == ["confirmed", "reminder"]
    cancel(sending, one)
    assert pending(sending) == ["cancelled"]


def test_a_part_that_was_to_be_decided_and_then_cancelled_has_no_reason_of_the_house(
    sending: Hall, family: list[BookingView]
) -> None:
    save(sending, closing(sending, WHEN), for_all(Choice.LATER))
    cancel(sending, family[0])
    (told,) = [one for one in claim_all(sending) if one.event is Event.VISIT_CANCELLED]
    assert "السبب" not in text_of(letter(sending, told))


def plain(text: str) -> str:
    """Without the marks of direction, as in text messages."""
    return "".join(sign for sign in text if sign not in "\u2066\u2067\u2068\u2069")


def visit(hall: Hall, services: Sequence[str]) -> list[BookingView]:
    """A confirmed visit with one contact for all of it, by time."""
    steps = [step(hall, one) for one in services]
    held = hold(hall, steps, find(hall, steps, on=WHEN).first[0])
    here = hall.branch.id
    parts = hall.db.read_now(bookings_together, here, held)
    said = {one.id: Said(name, MAIL, "ar") for one, name in zip(parts, NAMES, strict=False)}
    hall.db.write_in_now(here, together.confirm_together, here, held, SYSTEM, said)
    return hall.db.read_now(bookings_together, here, held)


def cancel(hall: Hall, one: BookingView) -> None:
    here = hall.branch.id
    hall.db.write_in_now(here, bookings.cancel_booking, here, one.id, SYSTEM, Booker.STAFF)


def set_way(hall: Hall, one: BookingView, way: str) -> None:
    here = hall.branch.id
    hall.db.write_in_now(here, set_contact_ways, here, one.id, SYSTEM, {0: (way, "")})


def due(hall: Hall, event: Event) -> list[datetime]:
    waiting = sa.select(MESSAGE).where(MESSAGE.c.ended_at.is_(None), MESSAGE.c.event == event.value)
    return [row.due_at for row in hall.db.read_now(lambda tx: tx.rows(waiting))]


def companions(hall: Hall, booking: BookingView) -> list[tuple[str, str]]:
    found = hall.db.read_now(others_of, hall.branch.id, booking.id)
    return [(one.name, one.contact) for one in found]
