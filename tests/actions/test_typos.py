"""A typing error in an appointment is corrected, and the appointment stays the same person's. On both databases."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest
import sqlalchemy as sa

from queue_system.actions import bookings, phone_calls
from queue_system.actions.bookings import HoldOrder
from queue_system.actions.participants import name_participants
from queue_system.actions.together import confirm_together, hold_together
from queue_system.actions.typos import correct_typo
from queue_system.core.bookings import Booker
from queue_system.core.errors import Missing, Refused
from queue_system.core.messages import Event, Level
from queue_system.core.participants import Person, Role
from queue_system.core.series import SeriesRule
from queue_system.store import log
from queue_system.store.database import Database, Tx
from queue_system.store.log import SYSTEM, locked
from queue_system.store.queries.bookings import BookingView, policy_of
from queue_system.store.queries.phone_calls import phone_calls as to_call
from queue_system.store.tables import Booking, Message, PolicyRow, table
from tests.kit.hall import Hall, change_settings
from tests.kit.legal_aid import HOUR, START, as_stored, booked, legal_aid
from tests.kit.repeating import WEEKLY, repeat

NAME, CONTACT = "هالة الحسن", "hala@example.org"
MESSAGE = table(Message)


@pytest.fixture
def aid(db: Database) -> Hall:
    return legal_aid(db)


def correct(
    hall: Hall, booking: BookingView, name: str = NAME, contact: str = CONTACT, seen: set[UUID] | None = None
) -> None:
    branch = hall.branch.id
    services = set(hall.branch.services) if seen is None else seen
    said = name, booking.reference, contact
    hall.db.write_in_now(branch, correct_typo, branch, booking.id, *said, services, SYSTEM)


def refused(hall: Hall, booking: BookingView, name: str = NAME, contact: str = CONTACT) -> str:
    with pytest.raises(Refused) as found:
        correct(hall, booking, name, contact)
    assert (as_stored(hall, booking).name, as_stored(hall, booking).contact) == (booking.name, booking.contact)
    return found.value.code


def test_a_small_correction_is_stored_and_the_log_says_which_field_and_not_what(aid: Hall) -> None:
    booking = booked(aid, START)
    correct(aid, booking, "هالة الحسين")
    correct(aid, booking, "هالة الحسين", "hela@example.org")
    correct(aid, booking, "هالة الحسين", "hela@example.org")
    now = as_stored(aid, booking)
    assert (now.name, now.contact, now.starts_at) == ("هالة الحسين", "hela@example.org", START)
    entries = [one for one in aid.db.read_now(log.after, aid.branch.id, 0) if one.kind == "booking.corrected"]
    assert [one.data for one in entries] == [{"code": booking.code, "field": field} for field in ("name", "contact")]


def test_another_person_is_no_typing_error(aid: Hall) -> None:
    booking = booked(aid, START)
    assert refused(aid, booking, "سامر الحموي") == "typo-name"
    assert refused(aid, booking, contact="samer@example.net") == "typo-contact"
    assert refused(aid, booking, contact="") == "typo-contact"


def test_a_contact_may_be_that_of_a_family_but_not_of_more_persons_than_may_have_one(aid: Hall) -> None:
    booking = booked(aid, START)
    policy = policy_of(aid.branch, aid.branch.services[booking.service_id])
    assert policy.max_persons_per_contact > 1
    booked(aid, START + HOUR, name="سامر الحموي", contact="hela@example.org")
    correct(aid, booking, contact="hela@example.org")
    other = booked(aid, START + 2 * HOUR)
    limit(aid, 1)
    assert refused(aid, other, contact="hela@example.org") == "booking-persons"


def test_a_case_number_of_somebody_else_is_refused_only_where_it_may_be_known(aid: Hall) -> None:
    booking = booked(aid, START, name="2026/118")
    other = booked(aid, START + HOUR, name="2026/119", contact="samer@example.net")
    assert refused(aid, booking, "2026/119") == "typo-anothers"
    correct(aid, booking, "2026/119", seen=set(aid.branch.services) - {other.service_id})
    assert as_stored(aid, booking).name == "2026/119"


def test_what_was_spelled_alike_in_a_visit_is_corrected_with_it_and_told_once(aid: Hall) -> None:
    aid.db.sends = frozenset({Level.FULL, Level.MINIMAL})
    branch, service = aid.branch.id, aid.service("assoc-compliance")
    said = ((NAME, CONTACT), (NAME, CONTACT), ("سامر الحسن", CONTACT))
    orders = [
        HoldOrder(branch, service, START + number * HOUR, *whose, "ar", SYSTEM, booker=Booker.STAFF)
        for number, whose in enumerate(said)
    ]
    together = aid.db.write_in_now(branch, hold_together, branch, orders)
    first, second, third = aid.db.write_in_now(branch, confirm_together, branch, together, SYSTEM, {})
    correct(aid, first, contact="hela@example.org")
    now = [as_stored(aid, one) for one in (first, second, third)]
    assert [one.contact for one in now] == ["hela@example.org"] * 2 + [CONTACT]
    entries = [one for one in aid.db.read_now(log.after, branch, 0) if one.kind == "booking.corrected"]
    assert [one.data["code"] for one in entries] == [first.code, second.code]
    assert told(aid, first, second) == ["visit"]
    # A part of a service for which this person corrects nothing stays.
    correct(aid, now[2], "سامي الحسن", seen=set())
    assert as_stored(aid, third).name == "سامي الحسن"
    correct(aid, now[0], "هالة الحسين", "hela@example.org", seen=set())
    assert as_stored(aid, second).name == NAME


def test_a_contact_follows_where_the_same_person_is_spelled_in_another_way(aid: Hall) -> None:
    branch, service = aid.branch.id, aid.service("assoc-compliance")
    # With a vowel mark and without one: one person for every limit.
    said = ((NAME, "2026/118"), ("هالَة الحسن", ""), ("سامر الحسن", "2026/118"))
    orders = [
        HoldOrder(branch, service, START + number * HOUR, name, CONTACT, "ar", SYSTEM, booker=Booker.STAFF)
        for number, (name, _) in enumerate(said)
    ]
    together = aid.db.write_in_now(branch, hold_together, branch, orders)
    parts = aid.db.write_in_now(branch, confirm_together, branch, together, SYSTEM, {})
    for one, (_, reference) in zip(parts, said, strict=True):
        aid.db.write_now(
            Tx.execute, sa.update(table(Booking)).where(table(Booking).c.id == one.id).values(reference=reference)
        )
    first = as_stored(aid, parts[0])
    correct(aid, first, contact="hela@example.org")
    # Who comes along keeps theirs, also with the case number of the family.
    assert [as_stored(aid, one).contact for one in parts] == ["hela@example.org"] * 2 + [CONTACT]
    correct(aid, as_stored(aid, first), "هالة الحسين", "hela@example.org")
    assert [as_stored(aid, one).name for one in parts] == ["هالة الحسين", "هالَة الحسن", "سامر الحسن"]
    assert [as_stored(aid, one).reference for one in parts] == ["2026/118", "", "2026/118"]


def test_what_was_spelled_alike_in_a_series_is_corrected_with_it(aid: Hall) -> None:
    aid.db.sends = frozenset({Level.FULL, Level.MINIMAL})
    series = repeat(aid, booked(aid, START), SeriesRule(WEEKLY, dates=3))
    dates = [one.booking for one in series.dates if one.booking]
    correct(aid, dates[1], contact="hela@example.org")
    assert {as_stored(aid, one).contact for one in dates} == {"hela@example.org"}
    assert [one for one in told(aid, *dates) if one != "reminder"] == ["series"]


def test_whoever_comes_along_to_a_series_hears_nothing_of_a_corrected_contact(aid: Hall) -> None:
    aid.db.sends = frozenset({Level.FULL, Level.MINIMAL})
    first = booked(aid, START)
    people = (Person(Role.COUNSEL, "رنا", "rana@example.org"),)
    aid.db.write_in_now(aid.branch.id, name_participants, aid.branch.id, first.id, SYSTEM, people)
    series = repeat(aid, first, SeriesRule(WEEKLY, dates=3))
    dates = [one.booking for one in series.dates if one.booking]
    waiting = sa.select(MESSAGE.c.id).where(MESSAGE.c.n > 0, MESSAGE.c.ended_at.is_(None)).order_by(MESSAGE.c.id)

    def companions() -> list[UUID]:
        return [row.id for row in aid.db.read_now(lambda tx: tx.rows(waiting))]

    before = companions()
    assert before
    correct(aid, dates[1], contact="hela@example.org")
    assert companions() == before


def test_whom_staff_must_call_about_a_series_stays_on_the_call_list(aid: Hall) -> None:
    series = repeat(aid, booked(aid, START), SeriesRule(WEEKLY, dates=3))
    dates = [one.booking for one in series.dates if one.booking]

    def each_handed_over(tx: Tx) -> None:
        with locked(tx, aid.branch.id) as lock:
            for one in dates:
                phone_calls.note(lock, one.id, Event.HANDED_OVER, told=False)

    aid.db.write_in_now(aid.branch.id, each_handed_over)
    correct(aid, dates[0], contact="hela@example.org")
    assert {one.booking.id for one in aid.db.read_now(to_call, aid.branch)} == {one.id for one in dates}


def told(hall: Hall, *bookings: BookingView) -> list[str]:
    """The events that wait to be told about these."""
    here = MESSAGE.c.about.in_([one.id for one in bookings])
    statement = sa.select(MESSAGE.c.event).where(here, MESSAGE.c.ended_at.is_(None))
    return [row.event for row in hall.db.read_now(lambda tx: tx.rows(statement))]


def limit(hall: Hall, persons: int) -> None:
    policies = table(PolicyRow)

    def change(tx: Tx) -> None:
        for row in tx.rows(sa.select(policies)):
            data = row.data | {"max_persons_per_contact": persons}
            tx.execute(sa.update(policies).where(policies.c.slug == row.slug).values(data=data))

    change_settings(hall.db, change)


def test_small_steps_do_not_lead_to_another_person(aid: Hall) -> None:
    booking = booked(aid, START)
    for name in ("هالا الحسن", "هالا الحسين", "هالا الحصين"):
        correct(aid, booking, name)
    assert refused(aid, as_stored(aid, booking), "هانا الحصين") == "typo-often"


def test_what_is_over_stays_as_it_was(aid: Hall) -> None:
    booking = booked(aid, START)
    aid.db.write_in_now(aid.branch.id, bookings.cancel_booking, aid.branch.id, booking.id, SYSTEM, Booker.STAFF)
    assert refused(aid, booking, "هالة الحسين") == "booking-over"
    with pytest.raises(Missing):
        correct(aid, replace(booking, id=aid.branch.id))
