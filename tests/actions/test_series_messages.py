"""What people are told about a series: one message for all of it, and a reminder of each date. On both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest
import sqlalchemy as sa
from icalendar import Calendar

from queue_system.actions import bookings, series_changes
from queue_system.actions.outbox import ClaimedMessage, claim_message, report_message
from queue_system.core.bookings import Booker, spaced_code
from queue_system.core.messages import Event, Level, Outcome
from queue_system.core.series import Scope, SeriesRule
from queue_system.messages.letter import House, letter_of
from queue_system.store.log import SYSTEM
from queue_system.store.queries.messages import unsent_messages
from queue_system.store.queries.series import SeriesView
from queue_system.store.queries.series_changes import Change, changes_of, shown_of
from queue_system.store.tables import Message, table
from tests.kit.hall import Hall
from tests.kit.repeating import WEEKLY, booked, end, fill, look, repeat

# A Wednesday, 09:30 in Doha, three days ahead.
START = datetime(2026, 11, 25, 6, 30, tzinfo=UTC)
WEEK, HOUR = timedelta(weeks=1), timedelta(hours=1)
SERVICE = "civil-extract"
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


def test_nobody_is_told_where_the_level_forbids_it(hall: Hall) -> None:
    hall.db.sends = frozenset({Level.FULL})
    repeat(hall, booked(hall, SERVICE, START), SeriesRule(WEEKLY, dates=4))
    assert pending(hall) == []


def change(hall: Hall, made: SeriesView, wanted: Change) -> None:
    wishes = hall.db.read_now(changes_of, hall.branch, made, wanted)
    times = {one.n: one.starts_at for one in wishes}
    order = series_changes.ChangeOrder(made.id, wanted, times, shown_of(made, wishes))
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
