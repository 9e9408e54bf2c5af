"""New times for several appointments: each has its own, or a reason why not and what would help. On both databases."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from queue_system.actions.moves import NewTime, offer_seen
from queue_system.clock import FrozenClock
from queue_system.core.moves import Aim, To, WhyNot
from queue_system.store.database import Database
from queue_system.store.log import SYSTEM
from queue_system.store.long_reads import Request
from queue_system.store.queries.bookings import BookingView
from queue_system.store.queries.moves import moving
from queue_system.store.queries.proposals import Proposal, proposals, proposals_now
from queue_system.store.tables import Booking, table
from tests.kit import apart_hall
from tests.kit.hall import Hall, edit, furnish
from tests.kit.legal_aid import HOUR, START, as_stored, booked, legal_aid
from tests.kit.works_apart import no_preparation

DAY = timedelta(days=1)
WEDNESDAY = date(2026, 11, 25)
SUNDAY = date(2026, 11, 29)


@pytest.fixture
def istanbul(db: Database) -> Hall:
    return legal_aid(db)


def test_another_day_keeps_the_times_of_day_and_all_can_be_had_together(istanbul: Hall) -> None:
    """Three lanes, two lawyers: at the same time only two of the three can come on the other day as well."""
    same = [booked(istanbul, START, contact=f"v{at}@example.org", name=f"هالة {'اب'[at]}") for at in range(2)]
    later = booked(istanbul, START + HOUR)
    booked(istanbul, START + DAY, contact="x@example.org", name="رنا")
    made = propose(istanbul, Aim(To.DAY, WEDNESDAY), *same, later)
    assert sum(one.at == START + DAY for one in made) == 1
    assert made[2].at == START + HOUR + DAY
    moved = next(one for one in made[:2] if one.at != START + DAY)
    assert moved.at is not None
    assert moved.at - (START + DAY) <= HOUR
    assert carry_out(istanbul, made) == 3


def test_so_many_minutes_later_is_exactly_that_or_says_what_would_help(istanbul: Hall) -> None:
    ones = [booked(istanbul, START + HOUR * at, asked="amal", name=f"هالة {'اب'[at]}") for at in range(2)]
    fine = propose(istanbul, Aim(To.MINUTES, START.date(), HOUR * 4), *ones)
    assert [one.at for one in fine] == [START + HOUR * 4, START + HOUR * 5]
    near, _ = propose(istanbul, Aim(To.MINUTES, START.date(), timedelta(minutes=30)), *ones)
    assert (near.at, near.why_not) == (None, WhyNot.NEAR)
    assert near.instead is not None


def test_whoever_was_promised_is_asked_for_first_and_somebody_else_is_named_where_they_are_busy(
    istanbul: Hall,
) -> None:
    anybody = booked(istanbul, START, name="رنا", contact="rana@example.org")
    promised = booked(istanbul, START, asked="basel")
    booked(istanbul, START + DAY, asked="amal", name="سمر", contact="samar@example.org")
    made = {one.moving.booking.id: one for one in propose(istanbul, Aim(To.DAY, WEDNESDAY), anybody, promised)}
    assert made[promised.id].at == START + DAY
    assert made[anybody.id].at != START + DAY
    busy, by = booked(istanbul, START + HOUR * 2, asked="amal", name="علا"), HOUR * 22
    (one,) = propose(istanbul, Aim(To.MINUTES, START.date(), by), busy)
    assert (one.at, one.why_not, one.instead) == (None, WhyNot.MEMBER, START + DAY)


def test_the_first_free_times_are_different_ones(istanbul: Hall) -> None:
    ones = [booked(istanbul, START + HOUR * at, asked="amal", name=f"هالة {'ابت'[at]}") for at in range(3)]
    made = propose(istanbul, Aim(To.FIRST, WEDNESDAY), *ones)
    times = [one.at for one in made]
    assert None not in times
    assert len(set(times)) == 3
    assert min(one for one in times if one) == START + DAY
    assert carry_out(istanbul, made) == 3


def test_a_day_on_which_the_service_is_not_given_says_so_and_when_it_would_be(istanbul: Hall) -> None:
    (one,) = propose(istanbul, Aim(To.DAY, SUNDAY), booked(istanbul, START))
    assert (one.at, one.why_not) == (None, WhyNot.CLOSED)
    assert one.instead is not None
    assert one.instead.date() > SUNDAY


def test_what_has_begun_waits_for_an_answer_or_comes_too_soon_gets_none(istanbul: Hall, clock: FrozenClock) -> None:
    waits, soon = booked(istanbul, START + HOUR), booked(istanbul, START + HOUR * 2, name="رنا")
    carry_out(istanbul, propose(istanbul, Aim(To.DAY, WEDNESDAY), waits))
    clock.set(START + HOUR)
    begun = booked(istanbul, START + HOUR * 3, name="سمر")
    clock.set(START + HOUR * 2 + timedelta(minutes=1))
    aim = Aim(To.MINUTES, START.date(), -HOUR)
    assert [one.why_not for one in propose(istanbul, aim, waits, soon, begun)] == [
        WhyNot.OVER,
        WhyNot.OVER,
        WhyNot.SOON,
    ]
    clock.set(START - DAY)
    assert [one.why_not for one in propose(istanbul, Aim(To.DAY, WEDNESDAY), waits)] == [WhyNot.OPEN]


@pytest.mark.parametrize("known_by", ["name and contact", "case number", "visit"])
def test_nobody_gets_two_times_at_once(istanbul: Hall, known_by: str) -> None:
    """Two lawyers are free, so two appointments of different people would begin together."""
    names = ("هالة الحسن", "هالة الحسن") if known_by == "name and contact" else ("WQ-12", "WQ 012")
    names = ("هالة", "سمر") if known_by == "visit" else names
    contacts = ("hala@example.org",) * 2 if known_by == "name and contact" else ("a@example.org", "b@example.org")
    ones = [booked(istanbul, START + HOUR * at, name=names[at], contact=contacts[at]) for at in range(2)]
    if known_by == "visit":
        rows = table(Booking)
        edit(istanbul, lambda tx: tx.execute(sa.update(rows).values(together_id=ones[0].id)))
    made = propose(istanbul, Aim(To.FIRST, WEDNESDAY), *ones)
    first, second = sorted(one.at for one in made if one.at)
    assert first == START + DAY
    assert second >= first + (ones[0].ends_at - ones[0].starts_at)


def test_nobody_gets_a_time_at_which_another_appointment_of_theirs_stays(istanbul: Hall) -> None:
    moved = booked(istanbul, START)
    booked(istanbul, START + DAY)
    (mine,) = propose(istanbul, Aim(To.DAY, WEDNESDAY), moved)
    assert mine.at is not None
    assert mine.at >= START + DAY + (moved.ends_at - moved.starts_at)
    # With another name at the same contact it is somebody else's.
    (theirs,) = propose(istanbul, Aim(To.DAY, WEDNESDAY), booked(istanbul, START, name="سمر الحسن"))
    assert theirs.at == START + DAY


def test_different_people_with_one_contact_can_come_at_once(istanbul: Hall) -> None:
    ones = [booked(istanbul, START + HOUR * at, name=f"هالة {'اب'[at]}") for at in range(2)]
    assert [one.at for one in propose(istanbul, Aim(To.FIRST, WEDNESDAY), *ones)] == [START + DAY] * 2


def test_two_people_who_are_kept_apart_get_times_that_can_be_had_together(db: Database) -> None:
    centre = furnish(db, "social-work", "wifaq")
    apart_hall.pair(centre)
    days = apart_hall.at(24, 8, 15), apart_hall.at(25, 12)
    booked_ = [apart_hall.book(centre, who, at) for who, at in zip((apart_hall.SHE, apart_hall.HE), days, strict=True)]
    ones = [apart_hall.read(centre, one) for one in booked_]
    hers, his = propose(centre, Aim(To.DAY, date(2026, 11, 26)), *ones)
    assert hers.at == apart_hall.at(26, 8, 15)
    assert (his.at, his.why_not) == (None, WhyNot.FULL)
    assert his.instead is not None
    assert his.instead.date() > hers.at.date()
    made = propose(centre, Aim(To.FIRST, date(2026, 11, 26)), *ones)
    # The process for long reads finds the same.
    request = Request(proposals_now, (centre.branch.id, ones, Aim(To.FIRST, date(2026, 11, 26))), {}, db.clock, {})
    assert db.open_apart(no_preparation).submit(request).result(60) == made
    assert carry_out(centre, made) == 2


def test_what_was_proposed_can_be_had_in_a_full_house(istanbul: Hall) -> None:
    """A whole day of two lawyers to a day that is half full."""
    ones = []
    for at in range(6):
        for who in ("amal", ""):
            name = f"هالة {'ابتثجح'[at]}{who and ' الحسن'}"
            ones.append(booked(istanbul, START + HOUR * at, asked=who, name=name, contact=f"v{at}{who}@example.org"))
        if at % 2:
            booked(istanbul, START + DAY + HOUR * at, name=f"رنا {'ابتثجح'[at]}", contact=f"w{at}@example.org")
    made = propose(istanbul, Aim(To.DAY, WEDNESDAY), *ones)
    assert sum(one.at is not None for one in made) >= 8
    assert carry_out(istanbul, made) == sum(one.at is not None for one in made)


def propose(hall: Hall, aim: Aim, *found: BookingView) -> list[Proposal]:
    now = [as_stored(hall, one) for one in found]
    return hall.db.read_now(lambda tx: proposals(tx, hall.branch, [moving(tx, hall.branch, one) for one in now], aim))


def carry_out(hall: Hall, made: list[Proposal]) -> int:
    """Offer all that was proposed."""
    times = {one.moving.booking.id: NewTime(one.at, one.moving.seen) for one in made if one.at}
    return hall.db.write_in_now(hall.branch.id, offer_seen, hall.branch.id, times, SYSTEM)
