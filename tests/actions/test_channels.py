"""How appointments take place: chosen by whoever books, by video in a room of their own. On both databases."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest
import sqlalchemy as sa

from queue_system.actions import bookings, erasure, retention, series, tickets
from queue_system.actions.bookings import HoldOrder
from queue_system.actions.channels import How
from queue_system.actions.day import close_day
from queue_system.actions.said import Said
from queue_system.clock import FrozenClock
from queue_system.core.bookings import Booker, BookingState
from queue_system.core.channels import Channel
from queue_system.core.errors import Invalid, Refused
from queue_system.store.database import Database, Tx
from queue_system.store.log import SYSTEM, VISITOR, locked
from queue_system.store.queries import past_days
from queue_system.store.queries.bookings import BookingView, booking_by_id
from queue_system.store.queries.channels import channel_of, channels_to_choose, video_link
from queue_system.store.queries.home_visits import address_of
from queue_system.store.tables import Service, table
from tests.kit.hall import Hall, edit, enter, furnish, set_branch

R = TypeVar("R")
# A Tuesday, 8:30 in Doha.
START = datetime(2026, 11, 24, 5, 30, tzinfo=UTC)
SERVICE, AT_HOME = "civil-extract", "edu-attest"
CONTACT = "salma@example.org"
LINK = "https://meet.example.org/{room}?lang=ar"
ADDRESS = "شارع الياقوت، مبنى 7، شقة 3"


@pytest.fixture
def hall(db: Database) -> Hall:
    """An embassy that gives one service at the branch or by video, and another one at home."""
    hall = furnish(db)
    set_branch(hall, video_link=LINK)
    edit(hall, lambda tx: set_channels(tx, hall, {SERVICE: "onsite_or_video", AT_HOME: "field"}))
    return enter(db)


def set_channels(tx: Tx, hall: Hall, channels: dict[str, str]) -> None:
    rows = table(Service)
    for slug, channel in channels.items():
        here = (rows.c.branch_id == hall.branch.id) & (rows.c.slug == slug)
        data = dict(tx.scalar(sa.select(rows.c.data).where(here))) | {"channel": channel}
        tx.execute(sa.update(rows).where(here).values(data=data))


def test_each_video_call_has_a_room_that_nobody_can_guess(hall: Hall) -> None:
    first, second = (
        confirm(hall, hold(hall, start=START + timedelta(days=day), name=name, how=VIDEO))
        for day, name in enumerate(("سلمى", "نور"))
    )
    links = [video_link(hall.branch, one) for one in (first, second)]
    for link in links:
        assert re.fullmatch(r"https://meet\.example\.org/[0-9a-f]{32}\?lang=ar", str(link))
    assert links[0] != links[1]
    assert channel_of(hall.branch, first) is Channel.VIDEO
    assert video_link(hall.branch, confirm(hall, hold(hall, "travel-doc", staff=True))) is None


def test_the_room_stays_when_the_appointment_moves_and_goes_with_another_choice(hall: Hall) -> None:
    held = hold(hall, how=VIDEO)
    again = hold(hall, how=VIDEO)
    assert (again.id, again.video_room) == (held.id, held.video_room)
    at_branch = hold(hall, how=How())
    assert (at_branch.id, at_branch.channel, at_branch.video_room) == (held.id, None, None)
    booked = confirm(hall, hold(hall, how=VIDEO))
    # The same form, sent again after the confirmation, changes nothing.
    assert hold(hall, how=How()).video_room == booked.video_room
    moved = do(hall, bookings.change_booking, booked.id, START + timedelta(days=1), VISITOR)
    assert (moved.channel, moved.video_room) == (Channel.VIDEO, booked.video_room)


def test_video_is_for_services_and_branches_that_have_it(hall: Hall) -> None:
    assert channels_to_choose(hall.branch, hall.branch.service(SERVICE)) == (Channel.COUNTER, Channel.VIDEO)
    assert channels_to_choose(hall.branch, hall.branch.service("travel-doc")) == ()
    with pytest.raises(Refused, match="video-not-here"):
        hold(hall, AT_HOME, how=How("video", ADDRESS))
    set_branch(hall, video_link=None)
    without = enter(hall.db)
    assert channels_to_choose(without.branch, without.branch.service(SERVICE)) == ()
    with pytest.raises(Refused, match="video-not-here"):
        hold(hall, how=VIDEO)


def test_staff_ask_for_a_contact_before_a_video_call(hall: Hall) -> None:
    held = hold(hall, staff=True)
    with pytest.raises(Invalid, match="contact-missing"):
        confirm(hall, held, Said("", "", "ar", how=VIDEO))
    assert confirm(hall, held, Said("", CONTACT, "ar", how=VIDEO)).channel is Channel.VIDEO


def test_nobody_checks_in_for_a_video_call_or_misses_it(hall: Hall, clock: FrozenClock) -> None:
    by_video = confirm(hall, hold(hall, how=VIDEO))
    at_branch = confirm(hall, hold(hall, start=START + timedelta(hours=1), name="نور", how=How()))
    clock.move(START - clock.now())
    with pytest.raises(Refused, match="appointment-elsewhere"):
        do(hall, tickets.check_in, by_video.id, SYSTEM)
    clock.move(timedelta(days=1))
    do(hall, close_day)
    states = [read(hall, one).state for one in (by_video, at_branch)]
    assert states == [BookingState.CONFIRMED, BookingState.NO_SHOW]
    digest = hall.db.read_now(past_days.digest_of, hall.branch, START.date())
    counts = digest.services[SERVICE, "booking.web"].counts
    # No number was given that day, so nobody knows who came to the branch.
    assert (counts["agreed"], counts["not_recorded"]) == (1, 1)


def test_the_address_of_a_home_visit_is_kept_and_erased_with_the_name(hall: Hall, clock: FrozenClock) -> None:
    with pytest.raises(Invalid, match="address-long"):
        hold(hall, AT_HOME, how=How(address="ش" * 301))
    booked = confirm(hall, hold(hall, AT_HOME, how=How(address=f"  {ADDRESS}\n الدوحة ")))
    assert where(hall, booked) == f"{ADDRESS} الدوحة"
    assert channel_of(hall.branch, booked) is Channel.HOME
    by_video = confirm(hall, hold(hall, how=VIDEO))
    hall.db.write_now(erasure.erase_person, hall.branch.id, booked.id, SYSTEM, everyone=True)
    assert where(hall, booked) == ""
    assert read(hall, by_video).video_room is None
    assert video_link(hall.branch, read(hall, by_video)) is None
    # And with the row once that has reached its age.
    clock.move(timedelta(days=400))
    retention.tidy_everywhere(hall.db)
    assert hall.db.read_now(lambda tx: tx.scalar(sa.text("SELECT count(*) FROM home_visit"))) == 0


def test_a_repeated_appointment_has_a_room_of_its_own_and_the_same_address(hall: Hall) -> None:
    by_video = confirm(hall, hold(hall, how=VIDEO))
    at_home = confirm(hall, hold(hall, AT_HOME, how=How(address=ADDRESS)))
    again, visit = (hall.db.write_in_now(hall.branch.id, repeated, hall, one) for one in (by_video, at_home))
    assert again.channel is Channel.VIDEO
    assert again.video_room not in (None, by_video.video_room)
    assert where(hall, visit) == ADDRESS


def repeated(tx: Tx, hall: Hall, like: BookingView) -> BookingView:
    with locked(tx, hall.branch.id) as lock:
        service = hall.branch.services[like.service_id]
        return series.repeat(lock, hall.branch, service, like, like.starts_at + timedelta(days=7), {}, (), SYSTEM)


VIDEO = How("video")


def hold(
    hall: Hall,
    service: str = SERVICE,
    start: datetime = START,
    name: str = "سلمى الأتاسي",
    how: How | None = None,
    *,
    staff: bool = False,
) -> BookingView:
    booker = Booker.STAFF if staff else Booker.PUBLIC
    said = ("", "") if staff else (name, CONTACT)
    order = HoldOrder(
        hall.branch.id,
        hall.service(service),
        start,
        *said,
        "ar",
        VISITOR,
        booker=booker,
        how=how,
        request_id=f"{service}{start}{name}",
    )
    return hall.db.write_in_now(hall.branch.id, bookings.hold_slot, order)


def confirm(hall: Hall, held: BookingView, said: Said | None = None) -> BookingView:
    return do(hall, bookings.confirm_booking, held.id, VISITOR, said)


def do(hall: Hall, action: Callable[..., R], *args: Any) -> R:
    return hall.db.write_in_now(hall.branch.id, action, hall.branch.id, *args)


def read(hall: Hall, booking: BookingView) -> BookingView:
    return hall.db.read_now(booking_by_id, hall.branch.id, booking.id)


def where(hall: Hall, booking: BookingView) -> str:
    return hall.db.read_now(address_of, hall.branch.id, booking.id)
