"""Scenario 8: a reminder goes out once, and never where it would be wrong or of no use. On both databases.

That protected services remind nobody who has not asked for it is in `test_safe_contact.py`.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from queue_system.actions import bookings as actions
from queue_system.clock import FrozenClock
from queue_system.core.messages import Level
from queue_system.core.promises import Choice
from queue_system.store.log import VISITOR
from tests.actions.test_outbox import claim, messages, told
from tests.actions.test_time_given_back import START, close, open_again
from tests.kit.deciding import booked
from tests.kit.hall import Hall

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def sending(hall: Hall, clock: FrozenClock) -> Hall:
    """The hall of an installation with a mail server, three days before the appointment."""
    clock.set(START - 3 * DAY)
    hall.db.sends = frozenset({Level.FULL, Level.MINIMAL})
    return hall


def test_scenario_8_a_reminder_goes_out_once_a_day_before_and_not_earlier(sending: Hall, clock: FrozenClock) -> None:
    booked(sending, START)
    assert told(sending) == ["confirmed"]
    clock.set(START - DAY - MINUTE)
    assert told(sending) == []
    clock.set(START - DAY)
    # Of two workers that ask one after the other one gets it.
    mine, other = claim(sending), claim(sending)
    assert mine is not None
    assert (mine.event.value, other) == ("reminder", None)


def test_scenario_8_who_moved_is_reminded_once_of_the_new_time(sending: Hall, clock: FrozenClock) -> None:
    one, later = booked(sending, START), START + timedelta(hours=1)
    sending.db.write_in_now(sending.branch.id, actions.change_booking, sending.branch.id, one.id, later, VISITOR)
    assert told(sending) == ["changed"]
    clock.set(START - DAY)
    assert told(sending) == []
    clock.set(later - DAY)
    assert told(sending) == ["reminder"]
    clock.set(later - MINUTE)
    assert told(sending) == []


def test_scenario_8_a_reminder_that_is_late_goes_out_once_while_the_appointment_is_to_come(
    sending: Hall, clock: FrozenClock
) -> None:
    booked(sending, START)
    assert told(sending) == ["confirmed"]
    # Nothing was sent for a day.
    clock.set(START - MINUTE)
    assert told(sending) == ["reminder"]
    assert told(sending) == []


def test_scenario_8_nobody_is_reminded_of_what_is_past(sending: Hall, clock: FrozenClock) -> None:
    booked(sending, START)
    assert told(sending) == ["confirmed"]
    clock.set(START)
    assert told(sending) == []
    assert reminders(sending) == ["void"]


@pytest.mark.parametrize("before", [timedelta(hours=3), DAY, 2 * DAY - MINUTE])
def test_scenario_8_what_is_made_today_or_within_two_days_has_no_reminder(
    sending: Hall, clock: FrozenClock, before: timedelta
) -> None:
    """The confirmation is reminder enough."""
    clock.set(START - before)
    booked(sending, START)
    clock.set(max(START - DAY, clock.now()))
    assert told(sending) == ["confirmed"]
    assert reminders(sending) == []


def test_scenario_8_what_has_lost_its_time_is_not_reminded_of(sending: Hall, clock: FrozenClock) -> None:
    booked(sending, START)
    assert told(sending) == ["confirmed"]
    close(sending, Choice.LATER)
    clock.set(START - DAY)
    assert told(sending) == []
    assert reminders(sending) == ["void"]


def test_scenario_8_what_has_its_time_back_is_reminded_of(sending: Hall, clock: FrozenClock) -> None:
    booked(sending, START)
    assert told(sending) == ["confirmed"]
    open_again(sending, close(sending, Choice.LATER), regained=1)
    clock.set(START - DAY)
    assert told(sending) == ["reminder"]


def reminders(hall: Hall) -> list[str]:
    """The states of the reminders that were queued."""
    return [row.state for row in messages(hall) if row.event == "reminder"]
