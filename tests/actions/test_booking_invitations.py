"""Invitations to book: one appointment each, until they are used, withdrawn or over."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from queue_system.actions import bookings
from queue_system.actions.booking_invitations import (
    InvitationOrder,
    hold_invited,
    invite_guest,
    withdraw_invitation,
)
from queue_system.actions.bookings import HoldOrder
from queue_system.clock import FrozenClock
from queue_system.core.booking_invitations import InvitationState
from queue_system.core.bookings import Booker, BookingState
from queue_system.core.errors import Invalid, Missing, Refused
from queue_system.core.tokens import sealed, unsealed
from queue_system.store.database import Database
from queue_system.store.log import SYSTEM, VISITOR
from queue_system.store.queries.booking_invitations import InvitationView, invitation_by_id, invitations_to
from queue_system.store.queries.bookings import BookingView, booking_by_id, free_days
from tests.kit.hall import Hall, furnish

SERVICE = "officials"
LAST = date(2026, 11, 29)
NAME, CONTACT = "رنا السالم", "rana@example.org"


@pytest.fixture
def hall(db: Database) -> Hall:
    return furnish(db, "forum", "istanbul")


def test_nobody_books_it_without_an_invitation(hall: Hall) -> None:
    with pytest.raises(Refused, match="booking-invite-only"):
        hall.db.write_in_now(hall.branch.id, bookings.hold_slot, order(hall, booker=Booker.PUBLIC))


def test_an_invitation_gives_one_appointment(hall: Hall) -> None:
    made = invite(hall)
    assert read(hall, made).state is InvitationState.OPEN
    held = hold(hall, made)
    assert (held.source, read(hall, made).state) == ("invitation", InvitationState.BEGUN)
    # Another time replaces the first.
    other = hold(hall, made, which=2)
    assert booking(hall, held).state is BookingState.CANCELLED
    confirm(hall, other)
    assert read(hall, made).state is InvitationState.USED
    with pytest.raises(Refused, match="invitation-used"):
        hold(hall, made, which=1)


def test_a_cancelled_appointment_gives_the_invitation_back(hall: Hall) -> None:
    made = invite(hall)
    held = confirm(hall, hold(hall, made))
    hall.db.write_in_now(hall.branch.id, bookings.cancel_booking, hall.branch.id, held.id, VISITOR)
    assert read(hall, made).state is InvitationState.OPEN
    assert hold(hall, made).state is BookingState.HELD


def test_its_appointment_can_be_moved_by_its_holder(hall: Hall) -> None:
    held = confirm(hall, hold(hall, invite(hall)))
    start = starts(hall)[3]
    moved = hall.db.write_in_now(hall.branch.id, bookings.change_booking, hall.branch.id, held.id, start, VISITOR)
    assert moved.starts_at == start


def test_a_withdrawn_one_opens_nothing_and_frees_what_it_held(hall: Hall) -> None:
    made = invite(hall)
    held = hold(hall, made)
    withdraw(hall, made)
    assert booking(hall, held).state is BookingState.CANCELLED
    assert read(hall, made).state is InvitationState.WITHDRAWN
    withdraw(hall, made)
    with pytest.raises(Refused, match="invitation-withdrawn"):
        hold(hall, made)


def test_one_whose_hold_has_just_run_out_is_withdrawn(hall: Hall, clock: FrozenClock) -> None:
    made = invite(hall)
    held = hold(hall, made)
    clock.move(timedelta(minutes=10, seconds=30))
    withdraw(hall, made)
    assert read(hall, made).state is InvitationState.WITHDRAWN
    assert booking(hall, held).state is BookingState.EXPIRED


def test_one_with_an_appointment_is_not_withdrawn(hall: Hall) -> None:
    made = invite(hall)
    held = confirm(hall, hold(hall, made))
    with pytest.raises(Refused, match="invitation-used"):
        withdraw(hall, made)
    assert booking(hall, held).state is BookingState.CONFIRMED


def test_it_is_open_until_the_end_of_its_last_day(hall: Hall, clock: FrozenClock) -> None:
    made = invite(hall)
    until = read(hall, made).answer_until
    clock.set(until - timedelta(seconds=1))
    assert read(hall, made).state is InvitationState.OPEN
    clock.set(until)
    assert read(hall, made).state is InvitationState.OVER
    with pytest.raises(Refused, match="invitation-over"):
        hold(hall, made)


def test_as_many_come_as_it_says(hall: Hall) -> None:
    made = invite(hall, persons=3)
    with pytest.raises(Invalid, match="booking-group"):
        hold(hall, made, persons=4)
    assert hold(hall, made, persons=3).persons == 3


def test_it_opens_its_own_service_alone(hall: Hall) -> None:
    made = invite(hall)
    other = order(hall, service="assoc-compliance")
    with pytest.raises(Missing, match="service"):
        hall.db.write_in_now(hall.branch.id, hold_invited, made, other)
    with pytest.raises(Missing, match="booking-invitation"):
        hall.db.write_in_now(hall.branch.id, hold_invited, uuid4(), order(hall))


def test_a_second_person_with_the_link_does_not_take_a_second_place(hall: Hall) -> None:
    made = invite(hall)
    first = hold(hall, made)
    with pytest.raises(Refused, match="invitation-begun"):
        hold(hall, made, which=2, name="سعد النجار", contact="saad@example.org")
    assert booking(hall, first).state is BookingState.HELD


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": ""}, "name"),
        ({"contact": "12"}, "contact"),
        ({"answer_by": None}, "answer_by"),
        ({"answer_by": date(2026, 11, 21)}, "answer_by"),
        ({"answer_by": date(2028, 11, 21)}, "answer_by"),
        ({"persons": 0}, "persons"),
    ],
)
def test_what_cannot_be_is_refused_by_its_field(hall: Hall, values: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        invite(hall, **values)
    assert refused.value.field == field
    assert not hall.db.read_now(invitations_to, hall.branch.id, [hall.service(SERVICE)])


def test_nobody_is_invited_to_what_is_booked_in_another_way(hall: Hall) -> None:
    with pytest.raises(Missing, match="service"):
        invite(hall, service_id=hall.service("assoc-compliance"))


def test_the_link_cannot_be_computed_without_the_secret() -> None:
    one = uuid4()
    link = sealed(b"a secret", "invitation", one)
    assert unsealed(b"a secret", "invitation", link) == one
    for secret, purpose, text in (
        (b"another", "invitation", link),
        (b"a secret", "helper", link),
        (b"a secret", "invitation", link[:-2] + "AA"),
        (b"a secret", "invitation", link + "AAAA"),
        (b"a secret", "invitation", ""),
        (b"a secret", "invitation", "ع"),
    ):
        assert unsealed(secret, purpose, text) is None


def invite(hall: Hall, **said: object) -> UUID:
    values = {
        "service_id": hall.service(SERVICE),
        "name": NAME,
        "contact": CONTACT,
        "language": "ar",
        "answer_by": LAST,
    }
    asked = InvitationOrder(**{**values, **said})  # type: ignore[arg-type]
    return hall.db.write_in_now(hall.branch.id, invite_guest, hall.branch.id, asked, SYSTEM)


def withdraw(hall: Hall, made: UUID) -> None:
    hall.db.write_in_now(hall.branch.id, withdraw_invitation, hall.branch.id, made, SYSTEM)


def starts(hall: Hall, service: str = SERVICE) -> list[datetime]:
    found = hall.db.read_now(
        free_days, hall.branch, hall.branch.service(service), date(2026, 11, 24), date(2026, 12, 4), public=False
    )
    return [slot.start for day in found for slot in day.slots]


def order(
    hall: Hall,
    which: int = 0,
    service: str = SERVICE,
    booker: Booker = Booker.INVITED,
    persons: int = 1,
    name: str = NAME,
    contact: str = CONTACT,
) -> HoldOrder:
    start = starts(hall, service)[which]
    return HoldOrder(
        hall.branch.id,
        hall.service(service),
        start,
        name,
        contact,
        "ar",
        VISITOR,
        source="invitation",
        booker=booker,
        persons=persons,
        most_persons=100,
    )


def hold(hall: Hall, made: UUID, which: int = 0, **said: object) -> BookingView:
    wanted = order(hall, which, **said)  # type: ignore[arg-type]
    return hall.db.write_in_now(hall.branch.id, hold_invited, made, wanted)


def confirm(hall: Hall, held: BookingView) -> BookingView:
    return hall.db.write_in_now(hall.branch.id, bookings.confirm_booking, hall.branch.id, held.id, VISITOR)


def booking(hall: Hall, one: BookingView) -> BookingView:
    return hall.db.read_now(booking_by_id, hall.branch.id, one.id)


def read(hall: Hall, made: UUID) -> InvitationView:
    return hall.db.read_now(invitation_by_id, hall.branch.id, made)
