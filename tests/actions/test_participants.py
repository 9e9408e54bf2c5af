"""Several people in one appointment: who must be named, by what name, and what is kept of them. On both databases."""

from __future__ import annotations

from datetime import date

import pytest

from queue_system.actions import bookings
from queue_system.actions.bookings import HoldOrder
from queue_system.actions.participants import name_participants
from queue_system.actions.said import Said
from queue_system.core.bookings import Booker, BookingState
from queue_system.core.errors import Invalid, Refused, Stale
from queue_system.core.participants import MOST_OTHERS, Person, Role
from queue_system.store import log
from queue_system.store.database import Database
from queue_system.store.log import SYSTEM
from queue_system.store.queries.bookings import BookingView, booking_by_id, free_days
from queue_system.store.queries.participants import ParticipantView, others_of, seen_of
from tests.kit.hall import Hall, furnish

DAY = date(2026, 11, 24)
# Two parties that meet; and one whose name nothing may show.
MEDIATION, PROTECTED = "mediation", "psych"
WIFE, HUSBAND, COUNSEL = "سلمى الأتاسي", "باسل الحسن", "رنا القدسي"


@pytest.fixture
def wifaq(db: Database) -> Hall:
    return furnish(db, "social-work", "wifaq")


def test_all_parties_are_named_before_an_appointment_is_confirmed(wifaq: Hall) -> None:
    held = hold(wifaq, MEDIATION)
    counsel = Person(Role.COUNSEL, COUNSEL)
    for said in (Said(WIFE, "", "ar"), Said(WIFE, "", "ar", others=(counsel,)), Said("", "", "ar", others=(other(),))):
        with pytest.raises(Invalid, match="parties-missing"):
            confirm(wifaq, held, said)
        # Nothing of it was stored.
        assert (read(wifaq, held).state, people(wifaq, held)) == (BookingState.HELD, ())
    confirm(wifaq, held, Said(WIFE, "", "ar", others=(other(contact="+97455512345"), counsel)))
    assert [(one.n, one.role, one.name, one.contact) for one in people(wifaq, held)] == [
        (1, "other_side", HUSBAND, "+97455512345"),
        (2, "counsel", COUNSEL, ""),
    ]


def test_parties_may_be_named_later(wifaq: Hall) -> None:
    held = hold(wifaq, MEDIATION)
    assert confirm(wifaq, held, Said(WIFE, "", "ar", later=True)).state is BookingState.CONFIRMED
    name(wifaq, held, other())
    assert [one.name for one in people(wifaq, held)] == [HUSBAND]


def test_a_case_number_stands_beside_the_name_except_where_it_protects(wifaq: Hall) -> None:
    held = hold(wifaq, MEDIATION)
    booked = confirm(wifaq, held, Said(WIFE, "", "ar", reference="ق-2026/7", others=(other(reference="ق-2026/8"),)))
    assert (booked.name, booked.reference) == (WIFE, "ق-2026/7")
    assert [(one.name, one.reference) for one in people(wifaq, held)] == [(HUSBAND, "ق-2026/8")]


def test_in_a_protected_service_there_is_a_name_or_a_case_number_and_never_both(db: Database) -> None:
    aman = furnish(db, "social-work", "aman")
    held = hold(aman, PROTECTED)
    with pytest.raises(Invalid, match="name-or-reference") as mistake:
        confirm(aman, held, Said("ياسمين", "", "ar", reference="2026/7"))
    assert mistake.value.field == "reference"
    with pytest.raises(Invalid, match="name-or-reference") as mistake:
        confirm(aman, held, Said("ياسمين", "", "ar", others=(other("", ""), other("رنا", reference="2026/8"))))
    assert mistake.value.field == "other-2-reference"
    booked = confirm(aman, held, Said("", "", "ar", reference="2026/7"))
    assert (booked.name, booked.reference, booked.contact) == ("2026/7", "", "")


def test_people_are_changed_and_taken_off_by_their_number(wifaq: Hall) -> None:
    held = hold(wifaq, MEDIATION)
    confirm(wifaq, held, Said(WIFE, "", "ar", others=(other(), Person(Role.COUNSEL, COUNSEL))))
    first, second = people(wifaq, held)
    name(wifaq, held, other("", n=first.n), Person(Role.COMPANION, COUNSEL, n=second.n), Person(Role.COUNSEL, "هدى"))
    # The number of whoever has gone is nobody else's.
    assert [(one.n, one.role, one.name) for one in people(wifaq, held)] == [
        (2, "companion", COUNSEL),
        (3, "counsel", "هدى"),
    ]
    before = wifaq.db.read_now(log.positions)[wifaq.branch.id]
    name(wifaq, held, Person(Role.COMPANION, COUNSEL, n=2), Person(Role.COUNSEL, "هدى", n=3))
    assert wifaq.db.read_now(log.positions)[wifaq.branch.id] == before, "nothing changed, so nothing was logged"


def test_who_was_named_meanwhile_stays(wifaq: Hall) -> None:
    held = hold(wifaq, MEDIATION)
    name(wifaq, held, other())
    shown = seen_of(people(wifaq, held))
    counsel, companion = Person(Role.COUNSEL, COUNSEL), Person(Role.COMPANION, "هدى")
    name(wifaq, held, other(n=1), counsel, seen=shown)
    with pytest.raises(Stale, match="participants-changed"):
        name(wifaq, held, other(n=1), companion, seen=shown)
    with pytest.raises(Stale, match="participants-changed"):
        confirm(wifaq, held, Said(WIFE, "", "ar", others=(other(n=1), companion), seen=shown))
    assert [one.name for one in people(wifaq, held)] == [HUSBAND, COUNSEL]
    # The same form once more, by somebody who pressed twice, has been carried out already.
    name(wifaq, held, other(n=1), counsel, seen=shown)
    assert [one.name for one in people(wifaq, held)] == [HUSBAND, COUNSEL]


def test_the_highest_number_is_not_given_to_anybody_else(wifaq: Hall) -> None:
    held = hold(wifaq, MEDIATION)
    name(wifaq, held, other(), Person(Role.COUNSEL, COUNSEL))
    name(wifaq, held, other(n=1))
    name(wifaq, held)
    name(wifaq, held, Person(Role.COMPANION, "هدى"))
    assert [(one.n, one.name) for one in people(wifaq, held)] == [(3, "هدى")]


def test_mistakes_name_their_field_and_change_nothing(wifaq: Hall) -> None:
    held = hold(wifaq, MEDIATION)
    for wrong, code, field in (
        (other("<b>"), "name-signs", "other-2-name"),
        (other(reference="<7>"), "reference-signs", "other-2-reference"),
        (other(contact="12"), "phone-wrong", "other-2-contact"),
    ):
        with pytest.raises(Invalid, match=code) as mistake:
            name(wifaq, held, other(), wrong)
        assert mistake.value.field == field
    with pytest.raises(Invalid, match="participants-many"):
        name(wifaq, held, *(other() for _ in range(MOST_OTHERS + 1)))
    assert people(wifaq, held) == ()
    wifaq.db.write_in_now(wifaq.branch.id, bookings.cancel_booking, wifaq.branch.id, held.id, SYSTEM, Booker.STAFF)
    with pytest.raises(Refused, match="booking-over"):
        name(wifaq, held, other())


def test_the_log_says_how_many_and_not_who(wifaq: Hall) -> None:
    held = hold(wifaq, MEDIATION)
    confirm(wifaq, held, Said(WIFE, "", "ar", reference="ق-7", others=(other(contact="+97455512345"),)))
    rows = wifaq.db.read_now(log.after, wifaq.branch.id, 0)
    assert [row.data["count"] for row in rows if row.kind == "booking.participants_named"] == [1]
    assert not [row for row in rows if any(mark in str(row) for mark in (WIFE, HUSBAND, "ق-7", "55512345"))]


def other(called: str = HUSBAND, contact: str = "", *, reference: str = "", n: int = 0) -> Person:
    return Person(Role.OTHER_SIDE, called, contact, reference, n=n)


def hold(hall: Hall, slug: str) -> BookingView:
    service = hall.branch.service(slug)
    days = hall.db.read_now(free_days, hall.branch, service, DAY, date(2026, 11, 30), public=False)
    start = next(slot.start for one in days for slot in one.slots)
    order = HoldOrder(hall.branch.id, service.id, start, "", "", "ar", SYSTEM, booker=Booker.STAFF)
    return hall.db.write_in_now(hall.branch.id, bookings.hold_slot, order)


def confirm(hall: Hall, held: BookingView, said: Said) -> BookingView:
    return hall.db.write_in_now(hall.branch.id, bookings.confirm_booking, hall.branch.id, held.id, SYSTEM, said)


def name(hall: Hall, booking: BookingView, *others: Person, seen: str | None = None) -> None:
    hall.db.write_in_now(hall.branch.id, name_participants, hall.branch.id, booking.id, SYSTEM, others, seen)


def people(hall: Hall, booking: BookingView) -> tuple[ParticipantView, ...]:
    return hall.db.read_now(others_of, hall.branch.id, booking.id)


def read(hall: Hall, booking: BookingView) -> BookingView:
    return hall.db.read_now(booking_by_id, hall.branch.id, booking.id)
