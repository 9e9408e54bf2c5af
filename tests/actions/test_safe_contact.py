"""How people may be contacted wins over every other rule, for each of them alone. On both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from queue_system.actions import bookings
from queue_system.actions.bookings import HoldOrder
from queue_system.actions.outbox import ClaimedMessage, claim_message
from queue_system.actions.participants import name_participants
from queue_system.actions.safe_contact import set_contact_ways
from queue_system.actions.said import Said
from queue_system.clock import FrozenClock
from queue_system.core.bookings import Booker
from queue_system.core.errors import Invalid
from queue_system.core.messages import Event, Level
from queue_system.core.participants import Person, Role
from queue_system.core.safe_contact import Answer, ContactWay, in_force, in_force_still
from queue_system.settings.branch import SafeContact
from queue_system.store import log
from queue_system.store.database import Database, Tx
from queue_system.store.log import SYSTEM, VISITOR
from queue_system.store.queries.bookings import BookingView, booking_by_id, free_days
from queue_system.store.queries.participants import others_of
from queue_system.store.tables import Booking, Message, table
from tests.kit.hall import Hall, furnish

DAY = date(2026, 11, 25)
MAIL, OTHER_MAIL = "salma@example.org", "basel@example.org"
MESSAGE = table(Message)


@pytest.fixture
def aman(db: Database) -> Hall:
    """A branch that protects people, and an installation that can send anything."""
    return sending(furnish(db, "social-work", "aman"))


@pytest.fixture
def wifaq(db: Database) -> Hall:
    return sending(furnish(db, "social-work", "wifaq"))


def sending(hall: Hall) -> Hall:
    hall.db.sends = frozenset({Level.FULL, Level.MINIMAL, Level.NEUTRAL})
    return hall


def test_scenario_8_nothing_and_no_reminder_for_protected_unless_it_was_asked_for(aman: Hall) -> None:
    quiet = book(aman, "psych", Said("ياسمين", MAIL, "ar"))
    assert queued(aman, quiet) == []
    calls = book(aman, "psych", Said("ياسمين", MAIL, "ar", way="call_at_time", note="صباحًا"))
    assert queued(aman, calls) == []
    assert (calls.contact_way, calls.contact_note) == ("call_at_time", "صباحًا")
    neutral = book(aman, "psych", Said("ياسمين", MAIL, "ar", way="sms_neutral"))
    assert queued(aman, neutral) == [(0, "confirmed"), (0, "reminder")]
    sent = claim(aman)
    assert sent is not None
    assert (sent.level, sent.recipient.contact) == (Level.NEUTRAL, MAIL)


def test_each_person_is_told_as_they_said(wifaq: Hall) -> None:
    others = (
        Person(Role.OTHER_SIDE, "باسل الحسن", OTHER_MAIL, way="none"),
        Person(Role.COUNSEL, "رنا القدسي", "rana@example.org", way=""),
        Person(Role.COMPANION, "هدى", "+97455512345", way="full"),
    )
    booked = book(wifaq, "mediation", Said("سلمى", MAIL, "ar", way="none", others=others))
    # Of the lawyer nobody asked, so the level of the service rules; the telephone gets nothing.
    assert queued(wifaq, booked) == [(2, "confirmed"), (2, "reminder")]
    cancel(wifaq, booked)
    assert queued(wifaq, booked)[-1] == (2, "cancelled")
    assert {n for n, _ in queued(wifaq, booked)} == {2}


def test_whoever_changes_their_mind_is_told_or_not_from_then_on(wifaq: Hall) -> None:
    booked = book(wifaq, "mediation", Said("سلمى", MAIL, "ar", others=(Person(Role.OTHER_SIDE, "باسل", OTHER_MAIL),)))
    assert queued(wifaq, booked) == [(0, "confirmed"), (0, "reminder"), (1, "confirmed"), (1, "reminder")]
    ask(wifaq, booked, {0: ("none", ""), 1: ("sms_neutral", "")})
    first = claim(wifaq)
    assert first is not None
    assert (first.recipient.n, first.level) == (1, Level.NEUTRAL)
    assert states(wifaq, booked, 0) == {"void", "queued"}, "the reminder goes when it is due"
    ask(wifaq, booked, {0: ("sms_neutral", "")})
    assert queued(wifaq, booked).count((0, "confirmed")) == 2
    rows = wifaq.db.read_now(log.after, wifaq.branch.id, 0)
    assert [row.data for row in rows if row.kind == "booking.contact_asked"] == [{"code": booked.code}] * 2


def test_whoever_is_named_later_is_told_then_and_alone(wifaq: Hall) -> None:
    booked = book(wifaq, "mediation", Said("سلمى", MAIL, "ar", later=True))
    others = [Person(Role.OTHER_SIDE, "باسل", OTHER_MAIL)]
    wifaq.db.write_in_now(wifaq.branch.id, name_participants, wifaq.branch.id, booked.id, SYSTEM, others)
    assert queued(wifaq, booked) == [(0, "confirmed"), (0, "reminder"), (1, "confirmed"), (1, "reminder")]
    # Naming them anew without asking leaves what they said.
    ask(wifaq, booked, {1: ("none", "")})
    others = [Person(Role.OTHER_SIDE, "باسل الحسن", OTHER_MAIL, n=1)]
    wifaq.db.write_in_now(wifaq.branch.id, name_participants, wifaq.branch.id, booked.id, SYSTEM, others)
    assert claim_all(wifaq) == [0]


def test_nobody_is_told_that_a_time_stands_which_was_taken_away(wifaq: Hall) -> None:
    booked = book(wifaq, "mediation", Said("سلمى", MAIL, "ar", way="none", later=True))
    lost = sa.update(table(Booking)).where(table(Booking).c.id == booked.id).values(decision="later", lost_why="member")
    wifaq.db.write_now(lambda tx: tx.execute(lost).rowcount)
    ask(wifaq, booked, {0: ("sms_neutral", "")})
    others = [Person(Role.OTHER_SIDE, "باسل", OTHER_MAIL)]
    wifaq.db.write_in_now(wifaq.branch.id, name_participants, wifaq.branch.id, booked.id, SYSTEM, others)
    assert queued(wifaq, booked) == []


def test_a_choice_holds_at_the_next_visit_unless_the_branch_asks_each_time(hall: Hall, db: Database) -> None:
    sending(hall)
    book(hall, "civil-extract", Said("سلمى الأتاسي", MAIL, "ar", way="none"))
    of_another = book(hall, "edu-attest", Said("هدى الأتاسي", MAIL, "ar"))
    assert of_another.contact_way is None
    # She books on the internet herself.
    again = public(hall, "edu-attest", "سلمى  الأتاسي")
    assert again.contact_way == "none"
    assert queued(hall, again) == []


def test_what_somebody_said_in_an_appointment_of_another_holds_when_they_book(hall: Hall) -> None:
    sending(hall)
    basel = Person(Role.COMPANION, "باسل الحسن", OTHER_MAIL, way="call_at_time", note="صباحًا")
    book(hall, "civil-extract", Said("سلمى", MAIL, "ar", others=(replace(basel, way="none", note=""),)))
    own = public(hall, "edu-attest", "باسل  الحسن", OTHER_MAIL)
    assert (own.contact_way, queued(hall, own)) == ("none", [])
    of_another = public(hall, "edu-attest", "سلمى", MAIL)
    assert of_another.contact_way is None


def test_what_a_booker_said_holds_when_they_come_with_another(hall: Hall) -> None:
    sending(hall)
    book(hall, "civil-extract", Said("باسل الحسن", OTHER_MAIL, "ar", way="sms_neutral"))
    with_basel = (Person(Role.COMPANION, "باسل الحسن", OTHER_MAIL, way=""),)
    booked = book(hall, "edu-attest", Said("سلمى", MAIL, "ar", others=with_basel))
    (basel,) = hall.db.read_now(others_of, hall.branch.id, booked.id)
    assert basel.contact_way == "sms_neutral"
    # So it does for whoever is named, or gets the address, once the appointment is made.
    cancel(hall, booked)
    later = book(hall, "edu-attest", Said("سلمى", MAIL, "ar"))
    for contact, way in (("", None), (OTHER_MAIL, "sms_neutral")):
        named = [Person(Role.COMPANION, "باسل الحسن", contact, n=1)]
        hall.db.write_in_now(hall.branch.id, name_participants, hall.branch.id, later.id, SYSTEM, named)
        (basel,) = hall.db.read_now(others_of, hall.branch.id, later.id)
        assert basel.contact_way == way


def test_nobody_loosens_in_an_appointment_of_their_own_what_another_asked_for(hall: Hall, clock: FrozenClock) -> None:
    sending(hall)
    cancel(hall, book(hall, "civil-extract", Said("سلمى", MAIL, "ar", way="none")))
    clock.move(timedelta(minutes=1))
    salma = Person(Role.COMPANION, "سلمى", MAIL, way="full")
    book(hall, "civil-extract", Said("باسل الحسن", OTHER_MAIL, "ar", others=(salma,)))
    again = book(hall, "edu-attest", Said("سلمى", MAIL, "ar"))
    assert again.contact_way == "none"
    cancel(hall, again)
    clock.move(timedelta(minutes=1))
    book(hall, "civil-extract", Said("سلمى", MAIL, "ar", way="sms_neutral"))
    assert book(hall, "edu-attest", Said("سلمى", MAIL, "ar")).contact_way == "sms_neutral"


def test_messages_about_a_protected_service_need_an_answer_at_one(db: Database, clock: FrozenClock) -> None:
    forum = sending(furnish(db, "forum", "istanbul"))
    plain, protected = "join-forum", "case-follow"
    cancel(forum, book(forum, plain, Said("سلمى", MAIL, "ar", way="sms_neutral")))
    first = book(forum, protected, Said("سلمى", MAIL, "ar"))
    assert (first.contact_way, queued(forum, first)) == (None, [])
    clock.move(timedelta(minutes=1))
    ask(forum, first, {0: ("sms_neutral", "")})
    cancel(forum, first)
    second = book(forum, protected, Said("سلمى", MAIL, "ar"))
    assert second.contact_way == "sms_neutral"
    # What tells less holds wherever it was said.
    cancel(forum, second)
    clock.move(timedelta(minutes=1))
    cancel(forum, book(forum, plain, Said("سلمى", MAIL, "ar", way="none")))
    assert book(forum, protected, Said("سلمى", MAIL, "ar")).contact_way == "none"


def test_a_case_number_beside_the_name_is_the_same_person(hall: Hall) -> None:
    book(hall, "civil-extract", Said("سلمى", MAIL, "ar", reference="WQ-7", way="none"))
    assert book(hall, "edu-attest", Said("WQ 7", MAIL, "ar")).contact_way == "none"


@pytest.mark.parametrize(
    ("answers", "holds"),
    [
        ([], None),
        ([(ContactWay.FULL, 1, True), (ContactWay.NONE, 2, True), (ContactWay.NEUTRAL, 3, True)], ContactWay.NEUTRAL),
        ([(ContactWay.NONE, 1, True), (ContactWay.FULL, 2, False)], ContactWay.NONE),
        (
            [(ContactWay.FULL, 1, True), (ContactWay.NEUTRAL, 2, False), (ContactWay.REFERRER, 3, False)],
            ContactWay.REFERRER,
        ),
        ([(ContactWay.NONE, 1, False), (ContactWay.NEUTRAL, 2, True)], ContactWay.NEUTRAL),
        ([(ContactWay.NONE, 1, False), (ContactWay.FULL, 1, True)], ContactWay.NONE),
        (
            [(ContactWay.FULL, 1, False), (ContactWay.CALL_AT_TIME, 2, False), (ContactWay.NEUTRAL, 3, False)],
            ContactWay.CALL_AT_TIME,
        ),
    ],
)
def test_which_answer_holds(answers: list[tuple[ContactWay, int, bool]], holds: ContactWay | None) -> None:
    at = datetime(2026, 11, 22, tzinfo=UTC)
    found = in_force_still(Answer(way, "", at + timedelta(days=day), own) for way, day, own in answers)
    assert (found.way if found else None) == holds


def test_a_branch_that_asks_each_time_keeps_no_choice(aman: Hall, clock: FrozenClock) -> None:
    first = book(aman, "psych", Said("ياسمين", MAIL, "ar", way="sms_neutral"))
    assert first.contact_asked_at == clock.now()
    assert book(aman, "legal", Said("ياسمين", MAIL, "ar")).contact_way is None


def test_mistakes_change_nothing(aman: Hall) -> None:
    booked = book(aman, "psych", Said("ياسمين", MAIL, "ar"))
    for said, code, field in (
        (("full", ""), "contact-way-unknown", "way-0"),
        (("call_at_time", " "), "contact-note-missing", "note-0"),
        (("none", "ا" * 101), "contact-note-long", "note-0"),
    ):
        with pytest.raises(Invalid, match=code) as mistake:
            ask(aman, booked, {0: said})
        assert mistake.value.field == field
    assert read(aman, booked).contact_asked_at is None


def test_a_choice_that_the_branch_no_longer_offers_means_no_contact() -> None:
    rules = SafeContact(allowed=("none", "call_at_time"), default="call_at_time", recheck_each_visit=False)
    assert in_force("sms_neutral", rules, protected=True) is ContactWay.NONE
    assert in_force(None, rules, protected=True) is ContactWay.CALL_AT_TIME
    assert in_force(None, None, protected=True) is ContactWay.NONE
    assert in_force(None, None, protected=False) is ContactWay.FULL


def book(hall: Hall, slug: str, said: Said) -> BookingView:
    order = HoldOrder(hall.branch.id, hall.service(slug), free(hall, slug), "", "", "ar", SYSTEM, booker=Booker.STAFF)
    held = hall.db.write_in_now(hall.branch.id, bookings.hold_slot, order)
    return hall.db.write_in_now(hall.branch.id, bookings.confirm_booking, hall.branch.id, held.id, SYSTEM, said)


def public(hall: Hall, slug: str, name: str, contact: str = MAIL) -> BookingView:
    start = free(hall, slug)
    order = HoldOrder(hall.branch.id, hall.service(slug), start, name, contact, "ar", VISITOR)
    held = hall.db.write_in_now(hall.branch.id, bookings.hold_slot, order)
    return hall.db.write_in_now(hall.branch.id, bookings.confirm_booking, hall.branch.id, held.id, VISITOR)


def free(hall: Hall, slug: str) -> datetime:
    days = hall.db.read_now(free_days, hall.branch, hall.branch.service(slug), DAY, DAY + timedelta(days=6))
    return next(slot.start for one in days for slot in one.slots)


def ask(hall: Hall, booking: BookingView, said: dict[int, tuple[str, str]]) -> None:
    hall.db.write_in_now(hall.branch.id, set_contact_ways, hall.branch.id, booking.id, SYSTEM, said)


def cancel(hall: Hall, booking: BookingView) -> None:
    hall.db.write_in_now(hall.branch.id, bookings.cancel_booking, hall.branch.id, booking.id, SYSTEM, Booker.STAFF)


def claim(hall: Hall) -> ClaimedMessage | None:
    return hall.db.write_in_now(hall.branch.id, claim_message, hall.branch.id)


def claim_all(hall: Hall) -> list[int]:
    """The people to whom everything goes that is due."""
    found = []
    while (one := claim(hall)) is not None:
        assert one.event is Event.CONFIRMED
        found.append(one.recipient.n)
    return found


def queued(hall: Hall, booking: BookingView) -> list[tuple[int, str]]:
    statement = sa.select(MESSAGE.c.n, MESSAGE.c.event).where(MESSAGE.c.about == booking.id)
    rows = hall.db.read_now(Tx.rows, statement.order_by(MESSAGE.c.n, MESSAGE.c.sequence, MESSAGE.c.event))
    return [(row.n, row.event) for row in rows]


def states(hall: Hall, booking: BookingView, n: int) -> set[str]:
    statement = sa.select(MESSAGE.c.state).where(MESSAGE.c.about == booking.id, MESSAGE.c.n == n)
    return {row.state for row in hall.db.read_now(Tx.rows, statement)}


def read(hall: Hall, booking: BookingView) -> BookingView:
    return hall.db.read_now(booking_by_id, hall.branch.id, booking.id)
