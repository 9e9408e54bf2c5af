"""What people are told about a series: one message for all of it, and a reminder of each date. On both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest
import sqlalchemy as sa
from icalendar import Calendar

from queue_system.actions import bookings, series_changes
from queue_system.actions.outbox import ClaimedMessage, claim_message, report_message
from queue_system.actions.participants import name_participants
from queue_system.actions.phone_calls import tick
from queue_system.actions.safe_contact import set_contact_ways
from queue_system.core.approvals import MANY_BOOKINGS
from queue_system.core.bookings import Booker, spaced_code
from queue_system.core.errors import Refused
from queue_system.core.messages import Event, Level, Outcome
from queue_system.core.participants import Person, Role
from queue_system.core.series import Chance, Scope, SeriesRule
from queue_system.core.support import Why
from queue_system.i18n.words import words_for
from queue_system.messages.letter import House, letter_of
from queue_system.store.log import SYSTEM
from queue_system.store.queries import audit
from queue_system.store.queries.phone_calls import phone_calls
from queue_system.store.queries.series import SeriesView, usual_members
from queue_system.store.queries.series_changes import Change, changes_of, changes_shown
from queue_system.store.queries.unsent import unsent_messages
from queue_system.store.tables import Message, table
from tests.kit.hall import Hall, enter
from tests.kit.repeating import WEEKLY, booked, chances, end, fill, look, officers, repeat

# A Wednesday, 09:30 in Doha, three days ahead.
START = datetime(2026, 11, 25, 6, 30, tzinfo=UTC)
WEEK, HOUR = timedelta(weeks=1), timedelta(hours=1)
SERVICE = "civil-extract"
BOOKER, COMPANION = "wafa@example.org", "lina@example.org"
MESSAGE = table(Message)
HOUSE = House("https://queue.example.org", "house@example.org", "post@example.net", b"a secret")


@pytest.fixture
def sending(hall: Hall) -> Hall:
    hall.db.sends = frozenset({Level.FULL, Level.MINIMAL})
    return hall


@pytest.fixture
def four(sending: Hall) -> SeriesView:
    return repeat(sending, booked(sending, SERVICE, START), SeriesRule(WEEKLY, dates=4))


def test_one_message_says_all_dates_and_each_has_a_reminder(sending: Hall, four: SeriesView) -> None:
    assert pending(sending) == ["reminder"] * 4 + ["series"]
    claimed = claim(sending)
    assert [one.starts_at for one in claimed.series] == [START + n * WEEK for n in range(4)]
    content = letter(sending, claimed)
    text = text_of(content)
    for one in four.dates:
        assert one.booking is not None
        assert spaced_code(one.booking.code) in text
    entries = calendar_of(content)
    assert str(entries["METHOD"]) == "PUBLISH"
    events = entries.walk("VEVENT")
    assert {str(event["UID"]) for event in events} == {str(one.booking.id) for one in four.dates if one.booking}
    assert sorted(event.decoded("DTSTART") for event in events) == [START + n * WEEK for n in range(4)]
    assert not any("RRULE" in event for event in events)


def test_changes_are_told_together_and_what_was_not_sent_before_is_not_sent(sending: Hall, four: SeriesView) -> None:
    change(sending, four, Change(2, Scope.FOLLOWING, START + WEEK + HOUR))
    assert pending(sending) == ["reminder"] * 4 + ["series_changed"]
    end(sending, look(sending, four.id), 3, Scope.FOLLOWING)
    assert pending(sending) == ["reminder"] * 2 + ["series_cancelled"]
    claimed = claim(sending)
    content = letter(sending, claimed)
    events = {event.decoded("DTSTART"): str(event["STATUS"]) for event in calendar_of(content).walk("VEVENT")}
    assert events == {
        START: "CONFIRMED",
        START + WEEK + HOUR: "CONFIRMED",
        START + 2 * WEEK + HOUR: "CANCELLED",
        START + 3 * WEEK + HOUR: "CANCELLED",
    }
    assert "ألغيت" in text_of(content).replace("أُ", "أ")


def test_a_change_of_one_is_told_as_one_and_does_not_end_what_is_said_of_all(sending: Hall, four: SeriesView) -> None:
    first = four.number(1).booking
    assert first is not None
    here = sending.branch.id
    sending.db.write_in_now(here, bookings.cancel_booking, here, first.id, SYSTEM, Booker.STAFF)
    assert pending(sending) == ["cancelled"] + ["reminder"] * 3 + ["series"]
    # The message about all stays true although the appointment it hangs on is booked again.
    fill(sending, look(sending, four.id), 1, START)
    assert sorted(pending(sending)) == ["cancelled", "confirmed"] + ["reminder"] * 4 + ["series"]
    told = {one.event: one for one in claim_all(sending)}
    assert Event.SERIES in told
    assert [one.state.value for one in told[Event.SERIES].series] == ["confirmed"] * 4


def test_a_lost_message_about_a_series_stays_listed_although_one_appointment_was_told_of(
    sending: Hall, four: SeriesView
) -> None:
    claimed = claim(sending)
    here = sending.branch.id
    first = four.number(1).booking
    assert first is not None
    sending.db.write_in_now(here, bookings.change_booking, here, first.id, START + HOUR, SYSTEM, Booker.STAFF)
    report(sending, claimed, Outcome.REFUSED, "address")
    (unsent,) = sending.db.read_now(unsent_messages, here)
    assert unsent.event is Event.SERIES


def test_dates_that_the_house_calls_off_are_stored_and_told_as_that(sending: Hall, four: SeriesView) -> None:
    ended = end(sending, four, 3, Scope.FOLLOWING, Why.MEMBER)
    assert [(one.is_called_off, one.lost_why) for one in ended] == [(True, Why.MEMBER)] * 2
    assert pending(sending) == ["reminder"] * 2 + ["series_called_off"]
    claimed = claim(sending)
    content = letter(sending, claimed)
    assert words_for("ar").text("state.lost.member") in text_of(content)
    statuses = [str(event["STATUS"]) for event in calendar_of(content).walk("VEVENT")]
    assert sorted(statuses) == ["CANCELLED"] * 2 + ["CONFIRMED"] * 2
    facts = sending.db.read_now(audit.entries, sending.branch.id, audit.Wanted(kind="booking.called_off"), 9)
    assert [fact.data["why"] for fact in facts] == ["member"] * 2
    # Whoever does not receive it is called, once, and what was said was said of all dates.
    report(sending, claimed, Outcome.REFUSED, "address")
    (call,) = sending.db.read_now(phone_calls, sending.branch)
    assert (call.booking.id, call.event) == (ended[0].id, Event.SERIES_CALLED_OFF)
    here = sending.branch.id
    sending.db.write_in_now(here, tick, here, ended[0].id, 0, SYSTEM, reached=True)
    (call,) = sending.db.read_now(phone_calls, sending.branch)
    assert call.reached_at is not None


def test_whom_no_message_reaches_is_called_about_dates_that_the_house_calls_off(hall: Hall) -> None:
    four = repeat(hall, booked(hall, SERVICE, START), SeriesRule(WEEKLY, dates=4))
    end(hall, four, 3, Scope.FOLLOWING)
    assert hall.db.read_now(phone_calls, hall.branch) == []
    end(hall, look(hall, four.id), 1, Scope.ALL, Why.CLOSED)
    assert [one.event for one in hall.db.read_now(phone_calls, hall.branch)] == [Event.SERIES_CALLED_OFF]


def test_news_of_other_dates_do_not_hide_what_the_house_called_off(sending: Hall, four: SeriesView) -> None:
    end(sending, four, 4, Scope.FOLLOWING, Why.MEMBER)
    end(sending, look(sending, four.id), 3, Scope.THIS, Why.MEMBER)
    change(sending, look(sending, four.id), Change(1, Scope.FOLLOWING, START + HOUR))
    assert pending(sending) == ["called_off", "called_off", "reminder", "reminder", "series_changed"]


def test_one_person_calls_off_no_more_of_a_series_than_of_other_appointments(hall: Hall) -> None:
    first, rule = booked(hall, SERVICE, START), SeriesRule(WEEKLY, dates=MANY_BOOKINGS + 12)
    left_out = {one.wish.n: None for one in chances(hall, first, rule)[1:] if one.chance is not Chance.FREE}
    long = repeat(hall, first, rule, left_out)
    stand = [one.n for one in long.dates if one.stands]
    assert len(stand) > MANY_BOOKINGS
    with pytest.raises(Refused, match="series-many"):
        end(hall, long, 1, Scope.ALL, Why.MEMBER)
    assert [one.n for one in look(hall, long.id).dates if one.stands] == stand
    assert len(end(hall, long, 1, Scope.ALL)) == len(stand)


def test_a_room_stays_the_same_where_it_is_free_when_dates_move(hall: Hall) -> None:
    officers(hall, SERVICE, "room")
    hall = enter(hall.db, hall.branch.slug)
    booked(hall, SERVICE, START, name="غيرها")
    two = repeat(hall, booked(hall, SERVICE, START), SeriesRule(WEEKLY, dates=2))
    second = two.number(2).booking
    assert second is not None
    had = hall.db.read_now(usual_members, hall.branch, second)
    change(hall, two, Change(2, Scope.FOLLOWING, START + WEEK + HOUR))
    moved = look(hall, two.id).number(2).booking
    assert moved is not None
    assert moved.starts_at == START + WEEK + HOUR
    assert hall.db.read_now(usual_members, hall.branch, moved) == had


def test_a_hand_over_of_several_dates_that_nobody_reads_becomes_one_call(sending: Hall) -> None:
    officers(sending, SERVICE)
    hall = enter(sending.db, sending.branch.slug)
    known = {one.slug: one.id for one in hall.branch.resources.values()}
    asked = {known["officers"]: known["amal"]}
    four = repeat(hall, booked(hall, SERVICE, START, members=asked), SeriesRule(WEEKLY, dates=4), asked=asked)
    claim_all(hall)
    change(hall, four, Change(2, Scope.FOLLOWING, START + WEEK, {known["officers"]: known["basel"]}))
    assert "series_handed_over" in pending(hall)
    report(hall, claim(hall), Outcome.REFUSED, "address")
    (call,) = hall.db.read_now(phone_calls, hall.branch)
    assert call.event is Event.SERIES_HANDED_OVER


def test_nobody_is_told_where_the_level_forbids_it(hall: Hall) -> None:
    hall.db.sends = frozenset({Level.FULL})
    repeat(hall, booked(hall, SERVICE, START), SeriesRule(WEEKLY, dates=4))
    assert pending(hall) == []


def test_who_comes_along_to_one_appointment_is_told_of_that_one_alone(sending: Hall, four: SeriesView) -> None:
    assert {one.recipient.contact for one in claim_all(sending)} == {BOOKER}
    bring(sending, four, 3)
    assert [one.recipient.contact for one in claim_all(sending)] == [COMPANION]
    change(sending, four, Change(2, Scope.FOLLOWING, START + WEEK + HOUR))
    told = {one.recipient.contact: one for one in claim_all(sending)}
    assert [one.starts_at for one in told[COMPANION].series] == [START + 2 * WEEK + HOUR]
    assert len(told[BOOKER].series) == 4
    (event,) = calendar_of(letter(sending, told[COMPANION])).walk("VEVENT")
    assert event.decoded("DTSTART") == START + 2 * WEEK + HOUR
    assert "DESCRIPTION" not in event
    # Whoever comes to none of those that change hears nothing.
    change(sending, look(sending, four.id), Change(4, Scope.THIS, START + 4 * WEEK))
    end(sending, look(sending, four.id), 1, Scope.ALL)
    told = {one.recipient.contact: one for one in claim_all(sending)}
    assert [one.state.value for one in told[COMPANION].series] == ["cancelled"]


def test_what_waits_for_somebody_is_not_ended_by_what_others_are_told(sending: Hall, four: SeriesView) -> None:
    bring(sending, four, 2)
    claim_all(sending)
    change(sending, four, Change(2, Scope.FOLLOWING, START + WEEK + HOUR))
    end(sending, look(sending, four.id), 3, Scope.FOLLOWING)
    told = [(one.recipient.contact, one.event) for one in claim_all(sending)]
    assert sorted(told) == [(COMPANION, Event.SERIES_CHANGED), (BOOKER, Event.SERIES_CANCELLED)]


def test_a_message_about_a_series_says_no_more_than_any_of_its_appointments_may(four: SeriesView, hall: Hall) -> None:
    hall.db.sends = frozenset(Level)
    third = four.number(3).booking
    assert third is not None
    here = hall.branch.id
    hall.db.write_in_now(here, set_contact_ways, here, third.id, SYSTEM, {0: ("sms_neutral", "")})
    (claimed,) = claim_all(hall)
    assert (claimed.event, claimed.level, len(claimed.series)) == (Event.SERIES, Level.NEUTRAL, 4)


def bring(hall: Hall, made: SeriesView, n: int) -> None:
    """Somebody comes along to one of the appointments."""
    booking = made.number(n).booking
    assert booking is not None
    here = hall.branch.id
    who = [Person(Role.COMPANION, "لينا الحسن", COMPANION)]
    hall.db.write_in_now(here, name_participants, here, booking.id, SYSTEM, who)


def change(hall: Hall, made: SeriesView, wanted: Change) -> None:
    wishes = hall.db.read_now(changes_of, hall.branch, made, wanted)
    times = {one.n: one.starts_at for one in wishes}
    order = series_changes.ChangeOrder(made.id, wanted, times, changes_shown(made, wishes))
    hall.db.write_in_now(hall.branch.id, series_changes.change_series, hall.branch.id, order, SYSTEM)


def pending(hall: Hall) -> list[str]:
    rows = hall.db.read_now(lambda tx: tx.rows(sa.select(MESSAGE).where(MESSAGE.c.ended_at.is_(None))))
    return sorted(row.event for row in rows)


def claim(hall: Hall) -> ClaimedMessage:
    found = hall.db.write_in_now(hall.branch.id, claim_message, hall.branch.id)
    assert found is not None
    return found


def claim_all(hall: Hall) -> list[ClaimedMessage]:
    found = []
    while one := hall.db.write_in_now(hall.branch.id, claim_message, hall.branch.id):
        found.append(one)
        report(hall, one, Outcome.SENT)
    return found


def report(hall: Hall, one: ClaimedMessage, outcome: Outcome, error: str | None = None) -> None:
    here = hall.branch.id
    hall.db.write_in_now(here, report_message, here, one.id, one.attempt, outcome, error)


def letter(hall: Hall, claimed: ClaimedMessage) -> EmailMessage:
    return letter_of(claimed, hall.branch, HOUSE, hall.db.clock.now()).content


def text_of(content: EmailMessage) -> str:
    body = content.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def calendar_of(content: EmailMessage) -> Calendar:
    (part,) = [one for one in content.iter_attachments() if one.get_content_type() == "text/calendar"]
    return Calendar.from_ical(part.get_content())
