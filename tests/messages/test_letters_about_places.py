"""Letters say how an appointment takes place as far as the level allows, and never where somebody lives."""

from __future__ import annotations

from dataclasses import replace

import pytest

from queue_system.actions import bookings as actions
from queue_system.actions.bookings import HoldOrder
from queue_system.actions.channels import How
from queue_system.store.log import VISITOR
from queue_system.store.queries.bookings import BookingView
from queue_system.store.queries.channels import video_link
from tests.actions.test_channels import set_channels
from tests.kit.hall import edit, enter, set_branch
from tests.messages.test_sending import MAIL, NAME, SERVICE, START, Sending, found_in, sending, set_level

__all__ = ["sending"]
HOME = "شارع الياقوت"
AT_HOME, BY_VIDEO = "نأتي إليك", "بمكالمة فيديو"


@pytest.mark.parametrize(("sms", "shown"), [("full", True), ("minimal", True), ("neutral", False)])
def test_the_call_is_in_the_letter_and_its_calendar_entry_unless_they_are_neutral(
    sending: Sending, sms: str, shown: bool
) -> None:
    one = book(sending, sms, "onsite_or_video", How("video"))
    link = video_link(sending.hall.branch, one)
    assert link is not None
    (taken,) = sending.server.taken
    assert found_in(taken, (link, BY_VIDEO)) == ([link, BY_VIDEO] if shown else [])
    # Once it is cancelled there will be no call.
    sending.cancel(one)
    sending.postman.send_due()
    assert found_in(sending.server.taken[1], (link,)) == []


@pytest.mark.parametrize(("sms", "shown"), [("full", True), ("minimal", True), ("neutral", False)])
def test_a_letter_says_that_staff_come_and_not_where_to(sending: Sending, sms: str, shown: bool) -> None:
    book(sending, sms, "field", How(address=f"{HOME} 7"))
    (taken,) = sending.server.taken
    assert found_in(taken, (HOME, AT_HOME)) == ([AT_HOME] if shown else [])


def book(sending: Sending, sms: str, channel: str, how: How) -> BookingView:
    hall = sending.hall
    # A discreet level for neutral letters, as in the houses that have it.
    set_level(hall, sms=sms, display="code_random" if sms == "neutral" else "code")
    set_branch(hall, video_link="https://meet.example.org/{room}")
    edit(hall, lambda tx: set_channels(tx, hall, {SERVICE: channel}))
    sending.hall = replace(hall, branch=enter(hall.db).branch)
    order = HoldOrder(hall.branch.id, hall.service(SERVICE), START, NAME, MAIL, "ar", VISITOR, how=how)
    held = hall.db.write_in_now(hall.branch.id, actions.hold_slot, order)
    one = hall.db.write_in_now(hall.branch.id, actions.confirm_booking, hall.branch.id, held.id, VISITOR)
    sending.postman.send_due()
    return one
