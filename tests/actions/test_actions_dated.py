"""Settings that change on a day: lengths, lanes and pools in bookings; what is retired after its last day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from queue_system.actions import bookings, counters, settings, tickets, transferring
from queue_system.actions.bookings import HoldOrder
from queue_system.actions.transferring import Goal
from queue_system.clock import FrozenClock
from queue_system.core.decisions import DecidedBy, decided_by
from queue_system.core.errors import Invalid, Missing, Refused
from queue_system.core.hours import windows
from queue_system.settings.edits import Edit
from queue_system.store import tables
from queue_system.store.log import SYSTEM, VISITOR
from queue_system.store.queries.bookings import BookingView, DaySlots, free_days, seats_of
from queue_system.store.tables import ORGANISATION, table
from tests.kit.hall import Hall, edit, enter

# The tests' clock shows Sunday 22 November 2026, 10:00 in Doha.
TUESDAY, WEDNESDAY, THURSDAY = (date(2026, 11, day) for day in (24, 25, 26))
SERVICE = "civil-extract"
FIRST_TIME = timedelta(hours=5, minutes=30)


def at(day: date) -> datetime:
    """08:30 in Doha, when the branch opens."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + FIRST_TIME


def changed(hall: Hall, model: Any, slug: str, **values: Any) -> Hall:
    """The hall after an edit of one thing in it."""
    of = table(model)
    condition = (of.c.branch_id == hall.branch.id) & (of.c.slug == slug)
    edit(hall, lambda tx: tx.execute(sa.update(of).where(condition).values(values)))
    return enter(hall.db)


def of_service(hall: Hall, **data: Any) -> Hall:
    """The hall after an edit of what has no column of its own in the service."""
    of = table(tables.Service)
    (kept,) = hall.db.read_now(lambda tx: tx.rows(sa.select(of.c.data).where(of.c.slug == SERVICE).limit(1)))
    return changed(hall, tables.Service, SERVICE, data=kept.data | data)


def queue_of(hall: Hall) -> str:
    return hall.branch.queue_of(hall.branch.service(SERVICE)).slug


def free(hall: Hall, day: date) -> DaySlots:
    (found,) = hall.db.read_now(free_days, hall.branch, hall.branch.service(SERVICE), day, day)
    return found


def book(hall: Hall, day: date, name: str = "سلمى الحسن") -> BookingView:
    order = HoldOrder(hall.branch.id, hall.service(SERVICE), at(day), name, "+97455512345", "ar", VISITOR)
    held = hall.db.write_in_now(hall.branch.id, bookings.hold_slot, order)
    return hall.db.write_in_now(hall.branch.id, bookings.confirm_booking, hall.branch.id, held.id, VISITOR)


def length(booking: BookingView) -> int:
    return (booking.ends_at - booking.starts_at) // timedelta(minutes=1)


# ---------------------------------------------------------------- terms


def test_a_visit_is_longer_from_its_day_on_and_an_appointment_that_moves_there_takes_the_longer_time(
    hall: Hall,
) -> None:
    usual = hall.branch.service(SERVICE).duration_min
    term = {"first": WEDNESDAY.isoformat(), "duration_min": usual + 20, "buffer_min": 10}
    hall = of_service(hall, terms=[term])
    early = book(hall, TUESDAY)
    assert length(early) == usual
    assert length(book(hall, WEDNESDAY, "هالة الحسن")) == usual + 20
    moved = hall.db.write_in_now(
        hall.branch.id, bookings.change_booking, hall.branch.id, early.id, at(THURSDAY), VISITOR
    )
    assert length(moved) == usual + 20
    ticks = {seat.tick for seat in hall.db.read_now(seats_of, hall.branch.id, early.id)}
    taken = [tick for tick in ticks if tick * hall.branch.tick_minutes * 60 >= at(THURSDAY).timestamp()]
    assert len(taken) * hall.branch.tick_minutes == usual + 30


def test_each_day_offers_the_lanes_of_its_own_term(hall: Hall) -> None:
    hall = changed(hall, tables.Queue, queue_of(hall), lanes=1, public_lanes=1)
    term = {"first": WEDNESDAY.isoformat(), "lanes": 3, "public_lanes": 2}
    hall = changed(hall, tables.Queue, queue_of(hall), terms=[term])
    assert [max(slot.places for slot in free(hall, day).slots) for day in (TUESDAY, WEDNESDAY)] == [1, 2]
    both = hall.db.read_now(free_days, hall.branch, hall.branch.service(SERVICE), TUESDAY, WEDNESDAY)
    assert both == [free(hall, TUESDAY), free(hall, WEDNESDAY)]
    book(hall, TUESDAY)
    book(hall, WEDNESDAY, "هالة الحسن")
    with pytest.raises(Refused, match="slot-taken"):
        book(hall, TUESDAY, "سامر الحسن")
    book(hall, WEDNESDAY, "سامر الحسن")


# ---------------------------------------------------------------- what is retired


def test_a_retired_service_is_booked_until_its_last_day_and_given_until_its_last_day(
    hall: Hall, clock: FrozenClock
) -> None:
    beyond = book(hall, WEDNESDAY)
    within = book(hall, TUESDAY, "هالة الحسن")
    hall = of_service(hall, until=TUESDAY.isoformat())
    assert free(hall, TUESDAY).slots
    assert (free(hall, WEDNESDAY).slots, free(hall, WEDNESDAY).refusal) == ((), "day-closed")
    with pytest.raises(Invalid, match="slot-unknown"):
        book(hall, WEDNESDAY, "سامر الحسن")
    clock.set(at(TUESDAY))
    assert hall.issue(SERVICE).created
    assert check_in(hall, within)
    clock.set(at(WEDNESDAY))
    with pytest.raises(Refused, match="closed"):
        hall.issue(SERVICE)
    # Whoever was told to come is received.
    assert check_in(hall, beyond)


def check_in(hall: Hall, booking: BookingView) -> bool:
    return hall.db.write_in_now(hall.branch.id, tickets.check_in, hall.branch.id, booking.id, SYSTEM).created


def test_a_service_ends_with_its_queue(hall: Hall, clock: FrozenClock) -> None:
    hall = changed(hall, tables.Queue, queue_of(hall), until=TUESDAY)
    assert free(hall, TUESDAY).slots
    assert not free(hall, WEDNESDAY).slots
    assert SERVICE not in {service.slug for service in hall.branch.services_on(WEDNESDAY).values()}


def test_who_waits_in_a_queue_on_its_last_day_is_called(hall: Hall) -> None:
    here = hall.sit(hall.person("layla"))
    waiting = hall.issue()
    today = hall.branch.timetable.business_date(hall.db.clock.now())
    queue = hall.branch.queues[hall.branch.services[waiting.ticket.service_id].queue_id].slug
    hall = changed(hall, tables.Queue, queue, until=today)
    called = hall.call_next(here)
    assert called is not None
    assert called.id == waiting.ticket.id


def test_nobody_is_sent_to_a_retired_service(hall: Hall) -> None:
    here = hall.sit(hall.person("layla"))
    hall.issue()
    called = hall.call_next(here)
    assert called is not None
    hall = of_service(hall, until="2026-11-21")
    with pytest.raises(Missing, match="service"):
        transfer(hall, hall.at(here.staff_id, expected=called.id))
    hall = of_service(hall, until="2026-11-22")
    transfer(hall, hall.at(here.staff_id, expected=called.id))


def transfer(hall: Hall, here: counters.Desk) -> None:
    hall.db.write_in_now(hall.branch.id, transferring.transfer, here, Goal(hall.service(SERVICE)))


def test_a_retired_counter_is_opened_no_more_and_its_clerk_may_finish(hall: Hall, clock: FrozenClock) -> None:
    clerk, other = hall.person("layla"), hall.person("omar")
    here = hall.sit(clerk)
    hall = changed(hall, tables.Counter, "c4", until=date(2026, 11, 21))
    hall.issue()
    assert hall.call_next(here) is not None
    hall.db.write_in_now(hall.branch.id, counters.open_counter, here)
    with pytest.raises(Missing, match="counter"):
        hall.sit(other)
    hall = changed(hall, tables.Counter, "c3", until=date(2026, 11, 22))
    hall.sit(other, "c3")


# ---------------------------------------------------------------- letters and numbers


@pytest.mark.parametrize(("model", "column"), [(tables.Queue, "prefix"), (tables.Counter, "number")])
def test_only_what_is_retired_leaves_its_letter_or_number_to_others(hall: Hall, model: Any, column: str) -> None:
    one, other = list((hall.branch.queues if model is tables.Queue else hall.branch.counters).values())[:2]
    with pytest.raises(sa.exc.IntegrityError):
        changed(hall, model, other.slug, **{column: getattr(one, column)})
    hall = changed(hall, model, one.slug, until=TUESDAY)
    changed(hall, model, other.slug, **{column: getattr(one, column)})


def test_a_letter_is_free_from_the_day_after_the_last_one_of_its_queue(hall: Hall) -> None:
    one, other = list(hall.branch.queues.values())[:2]
    same = Edit("queue", other.slug, {"prefix": other.prefix}, {"prefix": one.prefix})
    today = hall.branch.timetable.business_date(hall.db.clock.now())
    for until, is_free in ((None, False), (today, False), (today - timedelta(days=1), True)):
        hall = changed(hall, tables.Queue, one.slug, until=until)
        told = hall.db.read_now(settings.preview, hall.branch.id, [same])
        assert [found.fault.code for found in told.faults] == ([] if is_free else ["setting-taken"])


# ---------------------------------------------------------------- through the office


def save(hall: Hall, place: UUID, *edits: Edit) -> Hall:
    told = hall.db.read_now(settings.preview, place, edits)
    assert told.may_be_saved
    hall.db.write_now(settings.save, place, edits, told.sha256, actor=SYSTEM, person=None)
    return enter(hall.db)


def test_closures_and_days_of_a_season_are_saved_as_the_settings_of_one_branch(hall: Hall) -> None:
    half = {"first": "2026-11-24", "last": "2026-11-24", "closes": "12:00", "names": {"ar": "جرد", "en": "Count"}}
    later = {"first": "2027-02-09", "last": "2027-03-09", "provisional": True}
    slug = hall.branch.slug
    hall = save(hall, hall.branch.id, Edit("branch", slug, {}, {"closures": [half], "seasons": {"ramadan": [later]}}))
    (window,) = windows(TUESDAY, hall.branch.calendar)
    assert f"{window.closes:%H:%M}" == "12:00"
    assert decided_by(date(2027, 2, 8), hall.branch.calendar).by is DecidedBy.REGULAR
    mobile = enter(hall.db, "mobile-consulate").branch
    begins = [{season.first for season in one.calendar.seasons} for one in (hall.branch, mobile)]
    assert [date(2027, 2, 8) in firsts for firsts in begins] == [False, True]
    hall = save(hall, hall.branch.id, Edit("branch", slug, {"closures": [half]}, {"closures": []}))
    assert f"{windows(TUESDAY, hall.branch.calendar)[0].closes:%H:%M}" == "14:30"


def test_a_closure_of_the_organisation_closes_a_tag_in_every_branch_until_it_is_taken_back(hall: Hall) -> None:
    strike = {
        "first": "2026-11-24",
        "last": "2026-11-24",
        "service_tag": "fee_bearing",
        "names": {"ar": "إغلاق المصارف", "en": "Banks closed"},
    }
    organisation = Edit("organisation", hall.branch.organisation.slug, {}, {"closures": [strike]})
    hall = save(hall, ORGANISATION, organisation)
    paid = next(one for one in hall.branch.services.values() if "fee_bearing" in one.tags)
    free_of_charge = next(one for one in hall.branch.services.values() if "fee_bearing" not in one.tags)
    assert windows(TUESDAY, hall.branch.calendar, paid.id) == ()
    assert windows(TUESDAY, hall.branch.calendar, free_of_charge.id) != ()
    assert any(
        closure.names.get("en") == "Banks closed"
        for closure in enter(hall.db, "mobile-consulate").branch.calendar.closures
    )
    hall = save(hall, ORGANISATION, Edit("organisation", organisation.slug, {"closures": [strike]}, {"closures": []}))
    assert windows(TUESDAY, hall.branch.calendar, paid.id) != ()


def test_terms_and_last_days_are_saved_and_an_appointment_beyond_them_is_told(hall: Hall) -> None:
    beyond = book(hall, WEDNESDAY)
    edit_of = Edit("service", SERVICE, {"until": None}, {"until": TUESDAY.isoformat()})
    told = hall.db.read_now(settings.preview, hall.branch.id, [edit_of])
    assert [one.code for one in told.effects[hall.branch.id].bookings] == [beyond.code]
    term = {"first": THURSDAY.isoformat(), "lanes": 7}
    hall = save(hall, hall.branch.id, Edit("queue", queue_of(hall), {"terms": []}, {"terms": [term]}))
    assert hall.branch.lanes_on(hall.branch.service(SERVICE).queue_id, THURSDAY) == (7, 7)
